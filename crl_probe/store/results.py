"""Results of probes on disk: a frozen dataclass of arrays and plain values as one ``.npz`` file without pickle.

Arrays are entries of the archive; everything else is in a JSON header that refers to them. A result can hold arrays,
numbers, strings, None, tuples and string-keyed dictionaries of these, and registered dataclasses.

The file ends with the SHA-256 of all that precedes it, as the comment of the archive: a file in which a single bit
changed is refused, and NumPy still opens one that is whole.
"""

import dataclasses
import hashlib
import io
import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np

from crl_probe.runs.run_info import RunInfo
from crl_probe.store.archive import check_archive
from crl_train.atomic_file import write_atomically
from crl_train.errors import CrlError
from crl_train.parsing import one_line, require_regular, shortened

_HEADER = "header.json"
_FORMAT_VERSION = 2
_WITHOUT_HASH = 1  # the format before; probe sets that were written in it are still read
_HASH_LENGTH = len(hashlib.sha256().hexdigest())
_LONGEST_REASON = 200  # characters

Result = TypeVar("Result")
Nested = TypeVar("Nested")


class ResultError(CrlError, ValueError):
    """A stored result is damaged, or is not of the expected type."""


_NESTED: dict[str, type] = {"RunInfo": RunInfo}


def register_nested(nested: type[Nested]) -> type[Nested]:
    """Let results hold this frozen dataclass as a field."""
    _NESTED[nested.__name__] = nested
    return nested


def save_result(result: Any, path: Path) -> None:
    """Write a result dataclass to one file, atomically.

    Raises:
        TypeError: If a field holds something that cannot be stored.
        OSError: If the file cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    fields = {field.name: _pack(getattr(result, field.name), arrays) for field in dataclasses.fields(result)}
    header = json.dumps({"format": _FORMAT_VERSION, "type": type(result).__name__, "fields": fields})
    entries: dict[str, Any] = {_HEADER: np.array(header), **arrays}
    archive = io.BytesIO()
    np.savez_compressed(archive, **entries)
    content = with_hash(archive.getvalue())
    write_atomically(path, lambda file: file.write(content))


def load_result(path: Path, result_type: type[Result]) -> Result:
    """Read a result that :func:`save_result` wrote.

    Raises:
        ResultError: If the file cannot be read for whatever reason, is damaged, of another type, or of another version
            of this program.
        FileNotFoundError: If there is no such file.
    """
    try:
        require_regular(path, str(path), ResultError)
        content = path.read_bytes()
        is_whole = _has_its_hash(content)
        check_archive(content, path.name)
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            header = json.loads(str(archive[_HEADER]))
            if not is_whole and (header["format"] != _WITHOUT_HASH or archive.zip.comment):
                raise ValueError("its content does not have the hash that it was written with")
            version = header["format"]
            is_known = type(version) is int and version in (_FORMAT_VERSION, _WITHOUT_HASH)  # True and 1.0 equal 1
            if not is_known or header["type"] != result_type.__name__:
                raise ResultError(
                    f"{path} holds a {one_line(str(header['type']))} of format {shortened(version)}: expected a "
                    f"{result_type.__name__} of format {_FORMAT_VERSION}. Make it again with this version."
                )
            return result_type(**{name: _unpack(value, archive) for name, value in header["fields"].items()})
    except (ResultError, FileNotFoundError, NotADirectoryError):
        raise
    # Damaged bytes make zipfile, zlib, NumPy and json raise almost anything: NotImplementedError for a compression
    # that there is not, MemoryError for a size that no machine has, RecursionError for a header of brackets.
    except Exception as error:
        reason = next(iter(str(error).splitlines()), "")[:_LONGEST_REASON] or type(error).__name__
        raise ResultError(f"{path} cannot be read: {reason}. The file is damaged; make it again.") from error


def with_runs(result: Result, infos: Iterable[RunInfo]) -> Result:
    """The same result with the current names of its agents: results are stored by content, and names can change.

    Args:
        result: A frozen dataclass; agents in its fields, alone or in tuples, are renamed.
        infos: Agents with their current names; any other agent keeps its stored name.
    """
    current = {(info.content_hash, info.config_hash): info for info in infos}

    def named(value: Any) -> Any:
        if isinstance(value, RunInfo):
            return current.get((value.content_hash, value.config_hash), value)
        if isinstance(value, tuple):
            return tuple(named(item) for item in value)
        return value

    fields = {field.name: getattr(result, field.name) for field in dataclasses.fields(cast(Any, result))}
    return cast(
        Result, dataclasses.replace(cast(Any, result), **{name: named(value) for name, value in fields.items()})
    )


def with_hash(archive: bytes) -> bytes:
    """A ZIP archive with its hash as its comment, which is the last thing in the file.

    Raises:
        zipfile.BadZipFile: If it is no ZIP archive.
    """
    file = io.BytesIO(archive)
    with zipfile.ZipFile(file, "a") as opened:
        opened.comment = bytes(_HASH_LENGTH)
    content = file.getvalue()[:-_HASH_LENGTH]
    return content + hashlib.sha256(content).hexdigest().encode()


def _has_its_hash(content: bytes) -> bool:
    return hashlib.sha256(content[:-_HASH_LENGTH]).hexdigest().encode() == content[-_HASH_LENGTH:]


def _pack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            raise TypeError("an array of Python objects cannot be stored in a result: it would need pickle.")
        name = f"array_{len(arrays)}"
        arrays[name] = value
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple | list):
        return {"tuple": [_pack(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": {str(key): _pack(item, arrays) for key, item in value.items()}}
    if type(value).__name__ in _NESTED:
        packed = {field.name: _pack(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
        return {"dataclass": type(value).__name__, "fields": packed}
    raise TypeError(f"a {type(value).__name__} cannot be stored in a result: use arrays and plain values.")


def _unpack(value: Any, archive: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return archive[value["array"]]
    if "tuple" in value:
        return tuple(_unpack(item, archive) for item in value["tuple"])
    if "dict" in value:
        return {key: _unpack(item, archive) for key, item in value["dict"].items()}
    fields = {name: _unpack(item, archive) for name, item in value["fields"].items()}
    return _NESTED[value["dataclass"]](**fields)
