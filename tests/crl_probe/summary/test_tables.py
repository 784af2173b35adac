"""Numbers as rows and tables: one definition behind CSV, JSON, LaTeX and the terminal."""

import csv
import io
import json
import re
import shutil
import subprocess

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.samples import metric_samples
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.formats import (
    cell_texts,
    csv_text,
    details_of,
    document,
    format_of,
    interval_words,
    latex_text,
)
from crl_probe.summary.tables import COLUMNS, Column, Row, level_rows, rows_of, run_rows, tables_of
from crl_probe.summary.verdicts import judge


def info(depth=4, seed=0, env="maze", name=None, label=None, actor=None, steps=1000):
    label = label or (f"depth {depth}" if actor is None else f"actor {actor} · critic {depth}")
    return RunInfo(name or f"{env}_d{depth}_s{seed}", label, env, actor or depth, depth, seed, steps, "")


def successes(run, *outcomes):
    return metric_samples(run, "success_rate", "on-policy", "episodes", np.array(outcomes, dtype=float))


# Two seeds at depth 4 with values 0.25 and 0.75, one at depth 16 with 1.0.
SAMPLES = (
    *successes(info(16), 1, 1, 1, 1),
    *successes(info(4, seed=1), 1, 1, 1, 0),
    *successes(info(4, seed=0), 1, 0, 0, 0),
    *metric_samples(info(4), "effective_rank", "shared", "sets", np.array([3.5]), "phi"),
    *metric_samples(info(4), "effective_rank", "shared", "sets", np.array([2.5]), "psi"),
)


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


def test_tables_put_metrics_side_by_side_and_runs_below_their_depth():
    success, geometry = tables_of(rows_of(SAMPLES))
    assert success.title == "maze: success (on-policy)"
    # Depth 16 has one run, whose own line would say the same twice.
    assert [line.name for line in success.lines] == [
        "depth 4 · 2 seeds",
        "maze_d4_s0",
        "maze_d4_s1",
        "depth 16 · 1 seed",
    ]
    assert [line.cells[0].value for line in success.lines] == [0.5, 0.25, 0.75, 1.0]
    assert [(column.metric, column.part, column.source) for column in geometry.columns] == [
        ("effective_rank", "phi", "shared"),
        ("effective_rank", "psi", "shared"),
    ]


def test_metrics_that_were_picked_share_a_table_that_tells_their_evidence():
    (table,) = tables_of(rows_of(SAMPLES, ["level"]), together=True)
    assert table.title == "maze"
    assert [details_of(column, table) for column in table.columns] == [
        ["on-policy", "0 to 1"],
        ["phi", "shared", "dimensions"],
        ["psi", "shared", "dimensions"],
    ]
    text = latex_text(rows_of(SAMPLES, ["level"]), together=True)
    assert r" & Success rate (on-policy) & Effective rank (phi, shared, dimensions) & " in text
    assert text.count(r"\begin{tabular}{lrrr}") == 1


def test_runs_alone_are_all_shown():
    (table, _) = tables_of(rows_of(SAMPLES, ["run"]))
    assert [line.name for line in table.lines] == ["maze_d4_s0", "maze_d4_s1", "maze_d16_s0"]


def test_lines_go_from_shallow_to_deep_and_from_early_to_late():
    runs = [
        info(4, steps=1120, label="depth 4 · 1,120 steps"),
        info(4, steps=960, label="depth 4 · 960 steps"),
        info(16),
        info(16, actor=4),
    ]
    (table,) = tables_of(rows_of([entry for run in runs for entry in successes(run, 1, 0)], ["level"]))
    assert [line.name.removesuffix(" · 1 seed") for line in table.lines] == [
        "depth 4 · 960 steps",
        "depth 4 · 1,120 steps",
        "actor 4 · critic 16",
        "depth 16",
    ]


def test_what_is_undefined_has_an_empty_cell():
    mixed = [*SAMPLES[:3], *metric_samples(info(16), "time_to_goal", "on-policy", "episodes", np.array([7.0]))]
    (table,) = tables_of(rows_of(mixed, ["level"]))
    assert [line.cells[1] is None for line in table.lines] == [True, False]


def test_csv_is_tidy():
    rows = rows_of(SAMPLES)
    read = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert tuple(read[0]) == COLUMNS
    assert len(read) == len(rows)
    assert [float(line["value"]) for line in read] == [row.value for row in rows]
    assert {line["seed"] for line in read if line["level"] == "depth"} == {""}


def test_json_carries_what_is_needed_to_understand_the_rows():
    verdicts = {"maze": judge(SAMPLES)}
    content = json.loads(json.dumps(document(rows_of(SAMPLES), {"seed": 3}, verdicts), allow_nan=False))
    assert content["versions"]["crl-probe"]
    assert content["settings"] == {"seed": 3}
    assert content["definitions"]["success_rate"]["text"] == DEFINITIONS["success_rate"].text
    assert content["intervals"]["resamples"] == 2000
    assert [verdict["key"] for verdict in content["verdicts"]["maze"]][:2] == ["more_success", "jump"]
    assert len(content["runs"]) == len(SAMPLES)
    assert {row["level"] for row in content["by_depth"]["maze"]} == {"depth"}


