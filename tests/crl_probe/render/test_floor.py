"""Maps show the floor and a rim of its walls, and an open plane to its edge."""

import numpy as np
import pytest

from crl_probe.render.floor import WALL_RIM, edges_of, floor_limits


def test_by_hand():
    xs, ys = np.arange(5.0), np.arange(0.0, 40.0, 10.0)
    free = np.zeros((5, 4), bool)
    free[1:4, 1:3] = True
    assert floor_limits(xs, ys, free) == (0.5 - WALL_RIM, 3.5 + WALL_RIM, 5 - WALL_RIM, 25 + WALL_RIM)
    assert edges_of(ys) == (-5, 35)


def test_an_open_plane_is_shown_to_its_edge_however_small_it_is():
    xs = np.linspace(-0.2, 0.2, 5)
    assert floor_limits(xs, xs, np.ones((5, 5), bool)) == pytest.approx((-0.25, 0.25, -0.25, 0.25))
    ring = np.hypot(*np.meshgrid(xs, xs)) <= 0.21
    assert floor_limits(xs, xs, ring) == pytest.approx((-0.25, 0.25, -0.25, 0.25))
