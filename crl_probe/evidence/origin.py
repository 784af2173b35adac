"""Points of the shared set that an agent's own episodes gave, and those of the other agents.

A shared set is the same for every agent and still may not be fair: where agents behave differently, each knows its own
part of it best. The same number on both parts says whether that matters.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from crl_probe.evidence.probe_set import ProbeSet
from crl_probe.runs.run_info import RunInfo


class Origin(NamedTuple):
    """Rows of the shared points, equally many of both kinds.

    Attributes:
        own: From the agent's episodes. (rows,)
        others: From those of the other agents. (rows,)
    """

    own: Int[np.ndarray, " rows"]
    others: Int[np.ndarray, " rows"]


def points_by_origin(probe_set: ProbeSet, runs: Sequence[RunInfo], rng: np.random.Generator) -> list[Origin]:
    """For each agent its own points and points of the others: equally many for all agents, drawn at random.

    Args:
        probe_set: The shared set.
        runs: The agents.
        rng: Draws the points.

    Returns:
        One entry for each agent; without any rows for all of them if one agent's episodes are not in the set, or
        nobody else's are.
    """
    sources = {source.content_hash: number for number, source in enumerate(probe_set.sources)}
    is_own = [probe_set.points.source == sources.get(run.content_hash, -1) for run in runs]
    count = min(min(int(own.sum()), int((~own).sum())) for own in is_own)

    def drawn(mask: np.ndarray) -> np.ndarray:
        return np.sort(rng.choice(np.flatnonzero(mask), size=count, replace=False))

    return [Origin(drawn(own), drawn(~own)) for own in is_own]
