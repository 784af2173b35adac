"""Shortest paths of a body that keeps a distance from walls; those of a point are in test_maze_geometry.py."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.errors import ConfigError


def grown(maze: Maze) -> Maze:
    """The maze in cells a quarter as wide, its walls grown by one of them: one that a point has to itself."""
    fine = np.kron(maze.walls, np.ones((4, 4), dtype=bool))
    padded = np.pad(fine, 1, constant_values=True)
    near = [padded[1 + i : 1 + i + len(fine), 1 + j : 1 + j + fine.shape[1]] for i in (-1, 0, 1) for j in (-1, 0, 1)]
    walls = np.any(near, axis=0)
    symbols = np.where(walls, "#", ".")
    free = np.argwhere(~walls)
    symbols[tuple(free[0])], symbols[tuple(free[-1])] = "R", "G"
    return Maze(f"grown {maze.name}", tuple("".join(row) for row in symbols), maze.cell_size / 4)


def test_a_body_turns_around_corners_at_its_radius():
    maze = Maze.from_layout("u_maze", 4.0, body_radius=0.25)
    # From (4, 4) to (12, 4) around the corners (6, 10) and (10, 10) of the wall, by (5.75, 10.25) and (10.25, 10.25).
    by_hand = 2 * np.hypot(1.75, 6.25) + 4.5
    assert maze.geodesic(np.array([[4.0, 4.0]]), np.array([12.0, 4.0])) == pytest.approx([by_hand])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_body_of_a_quarter_cell_goes_as_a_point_does_among_grown_walls(layout):
    maze = Maze.from_layout(layout, 4.0, body_radius=1.0)
    among_grown = grown(maze)
    rng = np.random.default_rng(0)
    x_min, x_max, y_min, y_max = maze.extent
    places = rng.uniform((x_min, y_min), (x_max, y_max), (400, 2))

    def fine(xy):
        return xy - x_min - among_grown.cell_size / 2  # their origins are the centres of their first cells

    fits = among_grown.is_free(fine(places))
    assert fits.sum() > 30
    expected = among_grown.geodesics(fine(places[fits]), fine(maze.goal_centres[:4]))
    np.testing.assert_allclose(maze.geodesics(places[fits], maze.goal_centres[:4]), expected, rtol=1e-12)


@settings(max_examples=60)
@given(st.sampled_from(tuple(LAYOUTS)), st.floats(0, 1), st.floats(0, 1), st.floats(0.01, 1.9))
def test_a_wider_body_goes_no_shorter_way_and_a_place_where_it_does_not_fit_costs_the_way_out(layout, u, v, radius):
    point, body = Maze.from_layout(layout, 4.0), Maze.from_layout(layout, 4.0, radius)
    x_min, x_max, y_min, y_max = point.extent
    place = np.array([[x_min + u * (x_max - x_min), y_min + v * (y_max - y_min)]])
    goal = point.goal_centres[-1]
    short, long = point.geodesic(place, goal)[0], body.geodesic(place, goal)[0]
    if np.isnan(short):
        assert np.isnan(long)
        return
    assert np.isfinite(long)
    assert long >= short - 1e-9
    paths = body._paths
    fitting = paths._nearest_that_fits(place, radius)
    way = np.linalg.norm(place - fitting)
    assert way <= radius * np.sqrt(2) + 1e-9
    assert long == pytest.approx(body.geodesic(fitting, goal)[0] + way, abs=1e-6)


@pytest.mark.parametrize("radius", [-0.1, 2.0, float("nan")])
def test_a_body_that_does_not_fit_into_a_cell_is_refused(radius):
    with pytest.raises(ConfigError, match=r"^body_radius=.* is not usable: a body fits between the walls"):
        Maze.from_layout("u_maze", 4.0, body_radius=radius)
