"""Env steps per second of the point mazes: 512 parallel copies, random actions, fresh start and goal at every reset.

The copies are at different times of their episodes, so that a reset is computed for all of them in every step and
kept for those whose episode is over. That is the dearest way to reset; a trainer whose copies end together pays less.
"""

import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs import make_env
from crl_train.envs.goal_env import GoalEnv, batched_reset

ENVIRONMENTS = ("point_u_maze", "point_hardest_maze")
NUM_ENVS = 512
NUM_STEPS = 3_000  # per copy and timed run
REPEATS = 5
TARGET = 1e6  # env steps per second


def make_random_run(env: GoalEnv) -> Callable[[PRNGKeyArray], Float[Array, ""]]:
    """Return a compiled function that takes NUM_STEPS random steps in every copy and returns the mean reward."""

    def step(carry, inputs):
        env_state, age = carry
        action, reset_key = inputs
        env_state = jax.vmap(env.step)(env_state, action)
        reward = env_state.reward.mean()
        is_over = age + 1 >= env.spec.episode_length
        keep = jax.vmap(lambda over, fresh, old: jax.tree.map(lambda f, o: jnp.where(over, f, o), fresh, old))
        env_state = keep(is_over, batched_reset(env, reset_key, NUM_ENVS), env_state)
        return (env_state, jnp.where(is_over, 0, age + 1)), reward

    @jax.jit
    def run(key: PRNGKeyArray) -> Float[Array, ""]:
        first_key, action_key, reset_key = jax.random.split(key, 3)
        env_state = batched_reset(env, first_key, NUM_ENVS)
        ages = jnp.arange(NUM_ENVS) % env.spec.episode_length
        actions = jax.random.uniform(action_key, (NUM_STEPS, NUM_ENVS, env.action_dim), minval=-1, maxval=1)
        _, rewards = jax.lax.scan(step, (env_state, ages), (actions, jax.random.split(reset_key, NUM_STEPS)))
        return rewards.mean()

    return run


def main() -> None:
    """Print the median rate over REPEATS runs of each environment, and its ratio to the target."""
    for name in ENVIRONMENTS:
        run = make_random_run(make_env(name))
        jax.block_until_ready(run(jax.random.key(0)))  # compile
        rates = []
        for repeat in range(REPEATS):
            start = time.perf_counter()
            jax.block_until_ready(run(jax.random.key(1 + repeat)))
            rates.append(NUM_ENVS * NUM_STEPS / (time.perf_counter() - start))
        rate = statistics.median(rates)
        print(f"{name}: {rate / 1e6:.2f} M env steps/s (median of {REPEATS}), {rate / TARGET:.1f} x the target")


if __name__ == "__main__":
    main()
