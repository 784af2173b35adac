"""Replace a folder in one step: whoever reads it finds the old content or the new one, whole, at every moment.

The new folder is filled beside the old one, under a hidden name, and then the two names are exchanged, which Linux does
in one step on most file systems. Elsewhere the old folder is moved away and the new one in, so that for less than a
millisecond there is none. Any number of processes may replace one folder together: the last to finish wins.

A process that is killed leaves its hidden folder behind. A lock says whose process lives: its owner holds the file
``.<name>.<letters>.lock``, and the next process that replaces the folder deletes whatever belongs to a lock that nobody
holds. On a file system without locks, where the living cannot be told from the dead, leftovers stay.
"""

import contextlib
import ctypes
import errno
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from crl_train.errors import ConfigError

_LOCK: Final = ".lock"
_OLD: Final = ".old"  # what was moved away, where names cannot be exchanged
_AT_FDCWD: Final = -100  # paths are relative to the working directory, as usual
_RENAME_EXCHANGE: Final = 2
_NO_EXCHANGE: Final = (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP)
_TAKEN: Final = (errno.ENOTEMPTY, errno.EEXIST)


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
    with _explained(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        _sweep(out)
        lock, folder = _new_folder(out)
    with lock:
        try:
            yield folder
            with _explained(out):
                _swap(folder, out)
        finally:
            _delete(folder)


@contextlib.contextmanager
def _explained(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"out={str(out)!r} cannot be written: {reason}. Choose a folder that you may write to."
        ) from error


def _new_folder(out: Path) -> tuple[IO[bytes], Path]:
    """A hidden folder beside ``out``, and the open file whose lock says that this process needs it."""
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.", suffix=_LOCK)
    lock = os.fdopen(descriptor, "wb")
    with contextlib.suppress(OSError):  # a file system without locks: nobody deletes what cannot be locked
        fcntl.flock(lock, fcntl.LOCK_EX)
    folder = Path(name.removesuffix(_LOCK))
    folder.mkdir()
    return lock, folder


def _sweep(out: Path) -> None:
    """Delete what killed processes left. If one was killed while it replaced ``out``, the old content returns first."""
    left = re.compile(re.escape(f".{out.name}.") + r"\w{8}" + re.escape(_LOCK))  # as tempfile names them
    for name in filter(left.fullmatch, os.listdir(out.parent)):
        folder = out.parent / name.removesuffix(_LOCK)
        # A lock that is held or was just deleted, or a file of another user: none of ours to delete.
        with contextlib.suppress(OSError), (out.parent / name).open("rb+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not out.exists():
                with contextlib.suppress(FileNotFoundError):
                    os.rename(f"{folder}{_OLD}", out)
            _delete(folder)


def _delete(folder: Path) -> None:
    """Delete a hidden folder and all that belongs to it; last its lock, by which a next process would find the rest."""
    for path in (folder, Path(f"{folder}{_OLD}")):
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        Path(f"{folder}{_LOCK}").unlink()


def _swap(folder: Path, out: Path) -> None:
    """Move ``folder`` to ``out``. If this is interrupted, ``out`` is still complete: the old folder or the new one."""
    while True:
        try:
            if out.is_dir():
                _exchange(folder, out)
            else:
                os.replace(folder, out)
            return
        except FileNotFoundError:
            if not folder.is_dir():
                raise
        except OSError as error:
            if error.errno not in _TAKEN:
                raise
        # Another process moved its own folder in, or the old one away, since we looked.


def _exchange(folder: Path, out: Path) -> None:
    """Exchange the names of two folders, in one step where the system can."""
    code = _rename_exchange(folder, out)
    if code not in (0, *_NO_EXCHANGE):
        raise OSError(code, os.strerror(code), str(out))
    if code:
        _exchange_in_two_steps(folder, out)


def _rename_exchange(folder: Path, out: Path) -> int:
    """Ask Linux to exchange two names; returns the code of the error, 0 for none."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return errno.ENOSYS
    done = rename(_AT_FDCWD, os.fsencode(folder), _AT_FDCWD, os.fsencode(out), _RENAME_EXCHANGE)
    return ctypes.get_errno() if done else 0


def _exchange_in_two_steps(folder: Path, out: Path) -> None:
    old = Path(f"{folder}{_OLD}")
    try:
        os.replace(out, old)
        os.replace(folder, out)
    except BaseException:
        if old.is_dir() and not out.exists():
            os.replace(old, out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)
