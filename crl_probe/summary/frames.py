"""Numbers as tidy pandas tables, for notebooks: of every run, and aggregated over the runs of each level."""

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.factors import level_words
from crl_probe.summary.rows import rows_of

_NUMBER: Final = ("metric", "part", "source", "sample_unit", "sample", "value")
_ESTIMATE: Final = ("metric", "part", "source", "value", "low", "high", "count", "unit")


def run_frame(
    samples: Sequence[MetricSamples], by: Sequence[str], names: Mapping[str, str], *, each: bool = False
) -> pd.DataFrame:
    """One row for each run and metric, or for each of the goals that it was measured for.

    Args:
        samples: Numbers of runs.
        by: The factors of the study.
        names: By name of an agent in ``samples`` that of its run, without the checkpoint.
        each: Whether metrics have a row for every sample, whatever samples are.

    Returns:
        The columns that :meth:`crl_probe.Study.frame` documents.
    """
    rows = [
        {
            "run": names[one.run.name],
            "seed": one.run.seed,
            "env_steps": one.run.env_steps,
            "level": one.run.level,
            **one.run.factors,
            "metric": one.metric,
            "part": one.part,
            "source": one.source,
            "sample_unit": one.sample_unit,
            "sample": sample,
            "value": value,
        }
        for one in samples
        for sample, value in _values(one, each or one.sample_unit == "goals")
    ]
    return pd.DataFrame(rows, columns=["run", "seed", "env_steps", "level", *by, *_NUMBER]).astype({"sample": "Int64"})


def level_frame(samples: Sequence[MetricSamples], by: Sequence[str]) -> pd.DataFrame:
    """One row for each level, metric, part and source.

    Args:
        samples: Numbers of runs of one environment.
        by: The factors of the study.

    Returns:
        The columns that :meth:`crl_probe.Study.estimates` documents.
    """
    rows = [
        {
            "level": level_words(row.factors),
            **row.factors,
            "env_steps": row.env_steps,
            "metric": row.metric,
            "part": row.part,
            "source": row.source,
            "value": row.value,
            "low": row.low,
            "high": row.high,
            "count": row.count,
            "unit": row.interval_over,
        }
        for row in rows_of(samples, ["level"])
    ]
    return pd.DataFrame(rows, columns=["level", *by, "env_steps", *_ESTIMATE])


def _values(one: MetricSamples, each: bool) -> list[tuple[int | None, float]]:
    if not each:
        return [(None, one.value)]
    index = range(len(one.samples)) if one.index is None else one.index
    return [(int(i), float(value)) for i, value in zip(index, one.samples, strict=True)]
