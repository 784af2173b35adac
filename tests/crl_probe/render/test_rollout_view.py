"""The rollout view: paths, frames and arrivals as they were recorded, small enough for a page."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.probes.rollouts import RolloutsResult
from crl_probe.render.page.rollouts import rollout_view
from crl_probe.render.palette import depth_colours
from crl_probe.runs.run_info import RunInfo


def info(depth=4, seed=0, env_steps=1_000):
    return RunInfo(f"run_d{depth}_s{seed}", f"depth {depth}", "env", depth, depth, seed, env_steps, "hash")


def rolled(runs, arrival, steps, maze=True):
    """Every agent walks 0.01 to the right a step, whatever its arrivals say."""
    arrival = np.array(arrival)
    pairs = arrival.shape[1]
    x = 1.0 + 0.01 * np.arange(steps + 1)
    path = np.stack([x, np.full(steps + 1, 1.0)], axis=-1).astype(np.float32)
    free = np.zeros((13, 3), bool)
    free[1:12, 1] = True
    return RolloutsResult(
        runs=tuple(runs),
        tolerance=0.5,
        episode=np.arange(pairs),
        starts=np.tile([1.0, 1.0], (pairs, 1)),
        goals=np.tile([4.0, 1.0], (pairs, 1)),
        goal_dim=2,
        way=np.linspace(3.0, 12.34, pairs),
        positions=np.broadcast_to(path, (len(runs), pairs, *path.shape)).copy(),
        arrival=arrival,
        distances=np.zeros((len(runs), pairs, steps), np.float32),
        map_xs=np.arange(13.0) if maze else np.zeros(0),
        map_ys=np.arange(3.0) if maze else np.zeros(0),
        map_free=free if maze else np.zeros((0, 0), bool),
    )


def control(view, key):
    return next(control for control in view.controls if control.key == key)


def places(view):
    """Paths of a view in the plane's unit, and half a step of their grid."""
    low, high = (np.array(view.data["limits"][k::2]) for k in (0, 1))
    return low + view.data["paths"] / (2**16 - 1) * (high - low), (high - low) / (2**16 - 1) / 2


def test_two_agents_by_hand():
    view = rollout_view(rolled([info(4), info(64)], [[2, 0, 3], [0, 0, 4]], steps=4))
    assert [(panel.title, panel.scores) for panel in view.panels] == [
        ("depth 4", (("Reached", "2 of 3 pairs"),)),
        ("depth 64", (("Reached", "1 of 3 pairs"),)),
    ]
    assert view.panels[0].alt == "Ways of depth 4 from the shared starts to the shared goals; reached 2 of 3 pairs"
    np.testing.assert_array_equal(view.data["frames"], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(view.data["arrival"], [[2, 0, 3], [0, 0, 4]])
    np.testing.assert_allclose(view.data["walked"], [[0.02, 0.04, 0.03], [0.04, 0.04, 0.04]], rtol=1e-4)
    assert view.data["colours"] == depth_colours(["depth 4", "depth 64"])
    assert view.data["runs"][1] == {"name": "run_d64_s0", "depth": "depth 64", "seed": "0", "step": 1_000}


def test_paths_keep_their_places_in_half_the_bytes():
    result = rolled([info()], [[150]], steps=200)
    view = rollout_view(result)
    found, half_step = places(view)
    assert (np.abs(found - result.positions[:, :, view.data["frames"]]) <= half_step + 1e-6).all()
    assert half_step.max() < 1e-3


def test_pairs_are_told_by_their_way():
    assert control(rollout_view(rolled([info()], [[0, 0]], 4)), "pair").options == (
        ("all", "all pairs"),
        ("0", "1 · 3.0 m geodesic"),
        ("1", "2 · 12.3 m geodesic"),
    )
    without_walls = rollout_view(rolled([info()], [[0, 0]], 4, maze=False))
    assert control(without_walls, "pair").options[1] == ("0", "1 · 3.0 m away")


def test_the_time_is_a_slider_over_the_frames():
    view = rollout_view(rolled([info()], [[0]], steps=1_500))
    time = control(view, "time")
    assert (time.form, time.start) == ("slider", "1500")  # whole paths are seen before anything is played
    assert [int(value) for value, _ in time.options] == view.data["frames"].tolist()
    assert time.options[-1] == ("1500", "1,500")
    assert 0 < time.seconds <= 8


@given(steps=st.integers(1, 2_000), late=st.floats(0, 1), reached=st.booleans())
def test_frames_start_end_rise_and_are_few(steps, late, reached):
    arrival = max(1, round(late * steps)) if reached else 0
    frames = rollout_view(rolled([info()], [[arrival]], steps)).data["frames"]
    assert (frames[0], frames[-1]) == (0, steps)
    assert (np.diff(frames) > 0).all()
    assert len(frames) <= min(steps + 1, 300)


def test_every_step_is_shown_until_the_last_arrival():
    view = rollout_view(rolled([info()], [[40, 7]], steps=1_000))
    frames = view.data["frames"]
    assert set(range(41)) <= set(frames.tolist())
    assert len(frames) < 90
    assert view.caption == "Steps after the last arrival are played faster."
    assert rollout_view(rolled([info()], [[40, 7]], steps=60)).caption == ""
    assert rollout_view(rolled([info()], [[300, 7]], steps=310)).caption == "Not every step is shown."


def test_a_long_episode_without_arrival_is_thinned_evenly():
    view = rollout_view(rolled([info()], [[0]], steps=1_000))
    frames = view.data["frames"]
    assert len(frames) == 300
    assert set(np.diff(frames).tolist()) == {3, 4}
    assert view.caption == "Not every step is shown."


def test_scores_are_over_all_seeds_at_their_last_checkpoint():
    runs = [info(4, 0, 500), info(4, 0, 1_000), info(4, 1, 900)]
    view = rollout_view(rolled(runs, [[0, 0], [3, 0], [2, 2]], steps=4))
    (panel,) = view.panels
    assert panel.scores == (("Reached", "3 of 4 episodes, 2 seeds"),)
    assert control(view, "step").options[0] == ("500", "500 env steps")


def test_a_single_seed_is_no_choice_and_uneven_ones_are_noted():
    alone = rollout_view(rolled([info(4), info(64)], [[0], [0]], steps=4))
    assert len(control(alone, "seed").options) == 1
    assert alone.caption == ""
    uneven = rollout_view(rolled([info(4, 0), info(4, 1), info(64, 0)], [[0]] * 3, steps=4))
    assert uneven.caption == "A panel stays empty where that depth has no run of the chosen seed."


def test_without_a_maze_all_paths_are_in_sight():
    result = rolled([info()], [[0]], steps=400, maze=False)
    view = rollout_view(dataclasses.replace(result, goals=np.array([[9.0, -2.0]])))
    x_from, x_to, y_from, y_to = view.data["limits"]
    assert view.data["maze"] is None
    assert x_from < 1.0 - result.tolerance
    assert x_to > 9.0 + result.tolerance
    assert y_from < -2.0 - result.tolerance
    assert y_to > 1.0 + result.tolerance
    assert view.panels[0].aspect == pytest.approx((x_to - x_from) / (y_to - y_from))


def test_a_run_weighs_little():
    runs = [info(depth) for depth in (4, 16, 64)]
    data = rollout_view(rolled(runs, np.zeros((3, 12), int), steps=1_000)).data
    assert data["paths"].dtype == np.uint16
    assert data["paths"].nbytes / len(runs) <= 15_000
