"""How far a run has come: what is counted and summed after every unroll, checked, and logged at an epoch's end."""

import dataclasses
import json
import math
import time
from collections.abc import Mapping
from typing import Any

import jax
import numpy as np
import pydantic
from jaxtyping import Float

from crl_train.checkpoint import start_again
from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, NonFiniteError
from crl_train.parsing import shortened
from crl_train.run_dir import RunDir
from crl_train.step_counts import StepCounts


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a run has come; saved beside every resume point.

    Attributes:
        epoch: Finished epochs.
        unroll: Finished unrolls of the current epoch.
        env_steps: Environment steps taken, prefill included.
        updates: Gradient updates made.
        seconds: Time spent training, evaluating and saving, over all sittings.
        metric_sums: Sum over the current epoch's updates of every training metric.
        seeds: Seeds that are trained in one program, in the order of their lanes; none if the run is trained alone.
        idle: Those of them that train no longer, such as after they diverged.
    """

    __pydantic_config__ = pydantic.ConfigDict(strict=True, extra="forbid")

    epoch: int = 0
    unroll: int = 0
    env_steps: int = 0
    updates: int = 0
    seconds: float = 0.0
    metric_sums: Mapping[str, float] = dataclasses.field(default_factory=dict)
    seeds: tuple[int, ...] = ()
    idle: tuple[int, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As values of JSON; a run alone says nothing of other seeds, as in versions that trained no others."""
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}
        return {name: value for name, value in values.items() if self.seeds or name not in ("seeds", "idle")}


class Clock:
    """Seconds of work since it was made, compiling included, and of earlier sittings."""

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def add(self, seconds_before: float) -> None:
        """Count what earlier sittings took."""
        self._start -= seconds_before

    def seconds(self) -> float:
        return time.perf_counter() - self._start


def progress_of(saved: Mapping[str, Any], run: RunDir, env_steps: int) -> Progress:
    """Check what stands beside a resume point; manifests of older versions have no hash of their own."""
    try:
        # As JSON, where a mapping is a strict value of a dataclass; the numbers stay those that were read.
        pydantic.TypeAdapter(Progress).validate_json(json.dumps(saved))
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in saved.items()}
        progress = Progress(**values)
    except ValueError:
        progress = None
    if progress is None or progress.env_steps != env_steps or min(progress.epoch, progress.unroll) < 0:
        path = run.resume / str(env_steps)
        raise CheckpointError(
            f"checkpoint {str(path)!r} is corrupt: its manifest has progress={shortened(saved)}. {start_again(run)}"
        )
    return progress


def after_unroll(
    progress: Progress,
    config: TrainConfig,
    counts: StepCounts,
    metrics: Mapping[str, Float[np.ndarray, " updates"]],
    seconds: float,
    run: RunDir,
) -> Progress:
    """Add an unroll's metrics to the epoch's sums, refusing any that is not finite."""
    env_steps = progress.env_steps + counts.env_steps_per_unroll
    check_finite(metrics, progress.updates, env_steps, run)
    # Summed one by one in float64, so that the result does not depend on where an epoch was interrupted.
    sums = {
        name: math.fsum((progress.metric_sums.get(name, 0.0), float(np.sum(values, dtype=np.float64))))
        for name, values in metrics.items()
    }
    return dataclasses.replace(
        progress,
        unroll=progress.unroll + 1,
        env_steps=env_steps,
        updates=progress.updates + config.updates_per_unroll,
        seconds=seconds,
        metric_sums=sums,
    )


def check_finite(
    metrics: Mapping[str, Float[np.ndarray, " updates"]], updates_before: int, env_steps: int, run: RunDir
) -> None:
    first = {
        name: int(np.argmin(np.isfinite(values))) for name, values in metrics.items() if not np.isfinite(values).all()
    }
    if first:
        name = min(first, key=lambda name: first[name])
        what = f"{name} became {metrics[name][first[name]]}"
        raise _diverged(what, updates_before + first[name] + 1, env_steps, run)


def check_finite_parameters(params: Any, progress: Progress, run: RunDir) -> None:
    """Refuse to evaluate or save networks that an epoch's last update has ruined: its own metrics precede it."""
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if not np.isfinite(jax.device_get(leaf)).all():
            name = jax.tree_util.keystr(path, simple=True, separator="/")
            raise _diverged(f"parameter {name} became NaN or infinite", progress.updates, progress.env_steps, run)


def _diverged(what: str, update: int, env_steps: int, run: RunDir) -> NonFiniteError:
    policies = run.policy_steps()
    newest = run.policy / str(policies[-1]) if policies else None
    kept = f"The last good checkpoint is {str(newest)!r}" if newest else "No checkpoint was made yet"
    return NonFiniteError(
        f"{what} at update {update} (env step {env_steps}): training cannot go on from there. "
        f"{kept}. Try smaller learning rates or keep --layer-norm on."
    )


def metrics_row(
    progress: Progress, counts: StepCounts, success: Mapping[str, float | None], clock: Clock
) -> dict[str, Any]:
    """The line of metrics.jsonl that ends an epoch; everything under time/ depends on the machine."""
    seconds = clock.seconds()
    return {
        "epoch": progress.epoch + 1,
        "env_steps": progress.env_steps,
        "updates": progress.updates,
        **{name: total / counts.updates_per_epoch for name, total in sorted(progress.metric_sums.items())},
        **{f"eval/{name}": value for name, value in success.items()},
        "time/seconds": round(seconds, 3),
        "time/env_steps_per_second": round(progress.env_steps / seconds, 1),
    }
