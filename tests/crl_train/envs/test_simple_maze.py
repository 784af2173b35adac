"""The ball in the maze obeys Newton, and walls stop it, whether all of them are there or those nearby."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs import EnvOptions, make_env
from crl_train.envs.facts import simple_spec
from crl_train.envs.maze_layouts import COMMON_LAYOUTS, LAYOUTS
from crl_train.envs.physics import Physics
from crl_train.envs.simple_maze import BODY, GEOMETRY, RADIUS, make_simple_maze, simple_model
from crl_train.envs.walls import add_all_walls
from crl_train.errors import ConfigError
from tests.tolerance import assert_close, assert_trees_close

COPIES, STEPS, HELD, DRAWS = 8, 200, 10, 4000
SUBSTEPS, SUBSTEP = 10, 0.005

get_env = functools.cache(make_simple_maze)


def trajectories(physics: Physics) -> dict[str, np.ndarray]:
    """Copies that are pushed through the u maze at random, a new force every half second. (steps and start, copies)"""
    env = get_env("u_maze")
    keys = jax.random.split(jax.random.key(1), COPIES)
    forces = jnp.repeat(jax.random.uniform(keys[0], (STEPS // HELD, COPIES, 2), minval=-1, maxval=1), HELD, axis=0)

    @jax.jit
    def run(q, qd, forces):
        def record(state):
            seen = jax.vmap(env.state_of)(state, jnp.zeros((COPIES, 2)))
            return {"state": seen, "place": state.x.pos[:, physics.link(BODY)]}

        def step(state, force):
            state = jax.vmap(physics.step)(state, force)
            return state, record(state)

        state = jax.vmap(physics.init)(q, qd)
        later = jax.lax.scan(step, state, forces)[1]
        return jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), record(state), later)

    q, qd, _ = jax.vmap(env.draw)(keys)
    return {"force": np.asarray(forces), **jax.tree.map(np.asarray, run(q, qd, forces))}


@pytest.fixture(scope="module")
def pushed():
    return trajectories(get_env("u_maze").physics)


# --- facts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
@pytest.mark.parametrize("layout", COMMON_LAYOUTS)
def test_sizes_and_maze_by_name(layout, reference):
    env, facts = get_env(layout, None, reference), simple_spec(layout, reference=reference)
    assert (env.name, env.state_dim, env.goal_dim, env.action_dim) == (f"simple_{layout}", 4, 2, 2)
    assert (env.goal_indices, env.plane_indices) == ((0, 1), (0, 1))
    assert (env.spec.tolerance, env.spec.episode_length, env.spec.fixed_starts) == (0.5, 1000, reference is not None)
    assert (env.spec.dt, env.spec.substeps, env.spec.backend) == (pytest.approx(0.05), SUBSTEPS, "spring")
    assert facts.layout.segments == env.spec.layout.segments
    ten_goals = layout == "big_maze_eval" and reference is not None
    assert len(env.maze.goal_cells) == "".join(LAYOUTS[layout]).count("G") + ten_goals
    assert (env.maze.cell_size, env.maze.body_radius) == (4, RADIUS)
    model = env.physics.system.mj_model
    assert (model.body(BODY).mass[0], model.geom(GEOMETRY).size[0]) == (1, RADIUS)


def test_jaxgcrl_has_fewer_layouts_and_any_maze_can_be_given_as_text():
    assert get_env("u5_maze").maze.name == "u5_maze"
    with pytest.raises(
        ConfigError, match=r"^reference='jaxgcrl' is not usable with environment 'simple_u5_maze': of simple_<"
    ):
        make_env("simple_u5_maze", EnvOptions(reference="jaxgcrl"))
    env = make_simple_maze("own", "#####\n#R.G#\n#####")
    assert (env.name, env.maze.rows) == ("simple_own", ("#####", "#R.G#", "#####"))


# --- physics ---------------------------------------------------------------------------------------------


def test_achieved_goal_is_where_the_simulator_has_the_body(pushed):
    # The position of the slides is that of the link, less where it is at the start: a handful of roundings.
    assert_close(get_env("u_maze").achieved_goal(jnp.asarray(pushed["state"])), pushed["place"][..., :2], terms=8)


def test_away_from_walls_the_body_moves_as_one_kilogram_under_five_newtons(pushed):
    states, force = pushed["state"].astype(np.float64), 5 * pushed["force"].astype(np.float64)
    place, velocity = states[:-1, :, :2], states[:-1, :, 2:]
    # Semi-implicit Euler: of n substeps, the k-th moves the body at the velocity after k of them.
    velocity_after = velocity + SUBSTEPS * SUBSTEP * force
    place_after = place + SUBSTEPS * SUBSTEP * velocity + SUBSTEPS * (SUBSTEPS + 1) / 2 * SUBSTEP**2 * force
    maze = get_env("u_maze").maze
    corners = np.array([[x, y] for x in (-1, 1) for y in (-1, 1)]) * 1.5 * RADIUS
    clear = [maze.is_free((end + corner).reshape(-1, 2)) for end in (place, place_after) for corner in corners]
    clear = np.all(clear, axis=0).reshape(STEPS, COPIES)
    assert clear.sum() > STEPS  # many more than half a copy's
    expected = np.concatenate([place_after, velocity_after], axis=-1)[clear]
    # Ten additions to place and velocity each, and what the springs of the other directions round.
    assert_close(states[1:][clear], expected, terms=4 * SUBSTEPS)


def test_walls_stop_the_body(pushed):
    maze, places, velocities = get_env("u_maze").maze, pushed["state"][..., :2], pushed["state"][..., 2:]
    # A substep takes it less than the way of 5 ms into a wall.
    depth = SUBSTEP * np.abs(velocities).max() + 1e-3
    assert depth < 0.1
    corners = np.array([[x, y] for x in (-1, 0, 1) for y in (-1, 0, 1) if abs(x) + abs(y) == 1]) * (RADIUS - depth)
    assert all(maze.is_free((places + corner).reshape(-1, 2)).all() for corner in corners)
    assert (np.abs(np.diff(velocities, axis=0)).max(axis=(0, 2)) > 0.5).all()  # each hit one: a step of 5 N gives 0.25


def test_among_nearby_walls_the_body_moves_as_among_all_of_them(pushed):
    env = get_env("u_maze")
    model = simple_model()
    add_all_walls(model, env.maze, (GEOMETRY,))
    plain = trajectories(Physics.compiled(model, env.spec))
    # One rounding a substep of place and velocity each; the order of contacts makes no other difference.
    assert_trees_close(pushed, plain, terms=2 * SUBSTEPS * STEPS)


# --- starts ----------------------------------------------------------------------------------------------


def test_start_is_the_centre_of_its_cell_with_small_velocities_and_goals_are_centres_of_theirs():
    env = get_env("big_maze")
    q, qd, goals = jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(2), DRAWS))
    np.testing.assert_array_equal(q, np.broadcast_to(np.float32([4, 4]), (DRAWS, 2)))
    np.testing.assert_allclose(np.mean(qd, axis=0), 0, atol=5 * 0.1 / np.sqrt(DRAWS))
    np.testing.assert_allclose(np.std(qd, axis=0), 0.1, rtol=5 / np.sqrt(2 * DRAWS))
    found, counts = np.unique(goals, axis=0, return_counts=True)
    np.testing.assert_array_equal(found, env.maze.goal_centres)
    expected = DRAWS / len(found)
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def test_state_of_a_landscape_is_the_body_at_rest_there():
    env = get_env("u_maze")
    assert env.floor is env.maze
    xy = np.array([[[4.0, 4.0], [11.5, 7.25]]])
    states = env.planar_state(xy)
    np.testing.assert_array_equal(states, np.concatenate([xy, np.zeros((1, 2, 2))], axis=-1))
    pose = env.physics.init(states[0, 1, :2], states[0, 1, 2:])
    np.testing.assert_array_equal(env.state_of(pose, jnp.zeros(2)), states[0, 1])
    np.testing.assert_array_equal(env.moved_to(states, xy + 1)[..., :2], xy + 1)
