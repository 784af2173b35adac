"""Rows of numbers as text: tidy CSV, JSON with definitions and versions, LaTeX for a paper."""

import csv
import dataclasses
import importlib.metadata
import io
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.statistics import CONFIDENCE, RESAMPLES
from crl_probe.summary.numbers import UNDEFINED, NumberFormat, latex_number, number_format
from crl_probe.summary.tables import COLUMNS, Column, Row, Table, tables_of
from crl_train.version import __version__

if TYPE_CHECKING:
    from crl_probe.summary.verdicts import Verdict

_LIBRARIES: Final = ("jax", "flax", "numpy", "scipy", "scikit-learn", "umap-learn")
ONE_SEED: Final = "†"
_MOST_COLUMNS: Final = 4  # of a LaTeX table, with intervals, on a page


def csv_text(rows: Iterable[Row]) -> str:
    """Tidy CSV: one line a row, one column a field of :class:`Row`."""
    plain = [_plain(row) for row in rows]
    columns = dict.fromkeys([*COLUMNS, *(name for row in plain for name in row)])
    text = io.StringIO()
    writer = csv.DictWriter(text, list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(plain)
    return text.getvalue()


def _plain(row: Row) -> dict[str, Any]:
    """A row as plain values; where nothing could be resampled there are no ends, which would read as certainty."""
    return row.as_plain() | ({"low": None, "high": None} if row.count == 1 else {})


def document(
    rows: Iterable[Row],
    settings: Mapping[str, Any] | None = None,
    verdicts: Mapping[str, Sequence["Verdict"]] | None = None,
) -> dict[str, Any]:
    """Everything that a JSON file says: the rows, and what is needed to understand them.

    Args:
        rows: Of both kinds, or of one.
        settings: What was looked at, as plain values.
        verdicts: For each environment the claims judged on these runs.
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
        },
        "definitions": {name: dataclasses.asdict(definition) for name, definition in DEFINITIONS.items()},
        "verdicts": {env: [verdict.as_json() for verdict in group] for env, group in (verdicts or {}).items()},
        "runs": [_plain(row) for row in rows if row.is_run],
        "by_depth": by_depth,
    }


def latex_text(rows: Iterable[Row], *, together: bool = False) -> str:
    """One booktabs ``tabular`` for each table, under a comment that says what it holds and what its intervals are.

    Args:
        rows: Numbers of runs and depths.
        together: Whether all metrics share one table, as :func:`crl_probe.summary.tables.tables_of` has it.

    Example:
        >>> print(latex_text(rows))                                                               # doctest: +SKIP
        % Needs \\usepackage{booktabs}.
        % point_u_maze: success (on-policy). Intervals of a depth (95 %) are a bootstrap over its 3 seeds.
        \\begin{tabular}{lr}
        \\toprule
         & Success rate \\\\
        \\midrule
        depth 4 · 3 seeds & $41\\,\\%$ $[33, 52]$ \\\\
        \\bottomrule
        \\end{tabular}
    """
    tables = tables_of(rows, together=together)
    if not together:
        tables = [part for table in tables for part in table.in_parts(_MOST_COLUMNS)]
    return "\n".join([rf"% Made by crl-probe {__version__}. Needs \usepackage{{booktabs}}.", *map(_tabular, tables)])


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


def interval_words(tables: Iterable[Table]) -> str:
    """What the intervals of these tables are, in a sentence or two: readers must not take episodes for seeds."""
    over: dict[str, set[int]] = {}
    marked = False
    for line in (line for table in tables for line in table.lines):
        marked |= any(line.rests_on_one_seed(cell) for cell in line.cells)
        for cell in line.cells:
            if cell is not None and cell.count > 1:
                over.setdefault(cell.interval_over, set()).add(cell.count)
    sentences = []
    seeds = over.pop("seeds", set())
    if seeds:
        counts = f"{min(seeds)}" if len(seeds) == 1 else f"{min(seeds)} to {max(seeds)}"
        sentences.append(f"Intervals of a depth (95 %) are a bootstrap over its {counts} seeds.")
    if over:
        *others, last = sorted(over)
        what = f"{', '.join(others)} or {last}" if others else last
        sentences.append(
            f"Intervals of one run (95 %) are over its own {what}: they say how well this agent was measured, not what "
            "another training would give."
        )
    if marked:
        sentences.append(f"{ONE_SEED} defined for one seed alone.")
    return " ".join(sentences)


def format_of(column: Column, cells: Iterable[Row | None]) -> NumberFormat:
    """How the numbers of a column are written."""
    return number_format(cells, share=DEFINITIONS[column.metric].is_share)


def cell_texts(row: Row | None, form: NumberFormat, one_seed: bool = False) -> tuple[str, str]:
    """The number and its interval as text; the second is empty where nothing could be resampled.

    Args:
        row: The number; None where it is undefined.
        form: That of its column.
        one_seed: Whether to mark it, in a line about several seeds, as that of a single one.
    """
    value, interval = form.cell(row)
    return value, interval + (ONE_SEED if one_seed else "")


def details_of(column: Column, table: Table, *, ranges: bool = True) -> list[str]:
    """What a column says below its name: the part, the evidence where the table mixes kinds, the unit.

    Args:
        column: Of the table.
        table: Which columns there are.
        ranges: Whether a number without a unit says its range.
    """
    definition = DEFINITIONS[column.metric]
    mixed = len({other.source for other in table.columns}) > 1
    details = (column.part, column.source if mixed else "", definition.unit_text if ranges else definition.unit)
    return [text for text in details if text]


def _tabular(table: Table) -> str:
    columns = zip(*(line.cells for line in table.lines), strict=True)
    forms = [format_of(column, cells) for column, cells in zip(table.columns, columns, strict=True)]
    lines = []
    for line in table.lines:
        name = _escaped(line.name)
        # A run is set in below its level.
        name = rf"\quad {name}" if line.is_run and not table.lines[0].is_run else name
        cells = [
            _math(*cell_texts(cell, form, line.rests_on_one_seed(cell)))
            for cell, form in zip(line.cells, forms, strict=True)
        ]
        lines.append(" & ".join([name, *cells]))
    head = " & ".join(["", *(_heading(column, table) for column in table.columns)])
    return "\n".join(
        [
            f"% {table.title}. {interval_words([table])}".rstrip(),
            rf"\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
            r"\toprule",
            rf"{head} \\",
            r"\midrule",
            *(rf"{line} \\" for line in lines),
            r"\bottomrule",
            r"\end{tabular}",
            "",
        ]
    )


def _heading(column: Column, table: Table) -> str:
    """Title, what tells apart columns of one title, and the unit."""
    details = details_of(column, table, ranges=False)
    return _escaped(DEFINITIONS[column.metric].title + (f" ({', '.join(details)})" if details else ""))


def _math(value: str, interval: str) -> str:
    """A number in math mode, so that a minus is a minus and not a hyphen."""
    if value == UNDEFINED:
        return latex_number(value)
    interval = latex_number(interval).replace(ONE_SEED, r"^\dagger")
    return f"${latex_number(value)}$ ${interval}$" if interval else f"${latex_number(value)}$"


_LATEX: Final = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "·": r"\textperiodcentered{}",
        **{sign: rf"\{sign}" for sign in "&%$#_{}"},
    }
)


def _escaped(text: str) -> str:
    return text.translate(_LATEX)
