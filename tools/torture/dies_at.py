"""Run ``crl-train`` and kill it just before its n-th change to a folder: no moment between two writes escapes.

Run as ``python -m tools.torture.dies_at N FOLDER ARGUMENTS...``. Counted are files opened for writing and names that
are made, renamed or removed below the folder, by any thread, as Python announces them to audit hooks. What TensorStore
writes on its own happens between two of them.
"""

import itertools
import os
import signal
import sys
from pathlib import Path
from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
# Where names relative to an open folder are what the removal of a whole tree passes.
_REMOVALS = ("os.remove", "os.rmdir")
_CHANGES = (*_REMOVALS, "os.rename", "os.mkdir", "os.truncate", "os.link", "os.symlink")


def die_at(number: int, folder: Path) -> None:
    """Install the hook that ends this process with SIGKILL before change ``number``, counted from 1."""
    below = os.path.abspath(folder)
    counter = itertools.count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if _is_change(event, arguments, below) and next(counter) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def _is_change(event: str, arguments: tuple[Any, ...], folder: str) -> bool:
    if event == "open":
        return bool(arguments[2] & _WRITES) and _is_below(arguments[0], folder)
    if event in _REMOVALS and arguments[1] > 0:
        return True
    return event in _CHANGES and any(_is_below(path, folder) for path in arguments[:2])


def _is_below(path: Any, folder: str) -> bool:
    return isinstance(path, str | bytes | os.PathLike) and os.path.abspath(os.fsdecode(path)).startswith(folder)


if __name__ == "__main__":
    die_at(int(sys.argv[1]), Path(sys.argv[2]))
    from crl_train.cli import main

    sys.argv = ["crl-train", *sys.argv[3:]]
    main(prog_name="crl-train")
