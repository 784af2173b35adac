"""The tanh-Gaussian against SciPy, and the three modes of acting."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.networks import init_params, make_networks, sizes_of
from crl_train.policy import LOG_STD_MAX, LOG_STD_MIN, bounded_log_std, log_prob, make_act, sample_action
from crl_train.run_envs import training_env
from tests.crl_train.helpers import tiny_config
from tests.tolerance import assert_close, float32_tolerance


def change_of_variables(mean, log_std, x):
    """log N(x; mean, σ) − log |d tanh x / dx|, in float64; 1 − tanh² x = 1 / cosh² x, and cosh does not saturate."""
    log_slope = -2 * (np.logaddexp(x, -x) - np.log(2))
    return np.sum(scipy.stats.norm.logpdf(x, mean, np.exp(log_std)) - log_slope)


@pytest.mark.parametrize(
    ("mean", "log_std", "x"),
    [
        ([0.0, 0.0], [0.0, 0.0], [0.0, 0.0]),
        ([0.3, -1.2], [-1.0, 0.5], [0.5, -2.0]),
        # tanh 15 is 1 in float32, so 1 − tanh² would be 0 and its logarithm −∞.
        ([12.0, -15.0], [1.0, -2.0], [15.0, -15.1]),
    ],
)
def test_log_prob_agrees_with_scipy(mean, log_std, x):
    found = log_prob(jnp.array(mean), jnp.array(log_std), jnp.array(x))
    # The largest numbers on the way are the logarithms of the slope at 15, twice 14.3, one for each dimension.
    assert_close(found, change_of_variables(*map(np.array, (mean, log_std, x))), terms=20, scale=60)


def test_log_prob_at_the_middle_by_hand():
    # At x = mean = 0 with σ = 1 the slope of tanh is 1: log π = −½ log 2π in each of three dimensions.
    assert_close(log_prob(jnp.zeros(3), jnp.zeros(3), jnp.zeros(3)), -1.5 * np.log(2 * np.pi), terms=20)


def test_density_over_actions_integrates_to_one():
    x = jnp.linspace(-8, 8, 20_001)
    density = jnp.exp(log_prob(jnp.full((20_001, 1), 0.4), jnp.full((20_001, 1), -0.5), x[:, None]))
    np.testing.assert_allclose(np.trapezoid(np.float64(density), np.tanh(np.float64(x))), 1.0, atol=1e-3)


@settings(max_examples=100)
@given(st.floats(-1e6, 1e6), st.floats(0.01, 5))
def test_log_std_stays_in_its_bounds_and_rises(raw, more):
    low, high = bounded_log_std(jnp.array([raw, raw + more]))
    rounding = float32_tolerance(terms=4, scale=7)  # tanh is a polynomial, which rises up to rounding
    assert LOG_STD_MIN - rounding <= low <= high + rounding <= LOG_STD_MAX + 2 * rounding


def test_log_std_of_a_zero_output_by_hand():
    # −5 + 3.5 (tanh 0 + 1) = −1.5
    assert bounded_log_std(jnp.zeros(1)) == -1.5


def test_samples_have_the_asked_mean_and_spread():
    # Raw −∞ would give σ = e⁻⁵; raw 0 gives σ = e^−1.5 = 0.223 around a mean of 0.5, before tanh.
    actions, log_probs = sample_action(jnp.full((20_000, 1), 0.5), jnp.zeros((20_000, 1)), jax.random.key(0))
    before_tanh = np.arctanh(np.float64(actions))
    np.testing.assert_allclose(before_tanh.mean(), 0.5, atol=0.01)
    np.testing.assert_allclose(before_tanh.std(), np.exp(-1.5), rtol=0.02)
    assert log_probs.shape == (20_000,)


# --- acting ----------------------------------------------------------------------------------------------


TERMS = 5 * 4 * 8  # roundings in the stem and four layers of 8 units


@pytest.fixture(scope="module")
def agent():
    config = tiny_config(width=8)
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    params = jax.jit(lambda key: init_params(networks, sizes_of(env), key))(jax.random.key(0))
    state, goal = jax.random.normal(jax.random.key(9), (5, 4)), jax.random.normal(jax.random.key(8), (5, 2))
    return networks, params, state, goal


def acting(agent, mode, energy="norm"):
    networks, params, *_ = agent
    return jax.jit(make_act(networks, params, energy, mode))


def test_mean_mode_is_tanh_of_the_mean_and_ignores_the_key(agent):
    networks, params, state, goal = agent
    act = acting(agent, "mean")
    first, second = (act(state, goal, jax.random.key(seed)) for seed in (0, 1))
    np.testing.assert_array_equal(first, second)
    mean, _ = jax.jit(networks.action_head)(params["actor"], state, goal)
    assert_close(first, np.tanh(mean), terms=TERMS, scale=1)


def test_sample_mode_depends_on_the_key_alone(agent):
    *_, state, goal = agent
    act = acting(agent, "sample")
    first, again, other = (act(state, goal, jax.random.key(seed)) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).min() > 0
    assert len(np.unique(first)) == first.size  # no two rows or dimensions share their noise


@pytest.mark.parametrize("energy", ["norm", "dot"])
def test_best_of_k_is_the_candidate_of_largest_energy(agent, energy):
    networks, params, state, goal = agent
    key = jax.random.key(3)
    best = acting(agent, "best_of_6", energy)(state, goal, key)
    sample = acting(agent, "sample")
    candidates = np.stack([sample(state, goal, one) for one in jax.random.split(key, 6)])
    psi = np.float64(jax.jit(networks.psi)(params["goal_encoder"], goal))
    phi_of = jax.jit(networks.phi)
    phi = np.stack([np.float64(phi_of(params["state_action_encoder"], state, action)) for action in candidates])
    energies = (phi * psi).sum(-1) if energy == "dot" else -np.linalg.norm(phi - psi, axis=-1)
    assert_close(best, candidates[energies.argmax(axis=0), np.arange(len(state))], terms=TERMS, scale=1)
    assert len(set(energies.argmax(axis=0))) > 1


def test_best_of_one_is_a_sample(agent):
    *_, state, goal = agent
    key = jax.random.key(4)
    best = acting(agent, "best_of_1")(state, goal, key)
    assert_close(best, acting(agent, "sample")(state, goal, jax.random.split(key, 1)[0]), terms=TERMS, scale=1)


@pytest.mark.parametrize("mode", ["mean", "sample", "best_of_3"])
def test_acting_takes_one_state_as_well_as_a_batch(agent, mode):
    *_, state, goal = agent
    action = acting(agent, mode)(state[0], goal[0], jax.random.key(0))
    assert action.shape == (2,)
    assert np.abs(action).max() < 1


def test_unknown_mode_is_refused_with_its_name(agent):
    with pytest.raises(ValueError, match="greedy"):
        acting(agent, "greedy")
