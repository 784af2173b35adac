"""The arm is a Franka Panda, starts and rests where the references' does, and can lift the cube."""

import functools

import jax
import jax.numpy as jnp
import mujoco
import numpy as np
import pytest
from scipy.optimize import least_squares

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.arm import HIGHEST, LOWEST, TABLES
from crl_train.envs.arm_model import START
from crl_train.envs.arm_table import CUBE_HALF
from tests.crl_train.envs.physics_runs import Copies

# Denavit-Hartenberg parameters of the Franka Panda after Craig, by its maker: a, d and α of each joint.
A = (0, 0, 0, 0.0825, -0.0825, 0, 0.088)
D = (0.333, 0, 0.316, 0, 0.384, 0, 0)
ALPHA = (0, -np.pi / 2, np.pi / 2, np.pi / 2, -np.pi / 2, np.pi / 2, np.pi / 2)

TASKS = ("arm_reach", "arm_push_easy", "arm_push_hard", "arm_binpick_easy", "arm_binpick_hard", "arm_grasp_0.1")
REST = (1.571, 0.752, 0, -0.903, 0, 1.526, 0.724)  # of the references' model under an action of zeros


def wrist_by_hand(joints):
    """Place of the last link's frame, by the chain of transformations."""
    pose = np.eye(4)
    for a, d, alpha, angle in zip(A, D, ALPHA, joints, strict=True):
        c, s, ca, sa = np.cos(angle), np.sin(angle), np.cos(alpha), np.sin(alpha)
        pose = pose @ np.array(
            [[c, -s, 0, a], [s * ca, c * ca, -sa, -d * sa], [s * sa, c * sa, ca, d * ca], [0, 0, 0, 1]]
        )
    return pose[:3, 3]


@functools.cache
def placed(joints=START, cube=(0.0, 0.6, CUBE_HALF), name="arm_push_easy"):
    """Plain MuJoCo with the arm at some angles, open."""
    env = make_env(name, EnvOptions(backend="mujoco"))
    model = env.physics.simulations.model
    data = mujoco.MjData(model)
    data.qpos[:3], data.qpos[7:14], data.qpos[14:] = cube, joints, 0.04
    mujoco.mj_forward(model, data)
    return env, model, data


def segment(env, states, name):
    return np.asarray(states)[..., list(env.spec.layout.indices(name))]


@pytest.mark.parametrize("seed", range(5))
def test_the_wrist_is_where_the_maker_s_parameters_put_it(seed):
    joints = tuple(np.random.default_rng(seed).uniform(-1.5, 1.5, 7))
    _, _, data = placed(joints)
    np.testing.assert_allclose(data.body("link7").xpos, wrist_by_hand(joints), atol=1e-4)


@pytest.mark.parametrize("name", TASKS)
def test_an_episode_starts_at_rest_in_one_pose(name):
    env = make_env(name)
    state = env.split_observation(env.reset(jax.random.key(0)).obs)[0]
    np.testing.assert_allclose(segment(env, state, "joints"), START, atol=1e-6)
    np.testing.assert_allclose(segment(env, state, "wrist"), [0, 0.678, 0.371], atol=5e-4)
    np.testing.assert_array_equal(segment(env, state, "wrist_velocity"), 0)
    assert env.spec.dt == pytest.approx(0.05)


def test_the_arm_goes_as_in_plain_mujoco():
    """Measured with MuJoCo 3.2.6 on the references' model: 20 control steps, open, joint 2 told to go forward."""
    env, _, _ = placed()
    q = jnp.asarray(env.start).at[:3].set(jnp.array([-0.1, 0.6, 0.07]))
    state = env.physics.init(q, jnp.zeros(env.physics.num_velocities))
    for t in range(20):
        control = jnp.array([1.5708, 0.7418 + 0.02 * t, 0, -1.5708, 0, 3.0543, 1.4487, 255, 255])
        state = env.physics.step(state, control)
    expected = [1.57080, 1.10261, -0.00024, -0.90323, -0.00031, 1.52657, 0.72407, 0.08, 0.08]
    # Five digits; joint 7, which gravity hardly pulls, is still on its way in theirs.
    np.testing.assert_allclose(state.q[7:], expected, atol=4e-4)
    assert state.q[2] == pytest.approx(0.02989, abs=1e-4)


