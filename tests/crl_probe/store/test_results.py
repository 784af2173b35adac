"""Results on disk: what goes in comes out, and what is damaged is named."""

import dataclasses
import io
import json
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
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
    with pytest.raises(ResultError, match="holds a Other of format 2: expected a Example"):
        load_result(path, Example)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(ResultError, match=r"r.npz cannot be read: .* The file is damaged"):
        load_result(path, Other)
    path.write_bytes(b"")
    with pytest.raises(ResultError, match="cannot be read"):
        load_result(path, Other)
    with pytest.raises(FileNotFoundError):
        load_result(tmp_path / "none.npz", Other)


STORED = Example((RUN,), np.linspace(0.0, 1.0, 40).reshape(8, 5), {"name": "maze", "of": np.arange(7)}, 0.25, None)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    path = tmp_path_factory.mktemp("stored") / "r.npz"
    save_result(STORED, path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def damaged_place(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "r.npz"


@settings(max_examples=200)
@given(flips=st.lists(st.integers(0, 2**31), min_size=1, max_size=3, unique=True), cut=st.integers(0, 3))
@example(flips=[8 * 66], cut=0)  # in the compressed header: zlib cannot go on
@example(flips=[8 * 8 + 3], cut=0)  # the compression of an entry: another one, or one that there is not
@example(flips=[0], cut=3)
def test_whatever_is_damaged_is_refused_in_one_sentence(flips, cut, stored, damaged_place):
    damaged = bytearray(stored)
    for flip in flips:
        place = flip % (8 * len(damaged))
        damaged[place // 8] ^= 1 << place % 8
    damaged_place.write_bytes(damaged[: len(damaged) // cut] if cut else damaged)
    with pytest.raises(
        ResultError, match=r"r.npz cannot be read: .+\. The file is damaged; make it again\.$"
    ) as refused:
        load_result(damaged_place, Example)
    assert "\n" not in str(refused.value)


def archive_of(header, **arrays):
    file = io.BytesIO()
    np.savez(file, **{"header.json": np.array(header), **arrays})
    return file.getvalue()


def unreadable_compression():
    file = io.BytesIO(archive_of("{}"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.filelist[0].compress_type = 99
        archive.comment = b"rewritten"
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        archive_of("[" * 100_000),  # RecursionError
        archive_of("[]"),  # TypeError
        archive_of('{"format": 1, "type": "Other", "fields": {"runs": {"fields": {}}}}'),
        archive_of('{"format": 1, "type": "Other", "fields": {"strangers": 3}}'),
        archive_of('{"format": 2, "type": "Other", "fields": {"runs": {"tuple": []}}}'),  # whole, but without its hash
        unreadable_compression(),  # NotImplementedError
        b"\x93NUMPY\x01\x00",  # np.load takes it for a single array
    ],
)
def test_whatever_a_reader_raises_is_one_error(content, tmp_path):
    path = tmp_path / "r.npz"
    path.write_bytes(content)
    with pytest.raises(ResultError, match=r"cannot be read: .+ The file is damaged"):
        load_result(path, Other)
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(ResultError, match=r"cannot be read: .*Is a directory"):
        load_result(tmp_path / "folder.npz", Other)


@pytest.mark.parametrize("version", ["true", "1.0", '"1"', "0", "null", '"' + "x" * 5_000 + '"'])
def test_a_format_is_a_whole_number_that_is_known(version, tmp_path):
    path = tmp_path / "r.npz"
    path.write_bytes(archive_of(f'{{"format": {version}, "type": "Other", "fields": {{"runs": {{"tuple": []}}}}}}'))
    with pytest.raises(ResultError) as caught:
        load_result(path, Other)
    assert len(str(caught.value)) < 500


def test_a_pipe_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    for path in (tmp_path / "pipe.npz", Path("/dev/zero")):
        with pytest.raises(ResultError, match="is a pipe, a device or a socket"):
            load_result(path, Other)


def test_a_size_that_no_machine_has_is_refused(tmp_path, monkeypatch):
    def no_memory(*_, **__):
        raise MemoryError

    path = tmp_path / "r.npz"
    save_result(Other((np.arange(3),)), path)
    monkeypatch.setattr(np, "load", no_memory)
    with pytest.raises(ResultError, match="cannot be read: MemoryError"):
        load_result(path, Other)


def test_a_file_is_an_archive_that_others_read_too_and_one_of_the_format_before_is_read(tmp_path):
    path = tmp_path / "r.npz"
    save_result(Other((np.arange(3),)), path)
    with np.load(path) as archive:
        assert json.loads(str(archive["header.json"]))["type"] == "Other"
        np.testing.assert_array_equal(archive["array_0"], np.arange(3))
    before = '{"format": 1, "type": "Other", "fields": {"runs": {"tuple": [{"array": "array_0"}]}}}'
    path.write_bytes(archive_of(before, array_0=np.arange(4)))
    np.testing.assert_array_equal(load_result(path, Other).runs[0], np.arange(4))


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
