"""Probe sets and cache entries: archives whose arrays, headers or bytes are not what they ought to be."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from tools.torture.inputs.case import Base, Case
from tools.torture.inputs.odd_content import DEEP, DIGITS, ESCAPE, WHOLE
from tools.torture.judge import EITHER, REFUSED, Right
from tools.torture.programs import Ended, run

GEOMETRY: Final = ("--episodes", "4", "--workers", "1", "--format", "csv")

_Entries = dict[str, np.ndarray]


def cases(base: Base) -> Iterator[Case]:
    """All cases of archives."""
    yield from _probe_sets(base)
    yield from _cache_entries(base)


# --- probe sets ----------------------------------------------------------------------------------------------


def _one(array: np.ndarray, value: float) -> np.ndarray:
    changed = array.astype(np.result_type(array, np.float64) if not np.isfinite(value) else array.dtype)
    changed.flat[0] = value
    return changed


_ARRAYS: Final[Mapping[str, Callable[[np.ndarray], np.ndarray]]] = {
    "with NaN": lambda a: _one(a, np.nan),
    "with infinity": lambda a: _one(a, np.inf),
    "flat": lambda a: a.reshape(-1) if a.ndim > 1 else a.reshape(-1, 1),
    "with an axis more": lambda a: a[None],
    "a number": lambda a: np.array(7),
    "text": lambda a: a.astype(str),
    "bytes": lambda a: np.zeros(a.shape, "S4"),
    "complex": lambda a: a + 1j,
    "dates": lambda a: np.zeros(a.shape, "datetime64[s]"),
    "records": lambda a: np.zeros(a.shape, [("a", "f4")]),
    "one row short": lambda a: a[:-1],
    "empty": lambda a: a[:0],
    "one column more": lambda a: np.concatenate([a, a[:, :1]], axis=1) if a.ndim > 1 else np.stack([a, a], 1),
    "huge": lambda a: _one(a, 1e38 if a.dtype.kind == "f" else 2**31 - 1),
    "negative": lambda a: -np.abs(a) - 1,
    "broken": lambda a: a + 0.5 if a.dtype.kind in "iu" else a.astype(str),
}
# What may well be: positions can be negative, far away, and there may be fewer goals.
_USABLE: Final = ("negative", "huge", "one row short")


def _probe_sets(base: Base) -> Iterator[Case]:
    fields = _header(_entries(base))["fields"]
    named = {f"{table}.{name}": (table, name) for table in ("points", "paths") for name in fields[table]["fields"]}
    for name, (table, field) in {**named, "goals": ("", "goals")}.items():
        whole = _header(_entries(base))["fields"]
        reference = whole[field] if not table else whole[table]["fields"][field]
        for damage, change in _ARRAYS.items():
            floats = name.rpartition(".")[2] in ("states", "actions", "commanded_goals", "future_goals", "goals")
            usable = damage in _USABLE[: 2 if table else 3] and floats
            right = EITHER if usable or (name.endswith(("episode", "time")) and damage == "huge") else REFUSED
            yield _probe_set(base, f"{name} is {damage}", _changed_array(base, reference["array"], change), right)
    for name, edit in _HEADERS.items():
        yield _probe_set(base, f"header: {name}", lambda edit=edit: _changed_header(base, edit), REFUSED)
    for name, content in WHOLE.items():
        yield _probe_set(base, f"the file is {name}", lambda content=content: content, REFUSED)
    raw = (base.folder / "set.npz").read_bytes()
    for share in range(1, 16):
        yield _probe_set(base, f"cut after {share}/16", lambda share=share: raw[: len(raw) * share // 16], REFUSED)
    yield _probe_set(base, "an archive of nothing", lambda: _zipped({}), REFUSED)
    yield _probe_set(base, "an archive of text", lambda: _zipped({"a.txt": b"a"}), REFUSED)
    yield _probe_set(base, "four gigabytes of zeros", lambda: _bomb(base), REFUSED)
    yield _probe_set(base, "a pickle", lambda: _pickled(base), REFUSED)
    yield _probe_set(base, "encrypted", lambda: _with_flag(raw), REFUSED)


def _probe_set(base: Base, name: str, make: Callable[[], bytes], right: Right) -> Case:
    def lay_out(folder: Path) -> None:
        base.copy("victim", folder / "victim")
        (folder / "set.npz").write_bytes(make())

    command = ("crl-probe", "geometry", "victim", "--probe-set", "set.npz", *GEOMETRY)
    return Case("probe sets", name, lay_out, command, right)


def _entries(base: Base) -> _Entries:
    with np.load(base.folder / "set.npz") as archive:
        return {name: archive[name] for name in archive.files}


def _header(entries: _Entries) -> dict[str, Any]:
    return json.loads(str(entries["header.json"]))


def _saved(entries: _Entries) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **entries)  # type: ignore[arg-type]
    return file.getvalue()


def _changed_array(base: Base, key: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[], bytes]:
    return lambda: _saved({name: change(a) if name == key else a for name, a in _entries(base).items()})


def _changed_header(base: Base, edit: Callable[[dict[str, Any]], Any]) -> bytes:
    entries = _entries(base)
    header = _header(entries)
    text = edit(header)
    return _saved({**entries, "header.json": np.array(text if isinstance(text, str) else json.dumps(header))})


_HEADERS: Final[Mapping[str, Callable[[dict[str, Any]], Any]]] = {
    "empty": lambda h: " ",
    "a list": lambda h: "[]",
    "null": lambda h: "null",
    "5,000 digits": lambda h: DIGITS,
    "100,000 brackets": lambda h: DEEP,
    "no format": lambda h: h.pop("format"),
    "format is true": lambda h: h.update(format=True),
    "format is a text": lambda h: h.update(format="1"),
    "another type": lambda h: h.update(type="OnPolicyEpisodes"),
    "type is a list": lambda h: h.update(type=["ProbeSet"]),
    "no fields": lambda h: h.pop("fields"),
    "fields is a list": lambda h: h.update(fields=[]),
    "a field too many": lambda h: h["fields"].update(extra=1),
    "env is a number": lambda h: h["fields"].update(env=1),
    "env is another": lambda h: h["fields"].update(env="point_u4_maze"),
    "env is escape sequences": lambda h: h["fields"].update(env=ESCAPE),
    "sources are empty": lambda h: h["fields"].update(sources={"tuple": []}),
    "sources is a text": lambda h: h["fields"].update(sources="abc"),
    "recipe is a list": lambda h: h["fields"].update(recipe={"tuple": [1]}),
    "points are an array": lambda h: h["fields"].update(points={"array": "array_0"}),
    "points are null": lambda h: h["fields"].update(points=None),
    "points are of another class": lambda h: h["fields"]["points"].update(dataclass="RunInfo"),
    "points are of an unknown class": lambda h: h["fields"]["points"].update(dataclass="os.system"),
    "an array that is not there": lambda h: h["fields"].update(goals={"array": "array_99"}),
    "the header as an array": lambda h: h["fields"].update(goals={"array": "header.json"}),
}


def _zipped(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def _bomb(base: Base) -> bytes:
    """The set with an array whose header promises four gigabytes."""
    entries = _entries(base)
    key = _header(entries)["fields"]["goals"]["array"]
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "<f4", "fortran_order": False, "shape": (2**29, 2)})
    file = io.BytesIO(_saved({name: array for name, array in entries.items() if name != key}))
    with zipfile.ZipFile(file, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{key}.npy", "w") as entry:
        entry.write(head.getvalue())
        for _ in range(64):
            entry.write(bytes(2**20))
    return file.getvalue()


def _pickled(base: Base) -> bytes:
    entries = _entries(base)
    key = _header(entries)["fields"]["goals"]["array"]
    return _saved({**entries, key: np.array([[print, len]], dtype=object)})


def _with_flag(raw: bytes) -> bytes:
    """The archive with every entry marked as encrypted."""
    changed = bytearray(raw)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = raw.find(signature)
        while place >= 0:
            changed[place + offset] |= 1
            place = raw.find(signature, place + 4)
    return bytes(changed)


# --- the cache -----------------------------------------------------------------------------------------------

_CACHED: Final = ("crl-probe", "geometry", "victim", "healthy", "--goals", "2", *GEOMETRY)
_REPORT: Final = ("crl-probe", "report", "victim", "healthy", "--goals", "2", "--episodes", "4", "--workers", "1")


def _cache_entries(base: Base) -> Iterator[Case]:
    expected = run(_CACHED, base.folder, base.variables)
    if expected.code != 0:
        raise RuntimeError(f"{' '.join(_CACHED)} fails on good input: {expected.output}")
    results = base.folder / "cache" / "results"
    entries = sorted(results.glob("*.npz"))

    def same_numbers(folder: Path, ended: Ended) -> str:
        return "" if ended.stdout == expected.stdout else "accepted: other numbers than from a whole cache"

    right = Right((0,), check=same_numbers)
    for number, entry in enumerate(entries):
        raw = entry.read_bytes()
        contents: dict[str, bytes | None] = {
            "emptied": b"",
            "halved": raw[: len(raw) // 2],
            "all zeros": bytes(len(raw)),
            "another entry": entries[number - 1].read_bytes(),
            "text": b"text",
            "turned into a folder": None,
        }
        places = (6, 8, 10, 14, 26, 28, 30, 40, 66, 67, *(len(raw) * share // 17 for share in range(1, 17)), -22, -10)
        for place in places:
            flipped = bytearray(raw)
            flipped[place] ^= 0x04
            contents[f"with a bit flipped at byte {place}"] = bytes(flipped)
        for name, content in contents.items():
            kind = entry.name[: entry.name.rindex("-") + 5]  # entries of one kind differ in what follows
            yield _cache_case(base, f"{kind} {name}", _put(entry.name, content), _CACHED, right)
    for figure in sorted(results.glob("figure-*")):
        for name, content in {
            "cut to 100 bytes": figure.read_bytes()[:100],
            "with a script": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "emptied": b"",
        }.items():

            def drawn_again(folder: Path, ended: Ended, content: bytes = content) -> str:
                copied = [path for path in (folder / "out" / "figures").glob("*") if path.read_bytes() == content]
                return f"accepted: {copied[0].name} is the damaged file" if copied else ""

            command = (*_REPORT, "--sections", "success,geometry", "--out", "out", "--quiet")
            put, drawn = _put(figure.name, content), Right((0,), check=drawn_again)
            yield _cache_case(base, f"{figure.name[:11]}{figure.suffix} {name}", put, command, drawn)


def _put(name: str, content: bytes | None) -> Callable[[Path], object]:
    def put(cache: Path) -> None:
        place = cache / "results" / name
        place.unlink()
        if content is None:
            place.mkdir()
        else:
            place.write_bytes(content)

    return put


def _cache_case(
    base: Base, name: str, change: Callable[[Path], object], command: tuple[str, ...], right: Right
) -> Case:
    def lay_out(folder: Path) -> None:
        for run_name in ("victim", "healthy"):
            (folder / run_name).symlink_to(base.folder / run_name)
        base.copy("cache/results", folder / "cache" / "results")
        change(folder / "cache")

    variables = {"CRL_PROBE_CACHE": "cache"}
    return Case("cache entries", name, lay_out, command, right, variables=variables)
