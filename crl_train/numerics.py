"""The precision of numbers and the generator of random ones, whatever JAX's global flags say.

Training and probing compute in float32 and draw from one named generator also under ``JAX_ENABLE_X64`` and
``JAX_DEFAULT_PRNG_IMPL``. For the flags that still decide numbers see ``numeric_flags``.
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

    The state of the flag is that of the calling thread, so that a session in double precision goes on in it.
    """

    @functools.wraps(function)
    def in_single_precision(*args: P.args, **kwargs: P.kwargs) -> R:
        with jax.enable_x64(False):
            return function(*args, **kwargs)

    return in_single_precision


def random_key(seed: int) -> PRNGKeyArray:
    """The key of a seed, of the generator that all random numbers come from."""
    return jax.random.key(seed, impl=GENERATOR)


def key_from_data(data: Array) -> PRNGKeyArray:
    """The key that ``jax.random.key_data`` turned into plain words."""
    return jax.random.wrap_key_data(data, impl=GENERATOR)
