"""Find trained runs on disk and open their checkpoints."""

import contextlib
import glob
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp

from crl_probe.runs.loaded_run import LoadedRun, params_before_training
from crl_train.checkpoint import RestoredPolicy, restore_policy
from crl_train.config import TrainConfig
from crl_train.console import printable
from crl_train.device import first_device
from crl_train.envs.goal_env import GoalEnv
from crl_train.errors import CheckpointError, ConfigError, RunNotFoundError, RunRecordError
from crl_train.local_path import local_path
from crl_train.networks import Networks, init_params, make_networks, sizes_of
from crl_train.numerics import random_key, single_precision
from crl_train.run_dir import RunDir, not_a_run
from crl_train.run_envs import evaluation_env
from crl_train.run_record import read_metrics, read_record

_COEFFICIENT = "log_entropy_coefficient"  # in every checkpoint, and of no use to probes

Place: TypeAlias = str | os.PathLike[str]
"""A run's directory, or a glob pattern of some."""

Step: TypeAlias = int | Literal["all"] | None
"""Which checkpoint of a run: its environment steps, all of them, or None for the newest."""


@single_precision
def load_run(path: str | os.PathLike[str], step: int | None = None) -> LoadedRun:
    """Open a run's policy checkpoint.

    Args:
        path: The run's directory.
        step: Environment steps of the checkpoint; the newest if not given. 0 is the agent before training, whose
            parameters are drawn again from the run's seed.

    Raises:
        RunNotFoundError: If there is no run, or no such checkpoint.
        CheckpointError: If the checkpoint is damaged or does not fit the run's config, or config.json is damaged,
            written by another format version, or names an environment that is not there.
        ConfigError: If JAX has no device.
    """
    run = RunDir(local_path(path, "run"))
    config, record = read_record(run)
    steps = run.policy_steps()
    if not steps:
        raise RunNotFoundError(
            f"no checkpoint found in {str(run.path)!r}: the run was started and has not finished its first epoch. "
            f"Continue it with `crl-train resume {run.typed}`."
        )
    env_steps = steps[-1] if step is None else step
    env = _env_of(run, config)
    networks = make_networks(config, env.action_dim)
    if env_steps == 0:
        params, content_hash = params_before_training(config, env, networks)
        names_its_run = True
    else:
        restored = _restored(run, config, env, networks, env_steps)
        params = {name: leaf for name, leaf in restored.params.items() if name != _COEFFICIENT}
        content_hash, names_its_run = restored.content_hash, restored.names_its_run
    curve, curve_problem = _curve_of(run, env_steps)
    return LoadedRun(
        path=run.path.absolute(),
        config=config,
        env=env,
        env_steps=env_steps,
        steps=steps,
        content_hash=content_hash,
        record=record,
        curve=curve,
        curve_problem=curve_problem,
        networks=networks,
        params=params,
        names_its_run=names_its_run,
    )


def _restored(run: RunDir, config: TrainConfig, env: GoalEnv, networks: Networks, env_steps: int) -> RestoredPolicy:
    like = jax.eval_shape(lambda: {**init_params(networks, sizes_of(env), random_key(0)), _COEFFICIENT: jnp.zeros(())})
    return restore_policy(run, config, env_steps, like)


def _matches(pattern: str) -> list[str]:
    """What is there under a path or pattern; a folder of this very name, brackets included, is no pattern."""
    if os.path.exists(pattern):
        return [pattern]
    folder, rest = os.path.dirname(pattern), os.path.basename(pattern)
    while folder not in ("", "/") and not os.path.isdir(folder):
        rest = os.path.join(os.path.basename(folder), rest)
        folder = os.path.dirname(folder)
    return sorted(glob.glob(os.path.join(glob.escape(folder), rest))) or sorted(glob.glob(pattern))


def _env_of(run: RunDir, config: TrainConfig) -> GoalEnv:
    first_device()  # without one no run can be opened, whatever its settings
    try:
        return evaluation_env(config)
    except ConfigError as error:  # the run's setting, not the user's
        raise RunRecordError(f"{printable(str(run.config))}: {error}") from None


def _curve_of(run: RunDir, env_steps: int) -> tuple[list[dict[str, Any]], str]:
    """What was logged up to a checkpoint, and what is wrong with the log: a damaged one does not cost the agent."""
    try:
        return [row for row in read_metrics(run) if row["env_steps"] <= env_steps], ""
    except RunRecordError as error:
        return [], str(error)


def load_runs(patterns: Place | Iterable[Place], step: Step = None) -> list[LoadedRun]:
    """Open every run that some paths and patterns name.

    Args:
        patterns: A run's directory, a glob pattern of some, or several of these; see :func:`find_runs`.
        step: Environment steps of the checkpoint, the same in all runs; the newest of each if not given, ``all`` for
            every checkpoint of every run, and 0 for the agents before training.

    Raises:
        RunNotFoundError: If a pattern matches nothing, or a run has no such checkpoint.
        CheckpointError: If a checkpoint or a config.json is damaged, or the two do not fit together.

    Example:
        >>> load_runs("checkpoints/point_u_maze_*")                   # doctest: +SKIP
        [LoadedRun('point_u_maze_d16_s0', depth 16, seed 0, 1,001,472 env steps), ...]
    """
    return [run for path in find_runs(patterns) for run in load_checkpoints(path, step)]


def load_checkpoints(path: str | os.PathLike[str], step: Step) -> list[LoadedRun]:
    """Open the checkpoint of a run that ``step`` means, or all of them from early to late.

    Raises: as :func:`load_run`.
    """
    newest = load_run(path, None if step == "all" else step)
    earlier = newest.steps[:-1] if step == "all" else ()
    return [*(load_run(path, one) for one in earlier), newest]


def find_runs(patterns: Place | Iterable[Place]) -> list[Path]:
    """Find the run directories of paths and glob patterns, each once; the matches of a pattern are sorted by name.

    Files, such as a README beside the runs, are skipped.

    Args:
        patterns: One path or pattern, or several.

    A folder that cannot be read is taken for a run: opening it says why it cannot.

    Raises:
        RunNotFoundError: If a pattern matches nothing.
        NotARunError: If a directory is not a run.
        ConfigError: If one is a URL.

    Example:
        >>> find_runs("checkpoints/point_u_maze_*")                   # doctest: +SKIP
        [PosixPath('checkpoints/point_u_maze_d16_s0'), PosixPath('checkpoints/point_u_maze_d4_s0')]
    """
    found: dict[Path, None] = {}
    for pattern in [patterns] if isinstance(patterns, str | os.PathLike) else patterns:
        text = str(local_path(pattern, "run"))
        matches = _matches(text)
        if not matches:
            raise RunNotFoundError(
                f"{text!r} matches nothing: give run directories, such as checkpoints/point_u_maze_*."
            )
        found.update((Path(match), None) for match in matches if not os.path.isfile(match))
    if not found:
        raise RunNotFoundError("no run directory was given: give some, such as checkpoints/point_u_maze_*.")
    for path in found:
        with contextlib.suppress(CheckpointError):  # of a folder that cannot be read: told when the run is opened
            if not RunDir(path).is_run:
                raise not_a_run(path, takes_patterns=True)
    return list(found)
