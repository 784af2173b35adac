"""The shared probe set as a whole, and as a file, which is checked whole when it is read."""

import dataclasses
import inspect
import json
import zipfile

import numpy as np
import pytest

from crl_probe.evidence.probe_set import Points, ProbeSet, load_probe_set, save_probe_set
from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import ResultError, with_hash
from tests.mutations import archive_mutations, check_reader, entry_mutations


@pytest.fixture(autouse=True)
def without_the_type_checks_of_tests(monkeypatch):
    """Users run without them, and here they would answer before the reader does."""
    for dataclass in (Points, ProbeSet, RunInfo):
        monkeypatch.setattr(dataclass, "__init__", inspect.unwrap(dataclass.__init__))


@pytest.fixture(scope="module")
def probe_set(evidence):
    return evidence.probe_set


@pytest.fixture
def file(probe_set, tmp_path):
    save_probe_set(probe_set, tmp_path / "set.npz")
    return tmp_path / "set.npz"


@pytest.fixture
def entries(file):
    """The arrays of the file by the field that each belongs to, and its header."""
    with np.load(file) as archive:
        header = json.loads(str(archive["header.json"]))
        arrays = {name: archive[name] for name in archive.files if name != "header.json"}
    fields = header["fields"]
    named = {"goals": arrays[fields["goals"]["array"]]}
    for table in ("points", "paths"):
        for name, value in fields[table]["fields"].items():
            named[f"{table}.{name}"] = arrays[value["array"]]
    return named, header


def rewritten(file, entries, header=None, **changes):
    """Write the file again with other arrays, under true checksums and the true hash."""
    named, original = entries
    header = header or original
    fields, arrays = original["fields"], {}
    for name, array in named.items():
        table, _, field = name.rpartition(".")
        place = (fields[table]["fields"] if table else fields)[field]["array"]
        change = changes.get(name.replace(".", "_"))
        arrays[place] = array if change is None else change(array)
    np.savez(file, **{"header.json": np.array(json.dumps(header)), **arrays})
    reseal(file)


def reseal(file):
    file.write_bytes(with_hash(file.read_bytes()))


def test_a_set_survives_the_disk_with_its_recipe(probe_set, file):
    again = load_probe_set(file)
    np.testing.assert_equal(dataclasses.asdict(again), dataclasses.asdict(probe_set))
    assert again.recipe["points_of_each_run"] == 150


def test_a_file_that_was_written_again_is_read(probe_set, file, entries):
    rewritten(file, entries)
    np.testing.assert_equal(dataclasses.asdict(load_probe_set(file)), dataclasses.asdict(probe_set))


def replaced(value, dtype=None):
    def change(array):
        array = array.astype(dtype or array.dtype)
        array[len(array) // 2] = value
        return array

    return change


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"goals": lambda a: a[0]}, r"goals is an array \(2,\) of float32: it holds floats, one row each"),
        ({"goals": lambda a: a.astype(str)}, r"goals is an array \(3, 2\) of <U\d+: it holds floats"),
        ({"goals": lambda a: np.zeros((0, 2), np.float32)}, r"goals of a probe set are empty: there is at least one"),
        ({"goals": lambda a: a[:, :1]}, r"points of a probe set have entries of sizes \[4, 2, 2, 2\]: points and"),
        ({"goals": replaced(np.nan)}, r"goals holds NaN or infinite numbers"),
        ({"points_states": replaced(np.inf)}, r"points\.states holds NaN or infinite numbers"),
        ({"paths_future_goals": replaced(np.nan)}, r"paths\.future_goals holds NaN or infinite numbers"),
        ({"points_actions": lambda a: a[:-1]}, r"points have fields of different lengths \(states 300, actions 299,"),
        ({"paths_time": lambda a: a[:5]}, r"points have fields of different lengths"),
        ({"points_source": replaced(99)}, r"points of a probe set have source 99: the last one is 1"),
        ({"points_source": replaced(-1)}, r"points of a probe set have a negative episode, time or source"),
        ({"paths_episode": lambda a: a + 0.5}, r"episode is an array \(\d+,\) of float64: it holds whole numbers"),
        ({"paths_episode": lambda a: a[::-1]}, r"paths of a probe set are in no order: they go by episode"),
        ({"paths_time": lambda a: a * 0}, r"paths of a probe set are in no order"),
        ({"points_time": lambda a: a.astype(bool)}, r"time is an array \(300,\) of bool: it holds whole numbers"),
        ({"points_states": lambda a: a.astype(complex)}, r"states is an array \(300, 4\) of complex128"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_arrays_that_cannot_be_part_of_a_set_are_refused(file, entries, changes, reason):
    rewritten(file, entries, **changes)
    with pytest.raises(ResultError, match=rf"^probe set '.*set\.npz' cannot be read: .*{reason}.*Make it again\.$"):
        load_probe_set(file)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda fields: {**fields, "env": 5}, "env of a probe set is 5: it is a str"),
        (lambda fields: {**fields, "sources": {"tuple": []}}, r"sources of a probe set are \(\): they are agents"),
        (lambda fields: {**fields, "sources": "me"}, "sources of a probe set is 'me': it is a tuple"),
        (lambda fields: {**fields, "recipe": {"dict": {"seed": {"tuple": [1]}}}}, r"the recipe is \{'seed': \(1,\)\}"),
        (lambda fields: {**fields, "paths": None}, "paths of a probe set is None: it is a Points"),
        (lambda fields: {name: value for name, value in fields.items() if name != "goals"}, "missing .* 'goals'"),
        (lambda fields: {**fields, "colour": "red"}, "unexpected keyword argument 'colour'"),
        (lambda fields: {**fields, "goals": {"array": "array_99"}}, "array_99"),
    ],
)
def test_headers_of_other_types_are_refused(file, entries, change, reason):
    header = entries[1]
    rewritten(file, entries, {**header, "fields": change(header["fields"])})
    with pytest.raises(ResultError, match=rf"^probe set '.*' cannot be read: .*{reason}.*Make it again\.$"):
        load_probe_set(file)


