"""The cheetah weighs what it should, sees where MuJoCo has it, and starts as it says; jaxgcrl's is reproduced."""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.stats import kstest, norm, uniform

from crl_train.envs.cheetah import make_cheetah
from crl_train.envs.facts import cheetah_spec
from crl_train.envs.goal_env import batched_reset
from crl_train.errors import ConfigError
from tests.crl_train.envs.physics_runs import seconds_of_a_step
from tests.tolerance import assert_close

COPIES, STEPS, DRAWS = 8, 20, 4000

get_env = functools.cache(make_cheetah)


@functools.cache
def rollout():
    """States and physics of copies that are pushed at random. Each (steps and start, copies, ...)."""
    env = get_env()

    def record(state):
        return state.obs, state.pipeline_state.q, state.pipeline_state.qd, state.reward, state.done

    @jax.jit
    def run(key):
        def step(state, action):
            state = jax.vmap(env.step)(state, action)
            return state, record(state)

        first = batched_reset(env, key, COPIES)
        later = jax.lax.scan(step, first, jax.random.uniform(key, (STEPS, COPIES, 6), minval=-1, maxval=1))[1]
        return jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), record(first), later)

    return jax.tree.map(np.asarray, run(jax.random.PRNGKey(0)))


def of_mujoco(env, q, body):
    """Where plain MuJoCo has a body."""
    model = env.physics.system.mj_model
    data = mujoco.MjData(model)
    data.qpos = q
    mujoco.mj_forward(model, data)
    return data.body(body).xpos


def segment(env, states, name):
    return states[..., list(env.spec.layout.indices(name))]


# --- facts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
def test_physics_and_sizes_by_option(reference):
    env, facts = get_env(reference), cheetah_spec(reference)
    model = env.physics.system.mj_model
    assert (env.physics.backend, env.physics.substeps) == (env.spec.backend, 5) == ("mjx" if reference else "mujoco", 5)
    assert env.spec.dt == facts.dt == seconds_of_a_step(env.physics) == 0.05
    assert (model.opt.iterations, model.opt.ls_iterations) == (4, 50)
    assert (model.opt.solver, model.opt.integrator) == (mujoco.mjtSolver.mjSOL_NEWTON, mujoco.mjtIntegrator.mjINT_EULER)
    assert model.actuator_gear[:, 0].tolist() == [120, 90, 60, 120, 60, 30]
    assert (env.state_dim, env.goal_dim, env.action_dim, env.goal_indices) == (18, 1, 6, (0,))
    assert (env.spec.tolerance, env.spec.episode_length) == (0.5, 1000)
    assert (env.spec.goal_axes, env.spec.plane) == (("x",), None)
    assert env.spec.fixed_starts == facts.fixed_starts == (reference is not None)


def test_cheetah_weighs_14_kg_and_jaxgcrls_loses_some_to_the_body_at_its_goal():
    ours, theirs = get_env().physics.system, get_env("jaxgcrl").physics.system
    assert_close(ours.link.inertia.mass.sum(), 14.0, terms=7)
    assert "target" not in ours.link_names
    target = theirs.link_names.index("target")
    masses = np.asarray(theirs.link.inertia.mass)
    np.testing.assert_allclose(masses[target], 0.631, atol=5e-4)
    np.testing.assert_allclose(np.delete(masses, target).sum(), 13.369, atol=5e-4)
    # What of MuJoCo's own model steps the physics.
    assert_close(theirs.body_mass[1:], masses, terms=1)
    assert theirs.link.constraint_ang_damping.tolist() == [10, 2, 2, 2, 10, 2, 1, 1]


def test_goal_is_reached_within_half_a_metre():
    env = get_env()
    for x, reached in ((4.49, False), (4.51, True), (5.49, True), (5.51, False)):
        assert env.success(jnp.zeros(18).at[0].set(x), jnp.array([5.0])) == reached


def test_task_is_not_planar():
    with pytest.raises(ConfigError, match="environment 'cheetah' is not planar"):
        get_env().planar_state(np.zeros((1, 2)))


# --- what is seen ----------------------------------------------------------------------------------------


@pytest.mark.every_env
def test_state_is_that_of_mujoco_after_every_step():
    env = get_env()
    observations, q, qd, *_ = rollout()
    states = observations[..., :18].reshape(-1, 18)
    np.testing.assert_array_equal(states, np.concatenate([q, qd], axis=-1).reshape(-1, 18))
    torso = np.array([of_mujoco(env, one, "torso") for one in q.reshape(-1, 9)])
    np.testing.assert_array_equal(env.achieved_goal(jnp.asarray(states))[:, 0], torso[:, 0].astype(np.float32))
    assert_close(segment(env, states, "position")[:, 0], torso[:, 0], terms=1)
    assert_close(segment(env, states, "height")[:, 0], torso[:, 2] - 0.7, terms=1)


@pytest.mark.every_env
def test_episode_never_ends_and_keeps_its_goal():
    env = get_env()
    observations, _, _, reward, done = rollout()
    assert np.isfinite(observations).all()
    assert (done == 0).all()
    assert (observations[..., 18:] == 5).all()
    np.testing.assert_array_equal(reward[1:], env.success(*env.split_observation(jnp.asarray(observations[1:]))))


# --- starts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
def test_draws_of_starts_and_goals(reference):
    env = get_env(reference)
    draw = jax.jit(jax.vmap(env.draw))
    q, qd, goal = jax.tree.map(np.asarray, draw(jax.random.split(jax.random.PRNGKey(0), DRAWS)))
    assert (goal == 5).all()
    # Thresholds are passed by chance in one of 10,000 draws each, and the key is fixed.
    for entry in range(9):
        assert np.abs(q[:, entry]).max() <= 0.1
        assert kstest(q[:, entry], uniform(-0.1, 0.2).cdf).pvalue > 1e-4
        assert kstest(qd[:, entry], norm(0, 0.1).cdf).pvalue > 1e-4
    if reference is not None:
        assert (qd[:, 9] == 0).all()
        np.testing.assert_array_equal(of_mujoco(env, q[0], "target"), [5, 0, 0.01])
