"""The paper's five claims on runs whose answer is known, every word of each, and what a verdict says is missing."""

import json
import re

import numpy as np
import pytest

from crl_probe.metrics._checks import MetricError
from crl_probe.probes.samples import MetricSamples
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.verdicts import judge

CLAIMS = ("more_success", "jump", "follows_maze", "spreads", "critic_over_actor")
EVIDENCE = {
    "geodesic_advantage": "grid",
    "geodesic_rank": "grid",
    "wall_blind_rank": "grid",
    "wall_contrast": "grid",
    "spread_ratio": "shared",
}
NOISE = (-0.5, -0.2, 0.0, 0.2, 0.5)


def agent(depth, seed, actor=None, env_steps=1_000_000, env="point_u_maze"):
    actor = actor or depth
    name = f"{env}_a{actor}c{depth}_s{seed}"
    label = f"depth {depth}" if actor == depth else f"actor {actor} · critic {depth}"
    return RunInfo(name, label, env, actor, depth, seed, env_steps, name)


def entry(run, metric, value):
    # Two samples whose mean is the value: what counts is the run's number.
    samples = np.array([value - 1.0, value + 1.0])
    return MetricSamples(run, metric, EVIDENCE.get(metric, "on-policy"), "episodes", samples)


def seeds(depth, metric, value, count=5, spread=1.0, **which):
    return [entry(agent(depth, i, **which), metric, value + spread * NOISE[i]) for i in range(count)]


def verdict_on(key, samples):
    (found,) = [verdict for verdict in judge(samples) if verdict.key == key]
    return found


def by_depth(metric, values, **options):
    return [sample for depth, value in values.items() for sample in seeds(depth, metric, value, **options)]


@pytest.mark.parametrize(("key", "metric"), [("more_success", "time_at_goal"), ("spreads", "spread_ratio")])
@pytest.mark.parametrize(
    ("deep", "spread", "count", "word"),
    [
        (40.0, 1.0, 5, "supported"),
        (40.0, 1.0, 4, "suggestive"),
        (40.0, 1.0, 3, "suggestive"),
        (10.0, 1.0, 5, "contradicted"),
        (10.0, 1.0, 4, "undecided"),
        (20.1, 4.0, 5, "undecided"),
        (40.0, 0.0, 5, "undecided"),
    ],
)
def test_claims_on_the_two_ends_get_every_word(key, metric, deep, spread, count, word):
    verdict = verdict_on(key, by_depth(metric, {64: deep, 16: 99.0, 4: 20.0}, spread=spread, count=count))
    assert verdict.word == word
    mean = np.mean(NOISE[:count]) * spread
    assert verdict.effect.value == pytest.approx(deep + mean - (20.0 + mean))
    assert (verdict.effect.unit, verdict.effect.count) == ("seeds", 2 * count)


def test_more_success_is_told_with_its_numbers_and_success_rates():
    samples = by_depth("time_at_goal", {64: 40.0, 4: 20.0})
    verdict = verdict_on("more_success", samples)
    assert verdict.sentence == (
        "Time at goal is 40.00 steps at depth 64 and 20.00 steps at depth 4: "
        "a difference of 20.00 steps (95 % interval 19.44 to 20.56)."
    )
    assert verdict.basis == (
        "time_at_goal (on-policy): depth 4 (seeds 0, 1, 2, 3, 4), depth 64 (seeds 0, 1, 2, 3, 4). "
        "Means over seeds, Welch's t-test: p = 4.9e-13, corrected for the number of claims."
    )
    samples += by_depth("success_rate", {64: 0.9, 4: 0.25}, spread=0.0)
    assert verdict_on("more_success", samples).sentence.endswith("to 20.56); success rates are 90 % and 25 %.")


def test_seeds_without_spread_are_told_and_get_no_word():
    verdict = verdict_on("more_success", by_depth("time_at_goal", {64: 40.0, 4: 20.0}, spread=0.0))
    assert verdict.sentence.endswith("a difference of 20.0 steps (no spread between seeds).")
    assert (verdict.word, verdict.p_value) == ("undecided", None)


def test_claims_are_corrected_together():
    # Each of them alone is a little surer than 5 %.
    samples = by_depth("time_at_goal", {64: 21.2, 4: 20.0}) + by_depth("spread_ratio", {64: 21.2, 4: 20.0})
    alone = verdict_on("more_success", [one for one in samples if one.metric == "time_at_goal"])
    together = {verdict.key: verdict for verdict in judge(samples)}
    assert together["more_success"].p_value > alone.p_value
    assert together["spreads"].basis.endswith(", corrected for the number of claims.")


