"""Time to initialise, compile and update agents of 64 and 1024 layers at width 256.

The limits are on compilation with the first update: 8 s at depth 64, 15 s at depth 1024.
"""

import itertools
import time

import jax

from crl_train.config import make_config
from crl_train.networks import make_networks
from crl_train.relabel import ContrastiveBatch
from crl_train.run_envs import training_env
from crl_train.update import init_learner, update

BARS = {64: 8.0, 1024: 15.0}  # seconds
BATCH_SIZE = 64


def main() -> None:
    """Print the three times for each depth."""
    for depth, bar in BARS.items():
        config = make_config(
            {"env": "point_u_maze", "actor_depth": depth, "critic_depth": depth, "batch_size": BATCH_SIZE}
        )
        env = training_env(config)
        networks = make_networks(config, env.action_dim)
        keys = jax.random.split(jax.random.key(0), 5)
        sizes = (env.state_dim, env.action_dim, env.goal_dim)
        batch = ContrastiveBatch(
            *(jax.random.normal(key, (BATCH_SIZE, size)) for key, size in zip(keys[:3], sizes, strict=True))
        )
        initialise = jax.jit(lambda key, c=config, n=networks, e=env: init_learner(c, n, e, key))
        step = jax.jit(
            lambda learner, batch, key, c=config, n=networks, e=env: update(c, n, e, learner, batch, key),
            donate_argnums=0,
        )
        times = [time.perf_counter()]
        learner = jax.block_until_ready(initialise(keys[3]))
        times.append(time.perf_counter())
        for _ in range(2):
            learner, _ = jax.block_until_ready(step(learner, batch, keys[4]))
            times.append(time.perf_counter())
        start, first, again = (later - earlier for earlier, later in itertools.pairwise(times))
        parameters = sum(leaf.size for leaf in jax.tree.leaves(learner.params))
        print(
            f"depth {depth}, width {config.width}, {parameters / 1e6:.0f} M parameters: initialised in {start:.1f} s, "
            f"compiled and updated in {first:.1f} s (bar {bar:g}) {'PASS' if first <= bar else 'MISS'}, "
            f"updated again in {again:.2f} s",
            flush=True,
        )
        del learner


if __name__ == "__main__":
    main()
