"""Verdicts on the paper's claims: a word, an effect with its interval, a sentence.

The words are those of :func:`crl_probe.metrics.verdict`. The claims of one report are corrected together: with five of
them, some would be found true by chance in a quarter of all reports.
"""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from crl_probe.metrics._checks import MetricError
from crl_probe.metrics.comparison import SEEDS_TO_SUPPORT, Word, verdict
from crl_probe.metrics.significance import holm
from crl_probe.metrics.statistics import Estimate
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.factors import DEPTH
from crl_probe.summary.claims import JUMP, MORE_SUCCESS, Case, examine

_DEPTHS: Final = {DEPTH, "actor_depth", "critic_depth"}


@dataclasses.dataclass(frozen=True, repr=False)
class Verdict:
    """One claim and what these runs say about it.

    Attributes:
        key: Short name of the claim, for files.
        claim: The claim in words.
        word: As of :func:`crl_probe.metrics.verdict`, or ``not learned``.
        effect: The number behind the word; None where there is not enough data or the effect is undefined.
        effect_name: What the effect is, with its unit if it has one.
        null: The effect's size if the claim does not hold.
        p_value: Two-sided, corrected for the number of claims; None where there was nothing to test.
        sentence: The finding with its numbers, or what is missing.
        basis: Metric, depths and seeds it rests on, and what to keep in mind.
    """

    key: str
    claim: str
    word: Word
    effect: Estimate | None
    effect_name: str
    null: float
    p_value: float | None
    sentence: str
    basis: str

    def __repr__(self) -> str:
        return f"Verdict({self.claim} {self.word})"

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON file, which knows no infinity: an infinite ratio is None there."""
        plain = dataclasses.asdict(self)
        if self.effect is not None:
            ends = {name: getattr(self.effect, name) for name in ("value", "low", "high")}
            plain["effect"].update({name: None for name, end in ends.items() if not math.isfinite(end)})
        return plain


def judge(samples: Sequence[MetricSamples], untrained: Sequence[MetricSamples] = ()) -> tuple[Verdict, ...]:
    """Judge the five claims on the runs of one environment.

    All but the last rest on the runs whose actor and critic are equally deep.

    Args:
        samples: Metrics of all runs, one checkpoint a run.
        untrained: Success of the same runs' networks before training, on the same starts and goals; without it,
            nothing says whether they have learned the task.

    Returns:
        One verdict for each claim, always all five and in the same order; none for runs that are compared by anything
        but depth.

    Raises:
        MetricError: If the samples are of several environments, or a seed appears twice at a depth.
    """
    if any(not set(entry.run.factors) <= _DEPTHS for entry in samples):
        return ()  # the claims are about depth, and these runs are compared by something else
    envs = sorted({entry.run.env for entry in samples})
    if len(envs) > 1:
        raise MetricError(f"samples are of several environments ({', '.join(envs)}): judge one at a time.")
    cases = examine(samples, untrained)
    keys = [case.claim.key for case in cases]
    # How a gain comes about is open as long as there is none.
    corrected = holm([_p_value(case) for case in cases], gates={keys.index(JUMP.key): keys.index(MORE_SUCCESS.key)})
    num_tested = sum(not math.isnan(p_value) for p_value in corrected)
    return tuple(_verdict(case, p_value, num_tested) for case, p_value in zip(cases, corrected, strict=True))


def _p_value(case: Case) -> float:
    """Of the side that the seeds are on; NaN where there is nothing to test."""
    return math.nan if case.word else float(np.fmin(case.p_for, case.p_against))


def _verdict(case: Case, p_value: float, num_tested: int) -> Verdict:
    side = -1.0 if case.p_against < case.p_for else 1.0
    word = case.word or verdict(side, p_value, case.seeds)
    sentence = case.openings.get(word, "") + case.sentence
    basis = case.basis
    if not math.isnan(_p_value(case)) and math.isnan(p_value):
        sentence = f"No gain from the shallowest to the deepest is shown, so how it comes is open; {case.sentence}"
    elif not math.isnan(p_value):
        correction = ", corrected for the number of claims" if num_tested > 1 else ""
        basis += f" Means over seeds, Welch's t-test: p = {p_value:.2g}{correction}."
    if case.word is None and case.seeds < SEEDS_TO_SUPPORT:
        basis += f" Nothing is supported or contradicted with fewer than {SEEDS_TO_SUPPORT} seeds at a depth."
    return Verdict(
        key=case.claim.key,
        claim=case.claim.text,
        word=word,
        effect=case.effect,
        effect_name=case.claim.effect_name,
        null=case.claim.null,
        p_value=None if math.isnan(p_value) else p_value,
        sentence=sentence[:1].upper() + sentence[1:],
        basis=basis,
    )
