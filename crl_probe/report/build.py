"""From loaded runs to a finished folder: probes, then sections, figures and files, then one swap into place."""

import dataclasses
import itertools
import logging
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crl_probe.evidence.evidence import Evidence
from crl_probe.evidence.probe_set import ProbeSet, save_probe_set
from crl_probe.metrics import MetricError
from crl_probe.probes.registry import PROBES
from crl_probe.render.page.html import EnvPart, write_page
from crl_probe.render.paper.files import FOLDER, draw_figures, figure_name
from crl_probe.report.env_findings import EnvFindings, ReportSettings, find
from crl_probe.report.files import number_files
from crl_probe.report.folder import check_replaceable
from crl_probe.report.headline import headline
from crl_probe.report.methods import methods
from crl_probe.report.sections import missing_section, section_of
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.factors import DEFAULT
from crl_probe.runs.progress import ProgressListener, silent
from crl_probe.runs.workers import no_stragglers
from crl_probe.store.folder import replace_folder
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.provenance import provenance_of
from crl_train.errors import ConfigError, CrlError
from crl_train.local_path import local_path

if TYPE_CHECKING:
    from crl_probe.runs.agent import Agent

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, repr=False)
class Report:
    """A finished report.

    Attributes:
        index: The page.
        findings: What was found, one for each environment.
        seconds: How long it took.
    """

    index: Path
    findings: tuple[EnvFindings, ...]
    seconds: float

    def __repr__(self) -> str:
        return f"Report({str(self.index)!r}, {', '.join(one.env for one in self.findings)})"


def build_report(
    runs: Sequence["Agent"],
    out: Path,
    settings: ReportSettings | None = None,
    *,
    earlier: Sequence["Agent"] = (),
    probe_set: ProbeSet | None = None,
    title: str | None = None,
    progress: ProgressListener = silent,
) -> Path:
    """Write a report as :func:`write_report` does, and return the path of its page."""
    report = write_report(runs, out, settings, earlier=earlier, probe_set=probe_set, title=title, progress=progress)
    return report.index


def write_report(
    runs: Sequence["Agent"],
    out: Path,
    settings: ReportSettings | None = None,
    *,
    earlier: Sequence["Agent"] = (),
    probe_set: ProbeSet | None = None,
    title: str | None = None,
    progress: ProgressListener = silent,
) -> Report:
    """Probe the runs and write the report's folder; a failure leaves whatever report was there untouched.

    A probe that cannot be done for these runs leaves a section that says why; the others go on.

    Args:
        runs: Agents of any number of environments; each environment gets its own part.
        out: Folder to write: ``index.html``, ``metrics.json``, ``metrics.csv``, ``tables.tex``, ``figures/`` and
            ``probe_set.npz``.
        settings: What to measure.
        earlier: Other checkpoints of the same runs: landscapes and embeddings are shown over training.
        probe_set: A shared set made earlier; all runs are then of its environment.
        title: Heading of the page; None makes one from the environments.
        progress: Notified of progress.

    Raises:
        ConfigError: If there is no run, runs cannot be compared (see ``runs.comparability``), no probe of an
            environment gives a result, a section is unknown, or ``out`` is a URL or holds something that is not a
            report.
        OSError: If the folder cannot be written.
    """
    settings = settings or ReportSettings()
    out = local_path(out, "out")
    started = time.monotonic()
    if not runs:
        raise ConfigError("no runs to report on: a report needs at least one. Give run directories.")
    by_env = group_by_env(runs, settings.by)
    for run, other in itertools.combinations(runs, 2):
        if run.path == other.path:
            raise ConfigError(
                f"two checkpoints of {run.name!r} are to be compared: they would count as two seeds. Give one of them "
                "as earlier."
            )
    common: dict[str, Any] = {"use_cache": settings.use_cache, "workers": settings.workers, "progress": progress}
    check_replaceable(out)
    with replace_folder(out) as folder, no_stragglers():
        findings = tuple(
            find(Evidence(group, settings.evidence, by=settings.by, probe_set=probe_set, **common), settings, earlier)
            for group in by_env.values()
        )
        _write(findings, folder, settings, title or _title(settings.by, by_env), started, progress)
    return Report(out / "index.html", findings, time.monotonic() - started)


def _title(by: Sequence[str], envs: Iterable[str]) -> str:
    kind = "Depth comparison" if tuple(by) == DEFAULT else f"Comparison by {' and '.join(by).replace('_', ' ')}"
    return f"{kind}: {', '.join(envs)}"


def _write(
    findings: Sequence[EnvFindings],
    folder: Path,
    settings: ReportSettings,
    title: str,
    started: float,
    progress: ProgressListener,
) -> None:
    several = len(findings) > 1
    results = {
        figure_name(name, one.env if several else ""): result
        for one in findings
        for name, result in one.measured.results.items()
        if settings.figures
    }
    drawn = draw_figures(results, folder / FOLDER, workers=settings.workers, use_cache=settings.use_cache)
    # While other processes draw, this one writes.
    texts = number_files(
        [sample for one in findings for sample in one.measured.samples],
        _settings_of(findings, settings),
        {one.env: one.verdicts for one in findings},
    )
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    parts = [_part(one, folder, settings, several) for one in findings]
    for done, _ in enumerate(drawn, start=1):
        progress("drawing figures", done, len(results))
    progress("writing the page")
    write_page(
        folder / "index.html",
        title,
        parts,
        command=settings.command,
        seconds=time.monotonic() - started,
        downloads=texts,
        beside=[path.name for path in sorted(folder.iterdir()) if path.name not in texts],
        reload_seconds=settings.reload_seconds,
    )


def _settings_of(findings: Sequence[EnvFindings], settings: ReportSettings) -> dict[str, Any]:
    return provenance_of((one.evidence for one in findings), settings.command) | {
        "sections": [name for name in PROBES if settings.sections is None or name in settings.sections],
        "options": {name: dict(values) for name, values in settings.options.items()},
        "skipped": list(settings.skipped),
    }


def _part(one: EnvFindings, folder: Path, settings: ReportSettings, several: bool) -> EnvPart:
    evidence, measured = one.evidence, one.measured
    made = [
        section_of(
            probe, measured.results[name], one.over_training.results.get(name), one.over_training.missing.get(name, "")
        )
        if name in measured.results
        else missing_section(probe, measured.missing[name])
        for name, probe in PROBES.items()
        if name in measured.results or name in measured.missing
    ]
    probe_set = _saved_probe_set(one, folder / (f"probe_set_{one.env}.npz" if several else "probe_set.npz"))
    first = headline(
        evidence.infos,
        estimate_by_level(measured.samples),
        one.verdicts,
        episodes=evidence.settings.episodes if "success" in measured.results else None,
        problem=measured.missing.get("success", ""),
    )
    return EnvPart(one.env, evidence.infos, first, (*made, methods(evidence, probe_set, settings.skipped)))


def _saved_probe_set(one: EnvFindings, path: Path) -> ProbeSet | None:
    """The shared set that numbers rest on, written to the folder; None if none do."""
    if not any(sample.source == "shared" for sample in one.measured.samples):
        return None
    try:
        save_probe_set(one.evidence.probe_set, path)
    except (CrlError, MetricError) as error:
        logger.warning("no probe set is saved for %s: %s", one.env, error)
        return None
    return one.evidence.probe_set
