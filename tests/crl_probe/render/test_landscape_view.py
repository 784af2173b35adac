"""The landscape view: what its script gets is what the probe measured, and its texts say the scores."""

import dataclasses

import numpy as np
import pytest

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes import q_landscape
from crl_probe.probes.q_landscape import QLandscapeResult
from crl_probe.render.page.q_landscape import SCORES, landscape_view
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level, estimate_text


def info(depth=4, seed=0, env_steps=1_000, label=None):
    return RunInfo(
        f"run_d{depth}_s{seed}", label or f"depth {depth}", "point_u_maze", depth, depth, seed, env_steps, "hash"
    )


def tiny(runs, goals=1):
    """A corridor of three cells inside walls, with the goal on the right: values rise to the right, then fall."""
    free = np.zeros((5, 3), bool)
    free[1:4, 1] = True
    geodesic = np.full((goals, 5, 3), np.nan)
    geodesic[:, 1:4, 1] = [2.0, 1.0, 0.0]
    values = np.full((len(runs), goals, 5, 3), np.nan)
    values[..., 1:4, 1] = [-5.0, -1.0, -3.0]
    ascent = np.broadcast_to(np.arange(15).reshape(5, 3), values.shape).copy()
    ascent[..., 1, 1] = ascent[..., 3, 1] = np.ravel_multi_index((2, 1), (5, 3))
    return QLandscapeResult(
        runs=tuple(runs),
        xs=np.arange(5.0),
        ys=np.arange(3.0),
        free=free,
        start=np.array([1.0, 1.0]),
        goals=np.tile([3.0, 1.0], (goals, 1)),
        goal_cells=np.tile([3, 1], (goals, 1)),
        geodesic=geodesic,
        visited=free.copy(),
        poses=1,
        values=values,
        ascent=ascent,
        scores={name: np.full((len(runs), goals), 0.5) for name in q_landscape.SCORES},
        references={"straight line": {}, "geodesic distance": {}},
    )


def view_of(result, over_training=None):
    return landscape_view(result, estimate_by_level(result.samples()), over_training)


def control(view, key):
    return next(control for control in view.controls if control.key == key)


@pytest.fixture(scope="module")
def landscape(fake_runs, small, evidence):
    settings = q_landscape.QLandscapeSettings(fine_cells=15)
    return q_landscape.run(evidence, settings, np.random.default_rng(0))


def test_a_corridor_by_hand():
    data = view_of(tiny([info()])).data
    np.testing.assert_array_equal(data["values"], [[[-5.0, -1.0, -3.0]]])
    np.testing.assert_array_equal(data["ranks"], [[[0, 100, 50]]])
    np.testing.assert_array_equal(data["ascent"], [[[1, 1, 1]]])  # both ends climb to the middle, and stay there
    np.testing.assert_array_equal(data["metres"], [[2.0, 1.0, 0.0]])
    np.testing.assert_array_equal(data["nearness"], [[0, 50, 100]])
    np.testing.assert_array_equal(data["way"], [[1, 2, 2]])
    assert data["runs"] == [{"name": "run_d4_s0", "depth": "depth 4", "seed": "0", "step": 1_000}]


def test_every_free_cell_is_found_again(landscape):
    data = view_of(landscape).data
    free = data["maze"]["free"].astype(bool)
    for run in range(len(landscape.runs)):
        for goal in range(len(landscape.goals)):
            grid = np.full(free.shape, np.nan, np.float32)
            grid[free] = data["values"][run, goal]
            np.testing.assert_array_equal(grid, landscape.values[run, goal].astype(np.float32))
            cells = np.flatnonzero(free)
            np.testing.assert_array_equal(cells[data["ascent"][run, goal]], landscape.ascent[run, goal][free])


def test_the_way_on_foot_ends_at_the_goal(landscape):
    data = view_of(landscape).data
    for way, metres in zip(data["way"], data["metres"], strict=True):
        cell = np.arange(len(way))
        for _ in range(len(way)):
            cell = way[cell]
        np.testing.assert_array_equal(metres[cell], np.full(len(way), metres.min()))


def test_a_place_that_no_way_leads_to_is_the_farthest():
    result = tiny([info()])
    result.geodesic[0, 1, 1] = np.inf
    data = view_of(result).data
    np.testing.assert_array_equal(data["nearness"], [[0, 50, 100]])
    assert np.isinf(data["metres"][0, 0])


