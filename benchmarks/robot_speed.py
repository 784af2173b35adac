"""Env steps per second of the robots: against brax's own, in mazes, and by MuJoCo itself against MuJoCo XLA.

512 parallel copies under random actions, without resets; the medians of several runs, taken in turn. A ratio above 1
says that ours is faster. The compilation of a reset and a step is timed as well.
"""

import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.ant import ant_physics
from crl_train.envs.goal_env import GoalEnv
from crl_train.envs.humanoid import humanoid_physics
from crl_train.envs.silence import silence

COPIES = 512
REPEATS = 3
# Steps of every copy in a timed run, by robot: a second or a few of them on two cores.
OPEN = {"reacher": 400, "ant": 40, "humanoid": 20}
MAZES = {"ant_big_maze": 4, "humanoid_big_maze": 2}
# By MuJoCo itself, and by MuJoCo XLA where that ends: 512 arms did not make one step in two minutes.
BY_MUJOCO = {"ant_push": (40, 1), "arm_push_easy": (20, 0), "cheetah": (100, 0), "ant": (40, 0), "humanoid": (40, 0)}
LEAST_OVER_XLA, LEAST_OF_BARE, LEAST_OF_TWO_THREADS = 20.0, 0.9, 1.6
LEAST_FACTOR = 3.0  # of near walls over all walls
MOST_COMPILE_SECONDS = 35.0


def unroll_of(env: Any, num_steps: int) -> Callable[[jax.Array], Any]:
    """Random actions from fresh starts, compiled; ``env`` is ours or brax's."""

    def step(state: Any, key: jax.Array) -> tuple[Any, None]:
        action = jax.random.uniform(key, (COPIES, env.action_size), minval=-1, maxval=1)
        return jax.vmap(env.step)(state, action), None

    def run(state: Any, key: jax.Array) -> Any:
        return jax.lax.scan(step, state, jax.random.split(key, num_steps))[0].obs

    reset = jax.jit(jax.vmap(env.reset))
    state = reset(jax.random.split(jax.random.key(0), COPIES))
    compiled = jax.jit(run)
    return lambda key: compiled(state, key)


def rates(envs: dict[str, Any], num_steps: int) -> tuple[dict[str, float], dict[str, float]]:
    """Steps per second of each, and the seconds until its first unroll was compiled and done."""
    runs, first = {}, {}
    for name, env in envs.items():
        started = time.perf_counter()
        runs[name] = unroll_of(env, num_steps)
        jax.block_until_ready(runs[name](jax.random.key(0)))
        first[name] = time.perf_counter() - started
    seconds: dict[str, list[float]] = {name: [] for name in envs}
    for repeat in range(REPEATS):
        for name, run in runs.items():
            started = time.perf_counter()
            jax.block_until_ready(run(jax.random.key(repeat)))
            seconds[name].append(time.perf_counter() - started)
    return {name: COPIES * num_steps / statistics.median(each) for name, each in seconds.items()}, first


def of_brax(name: str, backend: str) -> Any:
    """brax's own environment of a name."""
    with silence():
        from brax import envs

        return envs.get_environment(name, backend=backend)


def with_all_walls(env: GoalEnv) -> GoalEnv:
    """The same environment with every wall of its maze in its place."""
    physics = ant_physics if env.name.startswith("ant") else humanoid_physics
    other = copy.copy(env)
    other.physics = physics(env.spec, maze=env.maze, all_walls=True)  # type: ignore[attr-defined]
    return other


def bare_rate(env: Any, num_steps: int, threads: int) -> float:
    """Steps per second of MuJoCo's simulations in a loop of nothing else, under random controls."""
    from mujoco.batch import Batch

    batch = Batch(env.physics.simulations.model, COPIES, threads)
    rng = np.random.default_rng(0)
    q, qd, _ = jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(0), COPIES))
    seconds = []
    for _ in range(REPEATS):
        batch.qpos[:], batch.qvel[:] = q, qd
        controls = rng.uniform(-1, 1, (num_steps, *batch.ctrl.shape))
        started = time.perf_counter()
        for control in controls:
            batch.ctrl[:] = control
            batch.step(nstep=env.physics.substeps)
        seconds.append(time.perf_counter() - started)
    return COPIES * num_steps / statistics.median(seconds)


def print_mujoco(name: str, num_steps: int, num_steps_of_xla: int) -> None:
    """One robot by MuJoCo itself: against a bare loop, one thread, and MuJoCo XLA where that is measured."""
    env: Any = make_env(name, EnvOptions(backend="mujoco"))
    rate = rates({"ours": env}, num_steps)[0]["ours"]
    bare, one = (bare_rate(env, num_steps, threads) for threads in (env.physics.simulations.threads, 1))
    line = (
        f"{name} (mujoco): {rate:,.0f} steps/s, {rate / bare:.2f} x a bare loop ({bare:,.0f}; bar: {LEAST_OF_BARE:g} x)"
        f", whose threads make {bare / one:.2f} x the steps of one (bar with two: {LEAST_OF_TWO_THREADS:g} x)"
    )
    if num_steps_of_xla:
        of_xla = rates({"xla": make_env(name, EnvOptions(backend="mjx"))}, num_steps_of_xla)[0]["xla"]
        line += f"; {rate / of_xla:.0f} x MuJoCo XLA ({of_xla:,.0f}; bar: {LEAST_OVER_XLA:g} x)"
    print(line)


def main() -> None:
    """Print a line for every robot."""
    for name, steps in BY_MUJOCO.items():
        print_mujoco(name, *steps)
    for name, num_steps in OPEN.items():
        env = make_env(name)
        rate, first = rates({"ours": env, "brax": of_brax(name, env.spec.backend)}, num_steps)
        print(
            f"{name} ({env.spec.backend}): {rate['ours']:,.0f} steps/s, {rate['ours'] / rate['brax']:.2f} x brax's own "
            f"({rate['brax']:,.0f}); first unroll after {first['ours']:.0f} s (bar: {MOST_COMPILE_SECONDS:.0f} s)"
        )
    for name, num_steps in MAZES.items():
        env = make_env(name)
        rate, _ = rates({"near": env, "all": with_all_walls(env)}, num_steps)
        print(
            f"{name}: {rate['near']:,.0f} steps/s with near walls, {rate['near'] / rate['all']:.1f} x those with all "
            f"walls ({rate['all']:,.0f}; bar: {LEAST_FACTOR:g} x)"
        )


if __name__ == "__main__":
    main()
