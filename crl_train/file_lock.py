"""Locks on files, which end with the process that holds them, however it ends."""

import fcntl
import tempfile
from pathlib import Path
from typing import IO, Any

from crl_train.errors import CheckpointError


def try_lock(file: IO[Any], path: Path) -> bool:
    """Lock an open file for this process alone, without waiting.

    Args:
        file: Open for writing, also if nothing is written: network file systems lock no other kind of file.
        path: Named in errors.

    Returns:
        Whether it is ours now; False if another process has it.

    Raises:
        CheckpointError: If the file system has no locks.
    """
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise _no_locks(path, error) from error
    return True


def require_locks(path: Path) -> None:
    """Refuse a place whose file system has no locks, without leaving a trace there.

    A run needs two kinds: ours (``flock``), which keeps a second process from training it, and that of the storage
    library, which locks byte ranges of every file that it writes and offers no way to do without.

    Args:
        path: What will be made there; the folders above it may be missing as well.

    Raises:
        CheckpointError: If a kind is missing.
        OSError: If no file can be made there.
    """
    above = next(folder for folder in path.absolute().parents if folder.exists())
    # A file for each kind: where one is made of the other, as in NFS, they would exclude each other.
    with tempfile.TemporaryFile(dir=above) as ours, tempfile.TemporaryFile(dir=above) as theirs:
        try_lock(ours, path)
        try:
            fcntl.lockf(theirs, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise _no_locks(path, error) from error


def _no_locks(path: Path, error: OSError) -> CheckpointError:
    return CheckpointError(
        f"{str(path)!r} is on a file system without locks ({error.strerror or error}): a run there could be trained by "
        "two processes at once, and its checkpoints cannot be written. Choose another place with --out, or have it "
        "mounted with locks (Lustre: -o flock)."
    )
