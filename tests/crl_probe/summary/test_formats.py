"""Rows as CSV and JSON, for machines and for spreadsheets."""

import csv
import io
import json

import hypothesis.strategies as st
import pytest
from hypothesis import given

from crl_probe.metrics import DEFINITIONS
from crl_probe.summary.formats import csv_table, csv_text, document
from crl_probe.summary.rows import COLUMNS, rows_of
from crl_probe.summary.verdicts import judge
from crl_train.console import printable
from tests.crl_probe.summary.examples import SAMPLES, info, successes


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
    assert content["intervals"]["resamples"] == 10_000
    assert [verdict["key"] for verdict in content["verdicts"]["maze"]][:2] == ["more_success", "jump"]
    assert len(content["runs"]) == len(SAMPLES)
    assert {row["level"] for row in content["by_depth"]["maze"]} == {"depth"}


def test_what_could_not_be_resampled_has_no_ends_in_files():
    rows = rows_of(SAMPLES)
    written = list(csv.DictReader(io.StringIO(csv_text(rows))))
    single = [row for row in written if row["metric"] == "effective_rank"]
    assert single
    assert {(row["low"], row["high"]) for row in single} == {("", "")}
    assert [row["low"] for row in document(rows)["runs"] if row["metric"] == "effective_rank"] == [None, None]


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+maze", "'+maze"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("\t=1+1", r"\t=1+1"),
        ("\r=1", r"\r=1"),
        ("a=b", "a=b"),
        ("'a", "'a"),
        ('a\nb,c"d', r'a\nb,c"d'),
        ("\udcff", r"\xff"),
    ],
)
def test_no_text_of_a_csv_is_a_formula(text, cell):
    (row,) = csv.DictReader(io.StringIO(csv_table(["run", "value"], [{"run": text, "value": -0.5}])))
    assert row == {"run": cell, "value": "-0.5"}


def test_a_run_with_the_name_of_a_formula_is_text_in_every_row():
    rows = rows_of(successes(info(name='=HYPERLINK("x")'), 1, 0))
    written = list(csv.DictReader(io.StringIO(csv_text(rows))))
    assert [line["run"] for line in written] == ["", """'=HYPERLINK("x")"""]
    assert [row["run"] for row in document(rows)["runs"]] == ['=HYPERLINK("x")']


@given(st.lists(st.tuples(st.text(st.characters(codec=None, categories=None)), st.floats(allow_nan=False)), min_size=1))
def test_whatever_names_are_the_csv_reads_back(cells):
    text = csv_table(["run", "value"], [{"run": name, "value": value} for name, value in cells])
    text.encode()
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [float(row["value"]) for row in read] == [value for _, value in cells]
    assert [row["run"].removeprefix("'") for row in read] == [printable(name).removeprefix("'") for name, _ in cells]
    assert not any(row["run"][:1] in ("=", "+", "-", "@", "\t", "\r") for row in read if row["run"])
