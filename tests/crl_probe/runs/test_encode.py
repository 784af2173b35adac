"""Encoding in pieces gives what encoding at once gives."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.runs.encode import CHUNK, acting, encode_phi, encode_psi, energy_of, in_chunks
from crl_probe.runs.loading import load_run
from tests.crl_probe.fakes import FakeRun
from tests.tolerance import assert_close


@settings(max_examples=30)
@given(st.integers(1, 40), st.integers(1, 16))
def test_pieces_are_put_together_in_order(points, chunk):
    shapes = []

    def double(array):
        shapes.append(array.shape)
        return 2 * array

    data = np.arange(3.0 * points, dtype=np.float32).reshape(points, 3)
    np.testing.assert_array_equal(in_chunks(double, data, chunk=chunk), 2 * data)
    assert set(shapes) == {(chunk, 3)}  # one shape, one compilation


def test_energy_of_embeddings_is_the_energy():
    run = FakeRun()
    generator = np.random.default_rng(0)
    state, action, goal = (generator.uniform(3, 5, size=(7, n)).astype(np.float32) for n in (4, 2, 2))
    expected = run.energy(state, action, goal)
    np.testing.assert_allclose(
        energy_of(run, encode_phi(run, state, action), encode_psi(run, goal)), expected, rtol=1e-4, atol=1e-4
    )


def test_nothing_is_refused():
    with pytest.raises(ValueError, match=r"inputs have lengths \[0\]"):
        in_chunks(jnp.abs, np.zeros((0, 1)))


def test_acting_agrees_with_the_run_and_draws_anew(finished_run):
    run = load_run(finished_run.path)
    generator = np.random.default_rng(0)
    state, goal = (generator.uniform(3, 5, size=(7, n)).astype(np.float32) for n in (4, 2))
    assert_close(acting(run)(state, goal), run.act(state, goal), terms=5 * 4 * 16)  # the stem and four layers of 16
    best = acting(run, "best_of_2", seed=3)
    first, second = best(state, goal), best(state, goal)
    assert first.shape == (7, 2)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(acting(run, "best_of_2", seed=3)(state, goal), first)


def test_draws_do_not_depend_on_which_piece_is_done_first(finished_run):
    run = load_run(finished_run.path)
    generator = np.random.default_rng(0)
    state, goal = (generator.uniform(3, 5, size=(3 * CHUNK, n)).astype(np.float32) for n in (4, 2))
    first, *others = (acting(run, "sample", seed=3)(state, goal) for _ in range(4))
    for other in others:
        np.testing.assert_array_equal(first, other)
