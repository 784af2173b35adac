"""Numbers as rows: one a run and one a level, in one order."""

import hypothesis.strategies as st
from hypothesis import given

from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.rows import level_rows, rows_of, run_rows
from tests.crl_probe.summary.examples import SAMPLES, info, successes


def test_a_run_is_one_row_with_an_interval_over_its_own_samples():
    row = next(row for row in run_rows(SAMPLES) if row.run == "maze_d4_s1")
    assert (row.level, row.label, row.seed, row.metric, row.value) == ("seed", "depth 4", 1, "success_rate", 0.75)
    assert (row.interval_over, row.count, row.unit) == ("episodes", 4, "0 to 1")
    assert row.low < 0.75 < row.high


def test_a_depth_is_one_row_with_an_interval_over_seeds():
    rows = level_rows(estimate_by_level(SAMPLES))
    shallow, deep = (row for row in rows if row.metric == "success_rate")
    assert (shallow.level, shallow.run, shallow.seed, shallow.label) == ("depth", "", None, "depth 4")
    assert (shallow.value, shallow.low, shallow.high) == (0.5, 0.25, 0.75)
    assert (shallow.interval_over, shallow.count) == ("seeds", 2)
    # A depth with one seed has that run's interval and says so.
    assert (deep.label, deep.interval_over, deep.count) == ("depth 16", "episodes", 4)


def test_depths_of_two_environments_are_never_aggregated():
    rows = rows_of([*successes(info(env="a"), 1, 1), *successes(info(env="b", seed=1), 0, 0)], ["level"])
    assert [(row.env, row.value) for row in rows] == [("a", 1.0), ("b", 0.0)]


@given(st.permutations(range(len(SAMPLES))))
def test_rows_do_not_depend_on_the_order_of_samples(order):
    assert rows_of([SAMPLES[i] for i in order]) == rows_of(SAMPLES)


def test_levels_choose_the_rows():
    assert {row.level for row in rows_of(SAMPLES, ["run"])} == {"seed"}
    assert {row.level for row in rows_of(SAMPLES, ["level"])} == {"depth"}
    assert len(rows_of(SAMPLES)) == len(rows_of(SAMPLES, ["run"])) + len(rows_of(SAMPLES, ["level"]))
