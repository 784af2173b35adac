"""One folder of compiled programs for all tests: of this session, of its child processes, and of sessions to come."""

import importlib.metadata
import os
import shutil
from pathlib import Path

import jax

from crl_train.compiled_programs import is_whole, processor

ROOT = Path(__file__).parents[1] / ".pytest_cache" / "compiled"
_MOST_BYTES = 1_000_000_000  # beyond them the folder is begun anew: every change of the code adds programs


def share() -> None:
    """Name the folder to JAX and numba; workers and children inherit the variables."""
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(folder()))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    # JAX read its variables as it was imported, which the check of shapes does with the first module under test.
    jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
    least_seconds = float(os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"])
    jax.config.update("jax_persistent_cache_min_compile_time_secs", least_seconds)
    os.environ.setdefault("NUMBA_CACHE_DIR", str(ROOT / "numba"))  # numba tells CPUs and versions apart by itself


def folder() -> Path:
    """Where programs for this version of JAX and for CPUs like this one are kept."""
    return ROOT / f"jax-{importlib.metadata.version('jaxlib')}-{processor()}"


def tidy_up() -> None:
    """Remove programs that a killed process left half written, and all of them once they are too many.

    JAX writes them in place and never again once a file is there.
    """
    programs = [path for path in folder().glob("*-cache") if path.is_file()]
    if sum(path.stat().st_size for path in programs) > _MOST_BYTES:
        shutil.rmtree(folder())
        return
    for path in programs:
        if not is_whole(path):
            path.unlink()
