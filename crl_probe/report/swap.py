"""Write a whole folder beside its destination, then swap: readers see the old report or the new one."""

import contextlib
import fnmatch
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crl_train.errors import ConfigError

# All that a report consists of: a folder that holds anything else is somebody's, and is not replaced.
MARKER = "metrics.json"
_OURS = ("index.html", MARKER, "metrics.csv", "probe_set*.npz")


@contextlib.contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``out`` when the block ends well, and vanishes otherwise.

    Raises:
        ConfigError: If ``out`` is a file, or a folder with something in it that is not a report.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"out={str(out)!r} is a file: a report is a folder. Choose another name.")
    out = out.resolve()  # a link is followed, not replaced
    foreign = sorted(
        entry.name
        for entry in (out.iterdir() if out.is_dir() else ())
        if entry.is_dir() or not any(fnmatch.fnmatch(entry.name, pattern) for pattern in _OURS)
    )
    if foreign or (out.is_dir() and any(out.iterdir()) and not _is_report(out / MARKER)):
        held = f"{', '.join(foreign[:3])}, which is not part of a report" if foreign else "files that are not a report"
        raise ConfigError(f"out={str(out)!r} holds {held}: it would be lost. Choose an empty or new folder.")
    out.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    try:
        folder.chmod(0o755)  # mkdtemp makes it private; a report is for showing around
        yield folder
        if out.is_dir():
            old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.old."))
            os.replace(out, old)  # an empty folder may be replaced by another
            os.replace(folder, out)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_report(marker: Path) -> bool:
    """Whether the file was written by a report: the name alone is a common one."""
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and "crl-probe" in content.get("versions", {})
