"""Which places count as visited."""

import numpy as np

from crl_probe.evidence.places import visited_cells
from crl_train.envs.registry import make_env


def test_a_cell_is_visited_if_a_state_lies_in_it_or_beside_it():
    env = make_env("point_u_maze")
    grid = env.floor.fine_grid(20)
    free = np.asarray(grid.free)
    i, j = np.argwhere(free)[7]
    states = np.zeros((2, env.state_dim), np.float32)
    states[0, :2] = grid.xs[i] + 0.1, grid.ys[j] - 0.1
    states[1, :2] = -50.0  # outside of the maze, as a body that was thrown there
    expected = np.zeros_like(free)
    expected[max(i - 1, 0) : i + 2, max(j - 1, 0) : j + 2] = True
    np.testing.assert_array_equal(visited_cells(env, states, grid), expected & free)
