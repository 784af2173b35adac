"""Whether a shared number depends on whose episodes the points are from."""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from crl_probe.metrics import DEFINITIONS, Effect, holm, mean_effect
from crl_probe.metrics.comparison import MINIMUM_SEEDS
from crl_probe.metrics.statistics import CONFIDENCE
from crl_probe.summary.estimates import LevelEstimate, titled
from crl_probe.summary.numbers import number_format

OWN: Final = "shared-own"
OTHERS: Final = "shared-others"


def whole_evidence(estimates: Iterable[LevelEstimate]) -> list[LevelEstimate]:
    """The numbers that are not about a part of the shared set."""
    return [entry for entry in estimates if entry.source not in (OWN, OTHERS)]


def unfair_words(estimates: Sequence[LevelEstimate]) -> str:
    """A warning with its numbers where agents score differently on their own points; empty if that is not shown.

    Each level with three seeds or more is tested, by the differences between the two numbers of each agent, with
    Holm's correction over levels and metrics.
    """
    found = {(e.metric, e.part, e.label, e.source): e for e in estimates}
    effects: dict[tuple[str, str, str], Effect] = {}
    for metric, part, label, source in found:
        own, others = found[metric, part, label, source], found.get((metric, part, label, OTHERS))
        if source == OWN and others is not None and own.runs == others.runs and len(own.runs) >= MINIMUM_SEEDS:
            effects[metric, part, label] = mean_effect(np.subtract(own.values, others.values))
    p_values = holm([effect.p_value for effect in effects.values()])
    told = [
        f"{titled(metric, part)} at {label} by {_text(metric, effect)}"
        for (metric, part, label), (effect, p_value) in zip(
            effects, zip(effects.values(), p_values, strict=True), strict=True
        )
        if p_value <= 1.0 - CONFIDENCE
    ]
    if not told:
        return ""
    return (
        f"Agents score differently on shared points of their own episodes than on those of others: {'; '.join(told)}. "
        "A number on the shared set then depends on whose episodes are in it. Points of one agent are also more alike."
    )


def _text(metric: str, effect: Effect) -> str:
    return number_format([effect.estimate], share=DEFINITIONS[metric].is_share).over_seeds(effect.estimate)
