"""Numbers as rows, one a run and one a level, each with its interval: all that files and tables are made of."""

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
        source: ``on-policy``, ``shared``, ``grid``, … as in :class:`MetricSamples`.
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


def run_rows(samples: Iterable[MetricSamples]) -> list[Row]:
    """One row for each run, metric, part and source; intervals are over the run's own samples.

    Example:
        >>> info = RunInfo("maze_d4_s0", "depth 4", "maze", 4, 4, 0, 1000, "")                    # doctest: +SKIP
        >>> (row,) = run_rows(metric_samples(info, "success_rate", "on-policy", "episodes", np.array([0.0, 1.0])))
        ...                                                                                       # doctest: +SKIP
        >>> row.run, row.value, row.interval_over, row.count                                      # doctest: +SKIP
        ('maze_d4_s0', 0.5, 'episodes', 2)
    """
    return sorted((_row(estimate, is_run=True) for one in samples for estimate in estimate_by_level([one])), key=place)


def level_rows(estimates: Iterable[LevelEstimate]) -> list[Row]:
    """One row for each level, metric, part and source; intervals are over seeds where there are several."""
    return sorted((_row(estimate, is_run=False) for estimate in estimates), key=place)


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


def place(row: Row) -> tuple[Any, ...]:
    """Sort key of tidy rows: by metric, in the order of the definitions, then as the lines of a table."""
    return (row.env, _METRIC_ORDER[row.metric], row.source, natural(row.part), *level_place(row))


def level_place(row: Row) -> tuple[Any, ...]:
    """Sort key of lines: by level, early to late, an aggregate before its runs, then by seed."""
    factors = row.factors or {DEPTH: (row.actor_depth, row.critic_depth)}
    return (level_order(factors), natural(row.label), row.is_run, row.seed or 0, row.run)


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sort key that puts ``depth 4`` before ``depth 16``."""
    pieces = re.findall(r"\d+|\D+", text.replace(",", ""))
    return tuple((int(piece), "") if piece.isdecimal() else (-1, piece) for piece in pieces)


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
