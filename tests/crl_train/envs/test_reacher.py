"""The reacher's fingertip is where MuJoCo has it and moves as MuJoCo says, in ours; theirs is reproduced."""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.stats import kstest, uniform

from crl_train.envs.facts import reacher_spec
from crl_train.envs.goal_env import EnvState
from crl_train.envs.reacher import ELBOW_LIMIT, FOREARM, GEARS, LINKS, REACH, make_reacher
from tests.crl_train.envs.physics_runs import seconds_of_a_step
from tests.tolerance import assert_close

COPIES, STEPS, DRAWS = 16, 25, 4000
# Roundings on the way from joint angles and velocities to the fingertip: two quaternions of a half angle (4 for each
# sine or cosine), their product, its normalisation, two rotated offsets and two cross products, each of about ten.
TERMS = 80
SLOW_GENERALIZED, SLOW_MJX = (pytest.param(one, marks=pytest.mark.every_env) for one in ("generalized", "mjx"))

get_env = functools.cache(make_reacher)


@functools.cache
def rollout(reference=None, backend=None):
    """States and physics of copies that start anywhere and act at random. Each (steps and start, copies, ...)."""
    env = get_env(reference, backend)
    key = jax.random.PRNGKey(0)
    q = jnp.tile(jnp.asarray(env.physics.start), (COPIES, 1))
    q = q.at[:, :2].set(jax.random.uniform(key, (COPIES, 2), minval=-2.5, maxval=2.5))
    qd = jnp.zeros((COPIES, env.physics.num_velocities)).at[:, :2].set(5 * jax.random.normal(key, (COPIES, 2)))
    actions = jax.random.uniform(key, (STEPS, COPIES, 2), minval=-1, maxval=1)
    forearm = env.physics.link(FOREARM)

    def start(q, qd):
        physics_state = env.physics.init(q, qd)
        observation, _ = env.observe(env.state_of(physics_state, jnp.zeros(2)), jnp.array([0.1, 0.05, 0.01]))
        return EnvState(physics_state, observation, jnp.zeros(()), jnp.zeros(()))

    def record(state):
        physics_state = state.pipeline_state
        links = jax.tree.map(lambda leaf: leaf[:, forearm], (physics_state.x, physics_state.xd))
        return state.obs, physics_state.q, physics_state.qd, links, state.reward, state.done

    @jax.jit
    def run(q, qd, actions):
        def step(state, action):
            state = jax.vmap(env.step)(state, action)
            return state, record(state)

        first = jax.vmap(start)(q, qd)
        later = jax.lax.scan(step, first, actions)[1]
        return jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), record(first), later)

    return jax.tree.map(np.asarray, run(q, qd, actions))


def of_mujoco(env, q, qd):
    """Position and velocity of the fingertip, then velocity and angular velocity of the forearm's origin, in C."""
    model = env.physics.system.mj_model
    data = mujoco.MjData(model)
    data.qpos, data.qvel = q, qd
    mujoco.mj_forward(model, data)
    tip = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, "fingertip")
    forearm = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_BODY, FOREARM)
    of_tip, of_forearm = np.zeros(6), np.zeros(6)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_GEOM, tip, of_tip, 0)
    mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, forearm, of_forearm, 0)
    return data.geom_xpos[tip].copy(), of_tip[3:], of_forearm[3:], of_forearm[:3]


def rotated(vector, quaternion):
    out = np.zeros(3)
    mujoco.mju_rotVecQuat(out, np.array(vector), quaternion.astype(np.float64))
    return out


def segment(env, states, name):
    return states[..., list(env.spec.layout.indices(name))]


# --- facts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reference", "backend", "expected"),
    [
        (None, None, ("spring", 0.02, 4, 25)),
        (None, "positional", ("positional", 0.02, 4, 25)),
        (None, "generalized", ("generalized", 0.02, 2, 200)),
        (None, "mjx", ("mjx", 0.02, 2, 200)),
        ("scaling-crl", None, ("spring", 0.02, 4, 25)),
        ("jaxgcrl", None, ("generalized", 0.02, 2, 200)),
        ("jaxgcrl", "spring", ("spring", 0.02, 4, 25)),
    ],
)
def test_physics_and_sizes_by_option(reference, backend, expected):
    env, facts = get_env(reference, backend), reacher_spec(reference, backend)
    system, physics = env.physics.system, env.physics
    assert (
        physics.backend,
        seconds_of_a_step(physics),
        physics.substeps,
        *set(system.actuator.gear.tolist()),
    ) == expected
    assert (env.spec.backend, env.spec.dt) == (facts.backend, facts.dt) == expected[:2]
    assert (env.state_dim, env.goal_dim, env.action_dim, env.goal_indices) == (10, 3, 2, (4, 5, 6))
    assert (env.spec.tolerance, env.spec.episode_length, env.spec.plane) == (0.05, 1000, ("x", "y"))
    assert env.spec.fixed_starts == facts.fixed_starts == (reference is not None)
    assert ("target" in system.link_names) == (reference is not None)


