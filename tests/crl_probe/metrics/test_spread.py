"""Spread around the goal: dimension of Gaussians, resolution of isometries, and what must not matter."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.metrics import MetricError, spread
from tests.crl_probe.point_clouds import random_rotation


def isometric_case(seed: int = 0, points: int = 400):
    """Places in the plane, the same places rotated into eight dimensions, and those within 1 of the origin."""
    generator = np.random.default_rng(seed)
    places = generator.uniform(-3, 3, size=(points, 2))
    phi = places @ random_rotation(generator, 8)[:2] + 5.0
    return phi, places, np.linalg.norm(places, axis=1) < 1.0


def test_three_points_by_hand():
    phi = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 3.0]])
    near = np.array([True, True, False])
    # Near centroid (1, 0): both at distance 1. Whole centroid (1, 1): squared distances 2, 2, 4.
    assert spread.near_spread(phi, near) == pytest.approx(1.0)
    assert spread.spread_ratio(phi, near) == pytest.approx(1.0 / np.sqrt(8 / 3))
    assert spread.goal_offset(phi, near, np.array([1.0, 2.0])) == pytest.approx(2.0 / np.sqrt(8 / 3))


@pytest.mark.parametrize("dimension", [1, 4, 16])
def test_gaussians_have_their_dimension(dimension):
    phi = np.zeros((8_000, 64))
    phi[:, :dimension] = np.random.default_rng(1).normal(size=(8_000, dimension))
    assert spread.near_dimension(phi, np.ones(8_000, bool)) == pytest.approx(dimension, rel=0.05)


@pytest.mark.parametrize("points", [20, 100, 200])
@pytest.mark.parametrize("dimension", [4, 64])
def test_a_dimension_does_not_depend_on_the_number_of_points(points, dimension):
    """Mean of 200 draws; the plain ratio is 14, 39 and 48 of 64. A single draw of 20 points has a deviation of 10 %."""
    generator = np.random.default_rng(3)
    mixing = np.linalg.qr(generator.normal(size=(80, 80)))[0][:dimension]
    found = [
        spread.near_dimension(generator.normal(size=(points, dimension)) @ mixing, np.ones(points, bool))
        for _ in range(200)
    ]
    assert np.mean(found) == pytest.approx(dimension, rel=0.05)


def test_few_points_have_no_dimension():
    with pytest.raises(ValueError, match="number of near points=9 is too few"):
        spread.near_dimension(np.eye(9), np.ones(9, bool))


def test_an_isometric_embedding_has_resolution_one():
    phi, places, near = isometric_case()
    assert spread.goal_resolution(phi, places, near) == pytest.approx(1.0)
    assert spread.goal_resolution(phi.astype(np.float32) + 100.0, places, near) == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize("factor", [0.5, 2.0])
def test_scaling_the_near_region_scales_resolution_for_small_near_sets(factor):
    # A tiny near set among many: its own scale leaves the spread of the whole set as it was.
    generator = np.random.default_rng(2)
    places = np.concatenate([generator.normal(scale=0.01, size=(20, 2)), generator.normal(size=(20_000, 2))])
    near = np.arange(len(places)) < 20
    phi = places.copy()
    phi[near] *= factor
    assert spread.goal_resolution(phi, places, near) == pytest.approx(factor, rel=0.01)


@settings(max_examples=40)
@given(st.integers(0, 2**32 - 1), st.floats(0.1, 10.0), st.floats(-5.0, 5.0))
def test_rotation_translation_scale_and_order_change_no_ratio(seed, scale, offset):
    phi, places, near = isometric_case()
    generator = np.random.default_rng(seed)
    phi = phi + 0.3 * np.sin(phi)
    psi = phi[near].mean(axis=0) + 0.5
    rotation = random_rotation(generator, 8)
    order = generator.permutation(len(phi))
    moved, moved_psi = (scale * phi @ rotation + offset)[order], scale * psi @ rotation + offset
    assert spread.near_spread(moved, near[order]) == pytest.approx(scale * spread.near_spread(phi, near))
    for name, before, after in [
        ("spread_ratio", (phi, near), (moved, near[order])),
        ("goal_resolution", (phi, places, near), (moved, places[order], near[order])),
        ("near_dimension", (phi, near), (moved, near[order])),
        ("goal_offset", (phi, near, psi), (moved, near[order], moved_psi)),
    ]:
        score = getattr(spread, name)
        assert score(*after) == pytest.approx(score(*before), rel=1e-6), name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda phi, near: spread.near_spread(phi, near & False), "number of near points=0 is too few"),
        (lambda phi, near: spread.near_spread(phi * np.nan, near), "phi holds 3200 values"),
        (lambda phi, near: spread.spread_ratio(phi * 0 + 3.3, near), "no spread beyond rounding in phi: spread_ratio"),
        (lambda phi, near: spread.near_dimension(phi * 0 + 3.3, near), "no spread beyond rounding in near_embeddings"),
        (lambda phi, near: spread.goal_offset(phi * 0, near, phi[0]), "no spread beyond rounding in phi: goal_offset"),
        (
            lambda phi, near: spread.goal_resolution(phi, phi * ~near[:, None], near),
            "beyond rounding in places",
        ),
        (lambda phi, near: spread.goal_resolution(phi, phi / 0, near), "achieved holds 3200 values"),
        (lambda phi, near: spread.goal_offset(phi, near, phi[0] * np.nan), "psi holds 8 values"),
        # Tests check shapes before the function can; whoever uses it without them gets its own words.
        (lambda phi, near: inspect.unwrap(spread.near_spread)(phi, near[1:]), "phi: 400, near: 399"),
    ],
)
def test_unusable_input_is_explained(call, message):
    phi, _, near = isometric_case()
    with pytest.raises(MetricError, match=message), np.errstate(divide="ignore"):
        call(phi, near)


def test_a_mask_of_numbers_and_a_goal_of_another_size_are_refused():
    phi = np.array([[0.0], [2.0], [9.0]])
    with pytest.raises(MetricError, match=r"near is of type int64: a mask is boolean"):
        inspect.unwrap(spread.near_spread)(phi, np.array([1, 1, 0]))
    with pytest.raises(MetricError, match=r"psi has shape \(3,\): one goal's embedding has \(1,\)"):
        inspect.unwrap(spread.goal_offset)(phi, np.array([True, True, False]), np.zeros(3))
