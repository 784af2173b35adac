"""Which levels of a study were still getting better when their training ended: their numbers are too low."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from crl_probe.runs.run_info import RunInfo, place_in_order

Curve: TypeAlias = Sequence[Mapping[str, Any]]
"""What the trainer logged, a row for each evaluation."""

LOGGED: Final = "eval/success_rate"
_SMALLEST_GAIN: Final = 0.02  # of the success rate: what evaluations of some hundred episodes cannot tell apart from 0
_LAST: Final = 4  # the last quarter of the evaluations is held against the one before


def recent_gain(curve: Curve) -> float:
    """How much the success rate rose from the last but one quarter of the evaluations to the last.

    Args:
        curve: Of one run.

    Returns:
        A difference of success rates; NaN with fewer than two evaluations.

    Example:
        >>> recent_gain([{"eval/success_rate": rate} for rate in (0.1, 0.2, 0.3, 0.6)])
        0.3
    """
    logged = [row.get(LOGGED) for row in curve]
    rates = np.array([math.nan if rate is None else float(rate) for rate in logged])
    rates = rates[np.isfinite(rates)]
    count = max(1, len(rates) // _LAST)
    if len(rates) < 2 * count or len(rates) < 2:
        return math.nan
    return float(rates[-count:].mean() - rates[-2 * count : -count].mean())


def still_learning(runs: Iterable[tuple[RunInfo, Curve]]) -> dict[str, float]:
    """Mean recent gain over the seeds of every level where it is worth mentioning, by label.

    Args:
        runs: Each run with its curve.
    """
    gains: dict[str, list[float]] = {}
    for run, curve in sorted(runs, key=lambda one: place_in_order(one[0])):
        gain = recent_gain(curve)
        if not math.isnan(gain):
            gains.setdefault(run.label, []).append(gain)
    means = {label: float(np.mean(of_level)) for label, of_level in gains.items()}
    return {label: mean for label, mean in means.items() if mean >= _SMALLEST_GAIN}


def training_words(rising: Mapping[str, float], num_levels: int, factor: str) -> str:
    """What a reader must know before any number, in a sentence; empty if no level was still getting better.

    Args:
        rising: From :func:`still_learning`.
        num_levels: Levels of the study.
        factor: What they are levels of.

    Example:
        >>> training_words({"depth 64": 0.08}, 3, "depth").partition(":")[0]
        'Training ended early at some depths'
    """
    if not rising:
        return ""
    points = [f"{100 * gain:.0f}" for gain in rising.values()]
    told = [f"{gain} at {label}" for gain, label in zip(points, rising, strict=True)]
    told[0] = f"by {points[0]} percentage points at {next(iter(rising))}"
    *others, last = told
    listed = f"{', '.join(others)} and {last}" if others else last
    if len(rising) == num_levels:
        where = f"at every {factor}" if num_levels > 1 else "at the end"
        return f"Undertrained: success still rises {where} ({listed} over the last quarter of training)."
    return f"Training ended early at some {factor}s: success still rises {listed} over its last quarter."
