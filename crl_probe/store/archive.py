"""What an ``.npz`` file says it holds, checked before any array of it is read."""

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np

from crl_probe.store.results import ResultError
from crl_train.memory import free_host_memory, require_memory

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def check_archive(path: Path) -> None:
    """Refuse an archive whose arrays are larger than their entries, or all together larger than memory.

    A few bytes can declare an array of any size, and a few compressed ones can hold it.

    Raises:
        ResultError: If an entry is no array of plain values, or not as long as its header says.
        ConfigError: If the arrays cannot fit into memory.
        OSError, ValueError, ...: Whatever zip and NumPy raise on a damaged file.
    """
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        require_memory(f"{path.name!r}", {"its arrays": sum(entry.file_size for entry in entries)}, free_host_memory())
        for entry in entries:
            with archive.open(entry) as file:
                declared = _declared_bytes(file)
            if declared != entry.file_size:
                raise ResultError(f"{entry.filename[:80]!r} declares {declared:,} bytes and holds {entry.file_size:,}")


def _declared_bytes(file: IO[bytes]) -> int:
    """Length of an array's entry by its own header."""
    version = np.lib.format.read_magic(file)
    if version not in _HEADERS:
        raise ResultError(f"an array has format {version[0]}.{version[1]}")
    shape, _, dtype = _HEADERS[version](file)
    if dtype.hasobject:
        raise ResultError("an array holds Python objects, which are not read")
    return file.tell() + math.prod(shape) * dtype.itemsize
