"""Whether agents were still learning: by hand, and in words."""

import numpy as np
import pytest

from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.still_learning import still_learning, training_words


def curve(*rates):
    return [{"eval/success_rate": rate} for rate in rates]


def run(depth, seed=0):
    return RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "maze", depth, depth, seed, 1_000, "")


def test_the_trend_of_the_second_half_by_hand():
    """Of 12 evaluations the last six rise by 0.1 each, which is 0.3 in three of them, a quarter of training."""
    rising = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)
    assert still_learning([(run(4), curve(0.9, 0, 0, 0.9, 0, 0, *rising))]) == {"depth 4": pytest.approx(0.3)}
    assert still_learning([(run(4), curve(*rising, *rising[::-1]))]) == {}
    assert still_learning([(run(4), curve(*rising, *(0.5 + np.array(rising) / 100).tolist()))]) == {}  # too little


def test_seeds_share_a_trend_around_their_own_means():
    rise = np.arange(6) / 10
    seeds = [curve(0, 0, 0, 0, 0, 0, *(level + rise).tolist()) for level in (0.1, 0.4, 0.2)]
    assert still_learning((run(4, seed), one) for seed, one in enumerate(seeds)) == {"depth 4": pytest.approx(0.3)}
    apart = [curve(*rise.tolist()), curve(*rise[::-1].tolist())]
    assert still_learning((run(4, seed), one) for seed, one in enumerate(apart)) == {}


@pytest.mark.parametrize("rates", [(), (0.5,), (None, 0.5), (0.1, 0.9)])
def test_too_few_evaluations_say_nothing(rates):
    assert still_learning([(run(4), curve(*rates))]) == {}


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
    compared = "in a quarter of training"
    assert training_words({}, 3, "depth") == ""
    rising = {"depth 4": 0.052, "depth 16": 0.3, "depth 64": 0.08}
    listed = "by 5 percentage points at depth 4, 30 at depth 16 and 8 at depth 64"
    assert training_words(rising, 3, "depth") == (
        f"Undertrained: success still rises at every depth ({listed} {compared})."
    )
    assert training_words({"depth 4": 0.05}, 1, "depth").startswith(
        "Undertrained: success still rises at the end (by 5 "
    )
    assert training_words({"depth 64": 0.3}, 3, "depth") == (
        f"Training ended early at some depths: success still rises by 30 percentage points at depth 64 {compared}."
    )
    assert training_words(rising, 3, "depth", is_over=False) == (
        f"At these checkpoints success still rose at every depth ({listed} {compared})."
    )
