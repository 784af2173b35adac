"""Write a whole folder beside its destination, then swap: readers see the old report or the new one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crl_train.errors import ConfigError

# What marks a folder as a report of ours, which a new one may replace.
MARKER = "metrics.json"


@contextlib.contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``out`` when the block ends well, and vanishes otherwise.

    Raises:
        ConfigError: If ``out`` is a file, or a folder with something in it that is not a report.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"out={str(out)!r} is a file: a report is a folder. Choose another name.")
    if out.is_dir() and any(out.iterdir()) and not (out / MARKER).is_file():
        raise ConfigError(
            f"out={str(out)!r} holds files that are not a report: they would be lost. Choose an empty or new folder."
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        folder.chmod(0o755)  # mkdtemp makes it private; a report is for showing around
        yield folder
        if out.is_dir():
            old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.old."))
            os.replace(out, old)  # an empty folder may be replaced by another
            os.replace(folder, out)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
