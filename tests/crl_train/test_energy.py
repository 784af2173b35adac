"""Every energy by hand, for pairs and all pairs; close to float64 also far from the origin; no NaN at distance 0."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from crl_train.energy import all_pairs_energy, paired_energy
from crl_train.losses import forward_infonce, logsumexp_penalty
from tests.tolerance import assert_close, float32_tolerance

PAIRED, ALL_PAIRS = (jax.jit(energy, static_argnums=0) for energy in (paired_energy, all_pairs_energy))

KINDS = ("norm", "l2", "dot", "cosine")

REFERENCES = {
    "norm": lambda phi, psi: -np.sqrt(((phi - psi) ** 2).sum(-1)),
    "l2": lambda phi, psi: -((phi - psi) ** 2).sum(-1),
    "dot": lambda phi, psi: (phi * psi).sum(-1),
    "cosine": lambda phi, psi: (phi * psi).sum(-1) / np.sqrt((phi**2).sum(-1) * (psi**2).sum(-1)),
}


@pytest.mark.parametrize(
    ("kind", "energy"),
    [
        # φ = (3, 4), ψ = (0, 8): φ − ψ = (3, −4), whose length is √(9 + 16) = 5
        ("norm", -5.0),
        ("l2", -25.0),
        # 3·0 + 4·8 = 32
        ("dot", 32.0),
        # 32 / (5 · 8) = 0.8
        ("cosine", 0.8),
    ],
)
def test_pair_by_hand(kind, energy):
    found = PAIRED(kind, jnp.array([3.0, 4.0]), jnp.array([0.0, 8.0]))
    assert_close(found, energy, terms=10)


@pytest.mark.parametrize(
    ("kind", "energies"),
    [
        # Rows φ = (1, 0), (0, 2); columns ψ = (1, 0), (3, 0), (0, 1).
        ("norm", [[0, -2, -np.sqrt(2)], [-np.sqrt(5), -np.sqrt(13), -1]]),
        ("l2", [[0, -4, -2], [-5, -13, -1]]),
        ("dot", [[1, 3, 0], [0, 0, 2]]),
        # Row by row: the lengths of the other rows play no part.
        ("cosine", [[1, 1, 0], [0, 0, 1]]),
    ],
)
def test_all_pairs_by_hand(kind, energies):
    phi, psi = jnp.array([[1.0, 0.0], [0.0, 2.0]]), jnp.array([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0]])
    np.testing.assert_allclose(ALL_PAIRS(kind, phi, psi), energies, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("offset", [0.0, 100.0])
def test_agrees_with_float64_also_far_from_the_origin(kind, offset):
    rng = np.random.default_rng(0)
    phi, psi = (np.float32(rng.normal(size=(n, 64)) + offset) for n in (48, 32))
    reference = REFERENCES[kind](phi[:, None].astype(np.float64), psi[None].astype(np.float64))
    # Three sums of 64. The largest energy and not the largest coordinate: the offset must not be felt in a distance.
    assert_close(ALL_PAIRS(kind, jnp.array(phi), jnp.array(psi)), reference, terms=3 * 64)
    pairs = PAIRED(kind, jnp.array(phi[:32]), jnp.array(psi))
    assert_close(pairs, np.diagonal(reference), terms=3 * 64, scale=np.abs(reference).max())


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=30)
@given(hnp.arrays(np.float32, (2, 6, 5), elements=st.floats(-10, 10, width=32)))
def test_pairs_are_the_diagonal_of_all_pairs(kind, representations):
    phi, psi = jnp.array(representations)
    diagonal = jnp.diagonal(ALL_PAIRS(kind, phi, psi))
    # A distance is the root of a difference of squares up to 5 · 20² = 2000, whose float32 rounding is about 1e-4·√2.
    np.testing.assert_allclose(PAIRED(kind, phi, psi), diagonal, rtol=1e-4, atol=0.05)


@pytest.mark.parametrize("kind", ["norm", "l2"])
@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(-100, 100))
def test_distances_ignore_a_common_shift(kind, seed, shift):
    phi, psi = jax.random.normal(jax.random.key(seed), (2, 4, 8))
    shifted = ALL_PAIRS(kind, phi + shift, psi + shift)
    # Every coordinate is rounded at the size of the shift. Squaring differences of up to about 8 makes 2 · 8 times as
    # much of it, and eight are added up.
    atol = float32_tolerance(terms=8, scale=2 * 8 * (8 + abs(shift)))
    np.testing.assert_allclose(shifted, ALL_PAIRS(kind, phi, psi), rtol=0, atol=atol)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("point", [0.0, 1.5, -300.0])
def test_gradient_is_finite_where_representations_coincide(kind, point):
    phi = jnp.full((3, 4), point)
    for energy in (PAIRED, ALL_PAIRS):
        value, gradients = jax.value_and_grad(
            lambda phi, psi, energy=energy: jnp.sum(energy(kind, phi, psi)), argnums=(0, 1)
        )(phi, phi)
        assert np.isfinite(value)
        assert np.isfinite(gradients).all()


def test_gradient_of_a_distance_is_the_unit_vector_between():
    # ∂(−‖φ − ψ‖)/∂φ = −(φ − ψ)/‖φ − ψ‖ = −(3, −4)/5
    for energy in (PAIRED, ALL_PAIRS):
        gradient = jax.grad(lambda phi, energy=energy: jnp.sum(energy("norm", phi, jnp.array([[0.0, 8.0]]))))
        assert_close(gradient(jnp.array([[3.0, 4.0]])), [[-0.6, 0.8]], terms=40)


def test_unknown_kind_is_refused_with_its_name():
    with pytest.raises(KeyError, match="manhattan"):
        paired_energy("manhattan", jnp.zeros(2), jnp.zeros(2))


@pytest.mark.parametrize("kind", ["norm", "l2", "dot", "cosine"])
def test_a_broken_representation_never_passes_for_a_near_one(kind):
    broken, whole = jnp.full((3, 4), jnp.nan), jnp.ones((3, 4))
    assert np.isnan(paired_energy(kind, broken, whole)).all()
    assert np.isnan(all_pairs_energy(kind, broken, whole)).all()


@pytest.mark.parametrize("deviation", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("distance", [1e-4, 1e-2, 0.1, 1.0, 10.0])
def test_gradients_are_right_where_positives_are_much_closer_than_the_batch_is_wide(distance, deviation):
    rng = np.random.default_rng(0)
    psi = np.float32(deviation * rng.normal(size=(64, 64)))
    step = rng.normal(size=psi.shape)
    phi = np.float32(psi + distance * step / np.linalg.norm(step, axis=1, keepdims=True))

    def critic_loss(logits):
        return forward_infonce(logits) + 0.1 * logsumexp_penalty(logits)

    def exact_loss(phi, psi):
        squares = jnp.sum(jnp.square(phi[:, None] - psi[None]), axis=-1)
        return critic_loss(-jnp.sqrt(squares))

    found = jax.jit(jax.grad(lambda *pair: critic_loss(all_pairs_energy("norm", *pair)), argnums=(0, 1)))(phi, psi)
    with jax.enable_x64(True):
        exact = jax.jit(jax.grad(exact_loss, argnums=(0, 1)))(phi.astype(np.float64), psi.astype(np.float64))
    for mine, right in zip(found, exact, strict=True):
        error = np.linalg.norm(np.asarray(mine) - np.asarray(right)) / np.linalg.norm(np.asarray(right))
        assert error <= 1e-3
