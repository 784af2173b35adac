"""The numbers of a report for machines and papers: a tidy CSV, JSON with definitions and versions, LaTeX tables."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crl_probe.probes.samples import MetricSamples
from crl_probe.summary.formats import csv_text, document
from crl_probe.summary.latex import latex_text
from crl_probe.summary.rows import rows_of, run_rows

if TYPE_CHECKING:
    from crl_probe.summary.verdicts import Verdict


def number_files(
    samples: Sequence[MetricSamples],
    settings: Mapping[str, Any],
    verdicts: Mapping[str, Sequence["Verdict"]],
    before_training: Sequence[MetricSamples] = (),
) -> dict[str, str]:
    """The same numbers in three forms: what the report's folder holds, and what its page offers for download.

    Args:
        samples: Numbers of runs of any environments.
        settings: What was measured, as plain values.
        verdicts: For each environment the claims judged on its runs.
        before_training: Numbers of the same agents before training.

    Returns:
        Text by file name. ``metrics.csv`` has one row for each run, metric, part and kind of evidence;
        ``metrics.json`` the same rows, the aggregates by depth with their intervals, the same before training, and what
        is needed to understand them; ``tables.tex`` all of them side by side.
    """
    rows = rows_of(samples)
    return {
        "metrics.csv": csv_text(run_rows(samples)),
        "metrics.json": json.dumps(
            document(rows, settings, verdicts, rows_of(before_training)), indent=1, allow_nan=False
        ),
        "tables.tex": latex_text(rows),
    }
