"""How far two computations of one number may lie apart in float32.

XLA compiles a program for the CPU it finds: wider vectors add in another order, a fused multiply-add rounds once where
two operations round twice, and exponentials come from other polynomials. Two programs, or one program on two machines,
agree up to rounding and no further. Equality to the bit is right for numbers that were copied, for numbers that
float32 holds exactly whatever the order, and for one compiled program on one input.
"""

from typing import Any

import jax
import numpy as np

EPSILON = float(np.finfo(np.float32).eps)  # 2⁻²³ = 1.2e-7: one rounding moves a number by half of it at most


def float32_tolerance(terms: int, scale: float = 1.0) -> float:
    """Bound the distance between two results that each went through ``terms`` roundings.

    Each result is off by ``terms · ε / 2 · scale`` at most, to either side. The bound is linear in the terms and not in
    their root, because layers amplify what earlier ones have rounded.

    Args:
        terms: Numbers added up on the longest way from input to result. A layer of width w counts w for its product and
            as much for each sum of its normalisation; an exponential, logarithm or tanh counts 4.
        scale: Largest number on that way.

    Example:
        >>> f"{float32_tolerance(terms=100, scale=2.0):.1e}"
        '2.4e-05'
    """
    return terms * EPSILON * scale


def assert_close(found: Any, expected: Any, *, terms: int, scale: float | None = None) -> None:
    """Assert that two float32 results differ by rounding alone.

    Args:
        found: Numbers of any shape.
        expected: Numbers of the same shape.
        terms: As for :func:`float32_tolerance`.
        scale: Likewise; the largest of the expected numbers if not given.
    """
    if scale is None:
        scale = float(np.max(np.abs(expected)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=float32_tolerance(terms, scale))


def assert_trees_close(found: Any, expected: Any, *, terms: int, scale: float | None = None) -> None:
    """Assert the same of every leaf of two trees; leaves of integers and booleans must be equal."""
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        if np.issubdtype(np.asarray(other).dtype, np.floating):
            assert_close(one, other, terms=terms, scale=scale)
        else:
            np.testing.assert_array_equal(one, other)
