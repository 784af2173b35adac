"""Rollouts: the same starts and goals for every agent, from near to far, with paths as they were recorded."""

import copy
import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.evidence.episodes import OnPolicyEpisodes
from crl_probe.evidence.evidence import Evidence
from crl_probe.probes import rollouts
from crl_probe.probes.registry import run_probe
from crl_probe.runs.errors import ProbeError
from crl_probe.store.results import load_result, save_result
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun
from tests.tolerance import assert_close


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def result(fake_runs, small, evidence):
    return rollouts.run(evidence, rollouts.RolloutsSettings(pairs=4), rng())


def test_every_agent_takes_the_same_pairs_in_the_order_of_their_way(result, evidence):
    planar = list(evidence.env.goal_indices[:2])
    for record, positions in zip(evidence.episodes, result.positions, strict=True):
        np.testing.assert_array_equal(positions, record.states[result.episode][..., planar])
        assert_close(positions[:, 0], result.starts, terms=2)
        assert_close(record.commanded_goals[result.episode, :2], result.goals, terms=2)
    walked = [evidence.env.maze.geodesic(s[None], g)[0] for s, g in zip(result.starts, result.goals, strict=True)]
    np.testing.assert_allclose(result.way, walked, rtol=1e-5)
    assert (np.diff(result.way) >= 0).all()
    assert (result.positions.shape, result.distances.shape) == ((2, 4, 121, 2), (2, 4, 120))
    assert result.positions.dtype == result.distances.dtype == np.float32


class Recorded(Evidence):
    """Evidence of one agent with three episodes made by hand: their goals are far, near and between the two."""

    @property
    def episodes(self):
        maze = self.env.maze
        near, middle, far = np.argsort(maze.geodesic(maze.goal_centres, maze.start_xy))[[0, 1, -1]]
        states = np.zeros((3, 4, self.env.state_dim), np.float32)
        states[..., list(self.env.goal_indices)] = maze.start_xy
        distances = np.array([[9.0, 0.4, 0.2], [3.0, 2.0, 0.6], [0.1, 5.0, 0.5]], np.float32)
        return (
            OnPolicyEpisodes(
                run=self.infos[0],
                states=states,
                actions=np.zeros((3, 3, self.env.action_dim), np.float32),
                commanded_goals=maze.goal_centres[[far, near, middle]].astype(np.float32),
                distances=distances,
                reached=distances < 0.5,
                active=np.ones((3, 3), bool),
                tolerance=0.5,
            ),
        )


def test_arrival_is_the_first_step_within_tolerance(small):
    by_hand = Recorded([FakeRun()], small, use_cache=False)
    result = rollouts.run(by_hand, rollouts.RolloutsSettings(), rng())
    assert result.episode.tolist() == [1, 2, 0]
    assert result.arrival.tolist() == [[0, 1, 2]]
    two = rollouts.run(by_hand, rollouts.RolloutsSettings(pairs=2), rng())
    assert two.episode.tolist() == [1, 0]
    assert two.arrival.tolist() == [[0, 2]]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=40), st.integers(1, 50))
def test_ways_are_distinct_ascending_and_reach_both_ends(ways, count):
    way = np.array(ways)
    chosen = rollouts.near_to_far(way, count)
    assert len(set(chosen.tolist())) == len(chosen) == min(count, len(way))
    assert (np.diff(way[chosen]) >= 0).all()
    if count == 1:
        assert way[chosen[0]] == np.sort(way)[(len(way) - 1) // 2]
    else:
        assert (way[chosen[0]], way[chosen[-1]]) == (way.min(), way.max())


def test_what_cannot_be_drawn_is_refused(small):
    with pytest.raises(ConfigError, match=r"pairs=0 is not usable: there must be at least 1 start and goal\. Use 12\."):
        rollouts.RolloutsSettings(pairs=0)
    run = FakeRun()
    run.env = copy.copy(run.env)
    run.env.spec = dataclasses.replace(run.env.spec, goal_axes=("angle", "height"), plane=None)
    with pytest.raises(ProbeError, match="'point_u_maze' cannot be probed this way: its goals do not span a plane"):
        run_probe(rollouts.PROBE, Evidence([run], small, use_cache=False))


def test_a_result_survives_the_disk(result, tmp_path):
    save_result(result, tmp_path / "result.npz")
    again = load_result(tmp_path / "result.npz", rollouts.RolloutsResult)
    for field in dataclasses.fields(result):
        np.testing.assert_equal(getattr(again, field.name), getattr(result, field.name))
