"""Numbers as rows: one a run and one a depth, each with its interval; and the same rows side by side in tables.

The rows are the one source of what ``crl_probe.summary.formats`` writes and of what the terminal shows.
"""

import dataclasses
import itertools
import re
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, Literal, TypeAlias

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.samples import MetricSamples
from crl_probe.summary.estimates import DepthEstimate, estimate_by_depth

Level: TypeAlias = Literal["depth", "seed"]
LEVELS: Final[tuple[Level, ...]] = ("depth", "seed")

_METRIC_ORDER: Final = {name: place for place, name in enumerate(DEFINITIONS)}


@dataclasses.dataclass(frozen=True)
class Row:
    """One number with its interval.

    Attributes:
        level: ``seed`` for a number of one run, ``depth`` for an aggregate over the runs of a depth.
        env: Name of the environment.
        run: Name of the run; empty for a depth.
        label: Depth in words.
        critic_depth: Dense layers inside residual blocks, of both encoders.
        actor_depth: The same of the actor.
        seed: Training seed; None for a depth.
        env_steps: Environment steps at the checkpoint; of a depth the fewest among its runs.
        metric: Name of the metric.
        part: What of the agent or its task the number is about, where there are several; else empty.
        evidence: ``on-policy``, ``shared`` or ``grid``.
        value: The number.
        low: Lower end of its interval.
        high: Upper end of its interval.
        unit: Unit or range of the metric.
        interval_over: The unit of replication, what the interval was resampled over: ``seeds``, or samples of the one
            run, such as ``episodes``.
        count: How many of them there were.
    """

    level: Level
    env: str
    run: str
    label: str
    critic_depth: int
    actor_depth: int
    seed: int | None
    env_steps: int
    metric: str
    part: str
    evidence: str
    value: float
    low: float
    high: float
    unit: str
    interval_over: str
    count: int


COLUMNS: Final = tuple(field.name for field in dataclasses.fields(Row))


@dataclasses.dataclass(frozen=True)
class Column:
    """One metric of a table, or one part of it, on one kind of evidence."""

    metric: str
    part: str
    evidence: str


@dataclasses.dataclass(frozen=True)
class Line:
    """One run or depth of a table.

    Attributes:
        level: As in :class:`Row`.
        name: Name of the run, or the depth in words.
        cells: One for each column; None where the metric is undefined.
        num_seeds: Seeds that the line is about.
    """

    level: Level
    name: str
    cells: tuple[Row | None, ...]
    num_seeds: int = 1

    def rests_on_one_seed(self, cell: Row | None) -> bool:
        """Whether a number of a line about several seeds is defined for one of them alone."""
        return cell is not None and self.num_seeds > 1 and cell.interval_over not in ("seeds", "comparison")


@dataclasses.dataclass(frozen=True)
class Table:
    """Metrics side by side: a line for each run and depth.

    Attributes:
        title: What the table holds, in words.
        columns: Metrics, in the order of the definitions.
        lines: Shallow to deep; a depth comes before its runs.
    """

    title: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]

    def in_parts(self, columns: int) -> "list[Table]":
        """The same lines in several tables of at most so many columns."""
        starts = range(0, len(self.columns), columns)
        return [
            Table(
                self.title,
                self.columns[start : start + columns],
                tuple(dataclasses.replace(line, cells=line.cells[start : start + columns]) for line in self.lines),
            )
            for start in starts
        ]

    @property
    def rows(self) -> tuple[Row, ...]:
        """The numbers that it shows."""
        return tuple(cell for line in self.lines for cell in line.cells if cell is not None)


def run_rows(samples: Iterable[MetricSamples]) -> list[Row]:
    """One row for each run, metric, part and kind of evidence; intervals are over the run's own samples.

    Example:
        >>> info = RunInfo("maze_d4_s0", "depth 4", "maze", 4, 4, 0, 1000, "")                    # doctest: +SKIP
        >>> (row,) = run_rows(metric_samples(info, "success_rate", "on-policy", "episodes", np.array([0.0, 1.0])))
        ...                                                                                       # doctest: +SKIP
        >>> row.run, row.value, row.interval_over, row.count                                      # doctest: +SKIP
        ('maze_d4_s0', 0.5, 'episodes', 2)
    """
    return sorted((_row("seed", estimate) for one in samples for estimate in estimate_by_depth([one])), key=_place)