def test_panels_tell_their_scores(landscape):
    estimates = estimate_by_level(landscape.samples())
    reference, *panels = landscape_view(landscape, estimates).panels
    assert (reference.kind, reference.title, reference.scores) == ("map", "Geodesic distance", ())
    assert [(panel.kind, panel.title, panel.depth) for panel in panels] == [
        ("depth", "depth 4", "depth 4"),
        ("depth", "depth 64", "depth 64"),
    ]
    defined = {e.metric for e in estimates if e.label == "depth 64"}
    assert [title for title, _ in panels[1].scores] == [DEFINITIONS[name].title for name in SCORES if name in defined]
    text = dict(panels[1].scores)["Geodesic rank"]
    rank = next(e for e in estimates if (e.metric, e.label) == ("geodesic_rank", "depth 64"))
    with_interval = estimate_text(rank, [e for e in estimates if e.metric == "geodesic_rank"])
    assert rank.estimate.count > 1  # so that the text has an interval
    assert with_interval.startswith(f"{text} [")
    assert panels[1].alt.startswith(f"Q-landscape of depth 64. Geodesic rank {with_interval}; ")


def test_every_map_has_scores_of_its_own():
    result = tiny([info(4), info(64)], goals=2)
    result.scores["geodesic_rank"][1, 0] = -0.256
    result.scores["ascent_success"][1, 0] = 0.256
    result.scores["wall_contrast"][1, 0] = np.nan
    told = {title: texts[1][0] for title, texts in view_of(result).data["scores"].items()}
    assert (told["Geodesic rank"], told["Ascent success"], told["Wall contrast"]) == ("−0.26", "26 %", "–")


def test_a_goal_on_floor_that_agents_know_is_shown_first():
    result = tiny([info()], goals=2)
    assert (control(view_of(result), "goal").start, view_of(result).caption) == ("0", "")
    result.goal_cells[0] = [1, 1]
    result.visited[1, 1] = False
    view = view_of(result)
    assert control(view, "goal").start == "1"
    assert view.data["goals_visited"].tolist() == [0, 1]
    assert view.data["visited"].tolist() == [0, 1, 1]
    assert view.caption == ("Hatched: floor where no state of the shared set lies. Hollow stars: goals on such floor.")


def test_controls_offer_what_there_is():
    runs = [info(depth, seed) for depth in (4, 64) for seed in (0, 2)]
    view = view_of(tiny(runs, goals=2))
    assert [control.key for control in view.controls] == ["goal", "seed", "scale", "arrows"]
    assert control(view, "goal").options == (("0", "1"), ("1", "2"))
    assert control(view, "seed").options == (("0", "0"), ("2", "2"))
    assert control(view, "scale").options == (("rank", "rank"), ("energy", "energy"))
    assert view.caption == ""


def test_a_single_seed_is_no_choice():
    assert len(control(view_of(tiny([info(4), info(64)])), "seed").options) == 1


def test_many_seeds_are_a_list():
    forms = [control(view_of(tiny([info(4, seed) for seed in range(n)])), "seed").form for n in (6, 7)]
    assert forms == ["pills", "select"]


def test_uneven_seeds_are_noted():
    view = view_of(tiny([info(4, 0), info(4, 1), info(64, 0)]))
    assert view.caption == "A panel stays empty where that depth has no run of the chosen seed."


def test_checkpoints_are_a_slider_and_scores_those_of_the_last():
    result = tiny([info(4), info(64)])
    stages = [info(depth, 0, steps, f"depth {depth} · {steps} steps") for depth in (4, 64) for steps in (500, 1_000)]
    view = view_of(result, tiny(stages))
    assert [panel.title for panel in view.panels] == ["Geodesic distance", "depth 4", "depth 64"]
    assert control(view, "step").options == (("500", "500 env steps"), ("1000", "1,000 env steps"))
    assert [run["step"] for run in view.data["runs"]] == [500, 1_000, 500, 1_000]
    assert view.caption == "Scores over all goals and seeds are those of the last checkpoint."
    assert dict(view.panels[1].scores)["Geodesic rank"].startswith("0.5")


def test_a_result_of_several_checkpoints_shows_the_last_scores():
    result = tiny([info(4, 0, 500, "depth 4 · 500 steps"), info(4, 0, 1_000, "depth 4 · 1,000 steps")])
    result.scores["geodesic_rank"][:, 0] = [0.1, 0.9]
    (_, panel) = view_of(result).panels
    assert float(dict(panel.scores)["Geodesic rank"]) == 0.9


def test_a_course_of_other_goals_is_refused():
    with pytest.raises(ValueError, match=r"over_training has 2 goals, which are not the 1 .* of the same\."):
        view_of(tiny([info()]), tiny([info()], goals=2))


def test_sixty_runs_stay_small(landscape):
    runs = tuple(info(depth, seed) for depth in range(4, 25, 4) for seed in range(10))
    many = {name: np.repeat(getattr(landscape, name)[:1], 60, axis=0) for name in ("values", "ascent")}
    scores = {name: np.repeat(values[:1], 60, axis=0) for name, values in landscape.scores.items()}
    data = view_of(dataclasses.replace(landscape, runs=runs, scores=scores, **many)).data
    cells = int(landscape.free.sum())
    size = sum(data[key].nbytes for key in ("values", "ranks", "ascent"))
    assert size == 60 * len(landscape.goals) * cells * (4 + 1 + 2)
