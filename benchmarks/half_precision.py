"""What bfloat16 costs in accuracy, with the residual stream in either type, and in time.

Fresh networks of width 256, 256 random inputs. The error of an output is relative to the spread of outputs over inputs,
that of a gradient to its length.
"""

import functools
import statistics
import time
from typing import Any

import jax
import jax.numpy as jnp

from crl_train.config import make_config
from crl_train.networks import Networks, ResidualMLP, make_networks
from crl_train.relabel import ContrastiveBatch
from crl_train.run_envs import training_env
from crl_train.update import init_learner, update

DEPTHS = (4, 16, 64, 256)
WIDTH, BATCH, OUT = 256, 256, 64
ROUNDS = 9
SINGLE, HALF = jnp.float32, jnp.bfloat16


def hidden_layer(params: Any, x: jax.Array, dtype: Any) -> jax.Array:
    """A hidden layer in one type, its normalisation in float32, as ``networks.HiddenLayer`` has it."""
    kernel, bias = (params["Dense_0"][name].astype(dtype) for name in ("kernel", "bias"))
    sums = (x.astype(dtype) @ kernel + bias).astype(SINGLE)
    normalised = jax.nn.standardize(sums, epsilon=1e-6) * params["LayerNorm_0"]["scale"] + params["LayerNorm_0"]["bias"]
    return jax.nn.swish(normalised.astype(dtype))


def forward(params: Any, x: jax.Array, dtype: Any, stream_dtype: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Output of a network; for each block the share of its entries that the stream ignores, and its size beside it."""

    def block(stream: jax.Array, layers: Any) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
        added = stream
        for layer in range(4):
            added = hidden_layer(layers[f"HiddenLayer_{layer}"], added, dtype)
        after = stream + added.astype(stream_dtype)
        ignored = jnp.mean((after == stream) & (added != 0))
        size = jnp.linalg.norm(added.astype(SINGLE)) / jnp.linalg.norm(stream.astype(SINGLE))
        return after, (ignored, size)

    stem = hidden_layer(params["stem"], x, SINGLE).astype(stream_dtype)
    stream, by_block = jax.lax.scan(block, stem, params["blocks"]["block"])
    return stream.astype(SINGLE) @ params["head"]["kernel"] + params["head"]["bias"], by_block


def distance(one: Any, other: Any) -> float:
    """Euclidean distance between two trees of arrays."""
    pairs = zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True)
    return float(jnp.sqrt(sum(jnp.sum(jnp.square(a - b)) for a, b in pairs)))


def accuracy(depth: int) -> None:
    """Print errors of outputs and gradients with a stream of either type."""
    x = 3 * jax.random.normal(jax.random.key(1), (BATCH, 6))
    params = jax.jit(ResidualMLP(depth // 4, WIDTH, OUT).init)(jax.random.key(0), x)["params"]
    direction = jax.random.normal(jax.random.key(9), (BATCH, OUT))

    @functools.partial(jax.jit, static_argnums=(0, 1))
    def results(dtype: Any, stream_dtype: Any, params: Any, x: jax.Array) -> tuple[Any, Any, Any]:
        out, by_block = forward(params, x, dtype, stream_dtype)
        gradient = jax.grad(lambda params: jnp.sum(forward(params, x, dtype, stream_dtype)[0] * direction))(params)
        return out, gradient, by_block

    exact, exact_gradient, _ = results(SINGLE, SINGLE, params, x)
    spread = distance(exact, jnp.broadcast_to(exact.mean(axis=0), exact.shape))
    length = distance(exact_gradient, jax.tree.map(jnp.zeros_like, exact_gradient))
    for name, stream_dtype in (("float32", SINGLE), ("bfloat16", HALF)):
        out, gradient, (ignored, size) = results(HALF, stream_dtype, params, x)
        print(
            f"depth {depth}, stream {name}: output off by {distance(out, exact) / spread:.2%}, gradient by "
            f"{distance(gradient, exact_gradient) / length:.2%}; last block {size[-1]:.1%} of the stream, "
            f"{ignored[-1]:.1%} of it ignored",
            flush=True,
        )


def speed(depth: int) -> None:
    """Print the time of an update in bfloat16 over that in float32, the two in turn."""
    env = training_env(make_config({"env": "point_u_maze"}))
    keys = jax.random.split(jax.random.key(0), 5)
    sizes = (env.state_dim, env.action_dim, env.goal_dim)
    batch = ContrastiveBatch(
        *(jax.random.normal(key, (BATCH, size)) for key, size in zip(keys[:3], sizes, strict=True))
    )

    def program(precision: str) -> Any:
        depths = {"actor_depth": depth, "critic_depth": depth}
        config = make_config({"env": "point_u_maze", **depths, "width": WIDTH, "precision": precision})
        networks: Networks = make_networks(config, env.action_dim)
        learner = jax.jit(lambda key: init_learner(config, networks, env, key))(keys[3])
        step = jax.jit(functools.partial(update, config, networks, env))
        return lambda: jax.block_until_ready(step(learner, batch, keys[4]))

    def seconds(step: Any) -> float:
        start = time.perf_counter()
        step()
        return time.perf_counter() - start

    single, half = program("float32"), program("bfloat16")
    single(), half()  # compiled
    ratio = statistics.median(seconds(half) / seconds(single) for _ in range(ROUNDS))
    print(f"depth {depth}: an update in bfloat16 takes {ratio:.2f} of its time in float32", flush=True)


def main() -> None:
    """Print all of it."""
    for depth in DEPTHS:
        accuracy(depth)
    for depth in DEPTHS[:-1]:
        speed(depth)


if __name__ == "__main__":
    main()
