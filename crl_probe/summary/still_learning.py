"""Which levels of a study were still getting better when their training ended: their numbers are too low."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from jaxtyping import Float

from crl_probe.runs.run_info import RunInfo, place_in_order

Curve: TypeAlias = Sequence[Mapping[str, Any]]
"""What the trainer logged, a row for each evaluation."""

LOGGED: Final = "eval/success_rate"
_SMALLEST_GAIN: Final = 0.02  # of the success rate in a quarter of training: less is not worth a word
_FEWEST: Final = 6  # evaluations: of fewer the trend is lost in their noise, so that all of a short curve are taken
_CHANCE: Final = 0.05  # one-sided: how often a level that does not rise is said to


def still_learning(runs: Iterable[tuple[RunInfo, Curve]]) -> dict[str, float]:
    """How much the success rate of every level that still rises gains in a quarter of training, by label.

    It is the trend of the second half of the evaluations, six at least, which all seeds of a level share, each around
    its own mean. A level rises where a one-sided t-test of the trend says so at 5 %, and it gains 2 percentage points
    or more.

    Args:
        runs: Each run with its curve.
    """
    curves: dict[str, list[Float[np.ndarray, " evaluations"]]] = {}
    for run, curve in sorted(runs, key=lambda one: place_in_order(one[0])):
        curves.setdefault(run.label, []).append(_rates(curve))
    gains = {label: _gain(of_level) for label, of_level in curves.items()}
    return {label: gain for label, gain in gains.items() if gain >= _SMALLEST_GAIN}


def _rates(curve: Curve) -> Float[np.ndarray, " evaluations"]:
    logged = [row.get(LOGGED) for row in curve]
    rates = np.array([math.nan if rate is None else float(rate) for rate in logged])
    return rates[np.isfinite(rates)]


def _gain(curves: Sequence[Float[np.ndarray, " _"]]) -> float:
    """What a trend that is shown gains in a quarter of training; 0 where none is."""
    from scipy.stats import t

    halves = [rates[-max(len(rates) // 2, _FEWEST) :] for rates in curves if len(rates) > 1]
    if not halves:
        return 0.0
    x = np.concatenate([np.arange(len(half)) - (len(half) - 1) / 2 for half in halves])
    y = np.concatenate([half - half.mean() for half in halves])
    freedom = len(y) - len(halves) - 1
    slope = float(x @ y / (x @ x))
    if freedom < 1 or slope <= 0:
        return 0.0
    error = math.sqrt(float(((y - slope * x) ** 2).sum()) / freedom / float(x @ x))
    is_shown = error == 0.0 or t.sf(slope / error, freedom) <= _CHANCE
    return slope * float(np.mean([len(rates) for rates in curves])) / 4 if is_shown else 0.0


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
    compared = "in a quarter of training"
    everywhere = len(rising) == num_levels
    if not is_over:
        where = f"every {factor}" if everywhere else f"some {factor}s"
        return f"At these checkpoints success still rose at {where} ({listed} {compared})."
    if everywhere:
        where = f"at every {factor}" if num_levels > 1 else "at the end"
        return f"Undertrained: success still rises {where} ({listed} {compared})."
    return f"Training ended early at some {factor}s: success still rises {listed} {compared}."
