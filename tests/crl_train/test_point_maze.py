"""The point obeys its equation, never enters a wall, never cuts a corner, and rounds alike however it is compiled."""

import functools
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env, point_maze
from crl_train.envs.goal_env import EnvState, batched_reset
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.envs.point_maze import BORDER_GAP, CELL_SIZE, PointMaze
from crl_train.errors import ConfigError
from tests.tolerance import assert_close

NUM_COPIES, NUM_STEPS = 512, 200  # 1e5 steps in every layout

get_env = functools.cache(make_env)


@functools.cache
def jitted_step(env):
    return jax.jit(env.step)


def at(env: PointMaze, x: float, y: float, vx: float = 0.0, vy: float = 0.0, goal=(0.0, 0.0)) -> EnvState:
    """The environment with the point placed by hand."""
    state = jnp.array([x, y, vx, vy], dtype=jnp.float32)
    observation = jnp.concatenate([state, jnp.array(goal, dtype=jnp.float32)])
    return EnvState(pipeline_state=state, obs=observation, reward=jnp.zeros(()), done=jnp.zeros(()))


def unroll(env: PointMaze, state: EnvState, actions: jax.Array) -> jax.Array:
    """States after each step. (steps, copies, 4)"""

    def step(state, action):
        state = jax.vmap(env.step)(state, action)
        return state, state.pipeline_state

    return jax.lax.scan(step, state, actions)[1]


# --- worked numbers --------------------------------------------------------------------------------------


def test_two_steps_in_the_open_by_hand():
    env = get_env("point_u_maze")
    # v = 0.125 * 16 * 0.5 = 1, x = 4 + 0.125; then v = 1 + 0.125 * (8 - 2) = 1.75, x = 4.125 + 0.21875
    # The second action of y is clipped: v = 0.125 * 16 = 2, y = 4.25; then v = 2 + 0.125 * (16 - 4) = 3.5, y = 4.6875
    state = at(env, 4, 4)
    for action in ([0.5, 1.0], [0.5, 7.0]):
        state = jitted_step(env)(state, jnp.array(action))
    np.testing.assert_array_equal(state.pipeline_state, [4.34375, 4.6875, 1.75, 3.5])


def test_wall_stops_one_axis_and_lets_the_other_slide():
    env = get_env("point_u_maze")
    # The start cell reaches to x = 6 and y = 6, with a wall beyond in x and a free cell beyond in y.
    # v = 4 + 0.125 * (16 - 8) = 5, y = 5.9 + 0.625
    state = jitted_step(env)(at(env, 5.9, 5.9, vx=4, vy=4), jnp.ones(2))
    assert_close(state.pipeline_state, [6 - BORDER_GAP, 6.525, 0, 5], terms=5)


def test_point_turns_no_corner_between_two_walls_that_touch():
    env = PointMaze(Maze("pinch", ("####", "#R##", "##G#", "####"), CELL_SIZE))
    state = jitted_step(env)(at(env, 5.99, 5.99, vx=4, vy=4), jnp.ones(2))
    assert_close(state.pipeline_state, [6 - BORDER_GAP, 6 - BORDER_GAP, 0, 0], terms=5)


def test_reward_is_one_within_the_tolerance_after_the_step_and_done_stays_zero():
    env = get_env("point_u_maze")
    for goal, reward in (((4.0, 4.49), 1.0), ((4.0, 4.51), 0.0)):
        state = jitted_step(env)(at(env, 4, 4, goal=goal), jnp.zeros(2))
        assert (state.reward, state.done) == (reward, 0.0)
        np.testing.assert_array_equal(state.obs, np.float32([4, 4, 0, 0, *goal]))


# --- walls -----------------------------------------------------------------------------------------------


