"""From loaded runs to a finished folder: probes, then sections, then files, then one swap into place."""

import dataclasses
import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from crl_probe.cache import cached
from crl_probe.collect import run_info
from crl_probe.evidence import Evidence, EvidenceSettings, Progress, silent
from crl_probe.grouping import group_by_env
from crl_probe.probe_set import save_probe_set
from crl_probe.probes import embedding_trajectory, goal_clusters, learning_curves, q_landscape, success
from crl_probe.report import sections
from crl_probe.report.numbers import write_csv, write_json
from crl_probe.report.page import EnvPart, write_page
from crl_probe.report.swap import replace_folder
from crl_probe.results import RunInfo
from crl_probe.samples import MetricSamples, estimate_by_depth
from crl_train.errors import ConfigError, CrlError

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class ReportSettings:
    """What a report looks at.

    Attributes:
        episodes: On-policy episodes of each run.
        goals: Goals of landscapes and clusters.
        seed: Decides starts, goals and the shared set.
        episode_length: Steps of an episode; None takes what the runs were trained with.
        probe_set_episodes: Episodes in the shared set, drawn evenly from all runs.
        fine_cells: About how many grid cells the long side of a landscape has.
        use_cache: Whether results on disk are used and kept.
        command: The command that made the report, printed in it.
    """

    episodes: int = 64
    goals: int = 6
    seed: int = 0
    episode_length: int | None = None
    probe_set_episodes: int = 24
    fine_cells: int = 50
    use_cache: bool = True
    command: str = ""

    @property
    def evidence(self) -> EvidenceSettings:
        """The part that probes share."""
        return EvidenceSettings(
            self.episodes, self.episode_length, self.probe_set_episodes, goals=self.goals, seed=self.seed
        )


@dataclasses.dataclass(frozen=True)
class _Probe:
    name: str
    words: str
    result_type: type
    settings: Any
    run: Callable[[np.random.Generator, Evidence], Any]
    section: Callable[..., sections.Section]


def build_report(
    runs: Sequence["LoadedRun"],
    out: Path,
    settings: ReportSettings | None = None,
    *,
    title: str | None = None,
    progress: Progress = silent,
) -> Path:
    """Probe the runs and write the report's folder; a failure leaves whatever report was there untouched.

    A probe that cannot be done for these runs leaves a section that says why; the others go on.

    Args:
        runs: Agents of any number of environments; each environment gets its own part.
        out: Folder to write: ``index.html``, ``metrics.json``, ``metrics.csv``, ``probe_set.npz``.
        settings: What to look at.
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
        parts, samples = [], []
        for env_runs in by_env.values():
            part, part_samples = _probe_env(env_runs, settings, progress, folder, many=len(by_env) > 1)
            parts.append(part)
            samples += part_samples
        progress("writing the report")
        estimates = {env: estimate_by_depth(sample for sample in samples if sample.run.env == env) for env in by_env}
        title = title or "Depth comparison: " + ", ".join(by_env)
        write_csv(samples, folder / "metrics.csv")
        write_json(samples, estimates, settings, folder / "metrics.json")
        write_page(folder / "index.html", title, parts, command=settings.command, seconds=time.monotonic() - started)
    return out / "index.html"


def _probe_env(
    runs: Sequence["LoadedRun"], settings: ReportSettings, progress: Progress, folder: Path, many: bool
) -> tuple[EnvPart, list[MetricSamples]]:
    evidence = Evidence(runs, settings.evidence, use_cache=settings.use_cache, progress=progress)
    infos = [run_info(run) for run in runs]
    samples: list[MetricSamples] = []
    made: list[sections.Section] = []
    for probe in _probes(runs, settings):
        progress(f"{runs[0].config.env}: {probe.words}")
        result = _result_or_reason(probe, infos, settings, evidence)
        if isinstance(result, str):
            made.append(sections.missing(probe.name, result))
            continue
        mine = list(result.samples()) if hasattr(result, "samples") else []
        samples += mine
        made.append(probe.section(result, estimate_by_depth(mine)))
    if not samples:
        raise ConfigError(
            f"no probe gave a result for {runs[0].config.env}: there is nothing to report. The notes above say why."
        )
    estimates = estimate_by_depth(samples)
    probe_set_name = f"probe_set_{evidence.env.name}.npz" if many else "probe_set.npz"
    probe_set = None
    try:
        probe_set = evidence.probe_set
        save_probe_set(probe_set, folder / probe_set_name)
    except (ValueError, CrlError) as error:
        logger.warning("no probe set is saved for %s: %s", evidence.env.name, error)
    headline = sections.headline(estimates)
    methods = sections.methods(infos, evidence, probe_set)
    return EnvPart(evidence.env.name, tuple(infos), headline, (*made, methods)), samples


def _result_or_reason(
    probe: _Probe, infos: Sequence[RunInfo], settings: ReportSettings, evidence: Evidence
) -> Any | str:
    seed = settings.evidence.seed
    try:
        return cached(
            probe.name,
            probe.result_type,
            infos,
            probe.settings,
            seed,
            lambda: probe.run(np.random.default_rng(seed), evidence),
            # Learning curves come from the run's log, which a checkpoint's hash does not cover.
            enabled=settings.use_cache and probe.name != "learning_curves",
        )
    except (ValueError, CrlError) as error:
        logger.warning("%s is missing from the report: %s", probe.words, error)
        return str(error)


def _probes(runs: Sequence["LoadedRun"], settings: ReportSettings) -> tuple[_Probe, ...]:
    shared = settings.evidence
    curves = learning_curves.LearningCurvesSettings()
    outcome = success.SuccessSettings(shared)
    landscape = q_landscape.QLandscapeSettings(shared, settings.fine_cells)
    trajectory = embedding_trajectory.EmbeddingTrajectorySettings(shared)
    clusters = goal_clusters.GoalClustersSettings(shared)
    return (
        _Probe(
            "success",
            "success",
            success.SuccessResult,
            outcome,
            lambda rng, evidence: success.run(runs, outcome, rng, evidence=evidence),
            sections.success,
        ),
        _Probe(
            "learning_curves",
            "learning curves",
            learning_curves.LearningCurvesResult,
            curves,
            lambda rng, _: learning_curves.run(runs, curves, rng),
            sections.learning_curves,
        ),
        _Probe(
            "q_landscape",
            "Q-landscapes",
            q_landscape.QLandscapeResult,
            landscape,
            lambda rng, evidence: q_landscape.run(runs, landscape, rng, evidence=evidence),
            sections.q_landscape,
        ),
        _Probe(
            "embedding_trajectory",
            "embedding trajectories",
            embedding_trajectory.EmbeddingTrajectoryResult,
            trajectory,
            lambda rng, evidence: embedding_trajectory.run(runs, trajectory, rng, evidence=evidence),
            sections.embedding_trajectory,
        ),
        _Probe(
            "goal_clusters",
            "spread around the goal",
            goal_clusters.GoalClustersResult,
            clusters,
            lambda rng, evidence: goal_clusters.run(runs, clusters, rng, evidence=evidence),
            sections.goal_clusters,
        ),
    )
