"""Env steps per second of the robots: against brax's own environments, and of mazes with near walls and with all walls.

512 parallel copies under random actions, without resets; the medians of several runs, taken in turn. A ratio above 1
says that ours is faster. The compilation of a reset and a step is timed as well.
"""

import copy
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax

from crl_train.envs import make_env
from crl_train.envs.ant import ant_physics
from crl_train.envs.goal_env import GoalEnv
from crl_train.envs.humanoid import humanoid_physics
from crl_train.envs.silence import silence

COPIES = 512
REPEATS = 3
# Steps of every copy in a timed run, by robot: a second or a few of them on two cores.
OPEN = {"reacher": 400, "ant": 40, "humanoid": 20}
MAZES = {"ant_big_maze": 4, "humanoid_big_maze": 2}
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


def main() -> None:
    """Print a line for every robot."""
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