def test_constants_are_the_models():
    model = get_env().physics.system.mj_model
    assert tuple(model.jnt_range[1]) == (-ELBOW_LIMIT, ELBOW_LIMIT)
    assert (model.body(FOREARM).pos[0], model.geom("fingertip").pos[0]) == LINKS
    assert GEARS["mjx"] == 200


def test_goal_is_reached_within_five_centimetres():
    env = get_env()
    state = jnp.zeros(10).at[jnp.array(env.goal_indices)].set(jnp.array([0.1, 0.0, 0.01]))
    near, far = jnp.array([0.1, 0.0499, 0.01]), jnp.array([0.1, 0.0501, 0.01])
    assert env.success(state, near)
    assert not env.success(state, far)


# --- the fingertip ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [SLOW_GENERALIZED, SLOW_MJX])
def test_fingertip_and_its_velocity_are_those_of_mujoco_after_every_step(backend):
    env = get_env(None, backend)
    observations, q, qd, *_ = rollout(None, backend)
    states = observations[..., :10].reshape(-1, 10)
    expected = [of_mujoco(env, *one)[:2] for one in zip(q.reshape(-1, 2), qd.reshape(-1, 2), strict=True)]
    assert_close(segment(env, states, "tip"), np.array([tip for tip, _ in expected]), terms=TERMS)
    assert_close(segment(env, states, "tip_velocity"), np.array([velocity for _, velocity in expected]), terms=TERMS)


def test_fingertip_and_its_velocity_at_a_start_are_those_of_mujoco():
    env = get_env()
    observations, q, qd, *_ = rollout()
    expected = [of_mujoco(env, *one)[:2] for one in zip(q[0], qd[0], strict=True)]
    assert_close(segment(env, observations[0], "tip"), np.array([tip for tip, _ in expected]), terms=TERMS)
    velocities = np.array([velocity for _, velocity in expected])
    assert_close(segment(env, observations[0], "tip_velocity"), velocities, terms=TERMS)


def test_fingertip_follows_the_forearm_where_springs_let_it_leave_its_joint():
    env = get_env()
    observations, q, _, (x, xd), *_ = rollout()
    offset = np.array([[rotated([LINKS[1], 0, 0], one) for one in row] for row in x.rot])
    assert_close(segment(env, observations, "tip"), x.pos + offset, terms=TERMS)
    assert_close(segment(env, observations, "tip_velocity"), xd.vel + np.cross(xd.ang, offset), terms=TERMS)
    elbow = LINKS[0] * np.stack([np.cos(q[..., 0]), np.sin(q[..., 0])], axis=-1)
    assert np.abs(x.pos[..., :2] - elbow)[1:].max() > 1e-3  # so that the joint angles alone would not do


def test_angles_are_those_of_the_physics():
    env = get_env()
    observations, q, *_ = rollout()
    assert_close(segment(env, observations, "cosines"), np.cos(q), terms=4)
    assert_close(segment(env, observations, "sines"), np.sin(q), terms=4)


def test_velocity_of_references_leaves_the_offset_unrotated():
    env = get_env("jaxgcrl", "spring")
    observations, q, qd, (_, xd), *_ = rollout("jaxgcrl", "spring")
    unrotated = np.array([LINKS[1], 0, 0])
    velocities = segment(env, observations, "tip_velocity")
    assert_close(velocities, xd.vel + np.cross(xd.ang, unrotated), terms=TERMS)
    of_c = [of_mujoco(env, *one) for one in zip(q[0], qd[0], strict=True)]
    assert_close(velocities[0], np.array([vel + np.cross(ang, unrotated) for _, _, vel, ang in of_c]), terms=TERMS)
    assert np.abs(velocities[0] - np.array([exact for _, exact, _, _ in of_c])).max() > 0.1  # metres a second


def test_arm_moves_alike_with_and_without_the_body_at_the_goal():
    _, ours, *_ = rollout()
    _, theirs, *_ = rollout("jaxgcrl", "spring")
    # Nothing joins the two bodies: the same operations in two programs. Each of 100 substeps adds its roundings.
    assert_close(ours, theirs[..., :2], terms=100 * TERMS)