def adversarial_actions(rng: np.random.Generator) -> jax.Array:
    """A quarter each of uniform noise, constant diagonals, bang-bang and constant random pushes."""
    quarter = (NUM_STEPS, NUM_COPIES // 4, 2)
    corners = rng.choice([-1.0, 1.0], size=quarter)
    held = np.repeat(rng.choice([-1.0, 1.0], size=quarter)[::8], 8, axis=0)[:NUM_STEPS]
    constant = np.broadcast_to(rng.uniform(-1, 1, size=quarter[1:]), quarter)
    diagonal = np.broadcast_to(corners[0], quarter)
    kinds = [rng.uniform(-1, 1, size=quarter), diagonal, held, constant]
    return jnp.asarray(np.concatenate(kinds, axis=1), dtype=jnp.float32)


def scattered_starts(maze: Maze, rng: np.random.Generator) -> jax.Array:
    """Free positions all over the maze, every other one in a corner of its cell."""
    cells = np.argwhere(~maze.walls)
    offset = rng.uniform(-1, 1, size=(NUM_COPIES, 2))
    offset[::2] = np.sign(offset[::2])
    reach = maze.cell_size / 2 - BORDER_GAP
    centres = maze.cell_size * cells[rng.integers(len(cells), size=NUM_COPIES)]
    return jnp.asarray(centres + reach * offset, dtype=jnp.float32)


@pytest.mark.parametrize("layout", [name for name in LAYOUTS if not name.endswith("_eval")])  # eval: the same walls
def test_no_action_leaves_free_space_or_cuts_a_corner(layout):
    env, rng = get_env(f"point_{layout}"), np.random.default_rng(0)
    maze = env.maze
    starts = scattered_starts(maze, rng)
    state = batched_reset(env, jax.random.key(0), NUM_COPIES).replace(pipeline_state=env.planar_state(starts))
    states = np.asarray(jax.jit(functools.partial(unroll, env))(state, adversarial_actions(rng)))
    path = np.concatenate([starts[None], states[..., :2]]).astype(np.float64)

    assert maze.is_free(path.reshape(-1, 2)).all()
    assert np.abs(states[..., 2:]).max() <= point_maze.TERMINAL_SPEED
    cells = np.round(path / maze.cell_size).astype(int)
    hops = np.diff(cells, axis=0)
    assert np.abs(hops).max() <= 1
    # A step that changes both row and column has gone through the cell reached by its move in x.
    between = np.stack([cells[1:, :, 0], cells[:-1, :, 1]])
    assert not maze.walls[tuple(between)].any()
    assert (hops != 0).any(axis=(1, 2)).mean() > 0.5, "the test is empty if hardly anything crosses borders"


# Equality to the bit is a promise of this environment: the products of a step are exact, so that it does not matter
# which of them a compiler fuses with a sum.
@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_one_step_is_the_same_to_the_bit_alone_and_in_a_batch(seed):
    env, rng = get_env("point_big_maze"), np.random.default_rng(seed)
    start = scattered_starts(env.maze, rng)[rng.integers(NUM_COPIES)]
    state = at(env, *start, *rng.uniform(-4, 4, size=2))
    action = jnp.asarray(rng.uniform(-1, 1, size=2), dtype=jnp.float32)
    with jax.disable_jit():
        alone = env.step(state, action).pipeline_state
    np.testing.assert_array_equal(jitted_step(env)(state, action).pipeline_state, alone)


def test_long_run_is_the_same_to_the_bit_scanned_and_step_by_step():
    env, rng = get_env("point_hardest_maze"), np.random.default_rng(1)
    actions = adversarial_actions(rng)
    first = batched_reset(env, jax.random.key(0), NUM_COPIES).replace(
        pipeline_state=env.planar_state(scattered_starts(env.maze, rng))
    )
    scanned = jax.jit(functools.partial(unroll, env))(first, actions)
    step, state = jax.vmap(env.step), first
    for action in actions[:20]:  # not compiled as a whole: every operation is rounded by itself
        state = step(state, action)
    np.testing.assert_array_equal(state.pipeline_state, scanned[19])


# --- starts and goals --------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["u4_maze_eval", "hardest_maze"])
def test_starts_and_goals_are_where_the_docstring_says(layout):
    env = get_env(f"point_{layout}")
    state = jax.jit(lambda key: batched_reset(env, key, 4_000))(jax.random.key(0))
    start, goal = np.asarray(state.pipeline_state[:, :2]), np.asarray(state.obs[:, 4:], dtype=np.float64)
    assert np.abs(start - env.maze.start_xy).max() <= 0.5
    assert np.abs(start - env.maze.start_xy).mean() == pytest.approx(0.25, abs=0.02)
    assert (np.asarray(state.pipeline_state[:, 2:]) == 0).all()
    assert (np.asarray(state.reward) == 0).all()
    cells = np.round(goal / CELL_SIZE).astype(int)
    drawn, counts = np.unique(cells, axis=0, return_counts=True)
    np.testing.assert_array_equal(drawn, env.maze.goal_cells)
    assert counts / 4_000 == pytest.approx(1 / len(drawn), abs=0.035)
    offset = goal - CELL_SIZE * cells
    assert np.abs(offset).max() <= 1.5 + 1e-5
    assert np.abs(offset).mean() == pytest.approx(0.75, abs=0.05)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_episode_is_long_enough_for_the_farthest_goal(layout):
    env = get_env(f"point_{layout}")
    seconds = env.maze.geodesic(env.maze.goal_centres, env.maze.start_xy).max() / point_maze.TERMINAL_SPEED
    assert seconds <= env.spec.episode_length * env.spec.dt / 2


def test_planar_state_is_at_rest():
    xy = jnp.array([[[4.0, 5.0]], [[6.0, 7.0]]])
    np.testing.assert_array_equal(get_env("point_u_maze").planar_state(xy), [[[4, 5, 0, 0]], [[6, 7, 0, 0]]])


def test_cells_too_small_for_start_and_goal_are_refused():
    with pytest.raises(ConfigError, match=r"cell_size=1\.0 of maze 'u_maze' is not usable: .* Use 4\.0\."):
        PointMaze(Maze.from_layout("u_maze", cell_size=1.0))


def test_training_wrappers_of_brax_accept_the_environment():
    with warnings.catch_warnings():
        # brax still imports JAXopt, whose import announces that it is no longer maintained; none of our code uses it.
        warnings.filterwarnings("ignore", message="JAXopt is no longer maintained", category=DeprecationWarning)
        from brax.envs.wrappers.training import wrap
    env = wrap(get_env("point_u_maze"), episode_length=3)
    state = env.reset(jax.random.split(jax.random.PRNGKey(0), 2))  # brax counts the axes of raw keys
    first_obs, dones = state.obs, []
    step = jax.jit(env.step)
    for _ in range(6):
        state = step(state, jnp.ones((2, 2)))
        dones.append(state.done[0])
    np.testing.assert_array_equal(dones, [0, 0, 1, 0, 0, 1])
    np.testing.assert_array_equal(state.obs, first_obs)
