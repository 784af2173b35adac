"""What a report is about before it has a form: the runs of one environment, what the probes gave, the claims judged."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes.registry import PROBES, Measurements, measure, measure_before_training
from crl_probe.runs.comparability import by_level
from crl_probe.runs.factors import DEFAULT, factor_word
from crl_probe.runs.run_info import labels_in_order
from crl_probe.summary.still_learning import still_learning, training_words
from crl_probe.summary.verdicts import Verdict, judge
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.runs.agent import Agent


@dataclasses.dataclass(frozen=True)
class ReportSettings:
    """What a report measures and holds.

    Attributes:
        evidence: Episodes, shared set and goals.
        by: The factors that runs are compared by.
        sections: Names of the probes that are run and shown, whatever their order here; None for all.
        figures: Whether the figures for papers are drawn.
        options: By name of a probe its settings, where they are not the defaults.
        use_cache: Whether results on disk are used and kept.
        workers: Processes that runs and figures are spread over.
        command: The command that made the report, printed in it.
        note: Text of whoever made it, in Markdown, printed below its heading.
        skipped: Runs that could not be opened, and why, a line each; printed too.
        reload_seconds: How often the page loads itself again, to follow training; 0 for never.
    """

    evidence: EvidenceSettings = dataclasses.field(default_factory=EvidenceSettings)
    by: tuple[str, ...] = DEFAULT
    sections: tuple[str, ...] | None = None
    figures: bool = True
    options: Mapping[str, Mapping[str, Any]] = dataclasses.field(default_factory=dict)
    use_cache: bool = True
    workers: int = 1
    command: str = ""
    note: str = ""
    skipped: tuple[str, ...] = ()
    reload_seconds: int = 0


@dataclasses.dataclass(frozen=True)
class EnvFindings:
    """What was found in one environment.

    Attributes:
        evidence: The runs compared.
        measured: What the probes gave for them.
        over_training: What the probes that show training gave for several checkpoints of each run.
        before_training: What probes gave for the same agents before training.
        verdicts: The claims judged.
    """

    evidence: Evidence
    measured: Measurements
    over_training: Measurements
    before_training: Measurements
    verdicts: tuple[Verdict, ...]

    @property
    def env(self) -> str:
        """Name of the environment."""
        return self.evidence.env.name

    @property
    def training_words(self) -> str:
        """Whether agents were still learning when their training ended, in a sentence; empty if none was."""
        infos = self.evidence.infos
        rising = still_learning((info, run.curve) for info, run in zip(infos, self.evidence.runs, strict=True))
        budgets = (run.settings.get("total_env_steps") for run in self.evidence.runs)
        is_over = all(
            run.env_steps >= int(budget or 0) for run, budget in zip(self.evidence.runs, budgets, strict=True)
        )
        return training_words(rising, len(labels_in_order(infos)), factor_word(infos[0].factors), is_over=is_over)


def find(evidence: Evidence, settings: ReportSettings, earlier: Sequence["Agent"] = ()) -> EnvFindings:
    """Run the probes and judge the claims.

    Args:
        evidence: The runs compared.
        settings: Which probes, and with which settings.
        earlier: Other checkpoints, of these and other runs.

    Raises:
        ConfigError: If no probe gives a result, or a section is unknown.
        RuntimeError: If no probe gives a result because one failed unexpectedly; it holds the traceback.
    """
    measured = measure(evidence, settings.sections, settings.options, keep_failures=True)
    for failure in measured.failures.values() if not measured.results else ():
        raise RuntimeError(f"no probe gave a result for {evidence.env.name}.\n\n{failure.traceback}")
    if not measured.results:
        reasons = " ".join(dict.fromkeys(measured.missing.values()))
        raise ConfigError(f"no probe gave a result for {evidence.env.name}: there is nothing to report. {reasons}")
    over_training = _over_training(evidence, measured, settings, earlier)
    before_training = measure_before_training(evidence, measured.results, settings.options)
    verdicts = judge(measured.samples, before_training.samples)
    return EnvFindings(evidence, measured, over_training, before_training, verdicts)


def _over_training(
    evidence: Evidence, measured: Measurements, settings: ReportSettings, earlier: Sequence["Agent"]
) -> Measurements:
    """Results over training, of the probes that show it, on the shared set of the runs compared."""
    names = [name for name in measured.results if PROBES[name].over_training]
    paths = {run.path for run in evidence.runs}
    before = [run for run in earlier if run.path in paths]
    if not before or not names:
        return Measurements({}, {})
    checkpoints = Evidence(
        sorted([*before, *evidence.runs], key=lambda run: by_level(run, settings.by)),
        settings.evidence,
        by=settings.by,
        probe_set=evidence.probe_set,
        use_cache=evidence.use_cache,
        workers=evidence.workers,
        progress=evidence.progress,
    )
    # Only projections are needed: agents of early checkpoints need not act.
    options = {name: dict(settings.options.get(name, {})) for name in names}
    options.setdefault("embedding_trajectory", {})["own_episodes"] = False
    return measure(checkpoints, names, options, heading=f"{evidence.env.name} over training", keep_failures=True)