# --- the maze ---------------------------------------------------------------------------------------------


def landscapes(deep, shallow, count=5):
    """Both depths' scores: geodesic advantage, geodesic rank less wall-blind rank, wall contrast."""
    samples = []
    for depth, (advantage, beyond, contrast) in ((64, deep), (4, shallow)):
        for metric, value in (
            ("geodesic_advantage", advantage),
            ("geodesic_rank", 0.9),
            ("wall_blind_rank", 0.9 - beyond),
            ("wall_contrast", contrast),
        ):
            spread = 0.01 if metric == "geodesic_rank" else 0.02
            samples += seeds(depth, metric, value, spread=spread, count=count)
    return samples


BLIND = (-0.1, -0.2, 1.0)


@pytest.mark.parametrize(
    ("deep", "word", "told"),
    [
        (
            (0.2, 0.1, 1.6),
            "supported",
            "At depth 64 it is 0.2000 (95 % interval 0.1905 to 0.2095), above 0. Wall contr",
        ),
        ((-0.02, -0.1, 1.6), "undecided", "): closer to the maze than depth 4, and not shown to be above 0."),
        ((0.2, -0.1, 1.6), "undecided", ", and a straight line with one axis stretched explains the values as well."),
        (
            (0.2, 0.1, 0.9),
            "undecided",
            "Wall contrast disagrees: it is 0.90 at depth 64 and 1.00 at depth 4, where 1 is",
        ),
        ((-0.3, -0.3, 1.6), "contradicted", "a difference of −0.200 (95 % interval "),
    ],
)
def test_a_critic_follows_the_maze_by_every_index_or_not(deep, word, told):
    verdict = verdict_on("follows_maze", landscapes(deep, BLIND))
    assert verdict.word == word
    assert told in verdict.sentence


def test_three_seeds_of_landscapes_suggest():
    assert verdict_on("follows_maze", landscapes((0.2, 0.1, 1.6), BLIND, count=3)).word == "suggestive"


def test_without_wall_contrast_nothing_confirms_the_maze():
    samples = [one for one in landscapes((0.2, 0.1, 1.6), BLIND) if one.metric != "wall_contrast"]
    verdict = verdict_on("follows_maze", samples)
    assert verdict.word == "undecided"
    assert verdict.sentence.endswith("Wall contrast or wall-blind rank is undefined here, so nothing confirms it.")


# --- learned ----------------------------------------------------------------------------------------------


def rates(values):
    """Success of 20 episodes for five seeds at each depth."""
    return [
        MetricSamples(agent(depth, seed), "success_rate", "on-policy", "episodes", np.arange(20) < successes)
        for depth, successes in values.items()
        for seed in range(5)
    ]


def test_agents_that_have_learned_nothing_have_no_representation_to_judge():
    spread = by_depth("spread_ratio", {4: 20.0, 64: 40.0})
    untrained = rates({4: 1, 64: 2})
    verdict = verdict_on("spreads", spread + rates({4: 1, 64: 2}))
    assert verdict.word == "supported"  # nobody knows what untrained networks do
    verdict = {one.key: one for one in judge(spread + rates({4: 1, 64: 2}), untrained)}["spreads"]
    assert (verdict.word, verdict.p_value) == ("not learned", None)
    assert verdict.sentence == (
        "These agents have not learned the task: success is 5 % at depth 4 (untrained 5 %), "
        "10 % at depth 64 (untrained 10 %)."
    )
    verdict = {one.key: one for one in judge(spread + rates({4: 1, 64: 15}), untrained)}["spreads"]
    assert verdict.word == "supported"


# --- the jump ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "spread", "word"),
    [
        ({4: 10.0, 8: 12.0, 16: 36.0, 64: 40.0}, 1.0, "supported"),
        ({4: 10.0, 8: 12.0, 16: 14.0, 64: 16.0}, 1.0, "contradicted"),
        ({4: 10.0, 8: 19.0, 16: 19.0, 64: 19.0}, 9.0, "undecided"),
    ],
)
def test_jump_gets_every_word(values, spread, word):
    assert verdict_on("jump", by_depth("time_at_goal", values, spread=spread)).word == word


