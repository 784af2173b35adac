"""UMAP with what numba compiles of it kept on disk.

UMAP and PyNNDescent ask numba to keep a small part of their functions. They compile the others in every process and one
in every fit, which takes longer than the projections of a whole report (docs/performance.md). Kept files are found
again only by the same version of the source on the same kind of CPU; numba sees to that.
"""

import atexit
import contextlib
import errno
import functools
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from crl_probe.store.cache import cache_directory
from crl_train.atomic_file import write_text_atomically
from crl_train.local_path import local_path

_PACKAGES = ("umap", "pynndescent")
_HASH = ".sha256"  # end of the name of the file beside each that holds a compiled function


@functools.cache
def import_umap() -> ModuleType:
    """Import ``umap`` and let numba keep all that it compiles of it.

    The files go to ``$NUMBA_CACHE_DIR`` if set, else to ``numba`` in the cache directory, else, where that cannot be
    written, to a temporary folder that ends with the process.

    Raises:
        ConfigError: If the variable holds a URL or another path that cannot be read as a local one.
    """
    import numba

    # Before umap is imported: where its functions are kept is decided when they are declared.
    numba.config.CACHE_DIR = str(_folder())  # type: ignore[attr-defined]  # numba sets its options by name
    _check_what_is_kept()
    import numba.typed.typedlist
    import umap
    import umap.layouts

    umap.layouts.numba = _keeping(numba)
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _PACKAGES or name == "numba.typed.typedlist":
            _keep_functions_of(module)
    return cast(ModuleType, umap)


def _keep_functions_of(module: ModuleType) -> None:
    from numba.core.dispatcher import Dispatcher

    for function in vars(module).values():
        if isinstance(function, Dispatcher) and function.py_func.__module__ == module.__name__:
            # numba keeps no function without a source file; that one is compiled in every process.
            with contextlib.suppress(RuntimeError):
                function.enable_caching()


def _keeping(numba: ModuleType) -> ModuleType:
    """numba for ``umap.layouts``, whose fits compile their innermost loop each time: here once, and it is kept."""

    @functools.cache
    def njit(function: Callable[..., Any], **options: Any) -> Any:
        return numba.njit(function, cache=True, **options)

    # A module of numba's own name, because the loops refer to it and numba compiles what it takes from there.
    keeping = ModuleType(numba.__name__)
    keeping.__dict__.update({**vars(numba), "njit": njit})
    return keeping


def _check_what_is_kept() -> None:
    """Let numba compile again what is damaged among the files that it keeps: it runs whatever they hold."""
    from numba.core.caching import IndexDataCacheFile

    kept: Any = IndexDataCacheFile
    load_index, save_index, load_data, save_data = kept._load_index, kept._save_index, kept._load_data, kept._save_data

    def checked_index(self: Any) -> Any:
        return load_index(self) if _has_its_hash(Path(self._index_path)) else {}

    def checked_data(self: Any, name: str) -> Any:
        file = Path(self._data_path(name))
        if not _has_its_hash(file):  # numba compiles again what it cannot open
            raise OSError(errno.EIO, "it is not as it was written", str(file))
        return load_data(self, name)

    def save_index_and_hash(self: Any, overloads: Any) -> None:
        save_index(self, overloads)
        _write_hash(Path(self._index_path))

    def save_data_and_hash(self: Any, name: str, data: Any) -> None:
        save_data(self, name, data)
        _write_hash(Path(self._data_path(name)))

    kept._load_index, kept._save_index = checked_index, save_index_and_hash
    kept._load_data, kept._save_data = checked_data, save_data_and_hash


def _write_hash(file: Path) -> None:
    write_text_atomically(file.with_suffix(_HASH), hashlib.sha256(file.read_bytes()).hexdigest())


def _has_its_hash(file: Path) -> bool:
    try:
        return file.with_suffix(_HASH).read_bytes() == hashlib.sha256(file.read_bytes()).hexdigest().encode()
    except OSError:
        return False


def _folder() -> Path:
    named = os.environ.get("NUMBA_CACHE_DIR")
    folder = local_path(named, "NUMBA_CACHE_DIR") if named else cache_directory() / "numba"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError:
        temporary = tempfile.mkdtemp(prefix="crl-probe-numba-")
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        return Path(temporary)
