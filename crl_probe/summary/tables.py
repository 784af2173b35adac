"""Numbers as rows: one a run and one a level, each with its interval; and the same rows side by side in tables.

The rows are all that ``crl_probe.summary.formats`` writes and the terminal shows.
"""

import dataclasses
import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.factors import DEPTH, Level, level_order
from crl_probe.summary.estimates import LevelEstimate, estimate_by_level

RUN: Final = "seed"
"""What the rows of single runs are called in files."""

_METRIC_ORDER: Final = {name: place for place, name in enumerate(DEFINITIONS)}


@dataclasses.dataclass(frozen=True)
class Row:
    """One number with its interval.

    Attributes:
        level: ``seed`` for a number of one run; for an aggregate over the runs of a level the factors of the study,
            such as ``depth``.
        env: Name of the environment.
        run: Name of the run; empty for an aggregate.
        label: Level in words, such as ``depth 16``.
        critic_depth: Dense layers inside residual blocks, of both encoders.
        actor_depth: The same of the actor.
        seed: Training seed; None for an aggregate.
        env_steps: Environment steps at the checkpoint; of an aggregate the fewest among its runs.
        metric: Name of the metric.
        part: What of the agent or its task the number is about, where there are several; else empty.
        source: ``on-policy``, ``shared`` or ``grid``.
        value: The number.
        low: Lower end of its interval.
        high: Upper end of its interval.
        unit: Unit or range of the metric.
        interval_over: The unit of replication, what the interval was resampled over: ``seeds``, or samples of the one
            run, such as ``episodes``.
        count: How many of them there were.
        factors: The factors of the study, and the level in each.
    """

    level: str
    env: str
    run: str
    label: str
    critic_depth: int
    actor_depth: int
    seed: int | None
    env_steps: int
    metric: str
    part: str
    source: str
    value: float
    low: float
    high: float
    unit: str
    interval_over: str
    count: int
    factors: Mapping[str, Level] = dataclasses.field(default_factory=dict, hash=False)

    @property
    def is_run(self) -> bool:
        """Whether this is a number of one run, and no aggregate."""
        return self.level == RUN

    def as_plain(self) -> dict[str, Any]:
        """The fields by name, with a column for every factor that is no depth; those have columns anyway."""
        plain = dataclasses.asdict(self)
        factors = plain.pop("factors")
        return plain | {name: value for name, value in factors.items() if name not in (DEPTH, *plain)}


COLUMNS: Final = tuple(field.name for field in dataclasses.fields(Row) if field.name != "factors")
"""Columns of tidy files; factors other than depth follow them."""


@dataclasses.dataclass(frozen=True)
class Column:
    """One metric of a table, or one part of it, on one source."""

    metric: str
    part: str
    source: str


@dataclasses.dataclass(frozen=True)
class Line:
    """One run or depth of a table.

    Attributes:
        name: Name of the run, or the level in words.
        cells: One for each column; None where the metric is undefined.
        num_seeds: Seeds that the line is about.
        is_run: Whether it is about one run, and no aggregate.
    """

    name: str
    cells: tuple[Row | None, ...]
    num_seeds: int = 1
    is_run: bool = False

    def rests_on_one_seed(self, cell: Row | None) -> bool:
        """Whether a number of a line about several seeds is defined for one of them alone."""
        return cell is not None and self.num_seeds > 1 and cell.interval_over not in ("seeds", "comparison")