def test_jump_names_its_depth_and_the_largest_ratio():
    verdict = verdict_on("jump", by_depth("time_at_goal", {4: 10.0, 16: 25.0, 64: 75.0}))
    assert verdict.sentence == (
        "Time at goal first at least doubles from depth 4 to depth 16 (10.0 to 25.0 steps); "
        "the largest ratio is 3.000 (97.5 % interval 2.933 to 3.070), from depth 16 to depth 64."
    )
    assert (verdict.effect.value, verdict.null) == (3.0, 2.0)


def test_a_ratio_that_may_be_smaller_is_no_jump():
    verdict = verdict_on("jump", by_depth("time_at_goal", {4: 10.0, 64: 22.0}, spread=4.0))
    assert verdict.word == "undecided"
    assert verdict.sentence.startswith("No doubling of time at goal between neighbouring depths is shown, nor that ")


def test_a_jump_without_a_gain_is_open():
    # Time at goal doubles, and is lost again: from the shallowest to the deepest there is no gain.
    verdict = verdict_on("jump", by_depth("time_at_goal", {4: 10.0, 16: 30.0, 64: 10.1}))
    assert (verdict.word, verdict.p_value) == ("undecided", None)
    assert verdict.sentence.startswith(
        "No gain from the shallowest to the deepest is shown, so how it comes is open; the"
    )


def test_jump_from_nothing_is_infinite_in_words_and_missing_in_json():
    samples = by_depth("time_at_goal", {4: 0.0}, spread=0.0) + by_depth("time_at_goal", {16: 20.0})
    verdict = verdict_on("jump", samples)
    assert verdict.word == "supported"
    assert "the largest ratio is ∞" in verdict.sentence
    plain = json.loads(json.dumps(verdict.as_json(), allow_nan=False))
    assert plain["effect"] == {"value": None, "low": None, "high": None, "unit": "seeds", "count": 10}
    assert plain["word"] == "supported"


def test_agents_that_never_arrive_decide_nothing():
    samples = by_depth("time_at_goal", {4: 0.0, 16: 0.0}, spread=0.0)
    assert verdict_on("more_success", samples).word == "undecided"
    verdict = verdict_on("jump", samples)
    assert (verdict.word, verdict.effect) == ("undecided", None)
    assert verdict.sentence == "No agent spent a step at its goal: there is no gain to judge."


def test_jump_stands_where_a_deeper_depth_has_too_few_seeds():
    samples = by_depth("time_at_goal", {4: 10.0, 16: 30.0}) + seeds(64, "time_at_goal", 900.0, count=1)
    verdict = verdict_on("jump", samples)
    assert verdict.word == "supported"
    assert verdict.effect.value == pytest.approx(3.0)
    assert " Left out: 1 seed at depth 64; a verdict needs 3." in verdict.basis
    flat = by_depth("time_at_goal", {4: 10.0, 16: 11.0}) + seeds(64, "time_at_goal", 900.0, count=1)
    assert verdict_on("jump", flat).word == "contradicted"


@pytest.mark.parametrize(
    ("deep_actor", "spread", "word"), [(20.0, 1.0, "supported"), (60.0, 1.0, "contradicted"), (40.5, 4.0, "undecided")]
)
def test_critic_against_actor_gets_every_word(deep_actor, spread, word):
    samples = seeds(64, "time_at_goal", 40.0, actor=4, spread=spread)
    samples += seeds(4, "time_at_goal", deep_actor, actor=64, spread=spread)
    verdict = verdict_on("critic_over_actor", samples)
    assert verdict.word == word
    assert verdict.effect.value == pytest.approx(40.0 - deep_actor)
    assert re.match(r"Time at goal is 40\.0+ steps at actor 4 · critic 64 and ", verdict.sentence)


def test_most_extreme_pair_of_depths_decides():
    samples = [
        sample
        for actor, critic, value in ((4, 16, 1.0), (16, 4, 9.0), (4, 64, 40.0), (64, 4, 20.0), (4, 256, 99.0))
        for sample in seeds(critic, "time_at_goal", value, actor=actor)
    ]
    verdict = verdict_on("critic_over_actor", samples)  # actor 256 · critic 4 is not there to exchange with
    assert verdict.effect.value == pytest.approx(20.0)
    assert " The most extreme of 2 pairs of depths." in verdict.basis


def test_separate_depths_do_not_enter_the_other_claims():
    samples = by_depth("time_at_goal", {4: 10.0, 64: 40.0}) + seeds(256, "time_at_goal", 0.0, actor=4)
    assert verdict_on("more_success", samples).effect.value == pytest.approx(30.0)


