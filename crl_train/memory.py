"""Whether what is asked for fits into memory, told in numbers before anything is made."""

import ctypes
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from crl_train.errors import ConfigError

# The limit of a container or a batch job; what the machine has free says nothing about it.
_CGROUP_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def require_memory(what: str, parts: Mapping[str, int], free: int, way_out: str = "") -> None:
    """Refuse what cannot fit.

    Args:
        what: What takes the memory, such as ``this run``.
        parts: The least that each part takes in bytes, by the settings that decide it.
        free: Bytes that there are.
        way_out: What would make it fit beside lowering a setting, if anything, as an imperative.

    Raises:
        ConfigError: If the parts take more; it names the largest.

    Example:
        >>> require_memory("this run", {"width": 10**6}, free=10**9)
    """
    needed = sum(parts.values())
    if needed > free:
        largest = max(parts, key=lambda name: parts[name])
        share = f" ({largest} alone takes {in_words(parts[largest])})" if len(parts) > 1 else ""
        raise ConfigError(
            f"{what} needs at least {in_words(needed)} of memory{share} and {in_words(free)} are free. "
            f"Lower {largest}, {way_out + ', ' if way_out else ''}or use a machine with more memory."
        )


def free_host_memory() -> int:
    """Bytes that this process can still take of the machine's memory."""
    limits = [int(text) for path in _CGROUP_LIMITS if (text := _text_of(path)).isdecimal()]
    return min([psutil.virtual_memory().available, *limits])


def release_freed_memory() -> None:
    """Give back to the system what the C library keeps of memory that was freed; the compiler leaves much of it.

    Only glibc has a way, and only there is it needed.
    """
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


def _text_of(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def in_words(num_bytes: int) -> str:
    """A number of bytes as people read it.

    Example:
        >>> in_words(2_959_360_000), in_words(10**6)
        ('3.0 GB', '1.0 MB')
    """
    return f"{num_bytes / 1e9:,.1f} GB" if num_bytes >= 1e9 else f"{num_bytes / 1e6:,.1f} MB"
