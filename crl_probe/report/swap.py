"""Write a whole folder beside its destination, then swap: readers see the old report or the new one."""

import contextlib
import fnmatch
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from crl_probe.paper_figures import ENDINGS, FOLDER, figure_name
from crl_probe.probing import PROBES
from crl_train.errors import ConfigError

# All that a report consists of: a folder that holds anything else is somebody's, and is not replaced.
MARKER = "metrics.json"
_OURS = ("index.html", MARKER, "metrics.csv", "tables.tex", "probe_set*.npz")


@contextlib.contextmanager
def replace_folder(out: Path) -> Iterator[Path]:
    """Yield an empty folder that takes the place of ``out`` when the block ends well, and vanishes otherwise.

    Raises:
        ConfigError: If ``out`` is a file, a folder with something in it that is not a report, or cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"out={str(out)!r} is a file: a report is a folder. Choose another name.")
    out = out.resolve()  # a link is followed, not replaced
    _check_replaceable(out)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError(
            f"out={str(out)!r} cannot be written: {reason}. Choose a folder that you may write to."
        ) from error
    try:
        folder.chmod(0o755)  # mkdtemp makes it private; a report is for showing around
        yield folder
        _swap(folder, out)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _swap(folder: Path, out: Path) -> None:
    """Put the folder where the other is or would be; interrupted at any point, one of them is there, and whole."""
    old = folder.with_name(f"{folder.name}.old")
    try:
        if out.is_dir():
            os.replace(out, old)
        os.replace(folder, out)
    except BaseException:
        if old.is_dir() and not out.exists():
            os.replace(old, out)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _check_replaceable(out: Path) -> None:
    entries = sorted(_entries(out)) if out.is_dir() else []
    if not entries:
        return
    written = _written_by_a_report(out / MARKER)
    figures = _figures(written or {})
    foreign = [name for name in entries if name not in figures and not any(fnmatch.fnmatch(name, o) for o in _OURS)]
    if foreign or written is None:
        held = f"{', '.join(foreign[:3])}, which is not part of a report" if foreign else "files that are not a report"
        raise ConfigError(f"out={str(out)!r} holds {held}: it would be lost. Choose an empty or new folder.")


def _entries(out: Path) -> Iterator[str]:
    """What the folder holds, with the files in its folder of figures; other folders stand for themselves."""
    for entry in out.iterdir():
        if entry.name == FOLDER and entry.is_dir() and not entry.is_symlink():
            yield from (f"{FOLDER}/{figure.name}{'/' if figure.is_dir() else ''}" for figure in entry.iterdir())
        else:
            yield f"{entry.name}/" if entry.is_dir() else entry.name


def _figures(written: Mapping[str, Any]) -> Collection[str]:
    """Every figure that a report on the environments of this one may hold."""
    envs = ("", *written.get("by_depth", {}))
    return {f"{FOLDER}/{figure_name(probe, env)}{end}" for env in envs for probe in PROBES for end in ENDINGS}


def _written_by_a_report(marker: Path) -> dict[str, Any] | None:
    """What the file says if a report wrote it: the name alone is a common one."""
    try:
        content = json.loads(marker.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and "crl-probe" in content.get("versions", {}) else None
