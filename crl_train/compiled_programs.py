"""Programs that JAX has compiled, kept on disk: the next run of the same networks starts at once.

JAX finds a program by a hash of the program, of its own version and of its flags. It does not tell processors apart
whose instructions differ, so each kind has a folder of its own.
"""

import hashlib
import os
import platform
import zlib
from pathlib import Path
from typing import Final

from crl_train.cache_folder import cache_directory
from crl_train.errors import ConfigError

FOLDER: Final = "programs"
MOST_BYTES: Final = 1_000_000_000
_VARIABLE: Final = "JAX_COMPILATION_CACHE_DIR"
_LEAST_SECONDS: Final = ("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0.2")  # of what is worth keeping
_CHECKED: Final = ".checked"  # a file as old as the last look at what is kept
_ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"  # how files of that compression begin
_OF_OTHERS: Final = 0o022  # permissions to write, of the group and of everyone
_BEGINNING: Final = 16_384  # bytes of the list of processors, which has a line of features in its first entry


def keep_compiled_programs() -> None:
    """Tell JAX where to keep its programs, unless the user has; processes begun later are told, too.

    It must be called before JAX is imported, and imports nothing large. Where nothing can be kept, or others could put
    programs of theirs, nothing is.
    """
    if _VARIABLE in os.environ:
        return
    try:
        folder = programs_folder()
        cache_directory().mkdir(parents=True, exist_ok=True)
        for place in (folder.parent, folder):
            place.mkdir(mode=0o700, exist_ok=True)
        if not _is_ours_alone(folder):
            return
        _tidy_up(folder)
    except (ConfigError, OSError):  # a cache that cannot be used: the command that needs one says so
        return
    os.environ[_VARIABLE] = str(folder)
    os.environ.setdefault(*_LEAST_SECONDS)


def programs_folder() -> Path:
    """Where programs for processors like this one are kept."""
    return cache_directory() / FOLDER / processor()


def _is_ours_alone(folder: Path) -> bool:
    """Whether no other user can write there: what is read from it is run."""
    if not hasattr(os, "getuid"):
        return True  # Windows, where the folder inherits the permissions of the user's own
    facts = [place.stat() for place in (folder, folder.parent)]
    return all(fact.st_uid == os.getuid() and not fact.st_mode & _OF_OTHERS for fact in facts) and os.access(
        folder, os.W_OK
    )


def _tidy_up(folder: Path) -> None:
    """Remove what a killed process left half written since the last look, and the oldest where there is too much.

    JAX writes programs in place, and never again once a file is there.
    """
    marker = folder / _CHECKED
    last = marker.stat().st_mtime_ns if marker.exists() else 0
    programs = sorted((path.stat().st_mtime_ns, path.stat().st_size, path) for path in folder.glob("*-cache"))
    total = sum(size for _, size, _ in programs)
    for written, size, path in programs:
        if total > MOST_BYTES or (written >= last and not is_whole(path)):
            path.unlink(missing_ok=True)
            total -= size
    marker.touch()


def is_whole(path: Path) -> bool:
    """Whether a program that JAX has written can be unpacked."""
    content = path.read_bytes()
    if content.startswith(_ZSTANDARD):
        return True  # where JAX finds that compression, there may be nothing here to undo it with
    try:
        zlib.decompress(content)
    except zlib.error:
        return False
    return True


def processor() -> str:
    """A hash of the kind of processor that this is, so that none is handed instructions it does not have."""
    return hashlib.sha256((platform.machine() + _processor_features()).encode()).hexdigest()[:12]


def _processor_features() -> str:
    """The line of features that Linux lists; what the system calls the processor elsewhere."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            lines = file.read(_BEGINNING).splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())
