"""Which levels of a study were still getting better when their training ended: their numbers are too low."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from crl_probe.metrics import mean_effect
from crl_probe.metrics.comparison import MINIMUM_SEEDS
from crl_probe.runs.run_info import RunInfo, place_in_order

Curve: TypeAlias = Sequence[Mapping[str, Any]]
"""What the trainer logged, a row for each evaluation."""

LOGGED: Final = "eval/success_rate"
_SMALLEST_GAIN: Final = 0.02  # of the success rate: less is not worth a word
_CERTAIN: Final = 0.10  # of one seed or two, whose gains cannot be tested
_CHANCE: Final = 0.05  # one-sided: how often a level that does not rise is said to
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
    """Mean recent gain over the seeds of every level that still rises, by label.

    With three seeds or more a t-test of the gains decides, so that a level that does not rise is said to in 5 of 100
    studies at most; with fewer the gain must be 10 percentage points.

    Args:
        runs: Each run with its curve.
    """
    gains: dict[str, list[float]] = {}
    for run, curve in sorted(runs, key=lambda one: place_in_order(one[0])):
        gain = recent_gain(curve)
        if not math.isnan(gain):
            gains.setdefault(run.label, []).append(gain)
    return {label: float(np.mean(of_level)) for label, of_level in gains.items() if _rises(of_level)}


def _rises(gains: Sequence[float]) -> bool:
    mean = float(np.mean(gains))
    if len(gains) < MINIMUM_SEEDS:
        return mean >= _CERTAIN
    p_above = mean_effect(np.array(gains)).p_above
    return mean >= _SMALLEST_GAIN and (math.isnan(p_above) or p_above <= _CHANCE)


def training_words(rising: Mapping[str, float], num_levels: int, factor: str, *, is_over: bool = True) -> str:
    """What a reader must know before any number, in a sentence; empty if no level was still getting better.

    Args:
        rising: From :func:`still_learning`.
        num_levels: Levels of the study.
        factor: What they are levels of.
        is_over: Whether the training of all runs is over at the checkpoints that are compared.

    Example:
        >>> training_words({"depth 64": 0.08}, 3, "depth").partition(":")[0]
        'Training ended early at some depths'
    """
    if not rising:
        return ""
    told = [f"{100 * gain:.0f} at {label}" for label, gain in rising.items()]
    told[0] = told[0].replace(" at ", " percentage points at ", 1)
    *others, last = told
    listed = f"by {', '.join(others)} and {last}" if others else f"by {last}"
    compared = "from the last but one quarter of the evaluations to the last"
    everywhere = len(rising) == num_levels
    if not is_over:
        where = f"every {factor}" if everywhere else f"some {factor}s"
        return f"At these checkpoints success still rose at {where} ({listed}, {compared})."
    if everywhere:
        where = f"at every {factor}" if num_levels > 1 else "at the end"
        return f"Undertrained: success still rises {where} ({listed}, {compared})."
    return f"Training ended early at some {factor}s: success still rises {listed}, {compared}."
