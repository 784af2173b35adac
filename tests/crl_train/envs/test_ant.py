"""The ant moves as the reference trainers' does, starts as documented, and its goal is where the simulator has it."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, make_env
from crl_train.errors import ConfigError
from tests.crl_train.envs.physics_runs import Copies

ANT = make_env("ant")
COPIES = Copies(ANT, 64)

# Measured with brax 0.10.1, MuJoCo 3.2.6 and JAX 0.4.23, the versions that the reference trainer pins: positions after
# 40 control steps from the initial pose, the k-th actuator at 0.3 sin(0.5 t + k).
AFTER_40_STEPS = [
    *(0.06937, -0.10239, 0.47967, 0.99274, 0.04620, -0.02993, 0.10694),
    *(0.11372, 0.98027, -0.27945, -0.89305, -0.08056, -0.46632, -0.00572, 0.87363),
]
# And y of the torso in each of 12 steps without control, begun at y = 3.2 m with -3 m/s towards a wall's face at 2 m.
Y_INTO_A_WALL = [3.0595, 2.9462, 2.8546, 2.7957, 2.7655, 2.7518, 2.7408, 2.7305, 2.7315, 2.7409, 2.7421, 2.7412]


@functools.cache
def starts(name: str, reference: str | None, count: int = 4000) -> np.ndarray:
    """States and goals of many starts, without the physics that a reset prepares."""
    env = make_env(name, EnvOptions(reference=reference))
    drawn = jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(3), count))
    return np.concatenate(drawn, axis=-1)


def test_the_ant_moves_as_the_reference_trainers_does():
    controls = 0.3 * np.sin(0.5 * np.arange(40)[:, None] + np.arange(8))
    q = COPIES.positions_under(ANT.physics.start, np.zeros(14), controls)[-1]
    # Five printed digits, and 400 substeps whose rounding differs from one CPU to the next.
    np.testing.assert_allclose(q, AFTER_40_STEPS, atol=5e-6 + 5e-5)


def test_a_wall_stops_the_ant_as_it_does_the_reference_trainer_s():
    env = make_env("ant_u_maze", EnvOptions(reference="scaling-crl"))
    q, qd = np.array(env.physics.start[:15]), np.zeros(14)
    q[:2], qd[1] = (4.0, 3.2), -3.0
    y = Copies(env, 1).positions_under(q, qd, np.zeros((12, 8)))[:, 1]
    np.testing.assert_allclose(y, Y_INTO_A_WALL, atol=5e-5 + 1e-4)


def test_the_achieved_goal_is_where_the_simulator_has_the_torso():
    env_state = COPIES.step(COPIES.reset(0), 0.5 * jnp.ones((COPIES.count, 8)))
    state, goal = ANT.split_observation(env_state.obs)
    torso = env_state.pipeline_state.x.pos[:, ANT.physics.link("torso")]
    np.testing.assert_allclose(ANT.achieved_goal(state), torso[:, :2], atol=1e-6)
    np.testing.assert_allclose(state[:, 2], torso[:, 2], atol=1e-6)
    assert ANT.spec.goal_axes == ("x", "y")
    np.testing.assert_allclose(np.linalg.norm(goal, axis=-1), 10, atol=1e-5)


@pytest.mark.parametrize("reference", [None, "scaling-crl", "jaxgcrl"])
def test_a_start_is_the_initial_pose_with_noise(reference):
    states, goals = np.split(starts("ant", reference), [29], axis=-1)
    rest = np.array([0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1])
    noise = states[:, :15] - rest
    length = np.linalg.norm(states[:, 3:7], axis=-1)
    if reference is None:
        np.testing.assert_allclose(length, 1, atol=1e-6)
        noise = noise[:, [0, 1, 2, *range(7, 15)]]
    else:
        assert length.std() > 0.01  # theirs keep the noisy quaternion as it is
    assert noise.min() >= -0.1 - 1e-6
    assert noise.max() <= 0.1 + 1e-6
    # Standard errors: 0.1 / sqrt(3 x 4000) of a mean of 4000 uniform numbers, and half of it for the extremes of one.
    np.testing.assert_allclose(noise.mean(axis=0), 0, atol=5 * 0.1 / np.sqrt(3 * 4000))
    np.testing.assert_allclose(noise.std(axis=0), 0.1 / np.sqrt(3), rtol=5 / np.sqrt(2 * 4000))
    velocities = states[:, 15:]
    np.testing.assert_allclose(velocities.mean(axis=0), 0, atol=5 * 0.1 / np.sqrt(4000))
    np.testing.assert_allclose(velocities.std(axis=0), 0.1, rtol=5 / np.sqrt(2 * 4000))
    np.testing.assert_allclose(np.linalg.norm(goals, axis=-1), 10, atol=1e-5)
    np.testing.assert_allclose((goals / 10).mean(axis=0), 0, atol=5 * np.sqrt(0.5 / 4000))


def test_random_starts_lie_on_a_circle_around_the_goal_which_lies_on_one_around_the_origin():
    states, goals = np.split(starts("ant_random_start", None), [29], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(goals, axis=-1), 10, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(states[:, :2] - goals, axis=-1), 10, atol=1e-5)
    # Both angles are uniform and independent: the mean squared distance from the origin is 2 x 10^2.
    assert (states[:, :2] ** 2).sum(axis=-1).mean() == pytest.approx(200, abs=5 * np.sqrt(2e4 / 4000))


@pytest.mark.parametrize("reference", [None, "scaling-crl", "jaxgcrl"])
def test_in_a_maze_the_start_is_its_cell_and_the_goal_the_centre_of_a_drawn_one(reference):
    states, goals = np.split(starts("ant_big_maze", reference), [29], axis=-1)
    maze = make_env("ant_big_maze").maze
    spread = np.abs(states[:, :2] - maze.start_xy).max()
    assert spread == pytest.approx(0 if reference == "jaxgcrl" else 0.1, abs=1e-3)
    found, counts = np.unique(goals, axis=0, return_counts=True)
    np.testing.assert_array_equal(found, sorted(map(tuple, maze.goal_centres)))
    expected = 4000 / len(maze.goal_centres)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_in_a_corridor_each_hop_is_as_likely_and_so_is_each_pair_of_its_cells():
    # 10 pairs of cells are one hop apart and 8 are three: each of the former has 1/20 of all draws, of the latter 1/16.
    states, goals = np.split(starts("ant_u4_maze_gen_1f3f", None), [29], axis=-1)
    pairs, counts = np.unique(np.hstack([states[:, :2], goals]), axis=0, return_counts=True)
    assert len(pairs) == 18
    maze = make_env("ant_u4_maze").maze
    geodesics = np.array([maze.geodesic(pair[None, :2], pair[2:])[0] for pair in pairs])
    one = geodesics == 4.0
    assert one.sum() == 10
    np.testing.assert_allclose(counts[one] / 4000, 1 / 20, atol=5 * np.sqrt(1 / 20 / 4000))
    np.testing.assert_allclose(counts[~one] / 4000, 1 / 16, atol=5 * np.sqrt(1 / 16 / 4000))


def test_where_no_hop_of_1_to_5_is_named_scaling_crl_draws_the_first_pair_for_ever():
    pairs = np.unique(starts("ant_u4_maze_gen_6f", "scaling-crl", 20)[:, [0, 1, 29, 30]], axis=0)
    assert len(pairs) == 1
    assert len(np.unique(starts("ant_u4_maze_gen_6f", None, 200)[:, [0, 1]], axis=0)) == 5


def test_a_hop_longer_than_the_corridor_is_refused():
    with pytest.raises(ConfigError, match=r"^goals 7 cells ahead are not usable in maze 'u_maze': its cor"):
        make_env("ant_u_maze_gen_7f")


@pytest.mark.parametrize(("height", "is_over"), [(0.19, True), (0.21, False), (0.99, False), (1.01, True)])
def test_the_episode_ends_where_the_torso_is_too_low_or_too_high(height, is_over):
    q = np.array(ANT.physics.start)
    q[2] = height
    physics_state = COPIES.at(q, np.zeros(14)).pipeline_state
    np.testing.assert_array_equal(jax.vmap(ANT.is_over)(physics_state), is_over)


def test_a_state_of_a_landscape_is_the_ant_at_rest_there():
    states = np.asarray(ANT.planar_state(np.array([[8.0, 4.0], [4.5, -9.0]]), heading=np.pi / 2))
    np.testing.assert_allclose(states[:, :2], [[8.0, 4.0], [4.5, -9.0]])
    np.testing.assert_array_equal(states[:, 15:], 0)
    for state in states:
        placed = COPIES.at(state[:15], state[15:]).pipeline_state
        np.testing.assert_allclose(placed.x.pos[0, 0, :2], state[:2], atol=1e-6)
        np.testing.assert_allclose(placed.q[0], state[:15], atol=1e-6)
        # Its own x axis points along the y axis of the world.
        w, x, y, z = np.asarray(placed.x.rot[0, 0])
        np.testing.assert_allclose([1 - 2 * (y * y + z * z), 2 * (x * y + w * z)], [0, 1], atol=1e-6)


def test_what_random_actions_do_to_an_ant():
    """A change of the physics shows here: 2,048 episodes gave 192.9 (SD 26.7) steps, 1.957 (SD 1.051) m of way."""
    found = COPIES.random_episodes(11, 200)
    (first, goals), (last, _) = map(ANT.split_observation, (found.first, found.last))
    error = 4 * np.sqrt(1 / COPIES.count + 1 / 2048)
    assert jnp.isfinite(last).all()
    assert found.lengths.mean() == pytest.approx(192.9, abs=26.7 * error)
    assert jnp.linalg.norm(last[:, :2] - first[:, :2], axis=-1).mean() == pytest.approx(1.957, abs=1.051 * error)
    assert ANT.goal_distance(last, goals).mean() == pytest.approx(10.172, abs=1.544 * error)