def test_words_never_pass_episodes_off_as_seeds():
    rows = rows_of(SAMPLES)
    assert interval_words(tables_of(row for row in rows if row.interval_over == "seeds")) == (
        "Intervals of a depth (95 %) are a bootstrap over its 2 seeds."
    )
    assert "over its own episodes" in interval_words(tables_of(row for row in rows if row.is_run))
    # A single number has no interval to speak of.
    assert interval_words(tables_of(row for row in rows if row.metric == "effective_rank")) == ""


def row(value, low, high, count=5):
    return Row("seed", "e", "r", "l", 4, 4, 0, 1, "topology_gain", "", "grid", value, low, high, "", "goals", count)


def test_a_column_is_written_in_one_format():
    column = Column("topology_gain", "", "grid")
    rows = [row(0.25, -0.125, 0.625), row(2.0, 1.75, 2.25), None]
    form = format_of(column, rows)
    assert [cell_texts(cell, form) for cell in rows] == [("0.25", "[−0.12, 0.62]"), ("2.00", "[1.75, 2.25]"), ("–", "")]
    assert cell_texts(rows[0], form, one_seed=True) == ("0.25", "[−0.12, 0.62]†")
    shares = format_of(Column("success_rate", "", "on-policy"), rows[:1])
    assert cell_texts(row(0.44, 0.41, 0.48), shares) == ("44 %", "[41, 48]")


def test_one_sample_has_no_interval():
    one = row(1.0, 1.0, 1.0, count=1)
    assert cell_texts(one, format_of(Column("topology_gain", "", "grid"), [one])) == ("1.00", "")


def test_latex_writes_signs_in_math_mode():
    gains = metric_samples(info(), "topology_gain", "grid", "goals", np.array([-0.5, -0.25]))
    assert r"$-0.38$ $[-0.50, -0.25]$" in latex_text(rows_of(gains, ["run"]))
    assert r"$50\,\%$" in latex_text(rows_of(SAMPLES, ["level"]))


EVIL = successes(info(name=r"50%_of\run#1{a}~^$&", seed=3), 1, 0), successes(info(seed=4, name="plain"), 1, 1)


def test_latex_is_booktabs_with_every_special_sign_escaped():
    text = latex_text(rows_of([*SAMPLES, *EVIL[0], *EVIL[1]]))
    assert r"50\%\_of\textbackslash{}run\#1\{a\}\textasciitilde{}\textasciicircum{}\$\&" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\bottomrule") == 2
    assert "% maze: success (on-policy). Intervals of a depth (95 %) are a bootstrap over its 4 seeds." in text
    for tabular in re.findall(r"\\begin\{tabular\}\{(l?r*)\}(.*?)\\end", text, flags=re.DOTALL):
        lines = [line for line in tabular[1].splitlines() if line.endswith(r"\\")]
        assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {len(tabular[0]) - 1}


def test_latex_compiles(tmp_path):
    if shutil.which("pdflatex") is None:
        pytest.skip("pdflatex is not installed: that the tables compile is not checked here")
    everything = [
        entry
        for name in DEFINITIONS
        for part in ("", "to depth 4")
        for entry in metric_samples(info(actor=16), name, "shared", "goals", np.array([-0.5, 1.0]), part)
    ]
    tables = latex_text(rows_of([*everything, *EVIL[0], *EVIL[1]]))
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{tables}\end{{document}}"
    (tmp_path / "tables.tex").write_text(document)
    done = subprocess.run(
        ["pdflatex", "-halt-on-error", "tables.tex"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "tables.pdf").stat().st_size > 0


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
    (line,) = table.lines
    assert line.name == "depth 4 · 3 seeds"
    assert [line.rests_on_one_seed(cell) for cell in line.cells] == [False, True]
    assert "† defined for one seed alone." in interval_words([table])
    assert r"]^\dagger$" in latex_text(rows_of(samples, ["level"]))


def test_what_could_not_be_resampled_has_no_ends_in_files():
    rows = rows_of(SAMPLES)
    written = list(csv.DictReader(io.StringIO(csv_text(rows))))
    single = [row for row in written if row["metric"] == "effective_rank"]
    assert single
    assert {(row["low"], row["high"]) for row in single} == {("", "")}
    assert [row["low"] for row in document(rows)["runs"] if row["metric"] == "effective_rank"] == [None, None]


def test_wide_tables_are_split_for_a_page():
    entries = [
        entry
        for number in range(9)
        for entry in metric_samples(info(), "cka", "shared", "runs", np.array([0.5]), f"to depth {number}")
    ]
    text = latex_text(rows_of(entries))
    assert text.count(r"\begin{tabular}") == 3
    assert text.count("0.500") == 9
