"""The ant pushes the ball, walls stop it, its place is the goal; the defects of reference trainers come on request."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from crl_train.envs.ant import FEET, HIPS, TORSO
from crl_train.envs.ant_ball import (
    BALL_BODY,
    BALL_GEOMETRY,
    BALL_RADIUS,
    PARTS,
    ant_with_ball,
    ball_maze,
    make_ant_ball,
    make_ant_ball_maze,
)
from crl_train.envs.facts import ant_ball_spec
from crl_train.envs.maze_layouts import BALL_LAYOUTS, LAYOUTS
from crl_train.envs.physics import Physics
from crl_train.envs.walls import add_all_walls
from crl_train.errors import ConfigError
from tests.tolerance import assert_close

DRAWS = 4000
STEPS = 20  # one second

# Starts of the ant and the ball in the u maze, each (x, y, vx, vy), and what is then seen.
THROWN_ALONG_X, THROWN_ALONG_Y, PUSHED, AT_REST = range(4)
BEGINNINGS = np.array(
    [
        [[4, 4, 0, 0], [4, 8, -8, 0]],
        [[4, 4, 0, 0], [12, 4, 0, -8]],
        [[4, 4, 0, 5], [4, 5.6, 0, 0]],
        [[4, 4, 0, 0], [4, 12, 0, 0]],
    ],
    dtype=np.float32,
)

open_env = functools.cache(make_ant_ball)
maze_env = functools.cache(make_ant_ball_maze)


@functools.cache
def starts(layout: str, reference: str | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions, velocities and goals of many starts."""
    env = maze_env(layout, None, reference) if layout else open_env(reference)
    drawn = jax.jit(jax.vmap(env.draw))(jax.random.split(jax.random.key(3), DRAWS))
    return tuple(map(np.asarray, drawn))


def motions(physics: Physics) -> dict[str, np.ndarray]:
    """What follows from the beginnings while the ant does nothing, at the start and after every step."""
    env = maze_env("u_maze")

    @jax.jit
    @jax.vmap
    def run(ant, ball):
        q = jnp.asarray(physics.start).at[:2].set(ant[:2]).at[15:].set(ball[:2])
        qd = jnp.zeros(16).at[:2].set(ant[2:]).at[14:].set(ball[2:])
        state = physics.init(q, qd)

        def record(state):
            seen = env.state_of(state, jnp.zeros(8))
            return {"state": seen, "ball": state.x.pos[physics.link(BALL_BODY)], "q": state.q}

        def step(state, _):
            state = physics.step(state, jnp.zeros(8))
            return state, record(state)

        later = jax.lax.scan(step, state, None, STEPS)[1]
        return jax.tree.map(lambda one, more: jnp.concatenate([one[None], more]), record(state), later)

    return jax.tree.map(np.asarray, run(BEGINNINGS[:, 0], BEGINNINGS[:, 1]))


@pytest.fixture(scope="module")
def moved():
    return motions(maze_env("u_maze").physics)


# --- facts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layout", "reference", "indices"),
    [
        ("", None, (29, 30)),
        ("u_maze", None, (29, 30)),
        ("", "jaxgcrl", (29, 30)),
        ("", "scaling-crl", (28, 29)),  # velocity of the last joint and x of the ball
        ("big_maze", "jaxgcrl", (28, 29)),
    ],
)
def test_goal_stands_where_the_trainer_takes_it_from(layout, reference, indices):
    spec = ant_ball_spec(layout, reference=reference)
    assert (spec.layout.dim, spec.action_dim, spec.episode_length, spec.tolerance) == (31, 8, 1000, 0.5)
    assert spec.layout.indices(spec.goal_segment) == indices
    assert spec.plane == (("x", "y") if indices == (29, 30) else None)
    assert (spec.dt, spec.backend, spec.fixed_starts) == (pytest.approx(0.05), "spring", reference is not None)
    assert spec.name == (f"ant_ball_{layout}" if layout else "ant_ball")


def test_ball_weighs_what_the_two_balls_of_the_references_do():
    model = open_env().physics.system.mj_model
    assert model.body(BALL_BODY).mass[0] == pytest.approx(4 / 3 * np.pi * 0.5**3 * (1 + 0.1))
    np.testing.assert_array_equal(model.body(BALL_BODY).pos, [0, 0, BALL_RADIUS])


def test_torso_feet_ball_and_floor_meet_and_hips_meet_nothing():
    model, floor = open_env().physics.system.mj_model, open_env().physics.floor
    meeting = {frozenset(("floor", model.geom(geometry).name)) for geometry in floor.geometries}
    for one, other in itertools.combinations(range(model.ngeom), 2):
        masks = model.geom_contype[one] & model.geom_conaffinity[other]
        masks |= model.geom_contype[other] & model.geom_conaffinity[one]
        if masks and model.geom_bodyid[one] != model.geom_bodyid[other]:
            meeting.add(frozenset((model.geom(one).name, model.geom(other).name)))
    expected = {frozenset(pair) for pair in itertools.combinations((TORSO, *FEET, BALL_GEOMETRY), 2)}
    expected |= {frozenset(("floor", part)) for part in (*FEET, BALL_GEOMETRY)}
    assert meeting == expected
    assert len(meeting) == 20  # candidate contacts that the reference trainer's model has
    assert not set(PARTS) & set(HIPS)


