"""A profile steps down at every seed's number, and the optimality gap is the area above it."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crl_probe import plots
from crl_probe.metrics import optimality_gap
from crl_probe.probes.samples import metric_samples
from crl_probe.render.performance_profile import gap_text, profile_chart, profile_charts
from crl_probe.summary.estimates import estimate_by_level
from crl_train.errors import ConfigError
from tests.crl_probe.render.results import agent, success

EPISODES = 20


def levels_of(**rates):
    """Aggregates of the success rate; by depth the rate of each seed."""
    return estimate_by_level(
        sample
        for name, of_seeds in rates.items()
        for seed, rate in enumerate(of_seeds)
        for sample in metric_samples(
            agent(int(name.lstrip("d")), seed), "success_rate", "on-policy", "episodes", np.arange(EPISODES) < rate
        )
    )


def area(line):
    return float(np.trapezoid(line.y, line.x))


def test_a_profile_by_hand():
    """Seeds that reach 5 and 15 of 20 goals: both are above 0, one is above 25 %, none above 75 %."""
    (line,) = profile_chart(levels_of(d4=[5, 15])).lines
    assert line.x.tolist() == [0.0, 0.25, 0.25, 0.75, 0.75, 1.0]
    assert line.y.tolist() == [1.0, 1.0, 0.5, 0.5, 0.0, 0.0]
    # Of four equally likely draws of two seeds one has both above 25 %, and one neither.
    assert (line.low.tolist(), line.high.tolist()) == ([1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 0, 0])
    assert line.texts[2] == "depth 4: 50.0 % of seeds above 25.0 %"


@given(st.lists(st.integers(0, EPISODES), min_size=1, max_size=6))
def test_the_gap_is_the_area_above_the_profile(rates):
    (line,) = profile_chart(levels_of(d4=rates)).lines
    assert 1 - area(line) == pytest.approx(optimality_gap(np.array(rates) / EPISODES))
    assert (np.diff(line.y) <= 0).all()


def test_the_legend_says_the_gap_with_its_interval():
    shallow, deep = levels_of(d4=[5, 15], d16=[20, 20])
    assert gap_text(shallow) == "50 % [25, 75]"
    assert gap_text(deep) == "0 % [no spread]"
    chart = profile_chart([shallow, deep])
    assert [entry.text for entry in chart.legend] == [
        "depth 4: optimality gap 50 % [25, 75]",
        "depth 16: optimality gap 0 % [no spread]",
    ]
    assert chart.legend[0].text in chart.alt


def test_one_seed_a_level_has_no_profile_on_the_page():
    assert profile_charts(levels_of(d4=[5], d16=[15])).charts == ()
    assert len(profile_charts(levels_of(d4=[5], d16=[15, 20])).charts) == 1
    assert profile_chart(levels_of(d4=[5])).lines[0].low is None


def test_on_paper():
    ax = plots.plot_performance_profile(success(), metric="time_at_goal_share")
    assert ax.get_ylabel() == "share of seeds"
    assert len(plots.figure_of(success()).axes) == 5
    assert len(plots.figure_of(success(), metrics=["success_rate"]).axes) == 2
    alone = dataclasses.replace(
        success(),
        runs=success().runs[:1],
        **{
            name: getattr(success(), name)[:1]
            for name in ("steps_at_goal", "first_arrival", "is_at_goal_finally", "final_distance")
        },
    )
    assert len(plots.figure_of(alone).axes) == 4
    with pytest.raises(ConfigError, match=r"^metric='final_distance' cannot be drawn: there is success_rate, "):
        plots.plot_performance_profile(success(), metric="final_distance")