def test_an_action_of_zeros_rests_where_it_does_in_the_references():
    copies = Copies(make_env("arm_push_easy"), 1)
    state = copies.reset(0)
    for _ in range(60):
        state = copies.step(state, jnp.zeros((1, 5)))
    told = copies.env.split_observation(state.obs)[0][0]
    np.testing.assert_allclose(segment(copies.env, told, "joints"), REST, atol=2e-3)
    np.testing.assert_allclose(segment(copies.env, told, "wrist"), [0, 0.753, 0.546], atol=2e-3)
    assert segment(copies.env, told, "cube")[2] == pytest.approx(CUBE_HALF, abs=1e-3)


@pytest.mark.parametrize("task", TABLES)
def test_cube_and_goal_are_uniform_in_their_squares(task):
    env, table = make_env(f"arm_{task}"), TABLES[task]
    q, _, goals = jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(0), 4000))
    for places, centre, half in ((q[:, :2], table.cube, table.cube_half), (goals[:, :2], table.goal, table.goal_half)):
        offset = np.asarray(places) - centre
        assert np.abs(offset).max() <= half + 1e-6
        assert np.abs(offset).max() > 0.99 * half
        np.testing.assert_allclose(offset.mean(axis=0), 0, atol=6 * half / np.sqrt(3 * 4000))
    np.testing.assert_allclose(goals[:, 2], CUBE_HALF)
    if table.bins:  # no cube is in a wall, as it may be in the references
        inside = table.bins[0].half - 0.005 - CUBE_HALF
        assert np.abs(np.asarray(q[:, :2]) - table.bins[0].centre).max() <= inside + 1e-6


@pytest.mark.parametrize("name", TASKS)
def test_the_achieved_goal_is_where_the_simulator_has_it(name):
    env = make_env(name)
    copies = Copies(env, 4)
    state = copies.step(copies.reset(1), 0.3 * jnp.ones((4, env.action_dim)))
    bodies = {"wrist": ("link7",), "cube": ("cube",), "grasp": ("left_fingertip", "right_fingertip")}[
        env.spec.goal_segment
    ]
    achieved = np.asarray(env.achieved_goal(env.split_observation(state.obs)[0]))
    places = [state.pipeline_state.x.pos[:, env.physics.link(body)] for body in bodies]
    np.testing.assert_allclose(achieved[:, : 3 * len(bodies)], np.concatenate(places, axis=1), atol=1e-6)


def test_success_of_grasping_has_two_parts():
    env = make_env("arm_grasp")
    state = np.zeros((4, env.state_dim), np.float32)
    grasp = list(env.goal_indices)
    state[:, grasp] = [0.0375, 0, 0, -0.0375, 0, 0, 0.075]
    state[1, 0] = 0.06  # the cube is elsewhere
    state[2, grasp[6]] = 0.1  # the fingers are open
    state[3, 0] = 0.04
    goal = np.tile(np.float32([0, 0, 0, 0, 0, 0, 0.075]), (4, 1))
    assert env.success(jnp.asarray(state), jnp.asarray(goal)).tolist() == [True, False, False, True]


def test_the_goal_of_grasping_goes_with_the_cube_and_in_the_references_one_step_later():
    for reference, lag in ((None, 0), ("scaling-crl", 1)):
        env = make_env("arm_grasp_0.1", EnvOptions(reference=reference, backend="mujoco"))
        states = [env.reset(jax.random.key(0))]
        for _ in range(3):
            states.append(env.step(states[-1], jnp.zeros(5)))
        for now, before in zip(states[1:], states, strict=False):
            cube = env.split_observation((before if lag else now).obs)[0][:3]
            goal = env.split_observation(now.obs)[1]
            np.testing.assert_allclose(goal[:3] - goal[3:6], [0.075, 0, 0], atol=1e-6)
            np.testing.assert_allclose((goal[:3] + goal[3:6]) / 2, cube, atol=1e-6)


