"""One folder of compiled programs for all tests: of this session, of its child processes, and of sessions to come."""

import hashlib
import importlib.metadata
import os
import platform
import shutil
import zlib
from pathlib import Path

ROOT = Path(__file__).parents[1] / ".pytest_cache" / "compiled"
_ZSTANDARD = b"\x28\xb5\x2f\xfd"  # how files of that compression begin
_MOST_BYTES = 1_000_000_000  # beyond them the folder is begun anew: every change of the code adds programs


def share() -> None:
    """Name the folder to JAX and numba, which read these variables; workers and children inherit them."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder()))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "numba"))  # numba tells CPUs and versions apart by itself


def folder() -> Path:
    """Where programs for this version of JAX and for CPUs like this one are kept."""
    cpu = hashlib.sha256((platform.machine() + _cpu_features()).encode()).hexdigest()[:8]
    return ROOT / f"jax-{importlib.metadata.version('jaxlib')}-{cpu}"


def tidy_up() -> None:
    """Remove programs that a killed process left half written, and all of them once they are too many.

    JAX writes them in place and never again once a file is there.
    """
    programs = [path for path in folder().glob("*-cache") if path.is_file()]
    if sum(path.stat().st_size for path in programs) > _MOST_BYTES:
        shutil.rmtree(folder())
        return
    for path in programs:
        if not _is_whole(path):
            path.unlink()


def _cpu_features() -> str:
    """The line of features that Linux lists, so that no CPU is handed instructions it does not have."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line for line in lines if line.startswith(("flags", "Features"))), platform.processor())


def _is_whole(path: Path) -> bool:
    content = path.read_bytes()
    if content.startswith(_ZSTANDARD):
        return True  # where JAX finds that compression, there may be nothing here to undo it with
    try:
        zlib.decompress(content)
    except zlib.error:
        return False
    return True
