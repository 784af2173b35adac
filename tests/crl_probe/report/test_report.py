"""The report end to end on analytic agents: complete, self-contained, escaped, and never half written."""

import csv
import dataclasses
import html as html_module
import html.parser
import json
import re
from pathlib import Path

import numpy as np
import pytest

from crl_probe.evidence import evidence as evidence_module
from crl_probe.evidence.evidence import EvidenceSettings
from crl_probe.evidence.probe_set import load_probe_set
from crl_probe.probes import embedding_trajectory
from crl_probe.probes.registry import PROBES
from crl_probe.probes.retrieval import RetrievalResult
from crl_probe.render.figure_files import ENDINGS
from crl_probe.render.paper import figures
from crl_probe.report import ReportSettings, build, build_report, sections, write_report
from crl_probe.runs.errors import ProbeError
from tests.crl_probe.fakes import FakeRun, TrainedFake, replace_run
from tests.crl_probe.recorder import Recorder

SETTINGS = ReportSettings(
    EvidenceSettings(episodes=8, episode_length=60, points=400, paths=4, goals=2),
    figures=False,  # they take longer than everything else
    options={"q_landscape": {"fine_cells": 15}},
    command="crl-probe report 'a & b'",
    skipped=("checkpoint 'c<d>' holds NaN.",),
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


def data_of(text):
    """What the page's scripts draw and offer."""
    return json.loads(re.search(r'id="data">(.*?)</script>', text, flags=re.DOTALL)[1])


def test_a_report_is_complete_and_needs_nothing_else(tmp_path):
    runs = [FakeRun(depth=64), FakeRun(depth=4)]
    progress = Recorder()
    settings = dataclasses.replace(SETTINGS, figures=True)
    index = build_report(runs, tmp_path / "out", settings, progress=progress)
    assert sorted(p.name for p in index.parent.iterdir()) == [
        "figures",
        "index.html",
        "metrics.csv",
        "metrics.json",
        "probe_set.npz",
        "tables.tex",
    ]
    # In so few episodes no goal has states near it: there is no spread around one, and no figure of it.
    measured = {name for name, probe in PROBES.items() if not probe.where_possible}
    shown = measured - {"goal_clusters"}
    figures = {p.name for p in (index.parent / "figures").iterdir()}
    assert figures == {f"{name}{ending}" for name in shown for ending in ENDINGS}
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["out"]
    text = index.read_text()
    page = Page(text)
    assert page.fetched == []
    assert len(page.ids) == len(set(page.ids))
    assert set(page.references) <= set(page.ids)
    assert "plotly" not in text
    offered = data_of(text)["downloads"]
    assert set(offered) == {"metrics.csv", "metrics.json", "tables.tex"}
    for name, content in offered.items():
        assert content.encode() == (index.parent / name).read_bytes()
    assert "Success rate" in offered["tables.tex"]
    assert len(text) < 10_000_000
    for heading in ("Performance", "Learning curves", "Q-landscapes", "Embedding trajectories", "Methods"):
        assert f">{heading}</a></h2>" in text
    assert "One seed at each depth: intervals (95 %) are over this run" in text
    assert "crl-probe report &#39;a &amp; b&#39;" in text
    assert "Skipped: checkpoint &#39;c&lt;d&gt;&#39; holds NaN." in text
    assert ("began", "Q-landscapes") in progress.heard
    assert ("drawing figures", len(measured), len(measured)) in progress.heard

    numbers = json.loads((index.parent / "metrics.json").read_text())
    assert {row["run"] for row in numbers["runs"]} == {run.name for run in runs}
    assert numbers["settings"]["command"] == SETTINGS.command
    assert [run["label"] for run in numbers["settings"]["checkpoints"]] == ["depth 4", "depth 64"]
    assert numbers["settings"]["evidence"]["point_u_maze"]["episodes"] == 8
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
    settings = dataclasses.replace(SETTINGS, sections=("retrieval",), figures=True)
    runs = [FakeRun(), FakeRun("point_u4_maze")]
    index = build_report(runs, tmp_path / "out", settings)
    text = visible_part(index.read_text())
    first, second = text.split('id="part-2"')
    assert "point_u_maze_d4_s0" in first
    assert "point_u4_maze_d4_s0" not in first
    assert "point_u4_maze_d4_s0" in second
    assert {p.name for p in index.parent.glob("*.npz")} == {
        "probe_set_point_u_maze.npz",
        "probe_set_point_u4_maze.npz",
    }
    assert {p.stem for p in index.parent.glob("figures/*")} == {"point_u_maze_retrieval", "point_u4_maze_retrieval"}
    build_report(runs, tmp_path / "out", settings)  # knows these names as its own


def test_a_probe_that_cannot_be_done_leaves_its_reason(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ProbeError("no goal has 20 states <near> it.")

    replace_run(monkeypatch, "goal_clusters", refuse)
    text = build_report([FakeRun()], tmp_path / "out", SETTINGS).read_text()
    assert "<strong>Not available.</strong> no goal has 20 states &lt;near&gt; it." in text
    assert ">Q-landscapes</a></h2>" in text


def broken(*_, **__):
    raise KeyError("no such <axis>")


def undrawable(section):
    if section.key == "learning_curves":
        broken()


@pytest.mark.parametrize(
    ("break_it", "part"),
    [
        (lambda patch: replace_run(patch, "retrieval", broken), "Contrastive quality of point_u_maze"),
        (lambda patch: patch.setattr(RetrievalResult, "samples", broken), "Contrastive quality of point_u_maze"),
        (lambda patch: patch.setattr(sections, "level_charts", broken), "Performance of point_u_maze"),
        (lambda patch: patch.setattr(build, "check_drawable", undrawable), "Learning curves of point_u_maze"),
    ],
    ids=["a probe", "its numbers", "its section", "its charts"],
)
def test_a_part_that_fails_unexpectedly_does_not_take_the_report_with_it(
    tmp_path, monkeypatch, failures_kept, break_it, part
):
    settings = dataclasses.replace(SETTINGS, sections=("success", "learning_curves", "retrieval"))
    with monkeypatch.context() as patch:
        break_it(patch)
        report = write_report([FakeRun()], tmp_path / "out", settings)
    assert part in report.failures
    assert repr(report).endswith(f"failed: {', '.join(report.failures)})")
    log = (tmp_path / "out" / "errors.log").read_text()
    assert f"{part}: unexpected KeyError: 'no such <axis>'\n\nTraceback (most recent call last):" in log
    assert "in broken" in log
    assert "crl-probe " in log
    page = report.index.read_text()
    title = part.removesuffix(" of point_u_maze")
    section = page[page.index(f">{title}</a></h2>") :].partition("</section>")[0]
    assert "This part is missing." in section
    assert "unexpected KeyError: &#39;no such &lt;axis&gt;&#39;, see errors.log." in section
    for heading in ("Performance", "Learning curves", "Contrastive quality"):
        assert f">{heading}</a></h2>" in page


def test_a_figure_that_fails_is_named_in_its_section(tmp_path, monkeypatch, failures_kept):
    figure_of = figures.figure_of
    monkeypatch.setattr(
        figures, "figure_of", lambda result: broken() if hasattr(result, "ascent") else figure_of(result)
    )
    settings = dataclasses.replace(SETTINGS, sections=("success", "q_landscape"), figures=True)
    report = write_report([FakeRun()], tmp_path / "out", settings)
    assert list(report.failures) == ["Figure of Q-landscapes of point_u_maze"]
    assert {file.stem for file in (tmp_path / "out" / "figures").iterdir()} == {"success"}
    page = report.index.read_text()
    assert page.count("Its figure for papers is missing: unexpected KeyError") == 1
    assert "the shared states in <code>errors.log" not in page

    whole = dataclasses.replace(settings, sections=("success",), figures=False)
    assert write_report([FakeRun()], tmp_path / "out", whole).failures == {}
    assert not (tmp_path / "out" / "errors.log").exists()


def test_a_report_of_nothing_but_failures_raises_the_first(tmp_path, monkeypatch, failures_kept):
    replace_run(monkeypatch, "success", broken)
    with pytest.raises(RuntimeError, match=r"no probe gave a result for point_u_maze(.|\n)*KeyError: 'no such <axis>'"):
        build_report([FakeRun()], tmp_path / "out", dataclasses.replace(SETTINGS, sections=("success",)))
    assert not (tmp_path / "out").exists()


def test_only_sections_that_were_asked_for_are_measured_and_shown(tmp_path, monkeypatch):
    replace_run(monkeypatch, "q_landscape", None)
    settings = dataclasses.replace(SETTINGS, sections=("learning_curves", "success"))
    index = build_report([FakeRun()], tmp_path / "out", settings)
    headings = re.findall(r'<section id="(\w+?)-1"', index.read_text())
    assert [key for key in headings if key in PROBES] == ["success", "learning_curves"]
    assert ">Methods</a></h2>" in index.read_text()
    assert sorted(p.name for p in index.parent.iterdir()) == ["index.html", "metrics.csv", "metrics.json", "tables.tex"]
    numbers = json.loads((index.parent / "metrics.json").read_text())
    assert numbers["settings"]["sections"] == ["success", "learning_curves"]
    assert {row["metric"] for row in numbers["runs"]} == set(PROBES["success"].metrics)
    assert [verdict["word"] for verdict in numbers["verdicts"]["point_u_maze"]] == ["not enough data"] * 5


def test_sections_without_a_number_are_a_report_too(tmp_path):
    index = build_report([FakeRun()], tmp_path / "out", dataclasses.replace(SETTINGS, sections=("learning_curves",)))
    assert ">Learning curves</a></h2>" in index.read_text()
    assert json.loads((index.parent / "metrics.json").read_text())["runs"] == []


def test_a_report_of_nothing_is_refused_with_the_reason(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise ProbeError("no goal has 20 states near it.")

    replace_run(monkeypatch, "goal_clusters", refuse)
    settings = dataclasses.replace(SETTINGS, sections=("goal_clusters",))
    with pytest.raises(ValueError, match=r"there is nothing to report\. no goal has 20 states near it\."):
        build_report([FakeRun()], tmp_path / "out", settings)
    with pytest.raises(ValueError, match="unknown probe 'sucess'"):
        build_report([FakeRun()], tmp_path / "out", dataclasses.replace(SETTINGS, sections=("sucess",)))


def stages(run, *steps):
    """The same run at earlier checkpoints; a shallower fake stands in for the younger agent."""
    young = [FakeRun(depth=4, seed=run.config.seed) for _ in steps]
    for one, env_steps in zip(young, steps, strict=True):
        one.path, one.name, one.config, one.env_steps = run.path, run.name, run.config, env_steps
        one.content_hash += str(env_steps)
    return young


def test_earlier_checkpoints_are_shown_over_training_and_never_rolled_out(tmp_path, monkeypatch):
    newest = [FakeRun(depth=4), FakeRun(depth=16)]
    earlier = [*stages(newest[0], 2_000, 6_000), *stages(newest[1], 2_000, 6_000), *stages(FakeRun(depth=64), 6_000)]
    given, rolled_out = {}, []
    section_of, collect = build.section_of, evidence_module.collect_on_policy

    def spy(probe, result, over_training, problem, before, shown_above):
        given[probe.name] = over_training
        assert (problem, before) == ("", None)
        return section_of(probe, result, over_training)

    monkeypatch.setattr(build, "section_of", spy)
    monkeypatch.setattr(
        evidence_module, "collect_on_policy", lambda run, *a: rolled_out.append(run) or collect(run, *a)
    )
    report = write_report(newest, tmp_path / "out", SETTINGS, earlier=earlier)
    assert rolled_out == newest
    assert {name for name, over_training in given.items() if over_training is not None} == {
        "q_landscape",
        "embedding_trajectory",
    }
    for over_training in report.findings[0].over_training.results.values():
        assert [(run.critic_depth, run.env_steps) for run in over_training.runs] == [
            (4, 2_000),
            (4, 6_000),
            (4, 10_000),
            (16, 2_000),
            (16, 6_000),
            (16, 10_000),
        ]
    # Numbers and verdicts stay those of the newest checkpoints.
    assert {sample.run.name for sample in report.findings[0].measured.samples} == {run.name for run in newest}
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert {row["env_steps"] for row in numbers["runs"]} == {10_000}


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
@pytest.mark.parametrize("place", ["write_page", "measure"])
def test_what_does_not_finish_keeps_the_report_that_was_there(tmp_path, monkeypatch, error, place):
    def fail(*_, **__):
        raise error

    settings = dataclasses.replace(SETTINGS, sections=("success",), figures=True)
    out = tmp_path / "out"
    build_report([FakeRun()], out, settings)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setattr(f"crl_probe.report.{'build' if place == 'write_page' else 'env_findings'}.{place}", fail)
    for where in (out, tmp_path / "new"):
        with pytest.raises(error):
            build_report([FakeRun(depth=16)], where, settings)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == ["out"]


def test_a_second_report_computes_nothing(tmp_path, monkeypatch):
    runs = [FakeRun()]
    build_report(runs, tmp_path / "out", SETTINGS)

    def refuse(*_):
        raise AssertionError("computed again")

    for method in ("phi", "psi", "act", "energy", "energy_between", "phi_after", "psi_after"):
        monkeypatch.setattr(runs[0], method, refuse)
    build_report(runs, tmp_path / "out", SETTINGS)


@pytest.mark.parametrize("foreign", ["figures/mine.pdf", "figures/my_success.pdf", "figures/success.png", "drafts/a"])
def test_other_peoples_files_in_a_report_are_not_replaced(tmp_path, foreign):
    settings = dataclasses.replace(SETTINGS, sections=("success",), figures=True)
    out = tmp_path / "out"
    build_report([FakeRun()], out, settings)
    (out / foreign).parent.mkdir(exist_ok=True)
    (out / foreign).write_text("years of work")
    with pytest.raises(ValueError, match="which is not part of a report: it would be lost"):
        build_report([FakeRun()], out, settings)
    assert (out / foreign).read_text() == "years of work"


def test_other_peoples_files_are_not_replaced(tmp_path):
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter1.tex").write_text("years of work")
    with pytest.raises(ValueError, match="which is not part of a report: it would be lost"):
        build_report([FakeRun()], out, SETTINGS)
    assert (out / "chapter1.tex").read_text() == "years of work"
    with pytest.raises(ValueError, match="is a file: a report is a folder"):
        build_report([FakeRun()], out / "chapter1.tex", SETTINGS)
    with pytest.raises(ValueError, match=r"mine' cannot be written: .+\. Choose a folder that you may write to"):
        build_report([FakeRun()], Path("/proc/mine"), SETTINGS)
    with pytest.raises(ValueError, match="no runs to report on"):
        build_report([], tmp_path / "none", SETTINGS)
    with pytest.raises(ValueError, match="two runs of point_u_maze are named 'point_u_maze_d4_s0'"):
        build_report([FakeRun(), FakeRun()], tmp_path / "none", SETTINGS)


def test_numbers_in_the_page_are_finite(tmp_path):
    index = build_report([FakeRun()], tmp_path / "out", SETTINGS)
    assert not re.search(r">\s*(nan|inf)\b", visible_part(index.read_text()))
    assert np.isfinite([row["value"] for row in json.loads((index.parent / "metrics.json").read_text())["runs"]]).all()


def test_agents_no_better_than_before_training_get_no_word_on_what_they_learned(tmp_path, monkeypatch):
    monkeypatch.setattr(TrainedFake, "act", lambda self, *given: self.untrained().act(*given))
    runs = [TrainedFake(depth=depth, seed=seed) for depth in (4, 64) for seed in range(3)]
    settings = dataclasses.replace(SETTINGS, sections=("success", "q_landscape"))
    report = write_report(runs, tmp_path / "out", settings)
    words = {verdict.key: verdict for verdict in report.findings[0].verdicts}
    assert words["follows_maze"].word == "not learned"
    assert words["follows_maze"].sentence.startswith("These agents have not learned the task: success is ")
    assert not {"supported", "suggestive", "contradicted"} & {verdict.word for verdict in words.values()}
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert {row["env_steps"] for row in numbers["before_training"]} == {0}
    text = visible_part((tmp_path / "out" / "index.html").read_text())
    assert "depth 64, untrained" in text
    assert "before training" in text


def test_a_report_has_a_name_of_its_inputs_alone(tmp_path):
    settings = dataclasses.replace(SETTINGS, sections=("success",))

    def named(place, depth=4, **changes):
        write_report([FakeRun(depth=depth, name="run")], tmp_path / place, dataclasses.replace(settings, **changes))
        return json.loads((tmp_path / place / "metrics.json").read_text())["settings"]["id"]

    first = named("first")
    assert re.fullmatch("[0-9a-f]{12}", first)
    assert named("again", command="another command", note="text", use_cache=False) == first
    assert named("other", evidence=dataclasses.replace(settings.evidence, seed=1)) != first
    assert named("deeper", depth=8) != first
    page = (tmp_path / "first" / "index.html").read_text()
    assert f">{first}</span>" in page
    assert f"note    = {{report {first}}}" in page


def test_a_note_is_text_and_runs_nothing(tmp_path):
    note = "**bold** <script>alert(1)</script> [bad](javascript:alert(1)) ![picture](https://example.org/a.png)"
    settings = dataclasses.replace(SETTINGS, sections=("success",), note=note)
    index = build_report([FakeRun()], tmp_path / "out", settings)
    (shown,) = re.findall(r'<div class="author-note">(.*?)</div>', index.read_text(), flags=re.DOTALL)
    assert "<strong>bold</strong>" in shown
    assert "<script" not in shown
    assert "<img" not in shown
    assert "href=" not in shown.replace('href="https://example.org/a.png"', "")
    assert Page(index.read_text()).fetched == []


def test_every_section_has_lines_of_python_that_make_it_again(tmp_path):
    options = {"q_landscape": {"fine_cells": 15}}
    settings = dataclasses.replace(SETTINGS, sections=("success", "q_landscape"), options=options)
    text = build_report([FakeRun()], tmp_path / "out", settings).read_text()
    marked = re.findall(r'<code id="lines-.*?>(.*?)</code>', text, flags=re.DOTALL)
    blocks = [html_module.unescape(re.sub("<[^>]*>", "", block)) for block in marked]
    assert len(blocks) == 2
    for block in blocks:
        compile(block, "lines", "exec")
    assert ".measure('success')" in blocks[0]
    assert ".measure(q_landscape={'fine_cells': 15})" in blocks[1]
    assert "plots.plot_landscape(study.results['q_landscape'], run=0, goal=0)" in blocks[1]
    assert f"episodes={SETTINGS.evidence.episodes}" in blocks[0]


def test_the_page_says_what_came_from_the_cache(tmp_path):
    settings = dataclasses.replace(SETTINGS, sections=("success",), use_cache=True)
    runs = [FakeRun(name="run")]
    first = build_report(runs, tmp_path / "out", settings).read_text()
    assert ", nothing from the cache on " in first
    again = build_report(runs, tmp_path / "out", settings).read_text()
    assert ", all results from the cache on " in again
    more = dataclasses.replace(settings, sections=("success", "rollouts"))
    assert ", 1 of 2 results from the cache on " in build_report(runs, tmp_path / "out", more).read_text()
