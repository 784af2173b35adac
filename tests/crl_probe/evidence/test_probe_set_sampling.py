"""The shared set is drawn evenly over agents and places, whole where it must be, and the same for the same seed."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.probe_set_sampling import (
    along_paths,
    build_probe_set,
    choose_goals,
    stratified,
)
from tests.crl_probe.fakes import FakeRun


@pytest.fixture(scope="module")
def probe_set(evidence):
    return evidence.probe_set


def rebuilt(evidence, **changes):
    options = {"num_points": 300, "num_paths": 6, "discount": 0.99, "seed": 0}
    return build_probe_set(evidence.env, evidence.episodes, evidence.goals, **{**options, **changes})


def test_every_agent_gives_as_many_points_and_whole_episodes(probe_set, small):
    steps, paths = small.episode_length, probe_set.paths
    assert np.bincount(probe_set.points.source).tolist() == [150, 150]
    assert np.bincount(paths.source).tolist() == [3 * steps, 3 * steps]
    for number in np.unique(paths.episode):
        mine = paths.episode == number
        assert paths.time[mine].tolist() == list(range(steps))
        assert len(np.unique(paths.commanded_goals[mine], axis=0)) == 1


def test_rows_are_those_that_were_recorded(probe_set, evidence):
    for table in (probe_set.points, probe_set.paths):
        for row in (0, len(table) // 2, len(table) - 1):
            record = evidence.episodes[table.source[row]]
            number, time = table.episode[row] % len(record.states), table.time[row]
            np.testing.assert_array_equal(table.states[row], record.states[number, time])
            np.testing.assert_array_equal(table.actions[row], record.actions[number, time])
            later = record.states[number, time + 1 :, :2]
            assert (later == table.future_goals[row]).all(axis=1).any()


def test_places_are_drawn_more_evenly_than_they_were_visited(probe_set, evidence):
    def cells_in_effect(places):
        _, counts = np.unique(np.floor(places), axis=0, return_counts=True)
        share = counts / counts.sum()
        return np.exp(-(share * np.log(share)).sum())

    visited = np.concatenate([record.states[:, :-1, :2].reshape(-1, 2) for record in evidence.episodes])
    assert cells_in_effect(probe_set.points.states[:, :2]) > 1.2 * cells_in_effect(visited)


def test_strata_by_hand():
    strata = np.array([7, 7, 7, 7, 7, 7, 3, 9, 9])
    drawn = stratified(strata, 5, np.random.default_rng(0))
    # One of each of three strata, then a second of the two that have one.
    assert np.bincount(strata[drawn])[[3, 7, 9]].tolist() == [1, 2, 2]


@settings(max_examples=40)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(0, 2**32 - 1), st.data())
def test_no_stratum_gives_more_than_one_above_another_that_has_rows_left(strata, seed, data):
    strata = np.array(strata)
    count = data.draw(st.integers(1, len(strata)))
    drawn = stratified(strata, count, np.random.default_rng(seed))
    assert len(np.unique(drawn)) == count
    given_, there = np.bincount(strata[drawn], minlength=6), np.bincount(strata, minlength=6)
    assert given_.max() <= min(given_[given_ < there], default=given_.max()) + 1


def test_the_same_seed_gives_the_same_set_and_another_one_another(evidence, probe_set):
    np.testing.assert_equal(dataclasses.asdict(rebuilt(evidence)), dataclasses.asdict(probe_set))
    assert not np.array_equal(rebuilt(evidence, seed=7).points.states, probe_set.points.states)


def test_goals_are_different_goal_cells_the_first_far_from_the_start(probe_set):
    maze = FakeRun().env.maze
    assert len(np.unique(probe_set.goals, axis=0)) == 3
    assert {tuple(goal) for goal in probe_set.goals.tolist()} <= {tuple(c) for c in maze.goal_centres.tolist()}
    distances = maze.geodesic(maze.goal_centres, maze.start_xy)
    np.testing.assert_allclose(probe_set.goals[0], maze.goal_centres[distances.argmax()])


def test_there_are_no_more_goals_than_goal_cells():
    env = FakeRun().env
    assert len(choose_goals(env, 50, seed=0)) == len(env.maze.goal_centres)


def test_points_along_paths_are_wanted_few_and_evenly_spaced(probe_set):
    paths = probe_set.paths
    places = paths.states[:, :2]
    rows = along_paths(paths, places, np.ones(len(places), bool), 60)
    assert 30 < len(rows) <= 60
    assert set(paths.episode[rows]) == set(paths.episode)
    gaps = [np.linalg.norm(np.diff(places[rows[paths.episode[rows] == e]], axis=0), axis=1) for e in set(paths.episode)]
    assert np.concatenate(gaps).min() > 0.2  # an agent that trembles on the spot is not sampled again and again
    early = paths.time < 20
    assert early[along_paths(paths, places, early, 60)].all()


def test_agents_that_never_move_give_one_point_an_episode(probe_set):
    paths = probe_set.paths
    rows = along_paths(paths, np.zeros((len(paths), 2)), np.ones(len(paths), bool), 60)
    assert paths.time[rows].tolist() == [0] * 6


def test_unusable_requests_are_explained(evidence):
    with pytest.raises(ValueError, match="num_paths=40 needs 20 episodes a run: there are 10"):
        rebuilt(evidence, num_paths=40)
    with pytest.raises(ValueError, match="episodes=0 is not usable: it is a whole number from 1 to 1,000,000"):
        EvidenceSettings(episodes=0)
    with pytest.raises(ValueError, match="runs of no environment"):
        Evidence([], EvidenceSettings())
