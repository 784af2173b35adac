"""Files that appear whole or not at all: whoever reads one sees the old content or the new, never a part."""

import errno
import glob
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO

from crl_train.console import STAND_IN

_RANDOM_CHARACTERS = 8  # at the end of the names that mkstemp makes
_MODE = 0o644  # mkstemp makes files private; runs and results are for showing around


def write_atomically(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Let ``write`` fill a temporary file beside ``path``, see it onto the disk, and move it into place.

    Args:
        path: File to write; missing folders above it are made.
        write: Called with the temporary file, open for bytes.

    Raises:
        OSError: If the file cannot be written; whatever was at ``path`` stays.

    Example:
        >>> write_atomically(Path("numbers.txt"), lambda file: file.write(b"1 2 3"))    # doctest: +SKIP
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        # Reported under the requested name, not that of a temporary file or folder. Where the folder exists and a new
        # file is "not found" nevertheless (/proc), none may be made.
        code = errno.EACCES if error.errno == errno.ENOENT else error.errno or errno.EIO
        raise OSError(code, f"no file can be made there ({error.strerror})", str(path)) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, _MODE)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            # A full disk is met while writing, where the error knows no name, or only the temporary one.
            raise OSError(error.errno, f"{error.strerror}; what was there before is kept", str(path)) from error
        raise


def remove_unfinished(path: Path) -> None:
    """Delete what writes of this file left behind that were killed. Nobody else may be writing it."""
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.{'?' * _RANDOM_CHARACTERS}"):
        leftover.unlink(missing_ok=True)


def write_text_atomically(path: Path, text: str) -> None:
    """Write a text file in UTF-8; see :func:`write_atomically`.

    Bytes of a file's name that are no text, which Python keeps as surrogates, are written as ``\\xff``.
    """
    write_atomically(path, lambda file: file.write(text.encode(errors=STAND_IN)))