# --- episodes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", [None, SLOW_GENERALIZED, SLOW_MJX])
def test_episode_never_ends_and_keeps_its_goal(backend):
    env = get_env(None, backend)
    observations, *_, reward, done = rollout(None, backend)
    assert np.isfinite(observations).all()
    assert (done == 0).all()
    np.testing.assert_array_equal(observations[..., 10:], np.broadcast_to(observations[0, 0, 10:], (*done.shape, 3)))
    state, goal = env.split_observation(jnp.asarray(observations[1:]))
    np.testing.assert_array_equal(reward[1:], env.success(state, goal))


@pytest.mark.parametrize("reference", [None, "scaling-crl"])
def test_draws_of_starts_and_goals(reference):
    env = get_env(reference)
    draw = jax.jit(jax.vmap(env.draw))
    q, qd, goal = jax.tree.map(np.asarray, draw(jax.random.split(jax.random.PRNGKey(0), DRAWS)))
    for joint in (0, 1):
        assert_uniform(q[:, joint], -0.1, 0.1)
        assert_uniform(qd[:, joint], -0.005, 0.005)
    assert_uniform(np.linalg.norm(goal[:, :2], axis=1), 0, 0.2)
    assert_uniform(np.arctan2(goal[:, 1], goal[:, 0]), -np.pi, np.pi)
    assert (goal[:, 2] == np.float32(0.01)).all()
    np.testing.assert_array_equal(q[:, 2:], goal[:, : q.shape[1] - 2])
    assert (qd[:, 2:] == 0).all()


def assert_uniform(samples, low, high):
    """Range and distribution; the threshold is passed by chance in one of 10,000 draws, and the key is fixed."""
    rounding = 1e-6 * (high - low)
    assert low - rounding <= samples.min()
    assert samples.max() <= high + rounding
    assert kstest(samples, uniform(low, high - low).cdf).pvalue > 1e-4


def test_reset_is_what_was_drawn():
    env = get_env()
    key = jax.random.PRNGKey(3)
    q, _, goal = env.draw(key)
    state = jax.jit(env.reset)(key)
    assert_close(state.obs[:4], np.concatenate([np.cos(q), np.sin(q)]), terms=4)
    np.testing.assert_array_equal(state.obs[10:], goal)
    assert (state.reward, state.done) == (0, 0)


# --- states for landscapes -------------------------------------------------------------------------------


def test_planar_state_puts_the_fingertip_where_it_is_asked():
    env = get_env()
    rng = np.random.default_rng(0)
    radius, angle = rng.uniform(REACH[0], REACH[1], (7, 5)), rng.uniform(-np.pi, np.pi, (7, 5))
    xy = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=-1)
    states = np.asarray(env.planar_state(xy))
    assert states.shape == (7, 5, 10)
    np.testing.assert_allclose(segment(env, states, "tip")[..., :2], xy, rtol=0, atol=1e-5)
    assert_is_simulated_at_rest(env, states.reshape(-1, 10))


def test_planar_state_goes_as_near_as_the_arm_can_reach():
    env = get_env()
    states = np.asarray(env.planar_state(np.array([[3.0, 4.0], [-0.003, 0.004], [0.0, 0.0]])))
    expected = [[0.6 * REACH[1], 0.8 * REACH[1]], [-0.6 * REACH[0], 0.8 * REACH[0]], [REACH[0], 0]]
    np.testing.assert_allclose(segment(env, states, "tip")[:, :2], expected, rtol=0, atol=1e-5)
    assert_is_simulated_at_rest(env, states)
    np.testing.assert_allclose(REACH, (0.018, 0.21), atol=2e-4)


def assert_is_simulated_at_rest(env, states):
    """Every segment is what MuJoCo has at these joint angles, and the elbow is bent as promised, within its limit."""
    angles = np.arctan2(segment(env, states, "sines"), segment(env, states, "cosines")).astype(np.float64)
    assert (angles[:, 1] >= 0).all()
    assert (angles[:, 1] <= ELBOW_LIMIT + 1e-4).all()  # 1e-4: of a distance that is right to 1e-6 m, near the limit
    of_c = np.array([of_mujoco(env, one, np.zeros(2))[0] for one in angles])
    np.testing.assert_allclose(segment(env, states, "tip"), of_c, rtol=0, atol=1e-6)
    assert (segment(env, states, "tip_velocity") == 0).all()