def over(cube, height):
    """An action that holds the middle of the pads above a place at a height; the hand points down and a little back."""
    joint_6 = 1.87  # half of the most it can be told

    def off(angles):
        _, _, data = placed.__wrapped__((np.pi / 2, angles[0], 0, angles[1], 0, joint_6, 0.724), cube)
        pads = (data.geom("left_finger_pad").xpos + data.geom("right_finger_pad").xpos) / 2
        return (pads - [*cube[:2], height])[1:]

    joint_2, joint_4 = least_squares(off, [0.75, -1.2]).x
    # Joints 4 and 6 rest at a share of what they are told, and gravity pulls joint 2 a little down.
    told = np.array([np.pi / 2, joint_2 - 0.01, joint_4 * 3500 / 2000, joint_6 * 2])
    return 2 * (told - LOWEST) / np.subtract(HIGHEST, LOWEST) - 1


def test_the_gripper_closes_on_the_cube_and_lifts_it():
    env, _, _ = placed()
    cube = (0.0, 0.7, CUBE_HALF)
    q = jnp.asarray(env.start).at[:3].set(jnp.array(cube))
    step = jax.jit(env.step)
    state = env.begin(q, jnp.zeros(env.physics.num_velocities), jnp.zeros(3))
    heights = []
    for height, grip, steps in ((0.15, -1, 40), (0.05, -1, 40), (0.05, 1, 20), (0.2, 1, 60)):
        action = over(cube, height)
        assert np.abs(action).max() <= 1
        for _ in range(steps):
            state = step(state, jnp.append(jnp.float32(action), grip))
        heights.append(float(env.split_observation(state.obs)[0][2]))
    assert heights[:3] == pytest.approx([CUBE_HALF] * 3, abs=0.01)
    assert heights[3] > 0.12
    width = segment(env, env.split_observation(state.obs)[0], "finger_distance")
    assert width == pytest.approx(2 * CUBE_HALF, abs=0.005)  # and not closed without it


def test_a_state_of_a_landscape_has_the_cube_in_its_place_and_the_arm_where_it_starts():
    env = make_env("arm_binpick_easy")
    xy = np.array([[0.1, 0.55], [-0.2, 0.62]])
    states = env.planar_state(xy)
    np.testing.assert_allclose(segment(env, states, "cube"), np.c_[xy, [CUBE_HALF] * 2], atol=1e-6)
    np.testing.assert_allclose(segment(env, states, "joints"), [START] * 2, atol=1e-6)
    assert env.floor.is_free(xy).all()


@pytest.mark.parametrize(("task", "size"), [("push_easy", 18), ("grasp", 24), ("reach", 13)])
def test_jaxgcrl_observes_an_effort_too(task, size):
    env = make_env(f"arm_{task}", EnvOptions(reference="jaxgcrl", backend="mujoco"))
    assert env.state_dim == size
    state = env.reset(jax.random.key(0))
    assert np.isfinite(state.obs).all()


def test_what_random_actions_do_to_a_cube():
    """A change of the physics shows here; the numbers are those of 2,048 episodes of 100 steps."""
    env = make_env("arm_push_easy", EnvOptions(backend="mujoco"))
    found = Copies(env, 64).random_episodes(11, 100)
    (first, goals), (last, _) = map(env.split_observation, (found.first, found.last))
    error = 4 * np.sqrt(1 / 64 + 1 / 2048)
    assert jnp.isfinite(last).all()
    assert (found.lengths == 100).all()
    assert jnp.linalg.norm(last[:, :2] - first[:, :2], axis=-1).mean() == pytest.approx(0.278, abs=0.337 * error)
    assert env.goal_distance(last, goals).mean() == pytest.approx(0.385, abs=0.308 * error)
    wrist = segment(env, last, "wrist")
    assert wrist[:, 1].mean() == pytest.approx(0.692, abs=0.088 * error)
    assert wrist[:, 2].mean() == pytest.approx(0.363, abs=0.144 * error)
