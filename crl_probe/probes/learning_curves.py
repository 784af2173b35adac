"""The metrics that the trainer logged."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from crl_probe.probes.declaration import Probe
from crl_probe.probes.result import ProbeResult
from crl_probe.runs.agent import curve_problems
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence


@dataclasses.dataclass(frozen=True)
class LearningCurvesSettings:
    """Settings of the probe.

    Attributes:
        columns: Names of logged metrics; those that no run has are left out.
    """

    columns: tuple[str, ...] = ("eval/success_rate", "eval/time_at_goal", "critic/categorical_accuracy")


@dataclasses.dataclass(frozen=True, repr=False)
class LearningCurvesResult(ProbeResult):
    """Logged metrics over environment steps.

    Attributes:
        runs: The agents.
        env_steps: For each run the environment steps after each epoch. (epochs,)
        curves: For each metric and each run the values; NaN where nothing was logged. (epochs,)
        problems: For each run without a curve, because its log is damaged, what is wrong with it.
    """

    runs: tuple[RunInfo, ...]
    env_steps: tuple[np.ndarray, ...]
    curves: dict[str, tuple[np.ndarray, ...]]
    problems: tuple[str, ...] = ()


def run(evidence: "Evidence", settings: LearningCurvesSettings, rng: np.random.Generator) -> LearningCurvesResult:
    """Collect the learning curves of the runs.

    Args:
        evidence: The agents.
        settings: The metrics.
        rng: Not used.

    Raises:
        ProbeError: If no run has logged any of the metrics.
    """
    curves = {
        name: tuple(np.array([_number(row.get(name)) for row in run.curve]) for run in evidence.runs)
        for name in settings.columns
    }
    logged = {name: values for name, values in curves.items() if any(np.isfinite(v).any() for v in values)}
    problems = curve_problems(evidence.runs)
    if not logged:
        nothing = f"metrics.jsonl of these runs holds none of {', '.join(settings.columns)}."
        raise ProbeError(" ".join([nothing, *problems]))
    return LearningCurvesResult(
        runs=evidence.infos,
        env_steps=tuple(np.array([float(row["env_steps"]) for row in run.curve]) for run in evidence.runs),
        curves=logged,
        problems=problems,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


PROBE = Probe(
    name="learning_curves",
    order=20,
    command="curves",
    title="Learning curves",
    help="Metrics that the trainer logged after each epoch.",
    settings=LearningCurvesSettings,
    result=LearningCurvesResult,
    run=run,
    is_cached=False,  # the log is not part of a checkpoint's content
    reading=lambda _: (
        "Metrics that the trainer logged after each epoch: if a curve still rises at its end, training was stopped "
        "early, and the results at this depth are too low."
    ),
    notes=lambda result: result.problems,
    page="crl_probe.render.page.panels:learning_curves",
    paper="crl_probe.render.paper.figures:learning_curves_figure",
)
