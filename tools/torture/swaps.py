"""Replace a folder many times, with random pauses before and after every change that the replacement consists of.

Run as ``python -m tools.torture.swaps FOLDER TIMES``, twice at a time. Pauses make gaps between two changes, which
otherwise take microseconds, wide enough to be met.
"""

import functools
import os
import random
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from crl_probe.store.folder import replace_folder

_LONGEST = 0.002  # seconds


def _paused(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        time.sleep(random.uniform(0, _LONGEST))
        try:
            return function(*args, **kwargs)
        finally:
            time.sleep(random.uniform(0, _LONGEST))

    return call


if __name__ == "__main__":
    for module, names in ((os, ("rename", "replace", "rmdir")), (shutil, ("rmtree", "move"))):
        for name in names:
            setattr(module, name, _paused(getattr(module, name)))
    for number in range(int(sys.argv[2])):
        with replace_folder(Path(sys.argv[1])) as folder:
            (folder / "index.html").write_text(f"{number}")
