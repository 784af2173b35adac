"""Results on disk: what goes in comes out, and what is damaged is named."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import ResultError, load_result, save_result, with_runs


@dataclasses.dataclass(frozen=True)
class Example:
    runs: tuple
    array: np.ndarray
    named: dict
    number: float
    nothing: None


@dataclasses.dataclass(frozen=True)
class Other:
    runs: tuple


RUN = RunInfo("a_d4_s0", "depth 4", "point_u_maze", 4, 4, 0, 1000, "abc")

plain = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**50), 2**50), st.floats(allow_nan=False), st.text(max_size=9)
)


@settings(max_examples=30)
@given(
    named=st.dictionaries(st.text(max_size=5), st.one_of(plain, st.lists(plain, max_size=3).map(tuple)), max_size=4),
    number=st.floats(allow_nan=False),
)
def test_anything_a_result_may_hold_survives(named, number, tmp_path_factory):
    path = tmp_path_factory.mktemp("results") / "r.npz"
    result = Example((RUN,), np.array([[1.0, np.nan]]), {**named, "deep": {"array": np.arange(3)}}, number, None)
    save_result(result, path)
    np.testing.assert_equal(dataclasses.asdict(load_result(path, Example)), dataclasses.asdict(result))
    assert [entry.name for entry in path.parent.iterdir()] == ["r.npz"]


def test_objects_are_refused(tmp_path):
    with pytest.raises(TypeError, match="would need pickle"):
        save_result(Other((np.array([object()]),)), tmp_path / "r.npz")
    with pytest.raises(TypeError, match="a set cannot be stored"):
        save_result(Other(({1, 2},)), tmp_path / "r.npz")
    assert not list(tmp_path.glob("*.npz"))


def test_damage_and_mix_ups_are_named(tmp_path):
    path = tmp_path / "r.npz"
    save_result(Other((RUN,)), path)
    with pytest.raises(ResultError, match="holds a Other of format 1: expected a Example"):
        load_result(path, Example)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ResultError, match=r"r.npz cannot be read: .* The file is damaged"):
        load_result(path, Other)
    path.write_bytes(b"")
    with pytest.raises(ResultError, match="cannot be read"):
        load_result(path, Other)
    with pytest.raises(FileNotFoundError):
        load_result(tmp_path / "none.npz", Other)


def test_a_level_is_named_without_the_steps_of_its_checkpoint():
    stage = dataclasses.replace(RUN, label="depth 4 · 1,000 steps")
    assert stage.level == RUN.level == "depth 4"
    assert dataclasses.replace(stage, critic_depth=64, factors={}).level == "actor 4 · critic 64"


def test_a_stored_result_takes_the_names_that_its_agents_have_now():
    now = dataclasses.replace(RUN, name="renamed", label="width 32", factors={"width": 32})
    stranger = dataclasses.replace(RUN, content_hash="another")
    stored = Example((RUN, stranger), np.zeros(2), {}, 1.0, None)
    named = with_runs(stored, [now])
    assert named.runs == (now, stranger)
    assert named.array is stored.array
