"""The pusher sees hand and object where MuJoCo has them, pushes, and starts as it says; jaxgcrl's is reproduced."""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.stats import ks_2samp, kstest, uniform

from crl_train.envs.facts import pusher_spec
from crl_train.envs.goal_env import EnvState
from crl_train.envs.pusher import HAND, LEAST_DISTANCE, OBJECT, ORIGIN, TIP, WRIST, make_pusher
from tests.crl_train.envs.physics_runs import seconds_of_a_step
from tests.tolerance import EPSILON, assert_close

COPIES, STEPS, DRAWS = 8, 10, 4000
TOUCHING = 0  # the copy whose hand is pressed into the object
# Roundings on the way from joint angles to the hand: for each of seven joints a quaternion of a half angle (8), its
# product with that of the parent (4) and its normalisation (8), and a rotated offset (20).
TERMS = 7 * 40

get_env = functools.cache(make_pusher)


@functools.cache
def rollout():
    """States and physics of copies that are pushed at random; in one the hand touches. Each (steps and start, ...)."""
    env = get_env("easy")
    key = jax.random.PRNGKey(0)
    q = jnp.zeros((COPIES, 9)).at[:, :7].set(jax.random.uniform(key, (COPIES, 7), minval=-0.4, maxval=0))
    q = q.at[TOUCHING].set(touching_pose(env))
    actions = jax.random.uniform(key, (STEPS, COPIES, 7), minval=-1, maxval=1).at[:, TOUCHING].set(0)

    def start(q):
        physics_state = env.physics.init(q, jnp.zeros(9))
        observation, _ = env.observe(env.state_of(physics_state, jnp.zeros(7)), jnp.array([0.45, -0.45, -0.275]))
        return EnvState(physics_state, observation, jnp.zeros(()), jnp.zeros(()))

    def record(state):
        return state.obs, state.pipeline_state.q, state.pipeline_state.qd, state.reward, state.done

    @jax.jit
    def run(q, actions):
        def step(state, action):
            state = jax.vmap(env.step)(state, action)
            return state, record(state)

        first = jax.vmap(start)(q)
        later = jax.lax.scan(step, first, actions)[1]
        return jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), record(first), later)

    return jax.tree.map(np.asarray, run(q, actions))


def touching_pose(env):
    """The arm lowered to the object's height, and the object 1 cm too near to the end of the left finger along x."""
    q = np.zeros(9)
    q[1] = 0.33
    _, data = of_mujoco(env, q)
    finger_end = data.body(HAND).xpos + data.body(HAND).xmat.reshape(3, 3) @ [0.1, 0.1, 0]
    x, y = finger_end[:2] - ORIGIN
    q[7:] = y, x + 0.06  # radii of 5 cm and 2 cm
    return q


def of_mujoco(env, q):
    """Plain MuJoCo's positions of the tip and of the object; and all of its data."""
    model = env.physics.system.mj_model
    data = mujoco.MjData(model)
    data.qpos = q
    mujoco.mj_forward(model, data)
    hand = data.body(HAND)
    return (hand.xpos + hand.xmat.reshape(3, 3) @ TIP, data.body(OBJECT).xipos.copy()), data


def segment(env, states, name):
    return states[..., list(env.spec.layout.indices(name))]


# --- facts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["easy", "hard"])
@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
def test_physics_and_sizes_by_option(kind, reference):
    env, facts = get_env(kind, reference), pusher_spec(kind, reference)
    system = env.physics.system
    assert (env.physics.backend, env.physics.substeps) == (env.spec.backend, 5) == ("generalized", 5)
    assert env.spec.dt == facts.dt == seconds_of_a_step(env.physics) == 0.05
    assert set(system.actuator.gear.tolist()) == {1}
    assert not np.any(system.gravity)
    assert (env.name, env.state_dim, env.goal_dim, env.action_dim) == (f"pusher_{kind}", 20, 3, 7)
    assert (env.goal_indices, env.spec.plane) == ((10, 11, 12), ("x", "y"))
    assert (env.spec.tolerance, env.spec.episode_length) == (0.1, 1000)
    assert env.spec.fixed_starts == facts.fixed_starts == (reference is not None)
    assert ("goal" in system.link_names) == (reference is not None)


def test_middle_of_the_tip_is_between_the_models_fingertips():
    model = get_env("easy").physics.system.mj_model
    np.testing.assert_allclose((model.geom("tip_arml").pos + model.geom("tip_armr").pos) / 2, TIP)
    assert model.geom("tip_arml").bodyid == model.geom("tip_armr").bodyid == model.body(HAND).id


def test_goal_is_reached_within_ten_centimetres_and_in_jaxgcrls_only_nearly_above_it():
    goals = {None: -0.275, "jaxgcrl": -0.323}
    reach = {None: 0.1, "jaxgcrl": np.sqrt(0.1**2 - 0.048**2)}
    for reference, height in goals.items():
        env = get_env("easy", reference)
        state = jnp.zeros(20).at[10:13].set(jnp.array([0.4, -0.3, -0.275]))
        assert env.success(state, jnp.array([0.4 + reach[reference] - 1e-4, -0.3, height]))
        assert not env.success(state, jnp.array([0.4 + reach[reference] + 1e-4, -0.3, height]))


# --- what is seen ----------------------------------------------------------------------------------------


