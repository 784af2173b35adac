"""Rows of numbers as text for machines: tidy CSV, and JSON with definitions and versions."""

import csv
import dataclasses
import importlib.metadata
import io
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.statistics import CONFIDENCE, RESAMPLES
from crl_probe.summary.rows import COLUMNS, Row
from crl_train.console import printable
from crl_train.version import __version__

if TYPE_CHECKING:
    from crl_probe.summary.verdicts import Verdict

_LIBRARIES: Final = ("jax", "flax", "numpy", "scipy", "scikit-learn", "umap-learn")
# What makes a spreadsheet read a text as a formula, in half and in full width.
_FORMULA: Final = re.compile("[=+@＝＋－＠-]")


def csv_text(rows: Iterable[Row]) -> str:
    """Tidy CSV: one line a row, one column a field of :class:`Row`; see :func:`csv_table`."""
    plain = [_plain(row) for row in rows]
    return csv_table(list(dict.fromkeys([*COLUMNS, *(name for row in plain for name in row)])), plain)


def csv_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A header and one line a row. Numbers are written in full, and None as nothing.

    Text is safe to open in a spreadsheet: one that begins with ``=``, ``+``, ``-`` or ``@`` would be run as a formula,
    and has an apostrophe in front. Control characters are written as Python escapes them, so that a row is one line.

    Example:
        >>> print(csv_table(["run", "value"], [{"run": "=1+1", "value": -0.5}]), end="")
        run,value
        '=1+1,-0.5
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = printable(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _plain(row: Row) -> dict[str, Any]:
    """A row as plain values; where nothing could be resampled there are no ends, which would read as certainty."""
    return row.as_plain() | ({"low": None, "high": None} if row.count == 1 else {})


def document(
    rows: Iterable[Row],
    settings: Mapping[str, Any] | None = None,
    verdicts: Mapping[str, Sequence["Verdict"]] | None = None,
    before_training: Iterable[Row] = (),
) -> dict[str, Any]:
    """Everything that a JSON file says: the rows, and what is needed to understand them.

    Args:
        rows: Of both kinds, or of one.
        settings: What was measured, as plain values.
        verdicts: For each environment the claims judged on these runs.
        before_training: Numbers of the same runs' networks before training, where they were measured.
    """
    rows = list(rows)
    by_depth: dict[str, list[dict[str, Any]]] = {row.env: [] for row in rows}
    for row in rows:
        if not row.is_run:
            by_depth[row.env].append(_plain(row))
    return {
        "versions": versions(),
        "settings": dict(settings or {}),
        "intervals": {
            "method": "percentile bootstrap over seeds; where there is one seed, over the run's own samples, with "
            "Wilson's score interval for shares of yes and no",
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "aggregate": "interquartile mean over seeds, mean below 4 seeds",
            "verdicts": "Welch's t-test of means over seeds, Holm's correction over the claims",
        },
        "definitions": {name: dataclasses.asdict(definition) for name, definition in DEFINITIONS.items()},
        "verdicts": {env: [verdict.as_json() for verdict in group] for env, group in (verdicts or {}).items()},
        "runs": [_plain(row) for row in rows if row.is_run],
        "by_depth": by_depth,
        "before_training": [_plain(row) for row in before_training],
    }


def versions() -> dict[str, str]:
    """Versions of this program and of what it computes with."""
    return {
        "crl-probe": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def device_words() -> str:
    """What it computes on: the accelerators, or the cores of the processor."""
    import jax

    devices = jax.devices()
    if devices[0].platform == "cpu":
        cores = os.cpu_count() or 1
        return f"{cores} CPU core{'' if cores == 1 else 's'}, {platform.machine()}"
    return f"{len(devices)} × {devices[0].device_kind}"