def depth_rows(estimates: Iterable[DepthEstimate]) -> list[Row]:
    """One row for each depth, metric, part and kind of evidence; intervals are over seeds where there are several."""
    return sorted((_row("depth", estimate) for estimate in estimates), key=_place)


def rows_of(samples: Sequence[MetricSamples], levels: Collection[str] = LEVELS) -> list[Row]:
    """Rows of both kinds, or of one: depths first.

    Args:
        samples: Numbers of runs of any environments; depths of two environments are never aggregated.
        levels: ``depth``, ``seed`` or both.
    """
    by_env: dict[str, list[MetricSamples]] = {}
    for entry in samples:
        by_env.setdefault(entry.run.env, []).append(entry)
    estimates = itertools.chain.from_iterable(estimate_by_depth(group) for group in by_env.values())
    return [
        *(depth_rows(estimates) if "depth" in levels else ()),
        *(run_rows(samples) if "seed" in levels else ()),
    ]


def tables_of(rows: Iterable[Row], *, together: bool = False) -> list[Table]:
    """Put rows side by side, a table for each environment, group of metrics and kind of evidence.

    Where a depth has one run, its own line would say the same twice and is left out.

    Args:
        rows: Numbers of runs and depths.
        together: Whether an environment has a single table: for a few metrics that were picked.
    """
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_place):
        title = row.env if together else f"{row.env}: {DEFINITIONS[row.metric].group} ({row.evidence})"
        groups.setdefault(title, []).append(row)
    return [_table(title, group) for title, group in groups.items()]


def _row(level: Level, estimate: DepthEstimate) -> Row:
    first = estimate.runs[0]
    one = level == "seed"
    return Row(
        level=level,
        env=first.env,
        run=first.name if one else "",
        label=estimate.label,
        critic_depth=first.critic_depth,
        actor_depth=first.actor_depth,
        seed=first.seed if one else None,
        env_steps=min(run.env_steps for run in estimate.runs),
        metric=estimate.metric,
        part=estimate.part,
        evidence=estimate.evidence,
        value=estimate.estimate.value,
        low=estimate.estimate.low,
        high=estimate.estimate.high,
        unit=DEFINITIONS[estimate.metric].unit_text,
        interval_over=estimate.estimate.unit,
        count=estimate.estimate.count,
    )


def _table(title: str, rows: Sequence[Row]) -> Table:
    columns = tuple(dict.fromkeys(map(_column, rows)))
    by_line: dict[tuple[str, str], dict[Column, Row]] = {}
    for row in sorted(rows, key=_line_place):
        by_line.setdefault((row.label, row.run), {})[_column(row)] = row
    seeds = {label: _num_seeds(cells.values()) for (label, run), cells in by_line.items() if not run}
    lines = []
    for (label, run), cells in by_line.items():
        if run and seeds.get(label) == 1:
            continue
        name = run or f"{label} · {seeds[label]} {'seed' if seeds[label] == 1 else 'seeds'}"
        lines.append(
            Line(
                "seed" if run else "depth",
                name,
                tuple(cells.get(column) for column in columns),
                1 if run else seeds[label],
            )
        )
    return Table(title, columns, tuple(lines))


def _column(row: Row) -> Column:
    return Column(row.metric, row.part, row.evidence)


def _num_seeds(rows: Iterable[Row]) -> int:
    return max(row.count if row.interval_over == "seeds" else 1 for row in rows)


def _place(row: Row) -> tuple[Any, ...]:
    """Sort key of tidy rows: by metric, in the order of the definitions, then as the lines of a table."""
    return (row.env, _METRIC_ORDER[row.metric], row.evidence, _natural(row.part), *_line_place(row))


def _line_place(row: Row) -> tuple[Any, ...]:
    """Sort key of lines: from shallow to deep, early to late, a depth before its runs, then by seed."""
    return (row.critic_depth, row.actor_depth, _natural(row.label), row.level == "seed", row.seed or 0, row.run)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sort key that puts ``depth 4`` before ``depth 16``."""
    pieces = re.findall(r"\d+|\D+", text.replace(",", ""))
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)
