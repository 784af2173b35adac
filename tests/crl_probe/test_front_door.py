"""What `import crl_probe` offers: a study in three lines, tidy numbers, short looks, and refusals in a sentence."""

import copy
import inspect

import numpy as np
import pandas as pd
import pytest

import crl_probe
from crl_probe import Study, metrics
from crl_probe.evidence.evidence import Evidence
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.opening import open_agents
from crl_train.errors import ConfigError, RunNotFoundError
from tests.crl_probe.fakes import FakeRun

NAMES = ["Study", "load_run", "load_runs", "metrics", "plots", "probes", "report"]
LANDSCAPE = {"fine_cells": 15}


@pytest.fixture(scope="module")
def runs():
    return [FakeRun(depth=64), FakeRun(depth=4, seed=1), FakeRun(depth=4, seed=0)]


@pytest.fixture(scope="module")
def study(runs):
    return Study(runs, episodes=6, goals=2, cache=False).measure("success", landscape=LANDSCAPE)


# --- the package -----------------------------------------------------------------------------------------


def test_the_package_shows_what_is_public_and_nothing_else():
    assert dir(crl_probe) == NAMES
    assert [getattr(crl_probe, name) for name in NAMES]
    with pytest.raises(AttributeError, match=r"module 'crl_probe' has no attribute 'Studdy': it has Study, load_run"):
        crl_probe.Studdy  # noqa: B018


def test_probes_can_be_listed(study):
    assert "q_landscape" in crl_probe.probes.PROBES
    assert crl_probe.probes.probes_of(["geodesic_rank"]) == ["q_landscape", "depth_lens"][:1]
    assert list(study.results) == ["success", "q_landscape"]


def test_a_study_of_a_run_on_disk_takes_three_lines(finished_run, tmp_path):
    study = Study(finished_run.path.parent / "fin*", episodes=4, goals=2).measure("success", "landscape")
    frame = study.frame()
    page = study.report(tmp_path / "report", figures=False)
    assert page == tmp_path / "report" / "index.html"
    assert 'id="point_u_maze-success"' in page.read_text() or "Performance" in page.read_text()
    (rate,) = frame[frame.metric == "success_rate"].itertuples()
    assert (rate.run, rate.seed, rate.env_steps, rate.level, rate.depth) == ("finished", 0, 1120, "depth 4", 4)


def test_every_checkpoint_of_a_run_can_be_studied(finished_run):
    study = Study(finished_run.path, step="all", episodes=4).measure("success")
    frame = study.frame().query("metric == 'final_distance'")
    assert frame.run.tolist() == ["finished"] * 3
    assert frame.env_steps.tolist() == [480, 800, 1120]
    assert study.estimates().query("metric == 'final_distance'").env_steps.tolist() == [480, 800, 1120]


# --- numbers ---------------------------------------------------------------------------------------------


def test_a_frame_has_a_row_for_each_run_metric_and_goal(study):
    frame = study.frame()
    assert list(frame.columns) == [
        "run", "seed", "env_steps", "level", "depth", "metric", "part", "source", "sample_unit", "sample", "value",
    ]  # fmt: skip
    ranks = frame[frame.metric == "geodesic_rank"]
    assert ranks[["run", "seed", "sample"]].values.tolist() == [
        [f"point_u_maze_d{depth}_s{seed}", seed, goal] for depth, seed in ((4, 0), (4, 1), (64, 0)) for goal in (0, 1)
    ]
    assert set(ranks.source) == {"grid"}
    np.testing.assert_array_equal(ranks.value, study.results["q_landscape"].scores["geodesic_rank"].reshape(-1))
    rates = frame[frame.metric == "success_rate"]
    np.testing.assert_array_equal(rates.value, (study.results["success"].first_arrival > 0).mean(axis=1))
    assert rates["sample"].isna().all()
    assert set(rates.sample_unit) == {"episodes"}


def test_samples_are_rows_where_they_are_asked_for(study):
    distances = study.frame(samples=True).query("metric == 'final_distance'")
    np.testing.assert_array_equal(distances.value, study.results["success"].final_distance.reshape(-1))
    assert distances["sample"].tolist() == [*range(6)] * 3


def test_a_goal_keeps_its_number_where_another_is_undefined(study):
    landscape = study.results["q_landscape"]
    scores = {"geodesic_rank": np.array([[np.nan, 0.5], [0.25, np.nan], [0.1, 0.2]])}
    changed = copy.copy(landscape)
    object.__setattr__(changed, "scores", scores)
    assert [one.index.tolist() for one in changed.samples()] == [[1], [0], [0, 1]]


def test_estimates_are_over_seeds_of_each_level(study):
    table = study.estimates().set_index(["level", "metric"])
    rates = (study.results["success"].first_arrival > 0).mean(axis=1)
    shallow = table.loc[("depth 4", "success_rate")]
    assert (shallow.value, shallow["count"], shallow.unit) == (rates[:2].mean(), 2, "seeds")
    assert shallow.low <= shallow.value <= shallow.high
    deep = table.loc[("depth 64", "success_rate")]
    assert (deep["count"], deep.unit) == (6, "episodes")


def test_a_study_judges_draws_and_prints(study):
    assert [verdict.word for verdict in study.verdicts()] == ["not enough data"] * 5
    assert r"\begin{tabular}" in study.latex("success_rate", "geodesic_rank")
    assert study.plot("landscape", goals=1).axes


def test_a_study_never_changes(runs):
    empty = Study(runs[:1], episodes=2, cache=False)
    more = empty.measure("learning_curves")
    assert (list(empty.results), list(more.results)) == ([], ["learning_curves"])
    assert list(more.measure("curves").results) == ["learning_curves"]
    with pytest.raises(TypeError):
        more.results["success"] = 1


