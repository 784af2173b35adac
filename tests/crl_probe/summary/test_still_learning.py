"""Whether agents were still learning: by hand, and in words."""

import math

import pytest

from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.still_learning import recent_gain, still_learning, training_words


def curve(*rates):
    return [{"eval/success_rate": rate} for rate in rates]


def run(depth, seed=0):
    return RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "maze", depth, depth, seed, 1_000, "")


def test_the_last_quarter_is_held_against_the_one_before():
    assert recent_gain(curve(0, 0, 0, 0, 0.1, 0.3, 0.5, 0.7)) == pytest.approx(0.4)
    assert recent_gain(curve(0.2, 0.1)) == pytest.approx(-0.1)
    assert recent_gain(curve(0.2, None, 0.5)) == pytest.approx(0.3)


@pytest.mark.parametrize("rates", [(), (0.5,), (None, 0.5)])
def test_without_two_evaluations_nothing_is_known(rates):
    assert math.isnan(recent_gain(curve(*rates)))


def test_a_level_counts_by_the_mean_of_its_seeds():
    rising, flat, falling = curve(0.1, 0.2), curve(0.9, 0.91), curve(0.2, 0.1)
    runs = [(run(16), rising), (run(4), flat), (run(64), rising), (run(64, seed=1), falling), (run(64, seed=2), [])]
    assert still_learning(runs) == {"depth 16": pytest.approx(0.1)}


def test_the_words():
    assert training_words({}, 3, "depth") == ""
    assert training_words({"depth 4": 0.052, "depth 16": 0.3, "depth 64": 0.08}, 3, "depth") == (
        "Undertrained: success still rises at every depth (by 5 percentage points at depth 4, 30 at depth 16 and 8 at "
        "depth 64 over the last quarter of training)."
    )
    assert training_words({"depth 4": 0.05}, 1, "depth").startswith(
        "Undertrained: success still rises at the end (by 5 "
    )
    assert training_words({"depth 64": 0.3}, 3, "depth") == (
        "Training ended early at some depths: success still rises by 30 percentage points at depth 64 over its last "
        "quarter."
    )