@pytest.mark.parametrize(
    ("field", "value"), [("name", 5), ("seed", "0"), ("env_steps", 1.5), ("factors", {"tuple": [1]})]
)
def test_sources_of_other_types_are_refused(file, entries, field, value):
    entries[1]["fields"]["sources"]["tuple"][0]["fields"][field] = value
    rewritten(file, entries)
    with pytest.raises(ResultError, match=rf"cannot be read: .*a source has {field}="):
        load_probe_set(file)


def with_array(file, header):
    """Replace the array of goals by one that only its header describes."""
    with zipfile.ZipFile(file) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = sorted(entry for entry in entries if entry.startswith("array"))[-1]
    text = header.encode().ljust(118 - 1) + b"\n"
    entries[name] = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text
    with zipfile.ZipFile(file, "w") as archive:
        for entry, data in entries.items():
            archive.writestr(entry, data)
    reseal(file)


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (
            "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000, 2), }",
            r"declares 8,000,000,000,128 bytes",
        ),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }", r"declares 152 bytes and holds 128"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': (0, 2), }", r"an array holds Python objects"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 2), }", r"declares"),
        ("{'descr': '<f4'}", r"Header does not contain the correct keys"),
    ],
)
def test_arrays_that_lie_about_their_size_are_refused_before_they_are_made(file, header, reason):
    with_array(file, header)
    with pytest.raises(ResultError, match=rf"^probe set '.*' cannot be read: .*{reason}"):
        load_probe_set(file)


def test_an_archive_larger_than_memory_is_refused(file, monkeypatch):
    monkeypatch.setattr("crl_probe.store.archive.free_host_memory", lambda: 1_000)
    with pytest.raises(ResultError, match=r"'set\.npz' needs at least 0\.\d MB of memory and 0\.0 MB"):
        load_probe_set(file)


def test_text_of_numbers_that_are_no_characters_is_refused(file):
    header = np.array(["made"])
    header.view(np.uint32)[1] = 0xFFFFFFFF
    with zipfile.ZipFile(file, "a") as archive, archive.open("text.npy", "w") as entry:
        np.save(entry, header)
    reseal(file)
    with pytest.raises(ResultError, match="a text holds numbers that are no characters"):
        load_probe_set(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x93NUMPY", b"words", b"\x80\x04N."], ids=repr)
def test_files_of_other_kinds_are_refused(file, content):
    file.write_bytes(content)
    with pytest.raises(ResultError, match=r"^probe set '.*' cannot be read: "):
        load_probe_set(file)


def test_arrays_without_a_header_are_refused_and_a_missing_file_is_told_apart(file):
    np.savez(file, states=np.zeros(3))
    with pytest.raises(ResultError, match=r"cannot be read: "):
        load_probe_set(file)
    with pytest.raises(FileNotFoundError):
        load_probe_set(file.with_name("none.npz"))


def forged(valid, seed):
    """Files with one damaged array or header each, and the hash of what they hold, as another program may write."""
    return map(with_hash, entry_mutations(valid, seed))


@pytest.mark.parametrize("mutate", [archive_mutations, forged])
def test_damaged_and_forged_files_are_read_or_explained(file, mutate):
    def read(data):
        file.write_bytes(data)
        return load_probe_set(file)

    outcomes = check_reader(read, file.read_bytes(), count=150, mutate=mutate)
    assert outcomes["explained"] > 100
