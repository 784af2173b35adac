"""All probes by name: complete, cached, and none stops the rest."""

import dataclasses
import logging

import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.metrics import DEFINITIONS, MetricError
from crl_probe.probes.registry import PROBES, measure, measure_before_training, probes_of
from crl_probe.runs.errors import ProbeError
from tests.crl_probe.fakes import FakeRun, TrainedFake, replace_run
from tests.crl_probe.recorder import Recorder


@pytest.fixture
def cached_evidence(fake_runs, small):
    return Evidence(fake_runs, small)


def test_every_metric_is_measured_by_one_probe():
    measured = [name for probe in PROBES.values() for name in probe.metrics]
    assert sorted(measured) == sorted(DEFINITIONS)
    assert probes_of(["cka", "success_rate"]) == ["success", "geometry"]


@pytest.mark.parametrize("name", PROBES)
def test_every_probe_has_its_module_settings_and_result(name, small):
    probe = PROBES[name]
    assert dataclasses.is_dataclass(probe.settings)
    assert next(iter(dataclasses.fields(probe.result))).name == "runs"


def test_results_come_from_the_cache_the_second_time(cached_evidence, monkeypatch):
    first = measure(cached_evidence, ["success"])
    replace_run(monkeypatch, "success", None)
    second = measure(cached_evidence, ["success"])
    np.testing.assert_array_equal(first.results["success"].first_arrival, second.results["success"].first_arrival)
    assert {sample.metric for sample in second.samples} <= set(PROBES["success"].metrics)


@pytest.mark.parametrize("error", [ProbeError, MetricError])
def test_a_probe_that_cannot_be_done_is_named_and_the_rest_goes_on(cached_evidence, monkeypatch, caplog, error):
    def refuse(*_, **__):
        raise error("no near states. Train longer.")

    replace_run(monkeypatch, "goal_clusters", refuse)
    with caplog.at_level(logging.WARNING, logger="crl_probe"):
        measured = measure(cached_evidence, ["goal_clusters", "success"])
    assert list(measured.results) == ["success"]
    assert measured.missing == {"goal_clusters": "no near states. Train longer."}
    assert "Spread around the goal cannot be measured: no near states" in caplog.text


def test_whoever_watches_hears_what_is_computed_and_what_was_kept(fake_runs, small, monkeypatch):
    def refuse(*_, **__):
        raise ProbeError("no near states. Train longer.")

    replace_run(monkeypatch, "goal_clusters", refuse)
    first, second = Recorder(), Recorder()
    for progress in (first, second):
        measure(Evidence(fake_runs, small, progress=progress), ["success", "goal_clusters"], heading="a maze")
    assert first.heard == [
        ("planned", "a maze", "Performance", "Spread around the goal"),
        ("began", "Performance"),
        ("computing",),
        ("rolling out", 0, 2),
        ("rolling out", 1, 2),
        ("rolling out", 2, 2),
        ("ended", "Performance", ""),
        ("began", "Spread around the goal"),
        ("computing",),
        ("ended", "Spread around the goal", "no near states. Train longer."),
    ]
    assert second.heard[1:3] == [("began", "Performance"), ("ended", "Performance", "")]


def test_a_mistake_in_the_code_is_not_taken_for_missing_data(cached_evidence, monkeypatch):
    def broken(*_, **__):
        raise ValueError("shapes (3,) and (4,) do not match")

    replace_run(monkeypatch, "success", broken)
    with pytest.raises(ValueError, match="shapes"):
        measure(cached_evidence, ["success"])


def test_unknown_names_and_values_are_refused(cached_evidence):
    with pytest.raises(
        ValueError, match="unknown probe 'sucess': probes are success, rollouts, bodies, learning_curves"
    ):
        measure(cached_evidence, ["sucess"])
    with pytest.raises(ValueError, match="fine_cells=0 is not usable"):
        measure(cached_evidence, ["q_landscape"], {"q_landscape": {"fine_cells": 0}})


def test_agents_before_training_are_measured_on_the_same_evidence(small):
    trained = Evidence([TrainedFake(depth=4), TrainedFake(depth=64)], small)
    before = measure_before_training(trained, ["rollouts", "success", "landscape"], {"landscape": {"fine_cells": 15}})
    assert list(before.results) == ["success", "q_landscape"]  # pictures need no reference
    landscape, success = before.results["q_landscape"], before.results["success"]
    assert [run.label for run in success.runs] == ["depth 4, untrained", "depth 64, untrained"]
    assert success.first_arrival.shape == (2, small.episodes)
    assert success.episode_length == trained.episode_length
    np.testing.assert_array_equal(landscape.goals, trained.goals)
    after = measure(trained, ["landscape"], {"landscape": {"fine_cells": 15}}).results["q_landscape"]
    np.testing.assert_array_equal(landscape.visited, after.visited)
    assert np.nanmean(landscape.scores["geodesic_rank"]) < np.nanmean(after.scores["geodesic_rank"])


def test_agents_whose_start_is_not_known_have_no_reference(small):
    assert not measure_before_training(Evidence([FakeRun()], small), ["success"]).results
    assert not measure_before_training(Evidence([TrainedFake().untrained()], small), ["success"]).results
    mixed = Evidence([FakeRun(), TrainedFake(depth=64)], small)
    success = measure_before_training(mixed, ["success"]).results["success"]
    assert [run.label for run in success.runs] == ["depth 64, untrained"]
