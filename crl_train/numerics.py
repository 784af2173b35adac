"""The precision of numbers and the generator of random ones, whatever JAX's global flags say.

Training and probing compute in float32, but for layers of networks that a config puts in bfloat16 (``networks``). They
promote types as usual, and draw from one named generator also under ``JAX_ENABLE_X64``, ``JAX_NUMPY_DTYPE_PROMOTION``,
``JAX_DEFAULT_PRNG_IMPL`` and ``JAX_RANDOM_SEED_OFFSET``. For the flags that still decide numbers see
``numeric_flags``.
"""

import functools
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

import jax
from jaxtyping import Array, PRNGKeyArray

P = ParamSpec("P")
R = TypeVar("R")

GENERATOR: Final = "threefry2x32"


def single_precision(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function compute in float32 also where ``jax_enable_x64`` is on; a decorator.

    Types are promoted as JAX does by default, so that a session that forbids it can train and probe. The state of both
    flags is that of the calling thread: the session goes on in its own.
    """

    @functools.wraps(function)
    def in_single_precision(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.enable_x64(False), jax.numpy_dtype_promotion("standard"):
            return function(*args, **kwargs)

    return in_single_precision


def random_key(seed: int) -> PRNGKeyArray:
    """The key of a seed, of the generator that all random numbers come from."""
    # JAX adds the offset to every seed, for programs that have none of their own.
    offset: int = getattr(jax.config, "jax_random_seed_offset")  # noqa: B009  # JAX sets its flags by name
    return jax.random.key(seed - offset, impl=GENERATOR)


def key_from_data(data: Array) -> PRNGKeyArray:
    """The key that ``jax.random.key_data`` turned into plain words."""
    return jax.random.wrap_key_data(data, impl=GENERATOR)
