"""Time of probing: landscapes relative to the network evaluations alone, UMAP, and a report without and with cache.

Untrained networks take the same time as trained ones, so the runs are trained only briefly. Each line ends in PASS or
MISS for the limit beside it.
"""

import contextlib
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from crl_probe.probes.embedding_trajectory import draw
from crl_probe.probes.q_landscape import landscapes
from crl_probe.runs.encode import CHUNK
from crl_probe.runs.loaded_run import LoadedRun
from crl_train.config import make_config
from crl_train.networks import init_params, make_networks, sizes_of
from crl_train.run_envs import training_env

GRID, GOALS, REPEATS = 128, 16, 3
SWEEP = [
    "--depths",
    "4,16,64",
    "--seeds",
    "0,1",
    "--total-env-steps",
    "800000",
    "--num-epochs",
    "2",
    "--updates-per-unroll",
    "1",
]
REPORT = Path(sys.executable).with_name("crl-probe")
TRAIN = Path(sys.executable).with_name("crl-train")


def say(what: str, value: float, bar: float, unit: str) -> None:
    print(f"{what}: {value:.2f} {unit} (bar {bar:g}) {'PASS' if value <= bar else 'MISS'}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def untrained(depth: int, width: int) -> LoadedRun:
    """An untrained agent that is not on disk."""
    config = make_config({"env": "point_u4_maze", "actor_depth": depth, "critic_depth": depth, "width": width})
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    params = jax.jit(lambda key: init_params(networks, sizes_of(env), key))(jax.random.key(0))
    return LoadedRun(Path("untrained"), config, env, 0, (0,), "", {}, [], networks, params)


def landscape_cost() -> None:
    """Depth 64, width 256: 128 by 128 free cells for 16 goals, compared with the network evaluations alone."""
    run = untrained(64, 256)
    (x_low, x_high, y_low, y_high), maze = run.env.maze.extent, run.env.maze
    lines = [low + (np.arange(GRID) + 0.5) * (high - low) / GRID for low, high in ((x_low, x_high), (y_low, y_high))]
    places = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 2)
    states = np.asarray(run.env.planar_state(places))
    goals = np.resize(maze.goal_centres.astype(np.float32), (GOALS, 2))

    @jax.jit
    def bare(params: dict[str, dict], state: jax.Array, goal: jax.Array) -> jax.Array:
        mean, _ = run.networks.action_head(params["actor"], state, goal)
        return run.networks.phi(params["state_action_encoder"], state, jnp.tanh(mean))

    calls = -(-len(states) // CHUNK) * GOALS
    state, goal = jnp.asarray(np.resize(states, (CHUNK, states.shape[1]))), jnp.tile(goals[0], (CHUNK, 1))
    bare(run.params, state, goal).block_until_ready()
    landscapes(run, states[:CHUNK], goals[:1])
    ours, floor = [], []
    for _ in range(REPEATS):
        floor.append(seconds(lambda: [bare(run.params, state, goal).block_until_ready() for _ in range(calls)]))
        ours.append(seconds(lambda: landscapes(run, states, goals)))
    print(f"landscapes: {GRID} x {GRID} cells, {GOALS} goals, depth 64, width 256")
    say("  time", statistics.median(ours), 30, "s")
    say("  relative to the network evaluations", statistics.median(ours) / statistics.median(floor), 1.3, "x")
    say("  peak memory of this process", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1.0, "GiB")


def projection_cost() -> None:
    """AlignedUMAP of three embedding spaces with 2,000 points each, after numba has compiled."""
    generator = np.random.default_rng(0)
    plane = generator.normal(size=(2_000, 3))
    spaces = [np.tanh(plane @ generator.normal(size=(3, 64))).astype(np.float32) for _ in range(3)]
    draw([space[:100] for space in spaces], "aligned", seed=0, epochs=10)
    say("AlignedUMAP of 3 x 2,000 points", seconds(lambda: draw(spaces, "aligned", seed=0, epochs=100)), 60, "s")


def report_cost() -> None:
    """A whole report on 3 depths x 2 seeds of point_u4_maze by the command line, with an empty and a full cache."""
    with tempfile.TemporaryDirectory() as folder:
        runs, out = Path(folder) / "runs", Path(folder) / "report"
        environment = {**os.environ, "CRL_PROBE_CACHE": str(Path(folder) / "cache")}
        print("training six short runs of point_u4_maze ...", flush=True)
        subprocess.run([TRAIN, "sweep", "point_u4_maze", *SWEEP, "--out", runs], check=True, capture_output=True)
        command = [REPORT, "report", *sorted(runs.iterdir()), "--out", out, "--quiet"]
        for what, bar in (("report of six runs, empty cache", 180), ("the same again, full cache", 15)):
            say(what, seconds(lambda: subprocess.run(command, check=True, env=environment)), bar, "s")


if __name__ == "__main__":
    print(f"{len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()} cores")
    for part in (landscape_cost, projection_cost, report_cost):
        with contextlib.redirect_stderr(io.StringIO()):
            part()
