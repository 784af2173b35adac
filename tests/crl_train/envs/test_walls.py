"""The walls near a robot act as all walls of its maze do, at a fraction of the pairs to test."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs import make_env
from crl_train.envs.ant import FEET, HIPS, TORSO, ant_physics
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.physics import Physics
from crl_train.envs.walls import NearbyWalls
from crl_train.errors import ConfigError

ANT = make_env("ant_u_maze")
PARTS = (TORSO, *HIPS, *FEET)


@pytest.mark.every_env
def test_an_ant_among_nearby_walls_moves_as_among_all_of_them():
    # Thrown at walls and into corners from eight places: contacts of all kinds within a second.
    keys = jax.random.split(jax.random.key(0), 8)
    q, qd, _ = jax.vmap(ANT.draw)(keys)
    corners = jnp.array(
        [[4.0, 4.0], [4.0, 8.0], [4.0, 12.0], [8.0, 12.0], [12.0, 12.0], [12.0, 8.0], [12.0, 4.0], [8, 12]]
    )
    angle = jnp.linspace(0, 2 * jnp.pi, 8, endpoint=False)
    q = q.at[:, :2].set(corners)
    qd = qd.at[:, 0].set(8 * jnp.cos(angle)).at[:, 1].set(8 * jnp.sin(angle))

    def positions(physics: Physics) -> np.ndarray:
        def step(state, _):
            state = physics.step(state, jnp.zeros(8))
            return state, state.q[:15]

        def run(q, qd):
            return jax.lax.scan(step, physics.init(q, qd), None, 15)[1]

        return np.asarray(jax.jit(jax.vmap(run))(q, qd))

    nearby, plain = positions(ANT.physics), positions(ant_physics(ANT.spec, ANT.maze, all_walls=True))
    to_walls = np.abs(nearby[:, :, :2] - np.asarray(corners)[:, None]).max(axis=1)
    assert (to_walls.max(axis=-1) > 1).all()  # each of them went somewhere, and was stopped
    assert all(ANT.maze.is_free(positions[:, :2]).all() for positions in nearby)
    # The same contacts, added up in another order over 150 substeps that each amplify what the last one rounded.
    np.testing.assert_allclose(nearby, plain, atol=1e-4)


@functools.cache
def pose_at_origin():
    """Poses of the links with the torso above the origin."""
    return jax.jit(ANT.physics.init)(jnp.asarray(ANT.physics.start).at[:2].set(0), jnp.zeros(14)).x


def boxes_around(walls: NearbyWalls, xy: np.ndarray) -> set[tuple[int, int]]:
    """Cells at which the boxes of the torso stand, when that is at a place."""
    torso = dataclasses.replace(walls, parts=walls.parts[:1], boxes=walls.boxes[:1])
    pose = pose_at_origin()
    shifted = pose.replace(pos=pose.pos + np.array([*xy, 0], dtype=np.float32))
    places = np.asarray(torso._places(ANT.physics.system, shifted))[0]
    return {tuple(np.round(box[:2] / 4).astype(int)) for box in places if box[2] > 0}


@settings(max_examples=40)
@given(st.floats(-6, 26), st.floats(-6, 26))
def test_every_wall_that_a_part_could_touch_has_a_box(x, y):
    found = boxes_around(ANT.physics.walls, np.array([x, y]))
    # All walls within half a cell of the centre, along either axis.
    within = {
        (int(row), int(column))
        for row, column in np.argwhere(ANT.maze.walls)
        if abs(x - 4 * row) < 4 - 1e-3 and abs(y - 4 * column) < 4 - 1e-3
    }
    assert within <= found <= {tuple(map(int, cell)) for cell in np.argwhere(ANT.maze.walls)}


def test_a_maze_whose_cells_are_too_small_for_the_robot_is_refused():
    maze = Maze("tight", ("####", "#RG#", "####"), cell_size=0.5)
    message = r"^cell_size=0\.5 of maze 'tight' is not usable: torso_geom of the robot has a radius of 0\.25 m"
    with pytest.raises(ConfigError, match=message):
        NearbyWalls.of_model(ANT.physics.system.mj_model, maze, PARTS)
