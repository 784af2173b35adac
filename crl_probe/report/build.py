"""From loaded runs to a finished folder: probes, then sections, then files, then one swap into place."""

import dataclasses
import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from crl_probe.evidence import Evidence, EvidenceSettings, Progress, silent
from crl_probe.grouping import group_by_env
from crl_probe.metrics import MetricError
from crl_probe.probe_set import ProbeSet, save_probe_set
from crl_probe.probing import PROBES, measure
from crl_probe.report import sections
from crl_probe.report.headline import headline
from crl_probe.report.methods import methods
from crl_probe.report.numbers import write_csv, write_json
from crl_probe.report.page import EnvPart, write_page
from crl_probe.report.swap import replace_folder
from crl_probe.samples import MetricSamples, estimate_by_depth
from crl_probe.verdicts import judge
from crl_train.errors import ConfigError, CrlError

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ReportSettings:
    """What a report looks at.

    Attributes:
        evidence: Episodes, shared set and goals.
        fine_cells: About how many grid cells the long side of a landscape has.
        use_cache: Whether results on disk are used and kept.
        workers: Processes that runs are spread over.
        command: The command that made the report, printed in it.
        passed_over: Runs that were asked for and could not be opened, and why, a line each; printed too.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    fine_cells: int = 50
    use_cache: bool = True
    workers: int = 1
    command: str = ""
    passed_over: tuple[str, ...] = ()


def build_report(
    runs: Sequence["LoadedRun"],
    out: Path,
    settings: ReportSettings | None = None,
    *,
    probe_set: ProbeSet | None = None,
    title: str | None = None,
    progress: Progress = silent,
) -> Path:
    """Probe the runs and write the report's folder; a failure leaves whatever report was there untouched.

    A probe that cannot be done for these runs leaves a section that says why; the others go on.

    Args:
        runs: Agents of any number of environments; each environment gets its own part.
        out: Folder to write: ``index.html``, ``metrics.json``, ``metrics.csv``, ``probe_set.npz``.
        settings: What to look at.
        probe_set: A shared set made earlier; all runs are then of its environment.
        title: Heading of the page; None makes one from the environments.
        progress: Told what is about to take time.

    Returns:
        Path of ``index.html``.

    Raises:
        ConfigError: If there is no run, runs cannot be compared (see ``grouping.group_by_env``), no probe of an
            environment gives a result, or ``out`` holds something that is not a report.
        OSError: If the folder cannot be written.
    """
    settings = settings or ReportSettings()
    started = time.monotonic()
    if not runs:
        raise ConfigError("no runs to report on: a report needs at least one. Give run directories.")
    by_env = group_by_env(runs)
    with replace_folder(out) as folder:
        parts: list[EnvPart] = []
        samples: list[MetricSamples] = []
        for env_runs in by_env.values():
            evidence = Evidence(
                env_runs,
                settings.evidence,
                probe_set=probe_set,
                use_cache=settings.use_cache,
                workers=settings.workers,
                progress=progress,
            )
            part, part_samples = _probe_env(evidence, settings, folder, many=len(by_env) > 1)
            parts.append(part)
            samples += part_samples
        progress("writing the report")
        verdicts = {part.env: part.headline.verdicts for part in parts}
        title = title or "Depth comparison: " + ", ".join(by_env)
        write_csv(samples, folder / "metrics.csv")
        write_json(samples, settings, verdicts, folder / "metrics.json")
        write_page(folder / "index.html", title, parts, command=settings.command, seconds=time.monotonic() - started)
    return out / "index.html"


def _probe_env(
    evidence: Evidence, settings: ReportSettings, folder: Path, many: bool
) -> tuple[EnvPart, Sequence[MetricSamples]]:
    measured = measure(evidence, options={"q_landscape": {"fine_cells": settings.fine_cells}})
    if not measured.samples:
        raise ConfigError(
            f"no probe gave a result for {evidence.env.name}: there is nothing to report. The notes above say why."
        )
    made = [
        sections.of_probe(name, measured.results[name])
        if name in measured.results
        else sections.missing(name, measured.missing[name])
        for name in PROBES
    ]
    probe_set = None
    try:
        probe_set = evidence.probe_set
        save_probe_set(probe_set, folder / (f"probe_set_{evidence.env.name}.npz" if many else "probe_set.npz"))
    except (CrlError, MetricError) as error:
        logger.warning("no probe set is saved for %s: %s", evidence.env.name, error)
    first = headline(estimate_by_depth(measured.samples), judge(measured.samples))
    return EnvPart(
        evidence.env.name, evidence.infos, first, (*made, methods(evidence, probe_set, settings.passed_over))
    ), measured.samples
