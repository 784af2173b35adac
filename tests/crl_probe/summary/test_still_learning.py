"""Whether agents were still learning: by hand, and in words."""

import math

import numpy as np
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


def test_three_seeds_are_tested_and_fewer_must_gain_much():
    assert still_learning([(run(16), curve(0.1, 0.2))]) == {"depth 16": pytest.approx(0.1)}
    assert still_learning([(run(16), curve(0.1, 0.19))]) == {}
    alike = [(run(4, seed), curve(0.1, 0.1 + gain)) for seed, gain in enumerate((0.05, 0.06, 0.07))]
    apart = [(run(64, seed), curve(0.1, 0.1 + gain)) for seed, gain in enumerate((-0.05, 0.06, 0.17))]
    small = [(run(16, seed), curve(0.1, 0.11)) for seed in range(3)]
    unknown = [(run(64, 3), [])]
    assert still_learning([*apart, *alike, *small, *unknown]) == {"depth 4": pytest.approx(0.06)}


def test_a_level_that_does_not_rise_is_rarely_said_to():
    """Constant success of one half, 12 evaluations of 128 episodes, 3 seeds."""
    rng = np.random.default_rng(0)
    studies = rng.binomial(128, 0.5, size=(400, 3, 12)) / 128
    told = [
        bool(still_learning((run(4, seed), curve(*rates)) for seed, rates in enumerate(study.tolist())))
        for study in studies
    ]
    assert np.mean(told) < 0.08


def test_the_words():
    compared = "from the last but one quarter of the evaluations to the last"
    assert training_words({}, 3, "depth") == ""
    rising = {"depth 4": 0.052, "depth 16": 0.3, "depth 64": 0.08}
    listed = "by 5 percentage points at depth 4, 30 at depth 16 and 8 at depth 64"
    assert training_words(rising, 3, "depth") == (
        f"Undertrained: success still rises at every depth ({listed}, {compared})."
    )
    assert training_words({"depth 4": 0.05}, 1, "depth").startswith(
        "Undertrained: success still rises at the end (by 5 "
    )
    assert training_words({"depth 64": 0.3}, 3, "depth") == (
        f"Training ended early at some depths: success still rises by 30 percentage points at depth 64, {compared}."
    )
    assert training_words(rising, 3, "depth", is_over=False) == (
        f"At these checkpoints success still rose at every depth ({listed}, {compared})."
    )
