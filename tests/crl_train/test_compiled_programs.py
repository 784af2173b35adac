"""Compiled programs are kept where JAX finds them, and only what this user has written whole is found there."""

import os
import re
import stat
import subprocess
import sys
import zlib
from pathlib import Path

import jax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_train import compiled_programs
from crl_train.compiled_programs import keep_compiled_programs, programs_folder

VARIABLE = "JAX_COMPILATION_CACHE_DIR"


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch, tmp_path):
    for name in (VARIABLE, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"):
        monkeypatch.setenv(name, "")  # so that it is put back as it was
        monkeypatch.delenv(name)
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "cache"))


def kept(name, content, age=0):
    """A program that JAX has written that many seconds ago."""
    path = programs_folder() / f"jit_{name}-cache"
    path.write_bytes(content)
    then = path.stat().st_mtime - age
    os.utime(path, (then, then))
    return path


def test_programs_of_these_tests_are_kept():
    """JAX, which is imported before any test is, knows where."""
    folder = Path(jax.config.values["jax_compilation_cache_dir"])
    jax.jit(lambda x: x + 1)(1.0)  # at the latest now there is one
    assert any(folder.glob("*-cache"))


def test_jax_is_told_a_folder_of_this_processor(tmp_path):
    keep_compiled_programs()
    folder = programs_folder()
    assert os.environ[VARIABLE] == str(folder)
    assert folder.parent == tmp_path / "cache" / "programs"
    assert re.fullmatch("[0-9a-f]{12}", folder.name)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@given(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=20).map(" ".join))
def test_other_features_have_another_folder(features):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled_programs, "_processor_features", lambda: f"flags : {features}")
        first = programs_folder()
        patch.setattr(compiled_programs, "_processor_features", lambda: f"flags : {features} avx512f")
        assert programs_folder() != first


def test_what_the_user_has_chosen_stays(monkeypatch, tmp_path):
    for chosen in (str(tmp_path / "mine"), ""):
        monkeypatch.setenv(VARIABLE, chosen)
        keep_compiled_programs()
        assert os.environ[VARIABLE] == chosen
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("place", ["gs://bucket/cache", "/proc/nowhere"])
def test_a_cache_that_cannot_be_is_no_error_here(monkeypatch, place):
    monkeypatch.setenv("CRL_PROBE_CACHE", place)
    keep_compiled_programs()
    assert VARIABLE not in os.environ


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="there are no such permissions on this system")
def test_nothing_is_run_from_a_folder_that_others_can_write():
    keep_compiled_programs()
    del os.environ[VARIABLE]
    programs_folder().chmod(0o777)
    keep_compiled_programs()
    assert VARIABLE not in os.environ


def test_what_a_killed_process_left_is_removed_and_looked_at_once():
    keep_compiled_programs()
    whole, cut = kept("whole", zlib.compress(b"program")), kept("cut", zlib.compress(bytes(10_000))[:-9])
    zstandard = kept("zstandard", b"\x28\xb5\x2f\xfd and more")
    del os.environ[VARIABLE]
    keep_compiled_programs()
    assert whole.exists()
    assert zstandard.exists()
    assert not cut.exists()
    old = kept("old", b"damaged since", age=3600)  # a look at all of them would take seconds
    del os.environ[VARIABLE]
    keep_compiled_programs()
    assert old.exists()


def test_the_oldest_make_room(monkeypatch):
    keep_compiled_programs()
    content = zlib.compress(os.urandom(1_000))
    paths = [kept(f"{age}", content, age) for age in (3, 2, 1)]
    monkeypatch.setattr(compiled_programs, "MOST_BYTES", 2.5 * len(content))
    del os.environ[VARIABLE]
    keep_compiled_programs()
    assert [path.exists() for path in paths] == [False, True, True]


_TRAIN = """
import sys
from crl_train.cli import main
try:
    main(["run", "point_u_maze", "--preset", "smoke", "--depth", "4", "--seed", sys.argv[1], "--quiet",
          "--out", sys.argv[2]])
except SystemExit as end:
    assert not end.code
"""


@pytest.mark.slow
def test_a_second_training_compiles_nothing_that_takes_long(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment["JAX_LOG_COMPILES"] = "1"
    found = []
    for seed in ("0", "1"):
        ended = subprocess.run(
            [sys.executable, "-c", _TRAIN, seed, str(tmp_path / "runs")],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        found.append(re.findall(r"Persistent compilation cache hit for 'jit_(learn|collect|evaluate)'", ended.stderr))
    assert found[0] == []
    assert set(found[1]) == {"learn", "collect", "evaluate"}
