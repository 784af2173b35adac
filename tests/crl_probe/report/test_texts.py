"""What a report says in words: the first screen, a sentence for each section, and the small picture of an effect."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe.metrics import Estimate
from crl_probe.probes.registry import PROBES
from crl_probe.probes.samples import metric_samples
from crl_probe.render.page.content import number_table
from crl_probe.render.page.effect_bar import effect_bar
from crl_probe.report.headline import headline
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.findings import LevelFindings
from crl_probe.summary.verdicts import Verdict


def finding(name, estimates):
    """The sentence that a probe's section begins with."""
    return PROBES[name].finding(LevelFindings(estimates))


def run_of(depth, seed):
    return RunInfo(f"d{depth}_s{seed}", f"depth {depth}", "point_u_maze", depth, depth, seed, 1000, "abc")


def estimates_of(metric, evidence, by_depth, part=""):
    """Estimates of one metric from each depth's values by seed."""
    return estimate_by_level(
        entry
        for depth, values in by_depth.items()
        for seed, value in enumerate(values)
        for entry in metric_samples(run_of(depth, seed), metric, evidence, "goals", np.array([value]), part)
    )


def first_screen(rates):
    runs = [run_of(depth, seed) for depth, values in rates.items() for seed in range(len(values))]
    return headline(runs, estimates_of("success_rate", "on-policy", rates), (), episodes=64)


def verdict_with(effect, key="more_success", null=0.0):
    return Verdict(key, "A claim.", "undecided", effect, "an effect", null, 0.5, "A sentence.", "A basis.")


def estimate(low, value, high):
    return Estimate(value, low, high, "seeds", 3)


def test_the_first_screen_says_what_was_compared():
    screen = first_screen({4: (0.1, 0.2, 0.3), 16: (0.5, 0.6, 0.7)})
    assert screen.compared == (
        "point_u_maze",
        "depths 4, 16",
        "seeds 0–2",
        "6 checkpoints at 1,000 env steps",
        "64 episodes each",
    )
    assert "they hold the truth in 64 to 76 of 100 studies, not in 95" in screen.basis


def test_the_best_depth_is_named_with_how_sure_that_is():
    clear = first_screen({4: (0.1, 0.2, 0.3), 16: (0.5, 0.6, 0.7), 64: (0.2, 0.3, 0.3)})
    assert clear.sentence == (
        "Depth 16 has the highest success rate, 60 % [50, 70], against 20 % [10, 30] at depth 4: a difference of "
        "40 % (95 % interval 17 to 63 %). That suggests that it is the best depth; 3 seeds cannot show it."
    )
    sure = first_screen({4: (0.1, 0.2, 0.3, 0.2, 0.2), 16: (0.5, 0.6, 0.7, 0.6, 0.6)})
    assert sure.sentence.endswith(" It is above every other depth.")
    open_ = first_screen({4: (0.3, 0.6, 0.9), 16: (0.2, 0.5, 0.7), 64: (0.1, 0.1, 0.1)})
    assert open_.sentence.startswith(
        "No depth is clearly best. Depth 4 has the highest success rate, 60 % [30, 90], against "
    )
    assert " at depth 64: a difference of " in open_.sentence
    assert first_screen({16: (0.9, 0.9)}).sentence == "Depth 16 reached 90 % [no spread] of its goals."
    assert (
        first_screen({4: (0.0,) * 3, 16: (0.0,) * 3}).sentence == "All depths reached 0 % [no spread] of their goals."
    )


def test_too_few_seeds_cannot_say_what_depth_did():
    one = first_screen({4: (0.1,), 16: (0.9,)})
    assert one.sentence.startswith(
        "One seed at a depth: no conclusion on depth. Depth 16 has the highest success rate, 90.0 %"
    )
    assert "say nothing about another training" in one.basis
    uneven = first_screen({4: (0.1, 0.1, 0.1), 16: (0.9, 0.9)})
    assert uneven.sentence.startswith("2 seeds at a depth: no conclusion on depth.")


