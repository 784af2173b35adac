"""Success metrics on hand-made distances: never, always, first step only, last step only."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from crl_train import goal_metrics

TOLERANCE = 0.5
NEVER = [2.0, 2.0, 2.0, 2.0]
ALWAYS = [0.1, 0.2, 0.3, 0.4]
FIRST_ONLY = [0.1, 2.0, 2.0, 3.0]
LAST_ONLY = [2.0, 2.0, 2.0, 0.1]


@pytest.mark.parametrize(
    ("episode", "expected"),
    [
        # success, final success, time at goal, its share, time to goal, final distance
        (NEVER, (0.0, 0.0, 0.0, 0.0, None, 2.0)),
        (ALWAYS, (1.0, 1.0, 4.0, 1.0, 1.0, 0.4)),
        (FIRST_ONLY, (1.0, 0.0, 1.0, 0.25, 1.0, 3.0)),
        (LAST_ONLY, (1.0, 1.0, 1.0, 0.25, 4.0, 0.1)),
    ],
)
def test_summary_of_one_episode(episode, expected):
    summary = goal_metrics.summarise_success(np.array([episode]), TOLERANCE)
    assert tuple(summary.values()) == pytest.approx(expected)
    assert tuple(summary) == (
        "success_rate",
        "final_success_rate",
        "time_at_goal",
        "time_at_goal_share",
        "time_to_goal",
        "final_distance",
    )


def test_summary_over_episodes_averages_but_times_only_the_successful():
    summary = goal_metrics.summarise_success(np.array([NEVER, ALWAYS, FIRST_ONLY, LAST_ONLY]), TOLERANCE)
    # 3 of 4 succeed, 2 of 4 end there, (0 + 4 + 1 + 1) / 4 steps, median of {1, 1, 4}, (2 + .4 + 3 + .1) / 4
    assert tuple(summary.values()) == pytest.approx((0.75, 0.5, 1.5, 0.375, 1.0, 1.375))


def test_the_tolerance_itself_is_not_reached():
    assert goal_metrics.success_rate(np.array([[TOLERANCE]]), TOLERANCE) == 0.0


@settings(max_examples=60, deadline=None)
@given(arrays(np.float64, (5, 7), elements=st.floats(0.0, 4.0)), st.floats(0.1, 3.0), st.floats(1.0, 2.0))
def test_numbers_are_ordered_and_grow_with_the_tolerance(distances, tolerance, factor):
    now = goal_metrics.summarise_success(distances, tolerance)
    wider = goal_metrics.summarise_success(distances, tolerance * factor)
    assert 0.0 <= now["final_success_rate"] <= now["success_rate"] <= 1.0
    assert now["time_at_goal_share"] <= now["success_rate"]
    assert now["success_rate"] <= wider["success_rate"]
    assert now["time_at_goal"] <= wider["time_at_goal"]


@pytest.mark.parametrize(
    ("distances", "tolerance", "message"),
    [
        (np.zeros((0, 4)), 0.5, r"shape \(0, 4\): success needs at least one episode"),
        (np.array([[1.0, np.nan]]), 0.5, "not finite in 1 of 1 episodes"),
        (np.array([[1.0]]), 0.0, r"tolerance=0.0 is not usable"),
    ],
)
def test_unusable_input_is_explained(distances, tolerance, message):
    with pytest.raises(ValueError, match=message):
        goal_metrics.summarise_success(distances, tolerance)
