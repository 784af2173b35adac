"""What numba compiles of UMAP is kept where it can be, and found again."""

import importlib.util
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from crl_probe.store import compiled_umap


def test_files_go_where_numba_is_told_else_to_the_cache_else_to_a_folder_of_this_process(
    monkeypatch, tmp_path, own_cache
):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "mine"))
    assert compiled_umap._folder() == tmp_path / "mine"
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert compiled_umap._folder() == own_cache / "numba"
    assert list((own_cache / "numba").iterdir()) == []

    (tmp_path / "file").touch()
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "file"))  # no folder can be made below it, not even by root
    temporary = compiled_umap._folder()
    assert temporary.is_dir()
    assert tmp_path not in temporary.parents
    assert temporary != compiled_umap._folder()  # of this process alone: numba unpickles what it finds there


def test_every_function_with_a_source_file_is_kept_those_of_a_fit_too_beside_a_read_only_installation():
    code = """
import numba.core.caching as caching

def read_only(*_):
    raise OSError("read-only file system")

for beside_the_source_or_below_home in (caching.InTreeCacheLocator, caching.UserWideCacheLocator):
    beside_the_source_or_below_home.ensure_cache_path = read_only

from crl_probe.store.compiled_umap import import_umap
umap = import_umap()
import numba, numba.typed.typedlist, umap.aligned_umap, umap.layouts, pynndescent.distances
in_a_fit = [
    umap.layouts.numba.njit(umap.layouts._optimize_layout_aligned_euclidean_single_epoch, fastmath=True, parallel=False)
    for fit in range(2)
]
assert in_a_fit[0] is in_a_fit[1]
kept = (
    umap.aligned_umap.build_neighborhood_similarities,
    umap.layouts.rdist,
    pynndescent.distances.cosine,
    numba.typed.typedlist._append,
    in_a_fit[0],
)
print(numba.config.CACHE_DIR, *(type(function._cache).__name__ for function in kept))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:crl_probe", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    folder, *kept = done.stdout.split()
    assert Path(folder) == Path(os.environ["NUMBA_CACHE_DIR"]).absolute()
    assert kept == ["FunctionCache"] * 5


def test_a_loop_that_is_compiled_in_a_fit_finds_what_it_needs_of_numba(tmp_path):
    (tmp_path / "layouts.py").write_text(
        "import numba\n\n\n"
        "def total(n):\n    sum = 0\n    for i in numba.prange(n):\n        sum += i\n    return sum\n"
    )
    spec = importlib.util.spec_from_file_location("layouts", tmp_path / "layouts.py")
    layouts = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(layouts)
    layouts.numba = compiled_umap._keeping(layouts.numba)
    compiled = layouts.numba.njit(layouts.total, fastmath=True)
    assert compiled(5) == 10
    assert layouts.numba.njit(layouts.total, fastmath=True) is compiled


@pytest.mark.slow
def test_a_damaged_compiled_function_is_compiled_again(tmp_path):
    (tmp_path / "doubled.py").write_text("import numba\n@numba.njit(cache=True)\ndef double(x): return 2 * x\n")
    code = """
        from crl_probe.store.compiled_umap import _check_what_is_kept
        _check_what_is_kept()
        from doubled import double
        print(double(3), len(double.stats.cache_hits))
    """
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": str(tmp_path)}

    def found_again():
        command = [sys.executable, "-c", textwrap.dedent(code)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        result, found = done.stdout.split()
        assert (result, done.stderr) == ("6", "")
        return found == "1"

    def flip(content):
        middle = len(content) // 2
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]

    assert not found_again()
    assert found_again()
    for ending, damage in {".nbi": lambda content: content[:10], ".nbc": flip, ".sha256": lambda _: b""}.items():
        for file in (tmp_path / "kept").rglob(f"*{ending}"):
            file.write_bytes(damage(file.read_bytes()))
        assert not found_again(), ending
        assert found_again()
