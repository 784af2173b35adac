"""One sentence for each section: what these runs show, with the numbers and how sure they are.

Sentences compare the shallowest with the deepest agents and say whether the intervals overlap; they judge nothing that
the verdicts on the first screen do not judge.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from crl_probe.runs.run_info import place_in_order
from crl_probe.summary.estimates import DepthEstimate, estimate_text


def finding(section: str, estimates: Sequence[DepthEstimate]) -> str:
    """The sentence of a section; empty where nothing was measured.

    Args:
        section: Name of the probe.
        estimates: Its numbers by depth.
    """
    return _FINDINGS[section](estimates) if section in _FINDINGS else ""


def _landscape(estimates: Sequence[DepthEstimate]) -> str:
    ranks, gains = _of(estimates, "geodesic_rank", "grid"), _of(estimates, "topology_gain", "grid")
    if not ranks:
        return ""
    deepest = ranks[-1]
    told = (
        f"The critic of {deepest.label} orders places by the way on foot with a rank correlation of "
        f"{estimate_text(deepest)}, where 1 is perfect"
    )
    found = next((e for e in gains if e.label == deepest.label), None)
    if found is None:
        return f"{told}{_one_seed(deepest)}."
    gain = found.estimate
    sees = "whether it sees the walls is open"
    if gain.count > 1 and gain.low > 0:
        sees = "it sees the walls, beyond what the straight line explains"
    elif gain.count > 1 and gain.high < 0:
        sees = "what it knows beyond the straight line leads away from the way on foot"
    return f"{told}; its topology gain is {estimate_text(found)}: {sees}{_one_seed(deepest)}."


def _spread(estimates: Sequence[DepthEstimate]) -> str:
    resolution = _ends(
        estimates,
        "goal_resolution",
        "shared",
        "A metre near a goal takes {} times the embedding distance of a metre overall",
    )
    return f"{resolution} {_ends(estimates, 'spread_ratio', 'shared', 'The spread ratio is {}')}".strip()


def _ends(estimates: Sequence[DepthEstimate], metric: str, evidence: str, words: str, part: str = "") -> str:
    """What a number is for the shallowest and the deepest agents; ``words`` has a place for each in turn."""
    found = _of(estimates, metric, evidence, part)
    if not found:
        return ""
    shallow, deep = found[0], found[-1]
    if shallow is deep:
        return f"{words.format(estimate_text(deep))} at {deep.label}{_one_seed(deep)}."
    first, second = (estimate_text(e, found) for e in (shallow, deep))
    told = f"{words.format(first)} at {shallow.label}{_one_seed(shallow)} and {second} at {deep.label}{_one_seed(deep)}"
    if min(len(shallow.runs), len(deep.runs)) < 2:
        return f"{told}."  # intervals over one run's own samples are not compared with anything
    one, other = shallow.estimate, deep.estimate
    apart = one.high < other.low or other.high < one.low
    return f"{told}; the intervals {'do not overlap' if apart else 'overlap'}."


def _of(estimates: Sequence[DepthEstimate], metric: str, evidence: str, part: str = "") -> list[DepthEstimate]:
    found = [e for e in estimates if (e.metric, e.evidence, e.part) == (metric, evidence, part)]
    return sorted(found, key=lambda e: place_in_order(e.runs[0]))


def _one_seed(e: DepthEstimate) -> str:
    return " (one seed)" if len(e.runs) == 1 else ""


_FINDINGS: Final[Mapping[str, Callable[[Sequence[DepthEstimate]], str]]] = {
    "success": lambda e: _ends(e, "time_at_goal", "on-policy", "Agents spend {} steps of an episode at their goal"),
    "q_landscape": _landscape,
    "embedding_trajectory": lambda e: _ends(
        e, "straightness", "on-policy", "Straightness of the ways through embedding space is {}"
    ),
    "goal_clusters": _spread,
    "geometry": lambda e: _ends(e, "effective_rank", "shared", "The embedding φ uses {} directions", "phi"),
    "residual_stream": lambda e: _ends(
        e, "residual_contribution", "shared", "A block of φ changes its stream by {} of the stream's length", "phi"
    ),
    "retrieval": lambda e: _ends(e, "retrieval_accuracy", "shared", "Critics pick the right goal in {} of cases"),
    "depth_lens": lambda e: _ends(
        e,
        "readable_depth",
        "shared",
        "The share of blocks that gives nine tenths of the retrieval accuracy is {}",
        "retrieval_accuracy",
    ),
}
