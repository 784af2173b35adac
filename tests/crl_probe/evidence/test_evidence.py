"""The shared data of the probes: recorded once, equal for all agents, new or given, in one process or several."""

import dataclasses

import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.runs.loading import load_run
from crl_probe.runs.run_info import run_infos
from tests.crl_probe.fakes import FakeRun
from tests.crl_probe.recorder import Recorder


def test_adding_a_run_rolls_out_that_run_alone(small, monkeypatch):
    rolled_out = []
    first, second = FakeRun(depth=4), FakeRun(depth=16)
    for run in (first, second):
        act = run.act
        monkeypatch.setattr(run, "act", lambda *a, name=run.name, act=act: (rolled_out.append(name), act(*a))[1])
    assert Evidence([first], small).episodes
    assert set(rolled_out) == {first.name}
    rolled_out.clear()
    assert Evidence([first, second], small).episodes
    assert set(rolled_out) == {second.name}


def test_a_given_set_stands_in_for_the_shared_one(fake_runs, small, evidence):
    other = dataclasses.replace(small, seed=5, goals=1)
    given = Evidence(fake_runs, other, probe_set=evidence.probe_set, use_cache=False)
    assert given.probe_set is evidence.probe_set
    np.testing.assert_array_equal(given.goals, evidence.goals)
    np.testing.assert_array_equal(given.point_phi[0], evidence.point_phi[0])
    # Results are cached by settings, and these tell sets apart.
    assert given.settings.given_probe_set not in ("", small.given_probe_set)


def test_goals_by_hand_are_taken_as_they_are(fake_runs, small):
    settings = dataclasses.replace(small, goal_positions=((4.0, 4.0), (4.5, 8.0)))
    assert Evidence(fake_runs, settings).goals.tolist() == [[4.0, 4.0], [4.5, 8.0]]


@pytest.mark.parametrize(
    ("position", "message"),
    [
        ((0.0, 0.0), "goal 0,0 is not usable: it is in a wall of point_u_maze, or outside"),
        ((400.0, 4.0), "goal 400,4 is not usable: it is in a wall"),
        ((1.0, 2.0, 3.0), "goal 1,2,3 is not usable: a goal of point_u_maze has 2 finite numbers"),
        ((1.0, float("nan")), "goal 1,nan is not usable: a goal of point_u_maze has 2 finite numbers"),
    ],
)
def test_goals_that_cannot_be_are_refused_before_any_work(fake_runs, small, position, message):
    with pytest.raises(ValueError, match=message):
        Evidence(fake_runs, dataclasses.replace(small, goal_positions=(position,)))


def test_runs_and_sets_of_two_environments_are_refused(evidence):
    with pytest.raises(ValueError, match="runs of point_u4_maze, point_u_maze: evidence is about one environment"):
        Evidence([FakeRun(), FakeRun("point_u4_maze")], EvidenceSettings())
    with pytest.raises(ValueError, match="the probe set is of point_u_maze and the runs are of point_u4_maze"):
        Evidence([FakeRun("point_u4_maze")], EvidenceSettings(), probe_set=evidence.probe_set)


def test_a_set_with_holes_is_refused(fake_runs, small, evidence):
    points = evidence.probe_set.points
    holes = dataclasses.replace(points, states=np.full_like(points.states, np.nan))
    with pytest.raises(ValueError, match="the probe set holds NaN or infinite numbers in "):
        Evidence(fake_runs, small, probe_set=dataclasses.replace(evidence.probe_set, points=holes))


@pytest.mark.slow
def test_other_processes_find_the_same(finished_run):
    runs = [load_run(finished_run.path, step) for step in (480, 800, 1120)]
    few = EvidenceSettings(episodes=4, episode_length=20, points=30, paths=3, goals=2)
    progress = Recorder()
    alone = Evidence(runs, few, use_cache=False)
    together = Evidence(runs, few, use_cache=False, workers=2, progress=progress)
    for here, there in zip(alone.episodes, together.episodes, strict=True):
        np.testing.assert_allclose(here.states, there.states, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(alone.goal_psi, together.goal_psi, rtol=1e-4, atol=1e-4)
    assert ("rolling out", 3, 3) in progress.heard
    assert [info.label for info in together.infos] == [f"depth 4 · {step:,} steps" for step in (480, 800, 1120)]


def test_seeds_with_fewer_checkpoints_still_meet_their_siblings():
    runs = [FakeRun(seed=0), FakeRun(seed=0), FakeRun(seed=1)]
    runs[1].path, runs[1].env_steps = runs[0].path, 20_000
    runs[2].env_steps = 20_000
    assert [info.label for info in run_infos(runs)] == [
        f"depth 4 · {steps} steps" for steps in ("10,000", "20,000", "20,000")
    ]
    assert run_infos(runs)[0].config_hash != run_infos([FakeRun(depth=16)])[0].config_hash