@dataclasses.dataclass(frozen=True)
class Table:
    """Metrics side by side: a line for each run and level.

    Attributes:
        title: What the table holds, in words.
        columns: Metrics, in the order of the definitions.
        lines: In the order of levels; an aggregate comes before its runs.
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
    """One row for each run, metric, part and source; intervals are over the run's own samples.

    Example:
        >>> info = RunInfo("maze_d4_s0", "depth 4", "maze", 4, 4, 0, 1000, "")                    # doctest: +SKIP
        >>> (row,) = run_rows(metric_samples(info, "success_rate", "on-policy", "episodes", np.array([0.0, 1.0])))
        ...                                                                                       # doctest: +SKIP
        >>> row.run, row.value, row.interval_over, row.count                                      # doctest: +SKIP
        ('maze_d4_s0', 0.5, 'episodes', 2)
    """
    return sorted((_row(estimate, is_run=True) for one in samples for estimate in estimate_by_level([one])), key=_place)


def level_rows(estimates: Iterable[LevelEstimate]) -> list[Row]:
    """One row for each level, metric, part and source; intervals are over seeds where there are several."""
    return sorted((_row(estimate, is_run=False) for estimate in estimates), key=_place)


def rows_of(samples: Sequence[MetricSamples], kinds: Collection[str] = ("level", "run")) -> list[Row]:
    """Rows of both kinds, or of one: aggregates first.

    Args:
        samples: Numbers of runs of any environments; levels of two environments are never aggregated.
        kinds: ``level``, ``run`` or both.
    """
    by_env: dict[str, list[MetricSamples]] = {}
    for entry in samples:
        by_env.setdefault(entry.run.env, []).append(entry)
    estimates = itertools.chain.from_iterable(estimate_by_level(group) for group in by_env.values())
    return [
        *(level_rows(estimates) if "level" in kinds else ()),
        *(run_rows(samples) if "run" in kinds else ()),
    ]


def tables_of(rows: Iterable[Row], *, together: bool = False) -> list[Table]:
    """Put rows side by side, a table for each environment, group of metrics and source.

    Where a level has one run, its own line would say the same twice and is left out.

    Args:
        rows: Numbers of runs and levels.
        together: Whether an environment has a single table: for a few metrics that were picked.
    """
    groups: dict[str, list[Row]] = {}
    for row in sorted(rows, key=_place):
        title = row.env if together else f"{row.env}: {DEFINITIONS[row.metric].group} ({row.source})"
        groups.setdefault(title, []).append(row)
    return [_table(title, group) for title, group in groups.items()]


def _row(estimate: LevelEstimate, *, is_run: bool) -> Row:
    first = estimate.runs[0]
    return Row(
        level=RUN if is_run else ",".join(first.factors),
        env=first.env,
        run=first.name if is_run else "",
        label=estimate.label,
        critic_depth=first.critic_depth,
        actor_depth=first.actor_depth,
        seed=first.seed if is_run else None,
        env_steps=min(run.env_steps for run in estimate.runs),
        metric=estimate.metric,
        part=estimate.part,
        source=estimate.source,
        value=estimate.estimate.value,
        low=estimate.estimate.low,
        high=estimate.estimate.high,
        unit=DEFINITIONS[estimate.metric].unit_text,
        interval_over=estimate.estimate.unit,
        count=estimate.estimate.count,
        factors=first.factors,
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
                name,
                tuple(cells.get(column) for column in columns),
                num_seeds=1 if run else seeds[label],
                is_run=bool(run),
            )
        )
    return Table(title, columns, tuple(lines))


def _column(row: Row) -> Column:
    return Column(row.metric, row.part, row.source)


def _num_seeds(rows: Iterable[Row]) -> int:
    return max(row.count if row.interval_over == "seeds" else 1 for row in rows)


def _place(row: Row) -> tuple[Any, ...]:
    """Sort key of tidy rows: by metric, in the order of the definitions, then as the lines of a table."""
    return (row.env, _METRIC_ORDER[row.metric], row.source, _natural(row.part), *_line_place(row))


def _line_place(row: Row) -> tuple[Any, ...]:
    """Sort key of lines: by level, early to late, an aggregate before its runs, then by seed."""
    factors = row.factors or {DEPTH: (row.actor_depth, row.critic_depth)}
    return (level_order(factors), _natural(row.label), row.is_run, row.seed or 0, row.run)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sort key that puts ``depth 4`` before ``depth 16``."""
    pieces = re.findall(r"\d+|\D+", text.replace(",", ""))
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)
