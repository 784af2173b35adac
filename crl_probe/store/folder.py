"""Write a whole folder beside its destination, then swap: readers see the old content or the new one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crl_train.errors import ConfigError


@contextlib.contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``out`` when the block ends well, and vanishes otherwise.

    Whether what ``out`` holds may be lost is for the caller to decide beforehand.

    Args:
        out: Folder to replace; missing folders above it are made, and a link is followed.

    Raises:
        ConfigError: If the folder cannot be written.
    """
    out = out.resolve()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"out={str(out)!r} cannot be written: {reason}. Choose a folder that you may write to."
        ) from error
    try:
        folder.chmod(0o755)  # mkdtemp makes it private; a report is for showing around
        yield folder
        _swap(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, out: Path) -> None:
    """Put the folder where the other is or would be; interrupted at any point, one of them is there, and whole."""
    old = folder.with_name(f"{folder.name}.old")
    try:
        if out.is_dir():
            os.replace(out, old)
        os.replace(folder, out)
    except BaseException:
        if old.is_dir() and not out.exists():
            os.replace(old, out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
