"""What an ``.npz`` file says it holds, checked before any array of it is made."""

import io
import math
import zipfile

import numpy as np

from crl_train.memory import free_host_memory, require_memory

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_LAST_CHARACTER = 0x10FFFF


def check_archive(content: bytes, name: str) -> None:
    """Refuse an archive whose arrays are not what their headers say, or all together larger than memory.

    A few bytes can declare an array of any size, and a few compressed ones can hold it. Text can hold numbers that are
    no characters, of which NumPy makes strings that break Python.

    Args:
        content: The file.
        name: What messages call it.

    Raises:
        ValueError: If an entry is no array of plain values, or not as long as its header says. In one line.
        OSError, zipfile.BadZipFile, zlib.error, ...: Whatever zip and NumPy raise on a damaged file.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        entries = opened.infolist()
        require_memory(repr(name), {"its arrays": sum(entry.file_size for entry in entries)}, free_host_memory())
        for entry in entries:
            _check_array(opened, entry)


def _check_array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"an array has format {version[0]}.{version[1]}")
        shape, _, dtype = _HEADERS[version](file)
        if dtype.hasobject:
            raise ValueError("an array holds Python objects, which are not read")
        declared = file.tell() + math.prod(shape) * dtype.itemsize
        if declared != entry.file_size:
            raise ValueError(f"an array declares {declared:,} bytes and holds {entry.file_size:,}")
        if dtype.kind == "U":
            characters = np.frombuffer(file.read(), np.dtype("u4").newbyteorder(dtype.byteorder))
            if characters.max(initial=0) > _LAST_CHARACTER:
                raise ValueError("a text holds numbers that are no characters")
