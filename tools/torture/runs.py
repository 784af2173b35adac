"""Runs so small that a process trains one in seconds, and how two of them are compared bit for bit."""

import dataclasses
import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from crl_train.checkpoint import restore_policy
from crl_train.config import TrainConfig
from crl_train.errors import CrlError
from crl_train.networks import init_params, make_networks, sizes_of
from crl_train.run_dir import RunDir
from crl_train.run_envs import training_env
from crl_train.run_record import read_record
from tests.crl_train.helpers import TINY
from tools.torture.programs import plain

# As the tests' own tiny run, whose compiled programs serve here, too: 80 steps an unroll, 2 unrolls of prefill.
_SETTINGS: Mapping[str, Any] = {name: value for name, value in TINY.items() if name != "env"}
_STEPS_PER_UNROLL, _PREFILL, _UNROLLS_PER_EPOCH = 80, 160, 2

ENV: str = TINY["env"]


def settings(epochs: int, **changes: Any) -> dict[str, Any]:
    """Settings of a tiny run with this number of epochs."""
    steps = _PREFILL + epochs * _UNROLLS_PER_EPOCH * _STEPS_PER_UNROLL
    return {**_SETTINGS, "num_epochs": epochs, "total_env_steps": steps, **changes}


def train_command(name: str, values: Mapping[str, Any], out: str = "runs") -> tuple[str, ...]:
    """The command that trains ``out/name``."""
    return ("crl-train", "run", ENV, "--name", name, "--out", out, *options(values))


def options(values: Mapping[str, Any]) -> tuple[str, ...]:
    """Settings as options of the command line."""
    return tuple(word for name, value in values.items() for word in (f"--{name.replace('_', '-')}", plain(value)))


@dataclasses.dataclass(frozen=True)
class Ending:
    """All that two runs of the same settings must have in common.

    Attributes:
        policies: Verified content hash of every policy checkpoint, by environment steps.
        curve: The lines of metrics.jsonl without what depends on the machine.
    """

    policies: Mapping[int, str]
    curve: Sequence[Mapping[str, Any]]


def ending_of(path: Path) -> Ending:
    """Read a run and verify all its policies.

    Raises:
        CrlError: If anything in it cannot be read.
    """
    run = RunDir(path)
    return Ending({step: hash_of(run, step) for step in run.policy_steps()}, curve_of(path))


def policy_hash(path: Path) -> str:
    """Verified content hash of the newest policy of a run.

    Raises:
        CrlError: If it cannot be read.
    """
    run = RunDir(path)
    return hash_of(run, run.policy_steps()[-1])


def hash_of(run: RunDir, step: int) -> str:
    """Verified content hash of one policy of a run.

    Raises:
        CrlError: If it cannot be read.
    """
    config = read_record(run)[0]
    host = {"seed": 0, "total_env_steps": 10**6, "num_epochs": 1, "policy_every": 1, "resume_every": 1}
    return restore_policy(run, config, step, _names_and_shapes(config.model_copy(update=host))).content_hash


@functools.lru_cache
def _names_and_shapes(config: TrainConfig) -> Any:
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    return jax.eval_shape(
        lambda: {**init_params(networks, sizes_of(env), jax.random.key(0)), "log_entropy_coefficient": jnp.zeros(())}
    )


def curve_of(path: Path) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl as they are in the file, without what depends on the machine."""
    rows = [json.loads(line) for line in RunDir(path).metrics.read_text().splitlines()]
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in rows]


def differences(path: Path, expected: Ending) -> str:
    """How a run differs from one that was never interrupted; empty if in nothing."""
    try:
        found = ending_of(path)
    except (CrlError, OSError, ValueError) as error:
        return f"it cannot be read: {error}"
    if found.policies != expected.policies:
        steps = sorted(
            step
            for step in {*found.policies, *expected.policies}
            if found.policies.get(step) != expected.policies.get(step)
        )
        return f"policies differ at steps {steps[:5]}: {len(found.policies)} of {len(expected.policies)} are there"
    if found.curve != expected.curve:
        first = next(
            (number for number, (a, b) in enumerate(zip(found.curve, expected.curve, strict=False), 1) if a != b), 0
        )
        return f"metrics.jsonl differs, {len(found.curve)} of {len(expected.curve)} lines, first in line {first}"
    return ""


def leftovers(folder: Path) -> list[str]:
    """Names below a folder that only an interrupted write leaves behind."""
    return sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if (path.name.startswith(".") or ".orbax-checkpoint-tmp" in path.name)
        and not any(above.name.startswith(".") for above in path.relative_to(folder).parents if above.name)
    )
