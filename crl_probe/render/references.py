"""Levels to hold metrics against that depend on a probe's setting, or that a probe gives a meaning of its own."""

from collections.abc import Mapping
from typing import Final

from crl_probe.probes.retrieval import RetrievalResult
from crl_probe.render.charts import Reference

GOAL_CLUSTERS_REFERENCES: Final[Mapping[str, Reference]] = {"goal_resolution": Reference(1.0, "as in the maze")}


def retrieval_references(result: RetrievalResult) -> dict[str, Reference]:
    """What a critic scores that gives every goal the same energy."""
    return {"retrieval_accuracy": Reference(1.0 / result.batch_size, "chance")}
