"""What a report's folder consists of, and which folders a new report may replace."""

import fnmatch
import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from crl_probe.probes.registry import PROBES
from crl_probe.render.figure_files import ENDINGS, FOLDER, figure_name
from crl_probe.report.errors_log import ERRORS_LOG
from crl_train.console import printable
from crl_train.errors import ConfigError
from crl_train.parsing import parse_json, read_bounded

# All that a report consists of: a folder that holds anything else is somebody's, and is not replaced.
MARKER = "metrics.json"
_LARGEST_MARKER = 2**30  # bytes; the numbers of thousands of runs
_OURS = ("index.html", MARKER, "metrics.csv", "tables.tex", "probe_set*.npz", ERRORS_LOG)


def check_replaceable(out: Path) -> None:
    """Refuse a place that holds anything but an earlier report.

    Raises:
        ConfigError: If ``out`` is a file, or a folder with something in it that is not part of a report.
    """
    if out.exists() and not out.is_dir():
        raise ConfigError(f"out={str(out)!r} is a file: a report is a folder. Choose another name.")
    out = out.resolve()
    entries = sorted(_entries(out)) if out.is_dir() else []
    if not entries:
        return
    written = _written_by_a_report(out / MARKER)
    figures = _figures(written or {})
    foreign = [name for name in entries if name not in figures and not any(fnmatch.fnmatch(name, o) for o in _OURS)]
    if foreign or written is None:
        held = (
            f"{printable(', '.join(foreign[:3]))}, which is not part of a report"
            if foreign
            else "files that are not a report"
        )
        raise ConfigError(f"out={str(out)!r} holds {held}: it would be lost. Choose an empty or new folder.")


def _entries(out: Path) -> Iterator[str]:
    """What the folder holds, with the files in its folder of figures; other folders stand for themselves."""
    for entry in out.iterdir():
        if entry.name == FOLDER and entry.is_dir() and not entry.is_symlink():
            yield from (f"{FOLDER}/{figure.name}{'/' if figure.is_dir() else ''}" for figure in entry.iterdir())
        elif os.path.lexists(entry):  # gone, if another process has replaced the report since
            yield f"{entry.name}/" if entry.is_dir() else entry.name


def _figures(written: Mapping[str, Any]) -> Collection[str]:
    """Every figure that a report on the environments of this one may hold."""
    envs = ("", *written.get("by_depth", {}))
    return {f"{FOLDER}/{figure_name(probe, env)}{end}" for env in envs for probe in PROBES for end in ENDINGS}


def _written_by_a_report(marker: Path) -> dict[str, Any] | None:
    """What the file says if a report wrote it: the name alone is a common one."""
    try:
        text = read_bounded(marker, _LARGEST_MARKER, marker.name)
        content = parse_json(text, marker.name)
    except (OSError, ConfigError):
        return None
    if not isinstance(content, dict):
        return None
    versions, by_depth = (content.get(name, {}) for name in ("versions", "by_depth"))
    is_ours = isinstance(versions, dict) and isinstance(by_depth, dict) and "crl-probe" in versions
    return content if is_ours else None
