"""Env steps per second of the point mazes: 512 parallel copies, random actions, fresh start and goal for every episode.

The copies are at different steps of their episodes, so that at least one resets in every step or two. The benchmark
also prints the time of unrolls of several seeds with ``vmap``, relative to the same unrolls one after the other.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from crl_train.envs import make_env
from crl_train.envs.goal_env import GoalEnv
from crl_train.policy import uniform_act
from crl_train.rollout import Slots, reset_slots, unroll

ENVIRONMENTS = ("point_u_maze", "point_hardest_maze")
NUM_ENVS = 512
NUM_STEPS = 3_000  # per copy and timed run
REPEATS = 5
TARGET = 1e6  # env steps per second

SEEDS, SEED_ENVS, SEED_STEPS = 4, 256, 50  # as the laptop preset unrolls
SEED_REPEATS = 40


def staggered_slots(env: GoalEnv, num_envs: int, seed: int) -> Slots:
    """Return slots that are each at a different step of their episode."""
    slots = reset_slots(env, jax.random.key(seed), num_envs)
    return dataclasses.replace(slots, episode_step=jnp.arange(num_envs, dtype=jnp.int32) % env.spec.episode_length)


def make_unroll(env: GoalEnv, num_steps: int) -> Callable[[Slots, jax.Array], Any]:
    """Return the trainer's unroll with random actions, not compiled."""
    act = uniform_act(env.action_dim)
    return lambda slots, key: unroll(env, act, slots, key, num_steps, env.spec.episode_length)


def median_seconds(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """Time functions in turn, after one call of each that compiles it, and return the median of each."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for repeat in range(repeats + 1):
        for name, call in calls.items():
            start = time.perf_counter()
            jax.block_until_ready(call())
            if repeat:
                seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def print_rate(name: str) -> None:
    """Print the rate of one environment and its ratio to the target."""
    env = make_env(name)
    slots, run = staggered_slots(env, NUM_ENVS, 0), jax.jit(make_unroll(env, NUM_STEPS))
    seconds = median_seconds({name: lambda: run(slots, jax.random.key(0))}, REPEATS)[name]
    rate = NUM_ENVS * NUM_STEPS / seconds
    print(f"{name}: {rate / 1e6:.2f} M env steps/s (median of {REPEATS}), {rate / TARGET:.1f} x the target")


def print_cost_of_seeds(name: str) -> None:
    """Print the time of several seeds with ``vmap``, relative to one seed after the other."""
    env = make_env(name)
    one = make_unroll(env, SEED_STEPS)
    alone, together = jax.jit(one), jax.jit(jax.vmap(one))
    keys = jax.random.split(jax.random.key(0), SEEDS)
    by_seed = [staggered_slots(env, SEED_ENVS, seed) for seed in range(SEEDS)]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *by_seed)
    seconds = median_seconds(
        {
            "loop": lambda: [alone(slots, key) for slots, key in zip(by_seed, keys, strict=True)],
            "vmap": lambda: together(stacked, keys),
        },
        SEED_REPEATS,
    )
    print(
        f"{name}, {SEEDS} seeds x {SEED_ENVS} copies x {SEED_STEPS} steps: {1e3 * seconds['loop']:.1f} ms in a loop, "
        f"{1e3 * seconds['vmap']:.1f} ms vmapped, ratio {seconds['vmap'] / seconds['loop']:.2f}"
    )


def main() -> None:
    """Print all rates and ratios."""
    for name in ENVIRONMENTS:
        print_rate(name)
    print_cost_of_seeds(ENVIRONMENTS[0])


if __name__ == "__main__":
    main()
