"""From loaded runs to a finished folder: probes, then sections, figures and files, then one swap into place."""

import dataclasses
import itertools
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crl_probe.evidence.evidence import Evidence
from crl_probe.evidence.probe_set import ProbeSet, save_probe_set
from crl_probe.metrics import MetricError
from crl_probe.probes.registry import PROBES, Measurements
from crl_probe.render.figure_files import FOLDER, draw_figures, figure_name
from crl_probe.render.page.content import Section
from crl_probe.render.page.html import EnvPart, check_drawable, write_page
from crl_probe.report.code_lines import code_lines
from crl_probe.report.env_findings import EnvFindings, ReportSettings, find
from crl_probe.report.errors_log import ERRORS_LOG, errors_text, reason_of
from crl_probe.report.files import number_files
from crl_probe.report.folder import check_replaceable
from crl_probe.report.headline import HEADLINE_CHARTS, headline
from crl_probe.report.methods import methods
from crl_probe.report.sections import missing_section, section_of
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.factors import DEFAULT
from crl_probe.runs.failures import Failure, attempt
from crl_probe.runs.progress import NotingWork, ProgressListener, silent
from crl_probe.runs.workers import no_stragglers
from crl_probe.store.folder import replace_folder
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.provenance import provenance_of, report_id
from crl_train.atomic_file import write_text_atomically
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
        failures: What failed unexpectedly, by the part that is missing, such as ``Q-landscapes of point_u_maze``;
            their tracebacks are in ``errors.log`` beside the page. None of a report that is whole.
    """

    index: Path
    findings: tuple[EnvFindings, ...]
    seconds: float
    failures: Mapping[str, Failure] = dataclasses.field(default_factory=dict)

    def __repr__(self) -> str:
        failed = f"; failed: {', '.join(self.failures)}" if self.failures else ""
        return f"Report({str(self.index)!r}, {', '.join(one.env for one in self.findings)}{failed})"


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

    A probe that cannot be done for these runs leaves a section that says why; the others go on. So does a probe or a
    figure that fails unexpectedly, whose traceback is then in ``errors.log``.

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
    noting = NotingWork(progress)
    common: dict[str, Any] = {"use_cache": settings.use_cache, "workers": settings.workers, "progress": noting}
    check_replaceable(out)
    with replace_folder(out) as folder, no_stragglers():
        findings = tuple(
            find(Evidence(group, settings.evidence, by=settings.by, probe_set=probe_set, **common), settings, earlier)
            for group in by_env.values()
        )
        failures = _write(findings, folder, settings, title or _title(settings.by, by_env), started, noting)
    return Report(out / "index.html", findings, time.monotonic() - started, failures)


def _title(by: Sequence[str], envs: Iterable[str]) -> str:
    kind = "Depth comparison" if tuple(by) == DEFAULT else f"Comparison by {' and '.join(by).replace('_', ' ')}"
    return f"{kind}: {', '.join(envs)}"


def _write(
    findings: Sequence[EnvFindings],
    folder: Path,
    settings: ReportSettings,
    title: str,
    started: float,
    progress: NotingWork,
) -> dict[str, Failure]:
    """Write all files of the report, and return what failed, by the part that is missing."""
    several = len(findings) > 1
    shown = {
        figure_name(name, one.env if several else ""): (name, one)
        for one in findings
        for name in one.measured.results
        if settings.figures
    }
    results = {figure: one.measured.results[name] for figure, (name, one) in shown.items()}
    drawn = draw_figures(results, folder / FOLDER, workers=settings.workers, use_cache=settings.use_cache)
    # While other processes draw, this one writes.
    described = _settings_of(findings, settings)
    texts = number_files(
        [sample for one in findings for sample in one.measured.samples],
        described,
        {one.env: one.verdicts for one in findings},
        [sample for one in findings for sample in one.before_training.samples],
    )
    for name, text in texts.items():
        write_text_atomically(folder / name, text)
    failures = {part: failure for one in findings for part, failure in _failures_of(one).items()}
    parts = [_part(one, folder, settings, several, failures) for one in findings]
    undrawn: dict[tuple[str, str], Failure] = {}
    for done, (figure, failure) in enumerate(drawn, start=1):
        progress("drawing figures", done, len(results))
        if failure:
            name, one = shown[figure]
            undrawn[one.env, name] = failures[f"Figure of {_part_name(name, one)}"] = failure
    progress("writing the page")
    beside = [path.name for path in sorted(folder.iterdir()) if path.name not in texts]
    if failures:
        write_text_atomically(folder / ERRORS_LOG, errors_text(failures, settings.command))
    write_page(
        folder / "index.html",
        title,
        [_with_notes(part, undrawn, folder) for part in parts],
        command=settings.command,
        duration=_duration_words(time.monotonic() - started, progress),
        report_id=described["id"],
        note=settings.note,
        downloads=texts,
        beside=beside,
        reload_seconds=settings.reload_seconds,
    )
    return failures


def _duration_words(seconds: float, work: NotingWork) -> str:
    """How long the report took, and how much of it was there before."""
    minutes, rest = divmod(round(seconds), 60)
    took = f"{minutes} min {rest} s" if minutes else f"{max(rest, 1)} s"
    if not work.reused:
        return f"{took}, nothing from the cache"
    if not work.computed:
        return f"{took}, all results from the cache"
    return f"{took}, {work.reused} of {work.reused + work.computed} results from the cache"


def _part_name(probe: str, one: EnvFindings) -> str:
    return f"{PROBES[probe].title} of {one.env}"


def _failures_of(one: EnvFindings) -> dict[str, Failure]:
    """Probes that failed, by the part of the report that is missing."""
    return {
        f"{_part_name(name, one)}{words}": failure
        for words, measured in (
            ("", one.measured),
            (" over training", one.over_training),
            (" before training", one.before_training),
        )
        for name, failure in measured.failures.items()
    }


def _with_notes(part: EnvPart, undrawn: Mapping[tuple[str, str], Failure], folder: Path) -> EnvPart:
    """The part with a note in each section whose figure for papers failed, and links to figures that are there."""
    sections = []
    for section in part.sections:
        failure = undrawn.get((part.env, section.key))
        if failure:
            note = f"Its figure for papers is missing: {reason_of(failure)}"
            section = dataclasses.replace(section, paragraphs=(*section.paragraphs, note))
        if section.figure and not (folder / f"{section.figure}.pdf").exists():
            section = dataclasses.replace(section, figure="")
        sections.append(section)
    return dataclasses.replace(part, sections=tuple(sections))


def _settings_of(findings: Sequence[EnvFindings], settings: ReportSettings) -> dict[str, Any]:
    measured = {
        "by": list(settings.by),
        "sections": [name for name in PROBES if settings.sections is None or name in settings.sections],
        "options": {name: dict(values) for name, values in settings.options.items()},
    }
    evidence = [one.evidence for one in findings]
    named = {"id": report_id(evidence, measured)}
    return named | provenance_of(evidence, settings.command) | measured | {"skipped": list(settings.skipped)}


def _part(
    one: EnvFindings, folder: Path, settings: ReportSettings, several: bool, failures: dict[str, Failure]
) -> EnvPart:
    """One environment's part of the page; sections that fail are added to ``failures``."""
    evidence, measured = one.evidence, one.measured
    made = []
    for name in PROBES:
        if name in measured.results or name in measured.missing:
            section = attempt(_section, name, one, settings, several)
            if isinstance(section, Failure):
                failures[_part_name(name, one)] = section
                section = missing_section(PROBES[name], reason_of(section))
            made.append(section)
    probe_set = _saved_probe_set(one, folder / (f"probe_set_{one.env}.npz" if several else "probe_set.npz"))
    first = headline(
        evidence.infos,
        estimate_by_level(measured.samples),
        one.verdicts,
        before=estimate_by_level(one.before_training.samples),
        training=one.training_words,
        episodes=evidence.settings.episodes if "success" in measured.results else None,
        problem=measured.missing.get("success", ""),
    )
    return EnvPart(one.env, evidence.infos, first, (*made, methods(evidence, probe_set, settings.skipped)))


def _section(name: str, one: EnvFindings, settings: ReportSettings, several: bool) -> Section:
    """The section of a probe that was run; its charts are known to be drawable."""
    measured, over_training = one.measured, one.over_training
    if name not in measured.results:
        return missing_section(PROBES[name], _reason(measured, name))
    problem = _reason(over_training, name) if name in over_training.missing else ""
    before = one.before_training.results.get(name)
    section = section_of(
        PROBES[name], measured.results[name], over_training.results.get(name), problem, before, HEADLINE_CHARTS
    )
    check_drawable(section)
    figure = f"{FOLDER}/{figure_name(name, one.env if several else '')}" if settings.figures else ""
    code = code_lines(PROBES[name], one.evidence, settings.options.get(name, {}))
    return dataclasses.replace(section, figure=figure, code=code)


def _reason(measured: Measurements, name: str) -> str:
    """Why a probe gave no result."""
    return reason_of(measured.failures[name]) if name in measured.failures else measured.missing[name]


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