def test_ball_can_leave_farther_than_that_of_scaling_crl():
    ranges = {r: open_env(r).physics.system.mj_model.joint(f"{BALL_BODY}_x").range for r in (None, "scaling-crl")}
    np.testing.assert_allclose(ranges[None], [-100, 100])
    np.testing.assert_allclose(ranges["scaling-crl"], [-10.3213, 10.3])


def test_no_landscape_is_drawn():
    for env in (open_env(), maze_env("u_maze")):
        assert not env.is_planar
        assert env.floor is None
        with pytest.raises(
            ConfigError, match=r"^environment 'ant_ball.*' is not planar: where the ball is says [^\n]*$"
        ):
            env.planar_state(np.zeros((1, 2)))


# --- success ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [None, "scaling-crl"])
def test_success_is_the_ball_at_the_goal_whatever_the_goal_stands_for(reference):
    env = open_env(reference)
    goal = jnp.array([3.0, -2.0])
    ball_there = jnp.zeros(31).at[29:].set(goal + jnp.array([0.3, 0.39]))  # 0.492 m away
    ball_near = jnp.zeros(31).at[29:].set(goal + jnp.array([0.3, 0.41]))  # 0.508 m
    slice_there = jnp.zeros(31).at[28:30].set(goal)
    states = jnp.stack([ball_there, ball_near, slice_there]).reshape(3, 1, 31)
    np.testing.assert_array_equal(env.success(states, jnp.broadcast_to(goal, (3, 1, 2))), [[True], [False], [False]])
    # The distance is that of what counts as the achieved goal, right or wrong.
    distance = env.goal_distance(slice_there, goal)
    assert_close(distance, 0.0 if reference else np.hypot(3 + 2, 2), terms=8, scale=6)


# --- physics ---------------------------------------------------------------------------------------------


def test_achieved_goal_is_where_the_simulator_has_the_ball(moved):
    env = maze_env("u_maze")
    # The slides' positions are those of the link, less where it is at the start: a handful of roundings.
    assert_close(env.achieved_goal(jnp.asarray(moved["state"])), moved["ball"][..., :2], terms=8)


def test_ball_is_pushed_by_the_ant_and_rests_by_itself(moved):
    way = moved["ball"][:, :, :2] - moved["ball"][:, :1, :2]
    assert way[PUSHED, -1, 1] > 0.3
    # Only its weight presses it onto the floor: it sinks in by a tenth of a millimetre.
    assert np.abs(way[AT_REST]).max() < 1e-4


def test_walls_stop_the_ball(moved):
    # Faces of walls are at x = 2 and y = 2. Spring physics takes the mean of the impulses of wall and floor, so that
    # each substep of 5 ms in a wall halves the speed, which is below 8 m/s: it goes in by 8 cm at most.
    for copy, axis in ((THROWN_ALONG_X, 0), (THROWN_ALONG_Y, 1)):
        nearest = moved["ball"][copy, :, axis].min() - BALL_RADIUS
        assert 2 - 0.08 < nearest < 2
        others = np.delete(moved["ball"][copy, :, :2], axis, axis=1)
        np.testing.assert_allclose(others, others[0, 0], atol=1e-3)


@pytest.mark.every_env
def test_ball_and_ant_among_nearby_walls_move_as_among_all_of_them(moved):
    env = maze_env("u_maze")
    model = ant_with_ball()
    add_all_walls(model, env.maze, PARTS)
    plain = motions(Physics.compiled(model, env.spec))
    # The same contacts, added up in another order over 200 substeps that each amplify what the last one rounded.
    np.testing.assert_allclose(moved["q"], plain["q"], atol=1e-4)


