"""The shared probe set: even, whole, repeatable, and spread over the goals."""

import numpy as np
import pytest

from crl_probe.evidence import Evidence, EvidenceSettings
from crl_probe.probe_set import build_probe_set, choose_goals, load_probe_set, save_probe_set
from crl_probe.results import ResultError
from tests.crl_probe.fakes import FakeRun


@pytest.fixture(scope="module")
def probe_set(evidence):
    return evidence.probe_set


def test_every_agent_gives_as_many_whole_episodes(probe_set, small):
    steps = small.episode_length
    assert np.bincount(probe_set.source).tolist() == [3 * steps, 3 * steps]
    assert np.bincount(probe_set.episode).tolist() == [steps] * small.probe_set_episodes
    for number in range(small.probe_set_episodes):
        mine = probe_set.episode == number
        assert probe_set.time[mine].tolist() == list(range(steps))
        assert len(np.unique(probe_set.commanded_goals[mine], axis=0)) == 1


def test_rows_are_those_that_were_recorded(probe_set, evidence):
    # The first state of an episode in the set is a start of the agent it came from.
    for number, source in ((0, 0), (5, 1)):
        first = (probe_set.episode == number) & (probe_set.time == 0)
        starts = evidence.episodes[source].states[:, 0]
        assert (starts == probe_set.states[first][0]).all(axis=1).any()


def test_the_same_seed_gives_the_same_set_and_another_one_another(evidence):
    arguments = (evidence.env, evidence.episodes, 6, 3)
    again, other = build_probe_set(*arguments, seed=0), build_probe_set(*arguments, seed=7)
    np.testing.assert_array_equal(again.states, evidence.probe_set.states)
    assert not np.array_equal(other.states, again.states)


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
    places = probe_set.states[:, :2]
    rows = probe_set.along_paths(places, np.ones(len(places), bool), 60)
    assert 30 < len(rows) <= 60
    assert set(probe_set.episode[rows]) == set(range(6))
    gaps = [np.linalg.norm(np.diff(places[rows[probe_set.episode[rows] == e]], axis=0), axis=1) for e in range(6)]
    assert np.median(np.concatenate(gaps)) > 0.2  # an agent that stands still is not sampled again and again
    early = probe_set.time < 20
    assert early[probe_set.along_paths(places, early, 60)].all()


def test_agents_that_never_move_give_one_point_an_episode(probe_set):
    rows = probe_set.along_paths(np.zeros((len(probe_set.time), 2)), np.ones(len(probe_set.time), bool), 60)
    assert probe_set.time[rows].tolist() == [0] * 6


def test_a_set_survives_the_disk(probe_set, tmp_path):
    save_probe_set(probe_set, tmp_path / "set.npz")
    np.testing.assert_array_equal(load_probe_set(tmp_path / "set.npz").states, probe_set.states)
    np.savez(tmp_path / "other.npz", states=np.zeros(3))
    with pytest.raises(ResultError, match="cannot be read"):
        load_probe_set(tmp_path / "other.npz")


def test_unusable_requests_are_explained(evidence):
    with pytest.raises(ValueError, match="num_episodes=40 needs 20 episodes a run: there are 10"):
        build_probe_set(evidence.env, evidence.episodes, 40, 3, seed=0)
    with pytest.raises(ValueError, match="runs of point_u4_maze, point_u_maze: evidence is about one environment"):
        Evidence([FakeRun(), FakeRun("point_u4_maze")], EvidenceSettings())
    with pytest.raises(ValueError, match="episodes=0 is not usable"):
        EvidenceSettings(episodes=0)


def test_adding_a_run_rolls_out_that_run_alone(small):
    def rolled_out(runs):
        texts = []
        assert Evidence(runs, small, progress=texts.append).episodes
        return [text for text in texts if text.startswith("rolling out")]

    first, second = FakeRun(depth=4), FakeRun(depth=16)
    assert rolled_out([first]) == ["rolling out point_u_maze_d4_s0"]
    assert rolled_out([first, second]) == ["rolling out point_u_maze_d16_s0"]
