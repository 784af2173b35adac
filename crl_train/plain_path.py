"""Paths that the storage layer cannot misread.

TensorStore takes a pair of brackets in a path for a pattern and a backslash for a separator, and takes no path that is
not Unicode. A checkpoint below such a folder would be written elsewhere, or never be found again.
"""

import contextlib
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PLAIN = re.compile(r"[A-Za-z0-9._/+=@,~-]*")


@contextlib.contextmanager
def plain_path(path: Path) -> Iterator[Path]:
    """Yield the absolute path, or an alias of it if it has characters that the storage layer could misread.

    The alias goes through a symbolic link to the path's folder, which must exist. It ends with the block.

    Raises:
        OSError: If no link can be made, or the folder for temporary files has such a path itself.

    Example:
        >>> with plain_path(Path("exp[1]/point_u_maze_d4_s0/policy/2240")) as path:     # doctest: +SKIP
        ...     print(path)
        /tmp/crl-9f3c/folder/2240
    """
    absolute = path.absolute()
    if _is_plain(absolute):
        yield absolute
        return
    with tempfile.TemporaryDirectory(prefix="crl-") as temporary:
        alias = Path(temporary) / "folder"
        if not _is_plain(alias / absolute.name):
            raise OSError(
                "set TMPDIR to a folder of plain letters, digits and ._/+=@,~-: the storage library misreads others, "
                f"as in this path and that of the folder for temporary files {temporary!r}"
            )
        alias.symlink_to(absolute.parent, target_is_directory=True)
        yield alias / absolute.name


def _is_plain(path: Path) -> bool:
    return _PLAIN.fullmatch(str(path)) is not None
