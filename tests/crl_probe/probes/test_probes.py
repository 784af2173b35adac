"""Probes on analytic agents: a critic that sees the maze must score as one, and a blind one as blind."""

import copy
import dataclasses

import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes import embedding_trajectory, goal_clusters, q_landscape, success
from crl_probe.probes.registry import run_probe
from crl_probe.runs.run_info import RunInfo
from crl_probe.store.results import load_result, save_result
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.point_maze import PointMaze
from tests.crl_probe.fakes import FakeRun
from tests.tolerance import assert_close


def rng():
    return np.random.default_rng(0)


@pytest.fixture(scope="module")
def landscape(fake_runs, small, evidence):
    return q_landscape.run(evidence, q_landscape.QLandscapeSettings(fine_cells=25), rng())


def test_a_critic_that_sees_the_maze_follows_it(landscape):
    blind, seeing = landscape.scores["geodesic_rank"].mean(axis=1)
    assert seeing > 0.95 > blind
    assert landscape.scores["ascent_success"][1].mean() > landscape.scores["ascent_success"][0].mean()
    assert landscape.scores["wall_contrast"][1].mean() > landscape.scores["wall_contrast"][0].mean()


def test_landscapes_are_finite_on_the_floor_and_empty_in_walls(landscape):
    assert np.isfinite(landscape.values[:, :, landscape.free]).all()
    assert np.isnan(landscape.values[:, :, ~landscape.free]).all()
    for cell, goal in zip(landscape.goal_cells, landscape.goals, strict=True):
        assert abs(landscape.xs[cell[0]] - goal[0]) < 0.5
        assert abs(landscape.ys[cell[1]] - goal[1]) < 0.5


def test_arrows_are_the_climb_that_is_scored(landscape):
    for run, goal in np.ndindex(landscape.ascent.shape[:2]):
        climb = landscape.ascent[run, goal].reshape(-1)
        for _ in range(climb.size):
            climb = landscape.ascent[run, goal].reshape(-1)[climb]
        summits = np.stack(np.unravel_index(climb, landscape.free.shape), axis=1)[landscape.free.reshape(-1)]
        arrived = np.abs(summits - landscape.goal_cells[goal]).max(axis=1) <= 1
        assert arrived.mean() == pytest.approx(landscape.scores["ascent_success"][run, goal])


def without_maze() -> FakeRun:
    run = FakeRun()
    run.env = copy.copy(run.env)
    run.env.maze = None
    return run


def test_an_environment_without_a_floor_is_named(small):
    message = "environment 'point_u_maze' cannot be probed this way: it has neither a maze nor an open plane"
    with pytest.raises(ValueError, match=message):
        run_probe(q_landscape.PROBE, Evidence([without_maze()], small, use_cache=False))


def test_on_an_open_plane_the_straight_line_is_the_geodesic_and_walls_have_no_score(small):
    run = FakeRun()
    plane = OpenPlane((0.0, 14.0, 2.0, 9.0), ring=(3.0, 14.0))
    run.env = copy.copy(run.env)
    run.env.__class__ = type("OpenEnv", (PointMaze,), {"floor": plane})
    result = q_landscape.run(Evidence([run], small, use_cache=False), q_landscape.QLandscapeSettings(20), rng())
    assert result.free.shape == (20, 10)
    places = np.stack(np.meshgrid(result.xs, result.ys, indexing="ij"), axis=-1)
    radius = np.linalg.norm(places, axis=-1)
    np.testing.assert_array_equal(result.free, (radius >= 3) & (radius <= 14))
    straight = np.linalg.norm(places - result.goals[:, None, None], axis=-1)
    np.testing.assert_allclose(result.geodesic, np.where(result.free, straight, np.nan), rtol=1e-6)
    np.testing.assert_array_equal(result.scores["geodesic_rank"], result.scores["euclidean_rank"])
    assert np.isnan(result.scores["topology_gain"]).all()


def test_several_poses_are_the_states_visited_nearest_moved_there_and_averaged(fake_runs, evidence):
    settings = q_landscape.QLandscapeSettings(fine_cells=15, action="0,0", poses=3)
    result = q_landscape.run(evidence, settings, rng())
    places = np.stack(np.meshgrid(result.xs, result.ys, indexing="ij"), axis=-1)[result.free]
    visited = evidence.probe_set.points.states
    nearest = np.argsort(np.linalg.norm(visited[:, :2] - places[:, None], axis=-1), axis=1)[:, :3]
    poses = visited[nearest]
    poses[..., :2] = places[:, None]
    run, goal = fake_runs[0], result.goals[0]
    flat = poses.reshape(-1, 4).astype(np.float32)
    energies = np.asarray(run.energy(flat, np.zeros((len(flat), 2), np.float32), goal)).reshape(-1, 3)
    np.testing.assert_allclose(result.values[0, 0][result.free], energies.mean(axis=1), rtol=1e-4, atol=1e-4)
    assert len(np.unique(poses[..., 2])) > 3  # they move at different speeds
    (note,) = (note for note in q_landscape.PROBE.notes(result) if "poses" in note or "states at each place" in note)
    assert note.startswith("Energies are means over 3 states at each place: those of the shared set that were visited")