def test_factors_are_columns():
    study = Study([FakeRun(width=64), FakeRun(width=128, name="wide")], by="width", episodes=2, cache=False)
    assert repr(study) == "Study(point_u_maze, 2 runs: width 64, width 128; nothing measured)"
    assert list(study.measure("success").frame().width.unique()) == [64, 128]


# --- looks -----------------------------------------------------------------------------------------------


def test_everything_shown_is_one_short_line(study, evidence):
    verdict, *_ = study.verdicts()
    estimate = metrics.estimate_over_seeds([[0.5, 1.0]], "goals")
    comparison = metrics.compare_depths({4: [1.0, 2.0, 3.0], 64: [7.0, 8.0, 9.0]})
    shown = [
        (study, "Study(point_u_maze, 3 runs: depth 4, depth 64; success, q_landscape)"),
        (study._measured, "Measurements(success, q_landscape)"),
        (evidence, "Evidence(point_u_maze, 2 runs by depth, 10 episodes each)"),
        (verdict, "Verdict(Deeper agents reach the goal more. not enough data)"),
        (estimate, "Estimate(0.75 [0.5, 1] over 2 goals)"),
        (comparison, "DepthComparison(depths 4, 64, change 6 [3.733, 8.267]: suggestive)"),
        (evidence.infos[0], "RunInfo('point_u_maze_d4_s0', depth 4, seed 0, 10,000 env steps)"),
        (crl_probe.probes.PROBES["q_landscape"], "Probe('q_landscape', command 'landscape')"),
    ]
    for thing, text in shown:
        assert repr(thing) == text
    sides = dict(zip(("nx", "ny"), study.results["q_landscape"].free.shape, strict=True))
    landscape = f"QLandscapeResult(runs=3, nx={sides['nx']}, ny={sides['ny']}, goals=2, poses=1)"
    assert repr(study.results["q_landscape"]) == landscape
    assert repr(study.results["success"]) == "SuccessResult(runs=3, episode_length=300, episodes=6)"
    for thing in (evidence.probe_set, evidence.probe_set.points, evidence.episodes[0], *comparison.steps):
        assert len(repr(thing)) < 200
        assert "\n" not in repr(thing)


def test_notebooks_get_escaped_tables():
    study = Study(FakeRun(name="<b>"), episodes=2, cache=False)
    assert "&lt;b&gt;" in study._repr_html_()
    measured = study.measure("success")
    assert "success_rate" in measured._repr_html_()
    look = measured.results["success"]._repr_html_()
    assert look.startswith("<table><caption>SuccessResult(runs=1")
    assert "<b>" not in look
    assert "&lt;b&gt;" in look


# --- refusals --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda _: inspect.unwrap(open_agents)(3),
            ConfigError,
            r"^runs=3 is not usable: give run directories, patterns",
        ),
        (lambda _: inspect.unwrap(open_agents)([3]), ConfigError, r"^runs has the entry 3: give run directories"),
        (lambda _: Study([]), ConfigError, r"^there are no runs: give run directories"),
        (lambda _: Study("nowhere_*"), RunNotFoundError, r"^'nowhere_\*' matches nothing: give run directories"),
        (
            lambda _: Study([FakeRun(), FakeRun("point_u4_maze")]),
            ConfigError,
            r"^runs are of point_u4_maze and point_u_maze: a study is about one environment\. Make a study of each\.$",
        ),
        (
            lambda _: inspect.unwrap(Study.__init__)(object.__new__(Study), FakeRun(), goals=["a"]),
            ConfigError,
            r"^goals=\['a'\] is not usable: give how many, or a list",
        ),
        (
            lambda _: Study(FakeRun()).frame(),
            ConfigError,
            r"^nothing has been measured: .* Call \.measure\(\) first\.$",
        ),
        (lambda s: s.measure("luck"), ConfigError, r"^unknown probe 'luck': probes are success, "),
        (
            lambda s: inspect.unwrap(Study.measure)(s, landscape=128),
            ConfigError,
            r"^landscape=128 is not usable: settings of a probe are a dict",
        ),
        (lambda s: s.measure(landscape={"luck": 1}), ConfigError, r"^unknown setting 'luck' of q_landscape"),
        (
            lambda s: s.plot("retrieval"),
            ConfigError,
            r"^retrieval has not been measured: there is success, q_landscape\. Call \.measure\('retrieval'\) first\.$",
        ),
        (lambda s: s.latex("cka"), ConfigError, r"^metric 'cka' has not been measured: there is advantage_visited, "),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(study, call, error, message):
    with pytest.raises(error, match=message) as refusal:
        call(study)
    assert "\n" not in str(refusal.value)


def test_a_probe_that_is_missing_says_why_it_cannot_be_drawn(study, monkeypatch):
    class Blind:
        """An agent without embeddings."""

        def __init__(self, run):
            self._run = run

        def __getattr__(self, name):
            if name in ("phi", "psi", "energy_between"):
                raise AttributeError(name)
            return getattr(self._run, name)

    blind = Study(Blind(FakeRun()), episodes=2, cache=False).measure("geometry")
    assert "has no energy_between, phi, psi" in blind.missing["geometry"]
    assert "missing: geometry" in repr(blind)
    assert blind.frame().empty
    with pytest.raises(
        ProbeError, match=r"^geometry cannot be drawn: agent 'point_u_maze_d4_s0' has no energy_between"
    ):
        blind.plot("geometry")


def test_runs_of_a_pandas_column_are_opened(finished_run):
    study = Study(pd.Series([str(finished_run.path)]), goals=[(4.0, 12.0)])
    assert isinstance(study._evidence, Evidence)
    assert study._evidence.goals.tolist() == [[4.0, 12.0]]