def test_the_finding_on_landscapes_says_no_more_than_the_seeds_bear():
    ranks = estimates_of("geodesic_rank", "grid", {4: (0.5, 0.5), 16: (0.9, 0.9)})
    spread = (-0.05, 0.0, 0.05)
    for gain, offsets, words in (
        (0.3, spread, "that suggests that it is closer to the maze than to the straight line"),
        (0.3, (*spread, 0.01, -0.01), ": it is closer to the maze than to the straight line"),
        (-0.3, spread, "that suggests that it is closer to the straight line than to the maze"),
        (0.3, spread[:2], "is open"),
        (0.05, spread, "is open"),
    ):
        gains = estimates_of("geodesic_advantage", "grid", {16: tuple(gain + offset for offset in offsets)})
        said = finding("q_landscape", (*ranks, *gains))
        assert said.startswith("The critic of depth 16 orders places by geodesic distance")
        assert words in said
    alone = finding("q_landscape", (*ranks[-1:], *estimates_of("geodesic_advantage", "grid", {16: (0.02,)})))
    assert "whether it follows the maze or the straight line is open" in alone
    assert finding("q_landscape", ()) == ""


def test_a_finding_compares_the_ends_and_says_how_they_differ():
    apart = estimates_of("straightness", "on-policy", {4: (0.1, 0.2), 16: (0.9, 0.9), 64: (0.5, 0.6)})
    said = finding("embedding_trajectory", apart)
    assert "15 % [10, 20] at depth 4 and 55 % [50, 60] at depth 64" in said
    assert said.endswith("; the difference of their means is 40 % (95 % interval 10 to 70 %).")
    one = finding("embedding_trajectory", estimates_of("straightness", "on-policy", {4: (0.1,)}))
    assert one.endswith("at depth 4 (one seed).")
    assert finding("learning_curves", apart) == ""


def test_ends_that_rest_on_one_seed_are_not_held_against_others():
    resolutions = estimates_of("goal_resolution", "shared", {4: (1.0,), 64: (1.5, 1.7)})
    assert finding("goal_clusters", resolutions) == (
        "A metre near a goal takes 1.00 times the embedding distance of a metre overall at depth 4 (one seed) and "
        "1.60 [1.50, 1.70] at depth 64."
    )


def test_numbers_of_a_column_have_the_same_decimals():
    table = number_table(
        estimates_of("time_at_goal", "on-policy", {4: (1.0, 2.0), 16: (120.0, 140.0)}), (("time_at_goal", "on-policy"),)
    )
    assert table.rows == (("depth 4", "1.5 [1.0, 2.0]"), ("depth 16", "130.0 [120.0, 140.0]"))


def test_an_effect_is_placed_by_hand():
    bar = effect_bar(verdict_with(estimate(-1.0, 1.0, 3.0)))
    # The line runs from -1 to 3 between its margins of 12 %: zero is a quarter of the way.
    assert (bar.low, bar.null, bar.value, bar.high) == pytest.approx((12.0, 31.0, 50.0, 88.0))
    # A ratio is held against the one that is claimed: it runs from 2 to 6.
    bar = effect_bar(verdict_with(estimate(3.0, 4.0, 6.0), key="jump", null=2.0))
    assert (bar.null, bar.low, bar.value, bar.high) == pytest.approx((12.0, 31.0, 50.0, 88.0))


def test_what_no_line_can_show_has_no_picture():
    assert effect_bar(verdict_with(estimate(1.5, 3.0, np.inf))) is None
    assert effect_bar(verdict_with(None)) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3))
def test_every_place_lies_on_the_line_and_in_order(ends):
    low, value, high = sorted(ends)
    bar = effect_bar(verdict_with(estimate(low, value, high)))
    assert 0 <= bar.low <= bar.value + 1e-9 <= bar.high + 2e-9 <= 100 + 3e-9
    assert 0 <= bar.null <= 100


def test_verdict_cards_keep_the_order_of_the_verdicts():
    verdicts = (verdict_with(None), dataclasses.replace(verdict_with(estimate(1.0, 2.0, 3.0)), key="spreads"))
    screen = headline([run_of(4, 0)], (), verdicts, episodes=8)
    assert [verdict for verdict, _ in screen.verdicts] == list(verdicts)
    assert screen.sentence == ""
    assert headline([run_of(4, 0)], (), (), problem="no goals.").sentence == "Success could not be measured: no goals."
    assert screen.basis == "No probe gave a number."
    assert headline([run_of(4, 0)], (), (), training="Undertrained.", problem="no goals.").sentence == (
        "Undertrained. Success could not be measured: no goals."
    )
