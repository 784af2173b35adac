"""What several test modules share: a run small enough to train in a test, a silent observer, NumPy references."""

import contextlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from click.testing import CliRunner, Result

from crl_train import training
from crl_train.checkpoint import RestoredPolicy, content_hash, restore_policy
from crl_train.cli import main
from crl_train.config import TrainConfig, make_config
from crl_train.networks import init_params, make_networks, sizes_of
from crl_train.numerics import random_key, single_precision
from crl_train.run_dir import RunDir
from crl_train.run_envs import training_env
from crl_train.run_record import create_run, read_metrics, read_record
from crl_train.training import Stopped, train

TINY: Mapping[str, Any] = {
    # 8 environments × 10 steps = 80 steps an unroll. Prefill takes 20 / 10 = 2 unrolls, three epochs of four unrolls
    # take 12, so 14 × 80 = 1120 steps in all. Episodes of 15 steps end in the middle of unrolls, and the replay of 60
    # rows wraps around after six unrolls.
    "env": "point_u_maze",
    "episode_length": 15,
    "total_env_steps": 1120,
    "num_epochs": 3,
    "num_envs": 8,
    "unroll_length": 10,
    "updates_per_unroll": 3,
    "width": 16,
    "repr_dim": 8,
    "batch_size": 16,
    "max_replay_size": 60,
    "min_replay_size": 20,
    "num_eval_episodes": 4,
}


def tiny_config(**changes: Any) -> TrainConfig:
    """A config that trains in a second or two once it is compiled."""
    return make_config({**TINY, **changes})


class FakeObserver:
    """Keeps what it is told, and asks to stop after a number of unrolls."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.stop_at = stop_at
        self.phases: list[str] = []
        self.num_unrolls = 0
        self.rows: list[Mapping[str, Any]] = []
        self.lost: list[RunDir] = []
        self.started_at: int | None = None

    def started(self, counts, progress) -> None:
        self.started_at = progress.env_steps

    def phase(self, name) -> None:
        self.phases.append(name)

    def unrolled(self, progress) -> None:
        self.num_unrolls += 1

    def epoch_ended(self, run, row) -> None:
        self.rows.append(row)

    def diverged(self, run, error) -> None:
        self.lost.append(run)

    def wants_stop(self) -> bool:
        return self.stop_at is not None and self.num_unrolls >= self.stop_at


def new_run(path: Path, config: TrainConfig) -> RunDir:
    """A run directory with nothing but its config.json."""
    run = RunDir(path)
    create_run(run, config, device="a test", command="pytest")
    return run


def train_run(path: Path, config: TrainConfig, observer: FakeObserver | None = None) -> RunDir:
    """Make a run and train it to its end."""
    run = new_run(path, config)
    train(run, observer or FakeObserver())
    return run


def train_until(run: RunDir, unrolls: int) -> None:
    """Train a run for some more unrolls, as if Ctrl-C had been pressed then."""
    with contextlib.suppress(Stopped):
        train(run, FakeObserver(stop_at=unrolls))


def timeless_metrics(run: RunDir) -> list[dict[str, Any]]:
    """The lines of metrics.jsonl without what depends on the machine."""
    return [{name: value for name, value in row.items() if not name.startswith("time/")} for row in read_metrics(run)]


def crl_train(*args: Any) -> list[str]:
    """The command line of a child process that runs ``crl-train``."""
    return [sys.executable, "-c", "from crl_train.cli import main; main(prog_name='crl-train')", *map(str, args)]


def invoke(*args: Any) -> Result:
    """Run ``crl-train`` in this process."""
    return CliRunner().invoke(main, list(map(str, args)))


def refused(*args) -> str:
    """The one line that a refused command prints."""
    result = invoke(*args)
    assert result.exit_code == 2, result.output + repr(result.exception)
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr.removeprefix("error: ")


def stop_training_by(monkeypatch, *signals):
    """Let signals arrive one after the other during the first epoch."""
    arriving = iter(signals)

    def after_unroll(*args):
        signal.raise_signal(next(arriving, signal.SIGCONT))
        return counted(*args)

    counted = training.after_unroll
    monkeypatch.setattr(training, "after_unroll", after_unroll)


@single_precision
def policy_of(run: RunDir, step: int) -> RestoredPolicy:
    """A run's policy at a checkpoint."""
    config, _ = read_record(run)
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    like = jax.eval_shape(
        lambda: {**init_params(networks, sizes_of(env), random_key(0)), "log_entropy_coefficient": jnp.zeros(())}
    )
    return restore_policy(run, config, step, like)


def assert_same_run(run: RunDir, other: RunDir) -> None:
    """The same metrics, and the same parameters at every checkpoint, to the bit."""
    assert timeless_metrics(run) == timeless_metrics(other)
    assert run.policy_steps() == other.policy_steps()
    for step in run.policy_steps():
        assert policy_of(run, step).content_hash == policy_of(other, step).content_hash


def tree_equal(a: Any, b: Any) -> bool:
    """Whether two trees hold the same names, types, shapes and bits."""
    return content_hash(a) == content_hash(b)


# --- NumPy references, in float64 ------------------------------------------------------------------------


def swish(x):
    return x / (1 + np.exp(-x))


def relu(x):
    return np.maximum(x, 0)


def layer_norm(x, scale, bias):
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-6) * scale + bias


def hidden_layer(params, x, activation=swish, has_layer_norm=True):
    """Dense, LayerNorm, activation."""
    x = x @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"]
    if has_layer_norm:
        x = layer_norm(x, params["LayerNorm_0"]["scale"], params["LayerNorm_0"]["bias"])
    return activation(x)


def residual_mlp(params, x, activation=swish, has_layer_norm=True, residual=True):
    """The whole network, block by block, from the parameters of a ``ResidualMLP`` turned to float64."""
    x = hidden_layer(params["stem"], x, activation, has_layer_norm)
    blocks = params.get("blocks", {}).get("block", {})
    num_blocks = len(blocks["HiddenLayer_0"]["Dense_0"]["bias"]) if blocks else 0
    for b in range(num_blocks):
        update = x
        for layer in range(4):
            at_b = {
                module: {name: leaf[b] for name, leaf in leaves.items()}
                for module, leaves in blocks[f"HiddenLayer_{layer}"].items()
            }
            update = hidden_layer(at_b, update, activation, has_layer_norm)
        x = x + update if residual else update
    return x @ params["head"]["kernel"] + params["head"]["bias"]