def test_too_few_seeds_are_counted():
    samples = seeds(4, "time_at_goal", 10.0) + seeds(64, "time_at_goal", 40.0, count=2)
    for key in ("more_success", "jump"):
        verdict = verdict_on(key, samples)
        assert (verdict.word, verdict.effect) == ("not enough data", None)
        assert verdict.sentence == "2 seeds at depth 64; a verdict needs 3."
    one_way = seeds(64, "time_at_goal", 40.0, actor=4)
    assert verdict_on("critic_over_actor", one_way).sentence == "0 seeds at actor 64 · critic 4; a verdict needs 3."


def test_what_is_missing_is_said():
    for verdict in judge([]):
        assert verdict.word == "not enough data"
        assert verdict.sentence.startswith("No runs whose actor and critic ")
    samples = seeds(4, "time_at_goal", 10.0)
    assert verdict_on("more_success", samples).sentence == "There is only depth 4; a verdict needs 2 depths."
    assert verdict_on("follows_maze", samples).sentence == (
        "No run has geodesic_advantage (grid): it was not measured, or it is undefined here."
    )


def test_a_depth_that_lacks_the_metric_is_left_out_and_named():
    samples = by_depth("spread_ratio", {4: 0.2, 16: 0.4}, spread=0.01) + seeds(64, "time_at_goal", 1.0, count=3)
    verdict = verdict_on("spreads", samples)
    assert verdict.word == "supported"
    assert verdict.sentence.startswith("Spread ratio is 0.4000 at depth 16 and 0.2000 at depth 4: ")
    assert "Not measured or undefined for point_u_maze_a64c64_s0, point_u_maze_a64c64_s1," in verdict.basis
    assert " Left out: 0 seeds at depth 64; a verdict needs 3." in verdict.basis


def test_only_the_claimed_evidence_counts():
    samples = by_depth("spread_ratio", {4: 0.2, 64: 0.4}, spread=0.01)
    on_policy = [MetricSamples(s.run, s.metric, "on-policy", s.sample_unit, -s.samples) for s in samples]
    part = [MetricSamples(s.run, s.metric, s.source, s.sample_unit, -s.samples, "phi") for s in samples]
    assert verdict_on("spreads", samples + on_policy + part) == verdict_on("spreads", samples)


def test_basis_warns_of_checkpoints_of_different_age():
    deep = seeds(64, "time_at_goal", 40.0, env_steps=1_100_000)
    assert "Checkpoints" not in verdict_on("more_success", seeds(4, "time_at_goal", 10.0) + deep).basis
    older = seeds(64, "time_at_goal", 40.0, env_steps=1_100_001)
    warned = verdict_on("more_success", seeds(4, "time_at_goal", 10.0) + older).basis
    assert " Checkpoints differ in training: 1,000,000 to 1,100,001 environment steps." in warned


def test_basis_says_what_a_few_seeds_cannot():
    warning = "Nothing is supported or contradicted with fewer than 5 seeds at a depth."
    assert warning in verdict_on("more_success", by_depth("time_at_goal", {4: 10.0, 64: 40.0}, count=4)).basis
    assert warning not in verdict_on("more_success", by_depth("time_at_goal", {4: 10.0, 64: 40.0})).basis


def test_every_claim_is_judged_in_order_and_whatever_the_order_of_runs():
    samples = by_depth("time_at_goal", {4: 10.0, 64: 40.0}) + by_depth("spread_ratio", {4: 0.2, 64: 0.4}, spread=0.1)
    verdicts = judge(samples)
    assert tuple(verdict.key for verdict in verdicts) == CLAIMS
    assert judge(samples[::-1]) == verdicts
    json.dumps([verdict.as_json() for verdict in verdicts], allow_nan=False)


def test_runs_that_cannot_be_judged_together_are_refused():
    with pytest.raises(
        MetricError, match=r"several environments \(point_big_maze, point_u_maze\): judge one at a time"
    ):
        judge(seeds(4, "time_at_goal", 1.0) + seeds(4, "time_at_goal", 1.0, env="point_big_maze"))
    with pytest.raises(
        MetricError, match=r"seed 0 appears twice at depth 4 .* count as two seeds. Judge one checkpoint"
    ):
        judge(2 * seeds(4, "time_at_goal", 1.0, count=1))
