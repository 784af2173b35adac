"""The numbers of a report for machines: one tidy CSV, and one JSON file with definitions, intervals and versions."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crl_probe.samples import MetricSamples
from crl_probe.table_formats import csv_text, document
from crl_probe.tables import rows_of, run_rows

if TYPE_CHECKING:
    from crl_probe.verdicts import Verdict


def write_csv(samples: Sequence[MetricSamples], path: Path) -> None:
    """One row for each run, metric, part and kind of evidence."""
    path.write_text(csv_text(run_rows(samples)), encoding="utf-8")


def write_json(
    samples: Sequence[MetricSamples], settings: Any, verdicts: Mapping[str, Sequence["Verdict"]], path: Path
) -> None:
    """The same rows, the aggregates by depth with their intervals, and what is needed to understand both."""
    content = document(rows_of(samples), dataclasses.asdict(settings), verdicts)
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")
