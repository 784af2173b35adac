"""The shape of representations: hand-worked ranks and similarities, a slow reference, and what must not matter."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.metrics import MetricError, geometry
from tests.crl_probe.point_clouds import moved, random_rotation

SEEDS = st.integers(0, 2**32 - 1)
SCALES = st.floats(0.1, 10.0)
OFFSETS = st.floats(-5.0, 5.0)


# --- effective rank ---------------------------------------------------------------------------------


def test_effective_rank_of_three_points_by_hand():
    # Both columns are centred and at right angles, with lengths sqrt(54) and sqrt(6): singular values as 3 to 1.
    a = 3 * np.sqrt(3)
    points = np.array([[a, 1.0], [-a, 1.0], [0.0, -2.0]])
    # Shares 3/4 and 1/4: exp(3/4 log 4/3 + 1/4 log 4) = 4 / 3^(3/4)
    assert geometry.effective_rank(points) == pytest.approx(4 / 3**0.75)


@pytest.mark.parametrize("rank", [1, 4, 16])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gaussians_have_their_rank(rank, dtype):
    generator = np.random.default_rng(1)
    points = generator.normal(size=(4_000, rank)) @ random_rotation(generator, 64)[:rank] + 3.0
    assert geometry.effective_rank(points.astype(dtype)) == pytest.approx(rank, rel=0.01)


@settings(max_examples=40)
@given(SEEDS, SCALES, OFFSETS)
def test_rotation_translation_scale_and_order_leave_the_rank(seed, scale, offset):
    generator = np.random.default_rng(seed)
    points = generator.normal(size=(30, 6)) * np.arange(1.0, 7.0)
    after = moved(points, generator, scale, offset)[generator.permutation(30)]
    assert geometry.effective_rank(after) == pytest.approx(geometry.effective_rank(points))
    assert 1.0 <= geometry.effective_rank(points) <= 6.0


# --- CKA --------------------------------------------------------------------------------------------


def slow_cka(first: np.ndarray, second: np.ndarray) -> float:
    """CKA over whole Gram matrices, HSIC_1 term by term as Song et al. 2012 write it."""

    def hsic_1(k, ell):
        n, ones = len(k), np.ones(len(k))
        k, ell = k - np.diag(np.diag(k)), ell - np.diag(np.diag(ell))
        sums = (ones @ k @ ones) * (ones @ ell @ ones) / ((n - 1) * (n - 2))
        return (np.trace(k @ ell) + sums - 2 / (n - 2) * (ones @ k @ ell @ ones)) / (n * (n - 3))

    k, ell = first @ first.T, second @ second.T
    return hsic_1(k, ell) / np.sqrt(hsic_1(k, k) * hsic_1(ell, ell))


def test_cka_of_four_points_by_hand():
    # Four points, because HSIC_1 divides by n - 3. All are centred; k and l are the squares of x, y and z.
    x, y, z = (np.array([column]).T for column in ([1.0, 1, -1, -1], [3.0, 1, -1, -3], [1.0, -1, 1, -1]))
    # n (n - 3) HSIC_1 = (x'y)^2 - n / (n - 2) sum k l + sum k sum l / ((n - 1) (n - 2))
    #   x, x: 16 - 2 * 4 + 16 / 6 = 32 / 3; z, z the same;    y, y: 400 - 2 * 164 + 400 / 6 = 416 / 3
    #   x, y: 64 - 2 * 20 + 80 / 6 = 112 / 3;                 x, z: 0 - 2 * 4 + 16 / 6 = -16 / 3
    assert geometry.cka(x, y) == pytest.approx(112 / np.sqrt(32 * 416))
    assert geometry.cka(x, z) == pytest.approx(-1 / 2)


@settings(max_examples=40)
@given(SEEDS, st.integers(4, 30), st.integers(1, 40))
def test_cka_equals_the_slow_reference(seed, points, dim):
    generator = np.random.default_rng(seed)
    first = generator.normal(size=(points, 3)) + 1.0
    second = first @ generator.normal(size=(3, dim)) + generator.normal(size=(points, dim)) - 2.0
    assert geometry.cka(first, second) == pytest.approx(slow_cka(first, second), abs=1e-9)


@settings(max_examples=40)
@given(SEEDS, SCALES, OFFSETS)
def test_rotation_translation_scale_and_order_leave_cka(seed, scale, offset):
    generator = np.random.default_rng(seed)
    first = generator.normal(size=(40, 5))
    second = np.tanh(first @ generator.normal(size=(5, 7)))
    order = generator.permutation(40)
    before = geometry.cka(first, second)
    after = moved(first, generator, scale, offset)[order], moved(second, generator, 1 / scale, -offset)[order]
    assert geometry.cka(*after) == pytest.approx(before)
    assert geometry.cka(second, first) == pytest.approx(before)
    assert geometry.cka(first, moved(first, generator, scale, offset)) == pytest.approx(1.0)
    assert abs(before) <= 1.0 + 1e-12


def test_cka_of_unrelated_representations_is_zero_however_wide_they_are():
    generator = np.random.default_rng(0)
    assert geometry.cka(generator.normal(size=(5_000, 8)), generator.normal(size=(5_000, 8))) == pytest.approx(
        0.0, abs=0.01
    )
    # Few points in many dimensions: here the estimator that is not debiased is near 1.
    few = [geometry.cka(generator.normal(size=(20, 200)), generator.normal(size=(20, 200))) for _ in range(200)]
    assert np.mean(few) == pytest.approx(0.0, abs=0.02)


def test_cka_in_single_precision_far_from_the_origin():
    generator = np.random.default_rng(0)
    first = generator.normal(size=(500, 6))
    second = np.tanh(first @ generator.normal(size=(6, 4)))
    single = (first + 100.0).astype(np.float32), (second - 100.0).astype(np.float32)
    assert geometry.cka(*single) == pytest.approx(geometry.cka(first, second), abs=1e-4)


# --- units and blocks -------------------------------------------------------------------------------


def test_dormant_units_of_a_three_unit_layer_by_hand():
    # The mean is 4 and the threshold a quarter of it: exactly 1 is still dormant.
    assert geometry.dormant_fraction(np.array([[1.0, 3.0, 8.0]]), threshold=0.25) == pytest.approx(1 / 3)
    assert geometry.dormant_fraction(np.array([[1.01, 3.0, 8.0]]), threshold=0.25) == 0.0


def test_units_are_compared_within_their_layer_and_a_silent_layer_is_dormant():
    layers = np.array([[0.001, 0.001, 0.002, 0.002], [0.0, 0.0, 0.0, 0.0], [1e-9, 50.0, 50.0, 50.0]])
    assert geometry.dormant_fraction(layers) == pytest.approx((0 + 4 + 1) / 12)


@settings(max_examples=40)
@given(SEEDS, SCALES)
def test_scale_of_a_layer_and_order_of_units_leave_the_dormant(seed, scale):
    generator = np.random.default_rng(seed)
    layers = generator.exponential(size=(3, 50)) ** 4
    scales = np.array([[scale], [1.0], [1 / scale]])
    assert geometry.dormant_fraction(scales * layers[:, generator.permutation(50)]) == pytest.approx(
        geometry.dormant_fraction(layers)
    )


def test_residual_contribution_by_hand():
    before = np.array([[3.0, 4.0], [0.0, 2.0], [1.0, 0.0]])
    after = np.array([[3.0, 9.0], [0.0, 2.0], [1.0, 1.0]])
    assert geometry.residual_contribution(before, after) == pytest.approx((5 / 5 + 0 / 2 + 1 / 1) / 3)


@settings(max_examples=40)
@given(SEEDS, SCALES)
def test_rotation_scale_and_order_leave_the_residual_contribution(seed, scale):
    generator = np.random.default_rng(seed)
    before, added = generator.normal(size=(2, 30, 6))
    turn, order = scale * random_rotation(generator, 6), generator.permutation(30)
    contribution = geometry.residual_contribution(before, before + added)
    assert geometry.residual_contribution((before @ turn)[order], ((before + added) @ turn)[order]) == pytest.approx(
        contribution
    )
    # What is added counts in proportion.
    assert geometry.residual_contribution(before, before + 0.5 * added) == pytest.approx(0.5 * contribution)


# --- decodability -----------------------------------------------------------------------------------


def test_a_linear_map_can_be_read_and_noise_cannot():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(600, 8)) * np.logspace(-3, 3, 8)
    read = geometry.linear_decodability(features.astype(np.float32), features @ generator.normal(size=(8, 2)) + 7.0)
    assert read == pytest.approx(1.0, abs=1e-4)
    assert geometry.linear_decodability(features, generator.normal(size=600)) < 0.01
    # A square is no linear map of what it squares.
    assert geometry.linear_decodability(features, features[:, 0] ** 2) < 0.05


def test_half_signal_half_noise_and_targets_that_count_by_their_spread():
    generator = np.random.default_rng(0)
    features, noise = generator.normal(size=(2, 4_000))
    assert geometry.linear_decodability(features[:, None], features + noise) == pytest.approx(1 / 2, abs=0.03)
    # One target is read completely and one, with three times its spread, not at all: 1 of 1 + 9 squares.
    targets = np.stack([features, 3.0 * noise], axis=1)
    assert geometry.linear_decodability(features[:, None], targets) == pytest.approx(1 / 10, abs=0.02)


def test_groups_keep_neighbours_from_leaking():
    # Every episode has a mark of its own and a target of its own: nothing carries over to other episodes.
    generator = np.random.default_rng(0)
    episodes = np.repeat(np.arange(30), 20)
    marks = np.eye(30)[episodes] + 0.01 * generator.normal(size=(600, 30))
    targets = generator.normal(size=30)[episodes] + 0.01 * generator.normal(size=600)
    assert geometry.linear_decodability(marks, targets) > 0.99
    assert geometry.linear_decodability(marks, targets, groups=episodes) < 0.05


def test_folds_are_always_the_same_and_their_mean_is_the_metric():
    generator = np.random.default_rng(0)
    features, targets = generator.normal(size=(90, 3)), generator.normal(size=(90, 1))
    by_fold = geometry.decodability_by_fold(features, targets, folds=3)
    assert by_fold.shape == (3,)
    np.testing.assert_array_equal(by_fold, geometry.decodability_by_fold(features, targets[:, 0], folds=3))
    assert geometry.linear_decodability(features, targets, folds=3) == pytest.approx(by_fold.mean())


@settings(max_examples=10)
@given(SEEDS, SCALES, OFFSETS)
def test_shape_keeping_moves_leave_what_can_be_read(seed, scale, offset):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(300, 4))
    targets = features[:, :2] + 0.5 * generator.normal(size=(300, 2))
    before = geometry.linear_decodability(features, targets, folds=2)
    assert geometry.linear_decodability(scale * features + offset, targets, folds=2) == pytest.approx(before)
    # Standardising and the penalty depend a little on the basis, and other points fall into each fold.
    turned = moved(features, generator, scale, offset)
    assert geometry.linear_decodability(turned, targets, folds=2) == pytest.approx(before, abs=0.02)
    assert geometry.linear_decodability(features, moved(targets, generator, scale, offset), folds=2) == pytest.approx(
        before, abs=0.02
    )
    order = generator.permutation(300)
    assert geometry.linear_decodability(features[order], targets[order], folds=2) == pytest.approx(before, abs=0.05)


# --- what is refused --------------------------------------------------------------------------------

POINTS = np.random.default_rng(0).normal(size=(10, 3))
COLLAPSED = np.full((10, 3), 0.1)
OUTLIER = np.concatenate([np.zeros((9, 3)), np.ones((1, 3))])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: geometry.effective_rank(POINTS[:1]), "number of points=1 is too few: this metric needs at least 2"),
        (lambda: geometry.effective_rank(POINTS * np.nan), "points holds 30 values that are NaN or infinite"),
        (lambda: geometry.effective_rank(COLLAPSED), "no spread beyond rounding in points: effective_rank"),
        (lambda: geometry.effective_rank(COLLAPSED.astype(np.float32)), "no spread beyond rounding in points"),
        (lambda: geometry.cka(POINTS[:3], POINTS[:3]), "number of points=3 is too few: this metric needs at least 4"),
        (lambda: geometry.cka(POINTS, POINTS * np.inf), "second holds 30 values"),
        (lambda: geometry.cka(COLLAPSED, POINTS), "no spread beyond rounding in first: cka"),
        (lambda: geometry.cka(POINTS, np.eye(10)), "points of second are all equally alike"),
        (lambda: geometry.cka(POINTS, OUTLIER), "points of second are all equally alike"),
        (lambda: inspect.unwrap(geometry.cka)(POINTS, POINTS[1:]), r"lengths differ \(first: 10, second: 9\)"),
        (lambda: geometry.dormant_fraction(-(POINTS**2)), "mean_activations holds 30 negative values"),
        (lambda: geometry.dormant_fraction(np.zeros((2, 0))), "number of units=0 is too few"),
        (lambda: geometry.dormant_fraction(POINTS**2, threshold=-1.0), r"threshold=-1.0 is negative"),
        (lambda: geometry.dormant_fraction(POINTS * np.nan), "mean_activations holds 30 values"),
        (lambda: geometry.residual_contribution(OUTLIER, POINTS), "before is zero up to rounding at 9 of 10 points"),
        (lambda: geometry.residual_contribution(POINTS, POINTS / 0), "after holds 30 values"),
        (lambda: geometry.residual_contribution(POINTS[:0], POINTS[:0]), "number of points=0 is too few"),
        (
            lambda: inspect.unwrap(geometry.residual_contribution)(POINTS, POINTS[:, 1:]),
            r"shapes differ \(before: \(10, 3\), after: \(10, 2\)\)",
        ),
        (lambda: geometry.linear_decodability(POINTS, POINTS[:, 0], folds=1), "folds=1 is too few"),
        (lambda: geometry.linear_decodability(POINTS, POINTS[:, 0], folds=6), "number of points=10 is too few"),
        (
            lambda: geometry.linear_decodability(COLLAPSED, POINTS),
            "no spread beyond rounding in features",
        ),
        (lambda: geometry.linear_decodability(POINTS, COLLAPSED), "no spread beyond rounding in targets of fold 0"),
        (lambda: geometry.linear_decodability(POINTS, POINTS * np.nan), "targets holds 30 values"),
        (lambda: geometry.linear_decodability(POINTS, POINTS, groups=np.arange(10) // 4), "number of groups=3 is too"),
        (lambda: inspect.unwrap(geometry.decodability_by_fold)(POINTS, POINTS[1:]), "features: 10, targets: 9"),
        (
            lambda: inspect.unwrap(geometry.decodability_by_fold)(POINTS, POINTS, groups=np.arange(9)),
            "features: 10, groups: 9",
        ),
    ],
)
def test_unusable_input_is_explained(call, message):
    with pytest.raises(MetricError, match=message) as caught, np.errstate(all="ignore"):
        call()
    assert "\n" not in str(caught.value)


def test_srank_counts_whole_directions():
    rng = np.random.default_rng(0)
    four = np.zeros((100, 8))
    four[:, :4] = np.linalg.qr(rng.normal(size=(100, 4)))[0]
    assert geometry.srank(four) == 4.0
    # Singular values 99 and 1: the first alone has exactly 99 %.
    assert geometry.srank(np.diag([99.0, 1.0])) == 1.0
    assert geometry.srank(np.diag([98.9, 1.1])) == 2.0
    assert geometry.srank(7.0 * four) == 4.0
    with pytest.raises(ValueError, match="all points are 0"):
        geometry.srank(0 * four)
    with pytest.raises(ValueError, match=r"delta=1.0 is not usable"):
        geometry.srank(four, 1.0)
