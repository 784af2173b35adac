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


# --- episodes that the environment ended, and rules of success of its own ---------------------------------


def test_agent_that_falls_at_its_goal_is_there_for_the_steps_it_took():
    # It arrives at step 10 and falls with step 12 of 300; the state it fell in is repeated 288 times.
    distances = np.array([[3.0] * 9 + [0.1] * 291])
    active = np.arange(300)[None] < 12
    assert goal_metrics.time_at_goal(distances, TOLERANCE) == 291.0
    summary = goal_metrics.summarise_success(distances, TOLERANCE, active=active)
    assert tuple(summary.values()) == pytest.approx((1.0, 1.0, 3.0, 3 / 300, 10.0, 0.1))
    np.testing.assert_array_equal(goal_metrics.steps_at_goal(distances, TOLERANCE, active=active), [3])


def test_last_active_step_is_that_of_each_episode():
    distances = np.array([[2.0, 0.1, 3.0, 3.0], [2.0, 2.0, 2.0, 0.2], [0.3, 9.0, 9.0, 9.0]])
    active = np.array([[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]], dtype=bool)
    # Last distances 0.1, 0.2 and 0.3, all reached, after 1 step at the goal each; first arrivals 2, 4 and 1.
    summary = goal_metrics.summarise_success(distances, TOLERANCE, active=active)
    assert tuple(summary.values()) == pytest.approx((1.0, 1.0, 1.0, 0.25, 2.0, 0.2))
    assert goal_metrics.final_distance(distances) == pytest.approx((3.0 + 0.2 + 9.0) / 3)


def test_arrival_after_the_end_is_none():
    distances, active = np.array([[2.0, 2.0, 0.1]]), np.array([[True, True, False]])
    np.testing.assert_array_equal(goal_metrics.first_arrival(distances, TOLERANCE, active=active), [0])
    assert goal_metrics.summarise_success(distances, TOLERANCE, active=active)["time_to_goal"] is None


def test_what_the_environment_calls_reached_decides_and_needs_no_tolerance():
    distances = np.array([ALWAYS, NEVER])
    reached = np.array([[False, True, True, False], [False, False, False, True]])
    expected = (1.0, 0.5, 1.5, 0.375, 3.0, 1.2)
    for tolerance in (None, TOLERANCE):
        summary = goal_metrics.summarise_success(distances, tolerance, reached=reached)
        assert tuple(summary.values()) == pytest.approx(expected)


@settings(max_examples=60)
@given(
    arrays(np.float32, (5, 7), elements=st.floats(0.0, 4.0, width=32)),
    st.floats(0.1, 3.0),
    arrays(np.int64, 5, elements=st.integers(1, 7)),
)
def test_steps_after_the_end_change_nothing(distances, tolerance, lengths):
    active = np.arange(7) < lengths[:, None]
    now = goal_metrics.summarise_success(distances, tolerance, active=active)
    otherwise = np.where(active, distances, 4.0 - distances)
    assert goal_metrics.summarise_success(otherwise, tolerance, active=active) == now
    assert goal_metrics.summarise_success(otherwise, None, reached=otherwise < tolerance, active=active) == now
    assert now["time_at_goal"] <= lengths.mean()


@settings(max_examples=60)
@given(arrays(np.float32, (5, 7), elements=st.floats(0.0, 4.0, width=32)), st.floats(0.1, 3.0))
def test_what_is_not_given_is_distance_below_tolerance_at_every_step(distances, tolerance):
    everything = goal_metrics.summarise_success(
        distances, None, reached=distances < tolerance, active=np.ones_like(distances, dtype=bool)
    )
    assert everything == goal_metrics.summarise_success(distances, tolerance)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({}, r"tolerance=None is not usable: .* Give one, or reached for every step\."),
        ({"reached": np.ones((1, 2), bool)}, r"reached has shape \(1, 2\) and type bool: .* a bool array \(2, 2\)"),
        ({"reached": np.ones((2, 2), bool), "active": np.ones((2, 1), bool)}, r"active has shape \(2, 1\)"),
        ({"reached": np.ones((2, 2), bool), "active": np.array([[True, True], [False, True]])},
         r"active is False at the first step of 1 of 2 episodes"),
    ],
    ids=["nothing", "shape of reached", "shape of active", "over before it began"],
)  # fmt: skip
def test_unusable_flags_are_explained(flags, message):
    with pytest.raises(ValueError, match=message):
        goal_metrics.summarise_success(np.ones((2, 2)), None, **flags)


@settings(max_examples=60)
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
