"""Principal components of several spaces: worked by hand, and equal for copies that are only rotated or scaled."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.probes._projection import principal_projections


def test_a_cross_of_four_axes_keeps_the_three_longest():
    # Two points on each axis: variances are in proportion 16 : 9 : 4 : 1.
    lengths = np.array([1.0, 4.0, 2.0, 3.0])
    cross = np.concatenate([np.diag(lengths), -np.diag(lengths)])
    (projection,), (explained,) = principal_projections([cross], 8)
    assert explained == pytest.approx(29 / 30)
    radius = np.sqrt(2 * 29 / 8)
    expected = np.array([[0, 0, 0], [4, 0, 0], [0, 0, 2], [0, 3, 0]]) / radius
    np.testing.assert_allclose(projection[:4], expected, atol=1e-6)
    np.testing.assert_allclose(projection[4:], -expected, atol=1e-6)


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100.0))
def test_turned_mirrored_moved_and_scaled_copies_coincide(seed, scale):
    generator = np.random.default_rng(seed)
    space = generator.normal(size=(30, 6)) * [9.0, 6.0, 4.0, 2.0, 1.0, 0.5]
    turn = np.linalg.qr(generator.normal(size=(8, 8)))[0][:6]  # into more dimensions, of either handedness
    (first, copy), explained = principal_projections([space, scale * space @ turn + 5.0], 25)
    np.testing.assert_allclose(first, copy, atol=1e-4)
    np.testing.assert_allclose(explained[0], explained[1], rtol=1e-6)
    assert np.square(first[:25]).sum(axis=1).mean() == pytest.approx(1.0, rel=1e-5)


def test_a_line_is_carried_whole_and_missing_dimensions_are_zero():
    line = np.linspace(0, 1, 20)[:, None]
    projections, explained = principal_projections([line, line @ [[3.0, 4.0]], line @ np.ones((1, 5))], 20)
    np.testing.assert_allclose(explained, 1.0)
    np.testing.assert_allclose(projections[1:], projections[:1].repeat(2, axis=0), atol=1e-6)
    assert not projections[0, :, 1:].any()


def test_goals_are_projected_and_decide_nothing():
    points = np.random.default_rng(0).normal(size=(20, 4)).astype(np.float32)
    (alone,), share = principal_projections([points], 20)
    (both,), same_share = principal_projections([np.concatenate([points, [[99.0] * 4], points[:1]])], 20)
    np.testing.assert_allclose(both[:20], alone, atol=1e-6)
    np.testing.assert_allclose(both[21], alone[0], atol=1e-6)
    assert share == pytest.approx(same_share)


def test_a_collapsed_space_has_an_empty_projection():
    equal = np.full((10, 4), 0.1, np.float32)
    up_to_rounding = np.where(np.eye(10, 4) > 0, np.nextafter(equal, 1), equal)
    spaces = [np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32), equal, up_to_rounding]
    projections, explained = principal_projections(spaces, 9)
    assert not projections[1:].any()
    assert np.isnan(explained).tolist() == [False, True, True]
    assert np.square(projections[0, :9]).sum(axis=1).mean() == pytest.approx(1.0, rel=1e-5)
