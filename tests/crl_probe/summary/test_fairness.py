"""A warning where agents score differently on their own points of the shared set."""

import dataclasses

import numpy as np

from crl_probe.probes.samples import metric_samples
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.fairness import unfair_words, whole_evidence


def estimates(differences, depth=4):
    runs = [RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "maze", depth, depth, seed, 1, "") for seed in range(5)]
    return estimate_by_level(
        entry
        for run, difference in zip(runs, differences, strict=False)
        for source, value in (("shared-own", 0.5 + difference), ("shared-others", 0.5), ("shared", 0.5))
        for entry in metric_samples(run, "retrieval_accuracy", source, "batches", np.array([value]))
    )


def test_a_difference_that_all_seeds_show_is_told_with_its_numbers():
    told = unfair_words(estimates((0.2, 0.21, 0.19)))
    assert told == (
        "Agents score differently on shared points of their own episodes than on those of others: Retrieval accuracy "
        "at depth 4 by 20 % (95 % interval 18 to 22 %). A number on the shared set then depends on whose episodes are "
        "in it. Points of one agent are also more alike."
    )


def test_few_seeds_or_seeds_that_disagree_show_none():
    assert unfair_words(estimates((0.2, 0.21))) == ""
    assert unfair_words(estimates((0.2, -0.2, 0.1))) == ""
    assert unfair_words(()) == ""


def test_levels_are_corrected_for_their_number():
    hardly = (0.10, 0.06, 0.14)
    alone = estimates(hardly)
    assert unfair_words(alone) != ""
    many = [entry for depth in (4, 8, 16, 32, 64) for entry in estimates(hardly, depth)]
    assert unfair_words(many) == ""


def test_charts_are_about_the_whole_set():
    assert {entry.source for entry in whole_evidence(estimates((0.1, 0.2)))} == {"shared"}
    assert dataclasses.is_dataclass(whole_evidence(estimates((0.1, 0.2)))[0])