def test_a_number_of_poses_is_positive():
    with pytest.raises(ValueError, match=r"^poses=0 is not usable: there are 1 to 100 of them\. Use 1 or 16\.$"):
        q_landscape.QLandscapeSettings(poses=0)


def test_a_fixed_action_is_the_same_everywhere_and_checked(fake_runs, small, evidence):
    def landscape(action):
        chosen = q_landscape.QLandscapeSettings(fine_cells=15, action=action)
        return q_landscape.run(evidence, chosen, rng())

    still = landscape("0,0")
    run, goal = fake_runs[0], still.goals[0]
    places = np.stack(np.meshgrid(still.xs, still.ys, indexing="ij"), axis=-1)[still.free].astype(np.float32)
    states = np.asarray(run.env.planar_state(places))
    by_hand = run.energy(states, np.zeros((len(states), 2)), goal)
    np.testing.assert_allclose(still.values[0, 0][still.free], by_hand, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match=r"action='0,0,1' is not usable: an action of point_u_maze has 2 entries"):
        landscape("0,0,1")
    with pytest.raises(ValueError, match="action='left,0' is not usable: entries are numbers"):
        landscape("left,0")


def test_a_network_of_nan_is_an_error_and_not_a_missing_score(small, evidence):
    run = FakeRun()
    run.phi = lambda state, action: np.full((len(state), 64), np.nan, np.float32)
    with pytest.raises(ValueError, match="energies of 'point_u_maze_d4_s0' are not finite over the grid"):
        q_landscape.run(Evidence([run], small, use_cache=False), q_landscape.QLandscapeSettings(fine_cells=15), rng())


def test_success_counts_what_the_distances_say(fake_runs, small, evidence):
    result = success.run(evidence, success.SuccessSettings(), rng())
    rates = {(e.run.label, e.metric): e.value for e in result.samples()}
    for record, label in zip(evidence.episodes, ("depth 4", "depth 64"), strict=True):
        assert rates[label, "success_rate"] == pytest.approx((record.distances < 0.5).any(axis=1).mean())
        assert rates[label, "final_distance"] == pytest.approx(record.distances[:, -1].mean(), rel=1e-5)
    assert rates["depth 64", "success_rate"] > rates["depth 4", "success_rate"]


def test_every_agent_gets_the_same_starts_and_goals(evidence):
    first, second = evidence.episodes
    assert_close(first.states[:, 0], second.states[:, 0], terms=2)
    assert_close(first.commanded_goals, second.commanded_goals, terms=2)
    assert not np.array_equal(first.states[:, -1], second.states[:, -1])


def test_spread_is_the_same_for_a_rotated_network_of_another_scale(small):
    # Fakes of two seeds differ by a rotation and a factor of two, which no ratio may see on the shared set.
    runs = [FakeRun(depth=64, seed=0), FakeRun(depth=64, seed=1)]
    settings = goal_clusters.GoalClustersSettings(min_near=10)
    result = goal_clusters.run(Evidence(runs, small, use_cache=False), settings, rng())
    assert np.isfinite(result.shared["spread_ratio"]).any()
    for name in ("spread_ratio", "goal_resolution", "near_dimension", "goal_offset"):
        np.testing.assert_allclose(result.shared[name][0], result.shared[name][1], rtol=1e-3)
    np.testing.assert_allclose(2 * result.shared["near_spread"][0], result.shared["near_spread"][1], rtol=1e-3)


def test_every_spread_is_of_equally_many_states(small, monkeypatch):
    """An agent that stays near a goal has thousands of near states, and one that passes by has some."""
    counts = []
    measured = goal_clusters._spreads
    monkeypatch.setattr(goal_clusters, "_spreads", lambda *a: counts.append(int(a[2].sum())) or measured(*a))
    evidence = Evidence([FakeRun(depth=4), FakeRun(depth=64)], small, use_cache=False)
    result = goal_clusters.run(evidence, goal_clusters.GoalClustersSettings(min_near=10, draws=3), rng())
    kept = [count for count in (*result.near_shared, *result.near_on_policy.ravel()) if count >= 10]
    assert set(counts) == {min(kept)} == {result.drawn}
    assert max(kept) > 2 * result.drawn


def test_no_near_states_is_explained(fake_runs, small, evidence):
    settings = goal_clusters.GoalClustersSettings(min_near=10_000)
    with pytest.raises(ValueError, match=r"no goal has 10000 states within 1.5 m \(at most \d+\)"):
        goal_clusters.run(evidence, settings, rng())


