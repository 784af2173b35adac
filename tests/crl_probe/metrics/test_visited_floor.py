"""Scores on the visited part of the floor are those of that part alone."""

import numpy as np
import pytest

from crl_probe import metrics


def test_a_landscape_that_is_right_where_agents_went():
    geodesic = np.arange(12.0).reshape(3, 4)
    euclidean = geodesic.copy()
    euclidean[0] = euclidean[0, ::-1]  # a wall among the visited cells
    euclidean[2] = euclidean[2, [1, 0, 2, 3]]  # and one among the others
    visited = np.zeros((3, 4), bool)
    visited[:2] = True
    free = np.ones((3, 4), bool)
    values = np.where(visited, -geodesic, geodesic)
    assert metrics.geodesic_rank_visited(values, geodesic, free, visited) == pytest.approx(1.0)
    assert metrics.geodesic_rank_unvisited(values, geodesic, free, visited) == pytest.approx(-1.0)
    assert metrics.advantage_visited(values, geodesic, euclidean, free, visited) == pytest.approx(
        1.0 - metrics.euclidean_rank(values[:2], euclidean[:2], free[:2])
    )
    assert metrics.advantage_unvisited(values, geodesic, euclidean, free, visited) == pytest.approx(
        -1.0 - metrics.euclidean_rank(values[2:], euclidean[2:], free[2:])
    )


def test_a_part_without_cells_has_no_score():
    line = np.arange(6.0).reshape(2, 3)
    everywhere = np.ones((2, 3), bool)
    with pytest.raises(ValueError, match="number of free cells=0 is too few"):
        metrics.geodesic_rank_unvisited(-line, line, everywhere, everywhere)
    with pytest.raises(ValueError, match="visited is of type int"):
        metrics.geodesic_rank_visited(-line, line, everywhere, everywhere.astype(int))
