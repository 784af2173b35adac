"""What the sentences of a section's finding say: numbers of the first and the last level, with how sure they are.

They judge nothing that the verdicts on the first screen do not judge.
"""

from collections.abc import Sequence

import numpy as np

from crl_probe.metrics import DEFINITIONS, mean_effect, verdict
from crl_probe.probes.declaration import LastLevel, Source
from crl_probe.runs.run_info import place_in_order
from crl_probe.summary.estimates import LevelEstimate, difference_text
from crl_probe.summary.numbers import format_estimate


class LevelFindings:
    """The numbers of one probe by level, in the words of its finding.

    Args:
        estimates: The numbers.
    """

    def __init__(self, estimates: Sequence[LevelEstimate]) -> None:
        self._estimates = estimates

    def ends(self, metric: str, source: Source, words: str, part: str = "") -> str:
        """Implement :meth:`crl_probe.probes.declaration.Findings.ends`."""
        found = self._of(metric, source, part)
        if not found:
            return ""
        first, last = found[0], found[-1]
        is_share = DEFINITIONS[metric].is_share
        if first is last:
            return f"{words.format(format_estimate(last.estimate, share=is_share))} at {last.label}{_one_seed(last)}."
        pair = (first.estimate, last.estimate)
        low, high = (format_estimate(one, share=is_share, column=pair) for one in pair)
        told = f"{words.format(low)} at {first.label}{_one_seed(first)} and {high} at {last.label}{_one_seed(last)}"
        if min(len(first.runs), len(last.runs)) < 2:
            return f"{told}."  # intervals over one run's own samples are not compared with anything
        return f"{told}; the difference of their means is {difference_text(last, first)}."

    def at_last(self, metric: str, source: Source) -> LastLevel | None:
        """Implement :meth:`crl_probe.probes.declaration.Findings.at_last`."""
        found = self._of(metric, source, "")
        if not found:
            return None
        last = found[-1]
        effect = mean_effect(np.array(last.values, np.float64))
        return LastLevel(
            label=last.label,
            value=effect.estimate.value,
            word=verdict(abs(effect.estimate.value), effect.p_value, len(last.runs)),
            has_one_seed=len(last.runs) == 1,
            text=format_estimate(last.estimate, share=DEFINITIONS[metric].is_share),
        )

    def _of(self, metric: str, source: str, part: str) -> list[LevelEstimate]:
        found = [e for e in self._estimates if (e.metric, e.source, e.part) == (metric, source, part)]
        return sorted(found, key=lambda e: place_in_order(e.runs[0]))


def _one_seed(e: LevelEstimate) -> str:
    return " (one seed)" if len(e.runs) == 1 else ""