# --- starts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reference", [None, "scaling-crl", "jaxgcrl"])
def test_in_the_open_the_goal_is_5_m_away_and_the_ball_1_m_from_a_fifth_of_the_way(reference):
    q, qd, goal = starts("", reference)
    ant, ball = q[:, :15], q[:, 15:]
    rest = open_env(reference).physics.start[:15]
    np.testing.assert_array_equal(rest, np.float32([0, 0, 0.55, 1, 0, 0, 0, 0, 1, 0, -1, 0, -1, 0, 1]))
    noise = (ant - rest)[:, [0, 1, 2, *range(7, 15)]]
    assert 0.099 < np.abs(noise).max() <= 0.1 + 1e-6
    np.testing.assert_array_equal(qd[:, 14:], 0)
    np.testing.assert_allclose(qd[:, :14].std(axis=0), 0.1, rtol=5 / np.sqrt(2 * DRAWS))
    assert_close(np.linalg.norm(goal, axis=1), np.full(DRAWS, 5), terms=8)
    along, away = goal / 5, ball - 0.2 * goal
    if reference is None:
        assert_close(np.linalg.norm(away, axis=1), np.ones(DRAWS), terms=8, scale=5)
    else:
        assert_close(ball[:, 1], 0.4 * goal[:, 1], terms=8)  # the sine of the goal's angle, twice
    # Cosines and sines of uniform angles: mean 0, mean square 1/2, and of a product of two independent ones 1/4.
    for entries in (along, away):
        np.testing.assert_allclose(entries.mean(axis=0), 0, atol=5 * np.sqrt(0.5 / DRAWS))
        np.testing.assert_allclose((entries**2).mean(axis=0), 0.5, atol=5 * np.sqrt(0.125 / DRAWS))
    together = along.T @ away / DRAWS
    expected = np.zeros((2, 2)) if reference is None else np.array([[0, 0], [0, 0.5]])
    np.testing.assert_allclose(together, expected, atol=5 * np.sqrt(0.25 / DRAWS))


@pytest.mark.parametrize("reference", [None, "jaxgcrl"])
def test_in_a_maze_ant_ball_and_goal_are_at_centres_of_their_cells(reference):
    q, qd, goal = starts("big_maze", reference)
    np.testing.assert_array_equal(q[:, :2], np.broadcast_to(np.float32([4, 4]), (DRAWS, 2)))
    np.testing.assert_array_equal(qd[:, 14:], 0)
    grid = np.array([list(row) for row in BALL_LAYOUTS["big_maze"]])
    for found, symbol in ((q[:, 15:], "B"), (goal, "G")):
        cells = 4.0 * np.argwhere(grid == symbol)
        places, counts = np.unique(found, axis=0, return_counts=True)
        np.testing.assert_array_equal(places, cells)
        share = 1 / len(cells)
        assert np.abs(counts - DRAWS * share).max() < 5 * np.sqrt(DRAWS * share * (1 - share))


def test_cells_of_ball_and_goal_are_independent_but_for_jaxgcrl():
    def drawn_pairs(reference):
        q, _, goal = starts("big_maze", reference)
        found, counts = np.unique(np.hstack([q[:, 15:], goal]), axis=0, return_counts=True)
        balls, goals = (4 * np.argwhere(grid == symbol) for symbol in "BG")
        indices = [(position(pair[:2], balls), position(pair[2:], goals)) for pair in found]
        return indices, counts

    def position(place, places):
        return int(np.flatnonzero((places == place).all(axis=1))[0])

    grid = np.array([list(row) for row in BALL_LAYOUTS["big_maze"]])
    indices, counts = drawn_pairs(None)
    assert len(indices) == 2 * 20
    assert np.abs(counts - DRAWS / 40).max() < 5 * np.sqrt(DRAWS / 40)
    # JAX draws an integer below n as random bits modulo n. The same bits have one parity modulo 2 and modulo 20.
    indices, _ = drawn_pairs("jaxgcrl")
    assert sorted(indices) == [(goal % 2, goal) for goal in sorted(range(20), key=lambda goal: goal % 2)]


# --- mazes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", BALL_LAYOUTS)
def test_maze_has_the_walls_and_the_start_of_its_layout(layout):
    maze, cells = ball_maze(layout)
    assert [row.replace("G", ".") for row in maze.rows] == [row.replace("G", ".") for row in LAYOUTS[layout]]
    assert (maze.name, maze.cell_size) == (layout, 4)
    assert not maze.walls[tuple(cells.T)].any()


def test_maze_given_as_text_says_where_the_ball_starts():
    maze, cells = ball_maze("own", "\n #####\n #RBG#\n\n #B..#\n#####")
    assert maze.rows == ("#####", "#R.G#", "#...#", "#####")
    np.testing.assert_array_equal(cells, [[1, 2], [2, 1]])


@pytest.mark.parametrize(
    ("layout", "text", "message"),
    [
        ("u2_maze", None, r"^unknown maze layout 'u2_maze' for a ball\. Known layouts: u_maze, big_maze\.$"),
        ("own", "#####\n#R.G#\n#####", r"^maze 'own' is not usable: no cell is marked B, where the ball starts\."),
        ("own", "#####\n#RG##\n###B#\n#####", r"^maze 'own' is not usable: no path leads from its start to a cell ma"),
        ("own", "#####\n#RXB#\n#####", r"^maze 'own' is not usable: it has the unknown symbols \['X'\]"),
        ("u_maze", "#####\n#RBG#\n#####", r"^maze 'u_maze' is not usable: a layout of the project has this name"),
    ],
    ids=["unknown", "no ball", "ball shut in", "symbol", "taken name"],
)
def test_maze_without_a_place_for_the_ball_is_refused(layout, text, message):
    with pytest.raises(ConfigError, match=message):
        ball_maze(layout, text)
