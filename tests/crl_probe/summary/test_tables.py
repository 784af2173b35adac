"""Levels side by side: which columns, lines and words a table has."""

import hypothesis.strategies as st
import numpy as np
from hypothesis import given

from crl_probe.probes.samples import metric_samples
from crl_probe.summary.rows import Row, rows_of
from crl_probe.summary.tables import Column, Line, cell_texts, details_of, format_of, interval_words, tables_of
from tests.crl_probe.summary.examples import SAMPLES, info, successes


def shape(table):
    """Values by metric and line, with the levels above them."""
    values = {}
    for section in table.sections:
        for line in section.lines:
            for name, cells in (("", line.cells), *line.seeds):
                key = " ".join(filter(None, (line.metric, line.part, name)))
                values[key] = [None if cell is None else cell.value for cell in cells]
    return [column.label for column in table.columns], values


def test_levels_are_side_by_side_and_metrics_below_each_other():
    (table,) = tables_of(rows_of(SAMPLES, ["level"]))
    assert table.env == "maze"
    assert [section.title for section in table.sections] == ["success (on-policy)", "geometry (shared)"]
    assert [(column.label, column.seeds_text) for column in table.columns] == [
        ("depth 4", "2 seeds"),
        ("depth 16", "1 seed"),
    ]
    assert shape(table)[1] == {
        "success_rate": [0.5, 1.0],
        "effective_rank phi": [3.5, None],
        "effective_rank psi": [2.5, None],
    }


def test_seeds_have_their_lines_below_the_metric_if_their_rows_are_given():
    (table,) = tables_of(rows_of(SAMPLES))
    # Depth 16 has one run, whose own line would say the same twice.
    assert shape(table)[1] == {
        "success_rate": [0.5, 1.0],
        "success_rate seed 0": [0.25, None],
        "success_rate seed 1": [0.75, None],
        "effective_rank phi": [3.5, None],
        "effective_rank phi seed 0": [3.5, None],
        "effective_rank psi": [2.5, None],
        "effective_rank psi seed 0": [2.5, None],
    }
    assert table.columns[0].runs == ("maze_d4_s0", "maze_d4_s1")


def test_runs_alone_have_no_aggregate():
    (table,) = tables_of(rows_of(SAMPLES[:3], ["run"]))
    assert shape(table)[1] == {
        "success_rate": [None, 1.0],
        "success_rate seed 0": [0.25, None],
        "success_rate seed 1": [0.75, None],
    }


def test_two_runs_of_one_seed_are_told_apart_by_name():
    twice = [*successes(info(name="first"), 1, 1), *successes(info(name="second"), 1, 0), *successes(info(16), 0, 0)]
    (table,) = tables_of(rows_of(twice, ["run"]))
    assert list(shape(table)[1]) == ["success_rate", "success_rate first", "success_rate second"]


def test_metrics_that_were_picked_share_a_section_that_tells_their_sources():
    (table,) = tables_of(rows_of(SAMPLES, ["level"]), together=True)
    (section,) = table.sections
    assert [details_of(line, section) for line in section.lines] == [
        ["on-policy"],
        ["phi", "shared", "dimensions"],
        ["psi", "shared", "dimensions"],
    ]


def test_columns_go_from_shallow_to_deep_and_from_early_to_late():
    runs = [
        info(4, steps=1120, label="depth 4 · 1,120 steps"),
        info(4, steps=960, label="depth 4 · 960 steps"),
        info(16),
        info(16, actor=4),
    ]
    (table,) = tables_of(rows_of([entry for run in runs for entry in successes(run, 1, 0)], ["level"]))
    assert shape(table)[0] == ["depth 4 · 960 steps", "depth 4 · 1,120 steps", "actor 4 · critic 16", "depth 16"]


@given(st.integers(1, 13), st.integers(1, 6))
def test_parts_hold_every_column_once_and_are_about_equal(levels, most):
    (table,) = tables_of(rows_of([entry for depth in range(levels) for entry in successes(info(4 * depth), 1)]))
    parts = table.in_parts(most)
    assert [column for part in parts for column in part.columns] == list(table.columns)
    sizes = [len(part.columns) for part in parts]
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert [cell for part in parts for cell in part.sections[0].lines[0].cells] == list(
        table.sections[0].lines[0].cells
    )


def test_words_never_pass_episodes_off_as_seeds():
    rows = rows_of(SAMPLES)
    assert interval_words(tables_of(row for row in rows if row.interval_over == "seeds")) == (
        "Intervals of a depth (95 %) are a bootstrap over its 2 seeds."
    )
    assert "over its own episodes" in interval_words(tables_of(row for row in rows if row.is_run))
    # A single number has no interval to speak of.
    assert interval_words(tables_of(row for row in rows if row.metric == "effective_rank")) == ""


def row(value, low, high, count=5, metric="topology_gain"):
    return Row("depth", "e", "", "l", 4, 4, None, 1, metric, "", "grid", value, low, high, "", "goals", count)


def line(*cells, metric="topology_gain"):
    return Line(metric, "", "grid", cells)


def test_a_metric_is_written_in_one_format():
    rows = [row(0.25, -0.125, 0.625), row(2.0, 1.75, 2.25), None]
    form, one, many = format_of(line(*rows)), Column("l", 1), Column("l", 3)
    assert [cell_texts(cell, form, one) for cell in rows] == [
        ("0.25", "[−0.12, 0.62]"),
        ("2.00", "[1.75, 2.25]"),
        ("–", ""),
    ]
    assert cell_texts(rows[0], form, many) == ("0.25", "[−0.12, 0.62]†")
    share = row(0.44, 0.41, 0.48, metric="success_rate")
    assert cell_texts(share, format_of(line(share, metric="success_rate")), one) == ("44 %", "[41, 48]")


def test_one_sample_has_no_interval():
    one = row(1.0, 1.0, 1.0, count=1)
    assert cell_texts(one, format_of(line(one)), Column("l", 1)) == ("1.00", "")


def test_a_number_of_one_seed_does_not_pass_for_one_of_three():
    runs = [info(4, seed) for seed in range(3)]
    arrivals = [np.full(4, np.nan), np.full(4, np.nan), np.array([60.0, 70.0, 80.0, 90.0])]
    samples = [
        entry
        for run, times in zip(runs, arrivals, strict=True)
        for name, values in (("success_rate", np.isfinite(times)), ("time_to_goal", times))
        for entry in metric_samples(run, name, "on-policy", "episodes", values)
    ]
    (table,) = tables_of(rows_of(samples, ["level"]))
    (column,) = table.columns
    assert column.seeds_text == "3 seeds"
    cells = [one.cells[0] for one in table.sections[0].lines]
    assert [column.rests_on_one_seed(cell) for cell in cells] == [False, True]
    assert "† defined for one seed alone." in interval_words([table])
