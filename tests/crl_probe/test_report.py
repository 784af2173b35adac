"""The report end to end on analytic agents: complete, self-contained, escaped, and never half written."""

import csv
import html.parser
import json
import re

import numpy as np
import pytest

from crl_probe.evidence import EvidenceSettings
from crl_probe.probe_set import load_probe_set
from crl_probe.probes import embedding_trajectory, goal_clusters
from crl_probe.report import ReportSettings, build_report
from crl_probe.results import ProbeError
from tests.crl_probe.fakes import FakeRun

SETTINGS = ReportSettings(
    EvidenceSettings(episodes=8, episode_length=60, points=400, paths=4, goals=2),
    fine_cells=15,
    command="crl-probe report 'a & b'",
    passed_over=("checkpoint 'c<d>' holds NaN.",),
)


@pytest.fixture(autouse=True)
def quick_pictures(monkeypatch):
    monkeypatch.setattr(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces])


class Page(html.parser.HTMLParser):
    """Collects what a browser would fetch, and the ids and references of a page."""

    def __init__(self, text):
        super().__init__()
        self.fetched, self.ids, self.references, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        if tag in ("link", "img", "iframe") or (tag == "script" and "src" in attributes):
            self.fetched.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])
        self.references += [attributes["href"][1:]] if attributes.get("href", "").startswith("#") else []


def visible_part(text):
    """The page without its scripts."""
    return re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)


def test_a_report_is_complete_and_needs_nothing_else(tmp_path):
    runs = [FakeRun(depth=64), FakeRun(depth=4)]
    texts = []
    index = build_report(runs, tmp_path / "out", SETTINGS, progress=texts.append)
    assert sorted(p.name for p in index.parent.iterdir()) == [
        "index.html",
        "metrics.csv",
        "metrics.json",
        "probe_set.npz",
    ]
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["out"]
    text = index.read_text()
    page = Page(text)
    assert page.fetched == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.references) <= set(page.ids)
    assert text.count("plotly.js v") == 1
    assert len(text) < 10_000_000
    for heading in ("Success by depth", "Learning curves", "Q-landscapes", "Embedding trajectories", "Methods"):
        assert f"<h2>{heading}</h2>" in text
    assert "One seed at each depth: intervals (95 %) are over this run" in text
    assert "crl-probe report &#39;a &amp; b&#39;" in text
    assert "Passed over: checkpoint &#39;c&lt;d&gt;&#39; holds NaN." in text
    assert any("Q-landscapes" in t for t in texts)

    numbers = json.loads((index.parent / "metrics.json").read_text())
    assert {row["run"] for row in numbers["runs"]} == {run.name for run in runs}
    labels = [e["label"] for e in numbers["by_depth"]["point_u_maze"] if e["metric"] == "success_rate"]
    assert labels == ["depth 4", "depth 64"]
    with (index.parent / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["metric"] for row in rows] == [row["metric"] for row in numbers["runs"]]
    assert [v["word"] for v in numbers["verdicts"]["point_u_maze"]] == ["not enough data"] * 5
    assert load_probe_set(index.parent / "probe_set.npz").env == "point_u_maze"


def test_names_are_shown_and_not_run(tmp_path):
    evil = "</script><script>alert(1)</script>"
    index = build_report([FakeRun(name=evil)], tmp_path / "out", SETTINGS, title="<b>bold</b>")
    text = index.read_text()
    assert "<script>alert(1)" not in text
    assert "&lt;/script&gt;&lt;script&gt;alert(1)" in text
    assert "<title>&lt;b&gt;bold&lt;/b&gt;</title>" in text


def test_environments_are_never_mixed(tmp_path):
    index = build_report([FakeRun(), FakeRun("point_u4_maze")], tmp_path / "out", SETTINGS)
    text = visible_part(index.read_text())
    first, second = text.split('id="part-2"')
    assert "point_u_maze_d4_s0" in first
    assert "point_u4_maze_d4_s0" not in first
    assert "point_u4_maze_d4_s0" in second
    assert {p.name for p in index.parent.glob("*.npz")} == {
        "probe_set_point_u_maze.npz",
        "probe_set_point_u4_maze.npz",
    }


def test_a_probe_that_cannot_be_done_leaves_its_reason(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ProbeError("no goal has 20 states <near> it.")

    monkeypatch.setattr(goal_clusters, "run", refuse)
    text = build_report([FakeRun()], tmp_path / "out", SETTINGS).read_text()
    assert "<strong>Not available.</strong> no goal has 20 states &lt;near&gt; it." in text
    assert "<h2>Q-landscapes</h2>" in text


def test_a_failure_keeps_the_report_that_was_there(tmp_path, monkeypatch):
    out = tmp_path / "out"
    build_report([FakeRun()], out, SETTINGS)
    before = (out / "index.html").read_bytes()
    monkeypatch.setattr("crl_probe.report.build.write_page", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        build_report([FakeRun(depth=16)], out, SETTINGS)
    assert (out / "index.html").read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["out"]


def test_a_second_report_computes_nothing(tmp_path, monkeypatch):
    runs = [FakeRun()]
    build_report(runs, tmp_path / "out", SETTINGS)
    for method in ("phi", "psi", "act", "energy"):
        monkeypatch.setattr(runs[0], method, None)
    build_report(runs, tmp_path / "out", SETTINGS)


def test_other_peoples_files_are_not_replaced(tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("years of work")
    with pytest.raises(ValueError, match="which is not part of a report: it would be lost"):
        build_report([FakeRun()], out, SETTINGS)
    assert (out / "chapter1.tex").read_text() == "years of work"
    with pytest.raises(ValueError, match="is a file: a report is a folder"):
        build_report([FakeRun()], out / "chapter1.tex", SETTINGS)
    with pytest.raises(ValueError, match="no runs to report on"):
        build_report([], tmp_path / "none", SETTINGS)
    with pytest.raises(ValueError, match="two runs of point_u_maze are named 'point_u_maze_d4_s0'"):
        build_report([FakeRun(), FakeRun()], tmp_path / "none", SETTINGS)


def test_numbers_in_the_page_are_finite(tmp_path):
    index = build_report([FakeRun()], tmp_path / "out", SETTINGS)
    assert not re.search(r">\s*(nan|inf)\b", visible_part(index.read_text()))
    assert np.isfinite([row["value"] for row in json.loads((index.parent / "metrics.json").read_text())["runs"]]).all()
