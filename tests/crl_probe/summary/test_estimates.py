"""Numbers by run and by depth."""

import dataclasses

import numpy as np
import pytest

from crl_probe.probes.samples import metric_samples
from crl_probe.runs.run_info import RunInfo, labels_in_order
from crl_probe.summary.estimates import estimate_by_level, titled

RUN = RunInfo("a", "depth 4", "point_u_maze", 4, 4, 0, 1000, "abc")
DEEP = RunInfo("b", "depth 16", "point_u_maze", 16, 16, 0, 1000, "abc")


def entry(run, metric, values):
    return metric_samples(run, metric, "on-policy", "episodes", np.array(values, dtype=float))


def test_undefined_samples_are_left_out_and_undefined_metrics_too():
    (kept,) = entry(RUN, "straightness", [0.5, np.nan, 0.7])
    assert kept.value == pytest.approx(0.6)
    assert entry(RUN, "straightness", [np.nan]) == ()


def test_times_to_goal_are_summarised_by_their_median():
    assert entry(RUN, "time_to_goal", [1, 2, 90])[0].value == 2.0
    assert entry(RUN, "time_at_goal", [1, 2, 90])[0].value == 31.0


def test_depths_are_ordered_by_number_and_not_by_name():
    samples = entry(DEEP, "success_rate", [1, 0]) + entry(RUN, "success_rate", [0, 0])
    assert [e.label for e in estimate_by_level(samples)] == ["depth 4", "depth 16"]
    assert labels_in_order([DEEP, RUN, RUN]) == ("depth 4", "depth 16")


def test_seeds_of_a_depth_are_aggregated_and_every_one_is_kept():
    second = dataclasses.replace(RUN, name="a1", seed=1)
    (estimate,) = estimate_by_level(entry(second, "success_rate", [1, 1]) + entry(RUN, "success_rate", [0, 1]))
    assert estimate.values == (0.5, 1.0)
    assert estimate.estimate.value == 0.75
    assert (estimate.estimate.unit, estimate.estimate.count) == ("seeds", 2)


def test_parts_are_kept_apart_in_the_order_they_come():
    entries = [
        entry
        for part in ("to depth 4", "to depth 16")
        for entry in metric_samples(RUN, "cka", "shared", "runs", np.array([0.5, 0.7]), part)
    ]
    estimates = estimate_by_level(entries)
    assert [(e.part, e.estimate.value) for e in estimates] == [("to depth 4", 0.6), ("to depth 16", 0.6)]
    assert titled("cka", "to depth 4") == "CKA, to depth 4"
    assert titled("effective_rank", "phi") == "Effective rank, φ"


def test_blocks_of_one_network_are_no_sample_of_anything():
    (estimate,) = estimate_by_level(
        metric_samples(RUN, "residual_contribution", "shared", "blocks", np.array([0.25, 0.5]), "phi")
    )
    e = estimate.estimate
    assert (e.value, e.low, e.high, e.unit, e.count) == (0.375, 0.375, 0.375, "run", 1)


def test_checkpoints_of_one_run_go_from_early_to_late():
    runs = [dataclasses.replace(RUN, env_steps=n, name=f"a@{n}", label=f"depth 4 · {n:,} steps") for n in (900, 80)]
    assert labels_in_order([DEEP, *runs]) == ("depth 4 · 80 steps", "depth 4 · 900 steps", "depth 16")
