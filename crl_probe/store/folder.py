"""Replace a folder atomically: write the new one beside it, then swap. Readers see the old content or the new one."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crl_train.errors import ConfigError


@contextlib.contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that replaces ``out`` if the block succeeds, and is deleted otherwise.

    The content of ``out`` is lost: the caller must check before that it may be.

    Args:
        out: Folder to replace; missing parent folders are created, and a symbolic link is followed.

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
        folder.chmod(0o755)  # mkdtemp makes the folder private, and a report is meant to be shared
        yield folder
        _swap(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, out: Path) -> None:
    """Move ``folder`` to ``out``. If this is interrupted, ``out`` is still complete: the old folder or the new one."""
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