@pytest.fixture(scope="module")
def trajectories(fake_runs, small, evidence):
    settings = embedding_trajectory.EmbeddingTrajectorySettings(points=90)
    with pytest.MonkeyPatch.context() as patch:
        # UMAP compiles for half a minute; what is under test here is all the rest.
        patch.setattr(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces])
        return embedding_trajectory.run(evidence, settings, rng())


class WithoutEpisodes(Evidence):
    episodes = on_policy_phi = property(lambda _: pytest.fail("an agent's own episodes were used"))


def test_a_given_shared_set_is_projected_without_a_single_rollout(fake_runs, small, evidence):
    given = WithoutEpisodes(fake_runs, small, probe_set=evidence.probe_set, use_cache=False)
    chosen = embedding_trajectory.EmbeddingTrajectorySettings(method="pca", own_episodes=False)
    result = embedding_trajectory.run(given, chosen, rng())
    none = dict.fromkeys(embedding_trajectory.MEASURES, (2, 0))
    assert {name: values.shape for name, values in result.measures.items()} == none
    assert {sample.metric for sample in result.samples()} == {"trustworthiness"}


def test_every_point_and_goal_is_in_every_projection(trajectories, small):
    points = len(trajectories.time)
    assert trajectories.picture.shape == (2, points + small.goals, 2)
    assert trajectories.linear.shape == (2, points + small.goals, 3)
    assert ((trajectories.explained > 0.5) & (trajectories.explained <= 1)).all()
    assert trajectories.positions.shape == (points, 2)
    assert np.isfinite(trajectories.distance).all()
    assert (np.diff(trajectories.episode) >= 0).all()


def test_linear_projections_of_a_rotated_and_scaled_network_coincide(small):
    runs = [FakeRun(depth=64, seed=0), FakeRun(depth=64, seed=1)]
    chosen = embedding_trajectory.EmbeddingTrajectorySettings(method="pca", points=90)
    result = embedding_trajectory.run(Evidence(runs, small, use_cache=False), chosen, rng())
    np.testing.assert_allclose(result.linear[0], result.linear[1], atol=2e-3)
    assert result.explained[0] == pytest.approx(result.explained[1], rel=1e-4)


def test_many_spaces_are_projected_in_half_the_epochs(small, evidence, monkeypatch):
    asked = []

    def draw(spaces, points, method, seed, epochs):
        asked.append((len(spaces), epochs))
        return [space[:, :2] for space in spaces]

    monkeypatch.setattr(embedding_trajectory, "draw", draw)
    for runs, epochs in ((24, None), (25, None), (25, 7)):
        chosen = embedding_trajectory.EmbeddingTrajectorySettings(points=90, epochs=epochs, own_episodes=False)
        given = WithoutEpisodes([FakeRun()] * runs, small, probe_set=evidence.probe_set, use_cache=False)
        embedding_trajectory.run(given, chosen, rng())
    assert asked == [(24, 100), (25, 50), (25, 7)]


def test_ways_of_drawing_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="method='tsne' is not usable: projections are made by aligned, umap, pca"):
        embedding_trajectory.EmbeddingTrajectorySettings(method="tsne")
    with pytest.raises(ValueError, match=r"epochs=0 is not usable: a projection takes at least 1\. Use 100\."):
        embedding_trajectory.EmbeddingTrajectorySettings(epochs=0)


def test_a_critic_that_sees_the_maze_sees_progress(trajectories):
    # Both policies climb their own energy, so energy rises along the path for both.
    assert np.nanmean(trajectories.measures["energy_monotonicity"]) > 0.2
    straight = trajectories.measures["straightness"]
    assert ((straight[np.isfinite(straight)] >= 0) & (straight[np.isfinite(straight)] <= 1)).all()


def test_results_survive_the_disk(landscape, trajectories, tmp_path):
    for result in (landscape, trajectories):
        save_result(result, tmp_path / "result.npz")
        again = load_result(tmp_path / "result.npz", type(result))
        for field in dataclasses.fields(result):
            np.testing.assert_equal(getattr(again, field.name), getattr(result, field.name))


def test_on_policy_spread_averages_the_goals_that_all_agents_came_near():
    shared = {name: np.ones((2, 3)) for name in goal_clusters.SPREADS}
    own = {name: np.array([[1.0, 2.0, np.nan], [np.nan, 4.0, 6.0]]) for name in goal_clusters.SPREADS}
    runs = tuple(RunInfo(f"d{d}", f"depth {d}", "maze", d, d, 0, 1, "") for d in (4, 64))
    counts = np.ones((2, 3), dtype=int)
    result = goal_clusters.GoalClustersResult(runs, np.zeros((3, 2)), 1.5, 20, counts[0], counts, shared, own)
    values = {(s.run.name, s.source): s.samples.tolist() for s in result.samples() if s.metric == "spread_ratio"}
    assert values["d4", "on-policy"] == [2.0]
    assert values["d64", "on-policy"] == [4.0]
    assert values["d4", "shared"] == [1.0, 1.0, 1.0]
