"""What the trainer logged while it trained; read from the runs, measured by nobody here."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from crl_probe.evidence.evidence import Evidence
from crl_probe.runs.comparability import run_infos
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import RunInfo

if TYPE_CHECKING:
    from crl_probe.runs.loading import LoadedRun


@dataclasses.dataclass(frozen=True)
class LearningCurvesSettings:
    """Settings of the probe.

    Attributes:
        columns: Logged metrics, those that no run has are left out.
    """

    columns: tuple[str, ...] = ("eval/success_rate", "eval/time_at_goal", "critic/categorical_accuracy")


@dataclasses.dataclass(frozen=True)
class LearningCurvesResult:
    """Logged metrics over environment steps.

    Attributes:
        runs: The agents.
        env_steps: For each run the environment steps at its epochs. (epochs,)
        curves: For each metric, for each run, the values; NaN where nothing was logged. (epochs,)
    """

    runs: tuple[RunInfo, ...]
    env_steps: tuple[np.ndarray, ...]
    curves: dict[str, tuple[np.ndarray, ...]]


def run(
    loaded_runs: Sequence["LoadedRun"],
    settings: LearningCurvesSettings,
    rng: np.random.Generator,
    *,
    evidence: Evidence | None = None,
) -> LearningCurvesResult:
    """Collect the learning curves of the runs.

    Args:
        loaded_runs: Agents of one environment.
        settings: Which metrics.
        rng: Not used.
        evidence: Not used.

    Raises:
        ProbeError: If no run has logged any of the metrics.
    """
    curves = {
        name: tuple(np.array([_number(row.get(name)) for row in loaded.curve]) for loaded in loaded_runs)
        for name in settings.columns
    }
    logged = {name: values for name, values in curves.items() if any(np.isfinite(v).any() for v in values)}
    if not logged:
        raise ProbeError(f"metrics.jsonl of these runs holds none of {', '.join(settings.columns)}.")
    return LearningCurvesResult(
        runs=run_infos(loaded_runs),
        env_steps=tuple(np.array([float(row["env_steps"]) for row in loaded.curve]) for loaded in loaded_runs),
        curves=logged,
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)
