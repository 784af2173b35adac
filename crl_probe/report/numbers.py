"""The numbers of a report for machines: one tidy CSV, and one JSON file with definitions, intervals and versions."""

import csv
import dataclasses
import importlib.metadata
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.statistics import CONFIDENCE, RESAMPLES
from crl_probe.samples import DepthEstimate, MetricSamples
from crl_train.version import __version__

_COLUMNS = (
    "env",
    "run",
    "label",
    "critic_depth",
    "actor_depth",
    "seed",
    "env_steps",
    "evidence",
    "metric",
    "value",
    "unit",
    "samples",
    "sample_unit",
)
_LIBRARIES = ("jax", "flax", "numpy", "scipy", "scikit-learn", "umap-learn", "plotly")


def versions() -> dict[str, str]:
    """Versions of this program and of what it computes with."""
    return {
        "crl-probe": __version__,
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _LIBRARIES},
    }


def write_csv(samples: Sequence[MetricSamples], path: Path) -> None:
    """One row for each run, metric and kind of evidence."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, _COLUMNS)
        writer.writeheader()
        writer.writerows(_row(entry) for entry in samples)


def write_json(
    samples: Sequence[MetricSamples],
    estimates: Mapping[str, Sequence[DepthEstimate]],
    settings: Any,
    path: Path,
) -> None:
    """The same rows, the aggregates by depth with their intervals, and what is needed to understand both."""
    content = {
        "versions": versions(),
        "settings": dataclasses.asdict(settings),
        "intervals": {
            "method": "percentile bootstrap over seeds; over the run's own samples where there is one seed",
            "confidence": CONFIDENCE,
            "resamples": RESAMPLES,
            "aggregate": "interquartile mean over seeds, mean below 4 seeds",
        },
        "definitions": {name: dataclasses.asdict(definition) for name, definition in DEFINITIONS.items()},
        "runs": [_row(entry) for entry in samples],
        "by_depth": {env: [_estimate(estimate) for estimate in group] for env, group in estimates.items()},
    }
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")


def _row(entry: MetricSamples) -> dict[str, Any]:
    run = entry.run
    values = (
        run.env,
        run.name,
        run.label,
        run.critic_depth,
        run.actor_depth,
        run.seed,
        run.env_steps,
        entry.evidence,
        entry.metric,
        entry.value,
        DEFINITIONS[entry.metric].unit,
        len(entry.samples),
        entry.sample_unit,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _estimate(estimate: DepthEstimate) -> dict[str, Any]:
    return {
        "label": estimate.label,
        "critic_depth": estimate.depths[0],
        "actor_depth": estimate.depths[1],
        "metric": estimate.metric,
        "evidence": estimate.evidence,
        **dataclasses.asdict(estimate.estimate),
        "runs": [run.name for run in estimate.runs],
        "values": list(estimate.values),
    }
