"""Projections of several spaces: components worked by hand, copies that coincide, and what cannot be projected."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.metrics import trustworthiness
from crl_probe.probes._projection import METHODS, draw, principal_projections
from crl_probe.runs.errors import ProbeError


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


@pytest.mark.slow
def test_umap_puts_the_same_states_in_about_the_same_place():
    generator = np.random.default_rng(0)
    plane = generator.uniform(-1, 1, size=(150, 2))
    spaces = [np.tanh(plane @ generator.normal(size=(2, 64))).astype(np.float32) for _ in range(2)]
    first, second = draw(spaces, 150, "aligned", seed=0, epochs=60)
    for axis in range(2):
        assert np.corrcoef(first[:, axis], second[:, axis])[0, 1] > 0.8
    for space, picture in zip(spaces, (first, second), strict=True):
        assert trustworthiness(space, picture) > 0.9


def test_principal_components_are_those_of_most_variance():
    space = np.random.default_rng(0).normal(size=(60, 5)) * np.array([1.0, 9.0, 1.0, 4.0, 1.0])
    (picture,) = draw([space], 60, "pca", seed=0, epochs=1)
    assert abs(np.corrcoef(picture[:, 0], space[:, 1])[0, 1]) > 0.95
    assert abs(np.corrcoef(picture[:, 1], space[:, 3])[0, 1]) > 0.9


def test_projections_of_nan_or_of_too_few_points_are_refused():
    with pytest.raises(ValueError, match="embeddings are not finite"):
        draw([np.full((50, 4), np.nan)], 50, "aligned", seed=0, epochs=10)
    with pytest.raises(ValueError, match="9 points are too few"):
        draw([np.zeros((9, 4))], 9, "pca", seed=0, epochs=10)


@pytest.mark.parametrize("method", ["pca", "umap", pytest.param("aligned", marks=pytest.mark.slow)])
@pytest.mark.parametrize("ulps", [0, 1, 3])
def test_a_network_that_has_collapsed_has_a_projection_of_zeros_and_spares_the_others(method, ulps):
    generator = np.random.default_rng(0)
    goals = generator.normal(size=(4, 8))
    healthy = np.concatenate([generator.normal(size=(50, 8)), goals]).astype(np.float32)
    alike = np.tile(generator.normal(size=8).astype(np.float32), (50, 1))
    alike += generator.integers(-1, 2, size=alike.shape) * ulps * np.spacing(alike)
    collapsed = np.concatenate([alike, goals]).astype(np.float32)
    first, other, last = draw([healthy, collapsed, healthy], 50, method, seed=0, epochs=5)
    assert (other == 0).all()
    assert np.ptp(first, axis=0).min() > 0
    assert np.ptp(last, axis=0).min() > 0
    (alone,) = draw([collapsed], 50, method, seed=0, epochs=5)
    assert (alone == 0).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("largest", [1e37, 3e38, 1e18])
def test_projections_of_embeddings_whose_squares_overflow_are_refused(method, largest):
    space = np.random.default_rng(0).uniform(-1, 1, size=(50, 4)).astype(np.float32)
    space[0, 0] = 1.0
    with pytest.raises(ProbeError, match=r"embeddings are as large as \de\+\d\d: their squared distances overflow"):
        draw([space, np.float32(largest) * space], 50, method, seed=0, epochs=10)