@pytest.mark.every_env
def test_state_is_that_of_mujoco_after_every_step():
    env = get_env("easy")
    observations, q, qd, *_ = rollout()
    states = observations[..., :20].reshape(-1, 20)
    expected = [of_mujoco(env, one)[0] for one in q.reshape(-1, 9)]
    assert_close(segment(env, states, "tip"), np.array([tip for tip, _ in expected]), terms=TERMS)
    things = np.array([thing for _, thing in expected])
    assert_close(segment(env, states, "object"), things, terms=TERMS)
    np.testing.assert_array_equal(env.achieved_goal(jnp.asarray(states)), segment(env, states, "object"))
    np.testing.assert_array_equal(segment(env, states, "joints"), q[..., :7].reshape(-1, 7))
    np.testing.assert_array_equal(segment(env, states, "joint_velocities"), qd[..., :7].reshape(-1, 7))


@pytest.mark.every_env
def test_object_is_pushed_where_it_is_touched_and_stays_elsewhere():
    env = get_env("easy")
    things = segment(env, rollout()[0], "object")
    moved = things[-1] - things[0]
    assert moved[TOUCHING, 0] > 0.005  # metres, of the 0.01 by which it was too near
    untouched = np.delete(moved, TOUCHING, axis=0)
    np.testing.assert_array_equal(untouched, np.zeros_like(untouched))


@pytest.mark.every_env
def test_episode_never_ends_and_keeps_its_goal():
    env = get_env("easy")
    observations, _, _, reward, done = rollout()
    assert np.isfinite(observations).all()
    assert (done == 0).all()
    np.testing.assert_array_equal(observations[..., 20:], np.broadcast_to(observations[0, 0, 20:], (*done.shape, 3)))
    np.testing.assert_array_equal(reward[1:], env.success(*env.split_observation(jnp.asarray(observations[1:]))))


def test_reset_of_jaxgcrls_has_wrist_and_goal_where_its_model_has_them():
    env = get_env("hard", "jaxgcrl")
    state = jax.jit(env.reset)(jax.random.PRNGKey(0))
    _, data = of_mujoco(env, state.pipeline_state.q)
    assert_close(segment(env, state.obs, "tip"), data.body(WRIST).xipos, terms=TERMS)
    assert_close(segment(env, state.obs, "object"), data.body(OBJECT).xipos, terms=TERMS)
    assert_close(state.obs[20:], data.body("goal").xipos, terms=TERMS)
    assert (state.reward, state.done) == (0, 0)


# --- starts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["easy", "hard"])
@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
def test_draws_of_starts_and_goals(kind, reference):
    env = get_env(kind, reference)
    draw = jax.jit(jax.vmap(env.draw))
    q, qd, goal = jax.tree.map(np.asarray, draw(jax.random.split(jax.random.PRNGKey(0), DRAWS)))
    assert (q[:, :7] == 0).all()
    for joint in range(7):
        assert_uniform(qd[:, joint], -0.005, 0.005)
    assert (qd[:, 7:] == 0).all()
    lowest, highest = {"easy": ([0.25, -0.6], [0.65, -0.3]), "hard": ([-0.1, -0.7], [0.9, 0.3])}[kind]
    for axis in (0, 1):
        assert_uniform(goal[:, axis], lowest[axis], highest[axis])
    assert (goal[:, 2] == np.float32(-0.275 if reference is None else -0.323)).all()
    if reference is not None:
        assert_close(ORIGIN + q[:, [10, 9]], goal[:, :2], terms=2)
    thing = ORIGIN + q[:, [8, 7]]
    for axis, expected in enumerate(expected_things(lowest, highest, reference).T):
        assert ks_2samp(thing[:, axis], expected).pvalue > 1e-4
    if reference is None:
        # Roundings of a few numbers up to 1.
        assert np.linalg.norm(thing - goal[:, :2], axis=1).min() > LEAST_DISTANCE - 10 * EPSILON


def expected_things(lowest, highest, reference):
    """Where objects start, x and y, drawn by NumPy."""
    rng = np.random.default_rng(0)
    goal = rng.uniform(lowest, highest, (DRAWS, 2))
    thing = rng.uniform([0.25, -0.35], [0.65, -0.05], (DRAWS, 2))
    from_what = goal if reference is None else np.array(ORIGIN)
    distance = np.linalg.norm(thing - goal, axis=1, keepdims=True)
    return from_what + np.maximum(LEAST_DISTANCE / distance, 1) * (thing - from_what)


def assert_uniform(samples, low, high):
    """Range and distribution; the threshold is passed by chance in one of 10,000 draws, and the key is fixed."""
    rounding = 1e-6 * (high - low)
    assert low - rounding <= samples.min()
    assert samples.max() <= high + rounding
    assert kstest(samples, uniform(low, high - low).cdf).pvalue > 1e-4


# --- states for landscapes -------------------------------------------------------------------------------


def test_planar_state_has_the_object_in_its_place_and_the_arm_where_it_starts():
    env = get_env("easy")
    xy = np.random.default_rng(0).uniform(-0.5, 0.5, (3, 4, 2)).astype(np.float32)
    states = np.asarray(env.planar_state(xy))
    assert states.shape == (3, 4, 20)
    np.testing.assert_array_equal(segment(env, states, "object")[..., :2], xy)
    (tip, _), _ = of_mujoco(env, np.zeros(9))
    assert_close(segment(env, states, "tip"), np.broadcast_to(tip, (3, 4, 3)), terms=TERMS)
    assert (segment(env, states, "object")[..., 2] == np.float32(-0.275)).all()
    assert (segment(env, states, "joints") == 0).all()
    assert (segment(env, states, "joint_velocities") == 0).all()
