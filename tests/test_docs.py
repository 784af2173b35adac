"""The documentation is held to the code: every metric is explained once, under its name, and every code block runs."""

import re
from pathlib import Path

import pytest

import crl_probe.metrics
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.metrics import DEFINITIONS
from crl_probe.report.methods import methods
from tests.crl_probe.fakes import FakeRun

DOCS = Path(__file__).parents[1] / "docs"

# What `crl_probe.metrics` exports beside the metrics: their definitions, errors, by-episode values and statistics.
HELPERS = {
    "DEFINITIONS", "DepthComparison", "Estimate", "Gain", "MetricDefinition", "MetricError", "bootstrap_interval",
    "compare_depths", "critical_depth", "decodability_by_fold", "estimate_over_seeds", "first_arrival",
    "interquartile_mean", "probability_of_improvement", "steps_at_goal", "summarise_success", "verdict",
}  # fmt: skip

FIELDS = ("Question", "Formula", "Reading", "Misleads", "Source")


def text_of(name):
    return (DOCS / name).read_text(encoding="utf-8")


def explained():
    """What docs/probes.md says below the heading of each metric."""
    pieces = re.split(r"^### `(\w+)`$", text_of("probes.md"), flags=re.MULTILINE)
    sections_of = dict(zip(pieces[1::2], pieces[2::2], strict=True))
    assert len(sections_of) == len(pieces) // 2, "a heading appears twice"
    return sections_of


def test_every_metric_is_explained_defined_and_exported_under_one_name():
    assert list(explained()) == list(DEFINITIONS)
    assert set(crl_probe.metrics.__all__) - HELPERS == set(DEFINITIONS)
    assert set(crl_probe.metrics.__all__) >= HELPERS


def test_the_report_prints_every_definition():
    section = methods(Evidence([FakeRun()], EvidenceSettings(), use_cache=False), None)
    tables = [table for table in section.tables if "name in files" in table.head]
    printed = [row[tables[0].head.index("name in files")] for row in tables[0].rows]
    assert printed == list(DEFINITIONS)


@pytest.mark.parametrize("name", DEFINITIONS)
def test_a_metric_has_its_question_formula_reading_and_source(name):
    section = explained()[name]
    assert [field for field in FIELDS if f"- **{field}" in section] == list(FIELDS)
    source = section[section.index("- **Source") :]
    told = re.findall(r"arXiv \d+\.\d+|bioRxiv \d+|ICANN|ours", DEFINITIONS[name].source)
    assert told
    assert all(work in source for work in told)


def test_what_helps_with_statistics_is_mentioned():
    text = text_of("python_api.md") + text_of("probes.md")
    assert [name for name in sorted(HELPERS) if not re.search(rf"\b{name}\b", text)] == []


def test_links_between_documents_lead_somewhere():
    for page in DOCS.glob("*.md"):
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[\w-]+)?\)", page.read_text(encoding="utf-8")):
            assert target.startswith("https://") or (DOCS / target).exists(), f"{page.name}: {target}"


def test_the_tour_through_the_python_api_runs(finished_run, tmp_path, monkeypatch, capsys):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "point_u_maze_d4_s0").symlink_to(finished_run.path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CRL_PROBE_CACHE", str(tmp_path / "cache"))
    blocks = re.findall(r"```python\n(.*?)```", text_of("python_api.md"), flags=re.DOTALL)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"python_api.md, block {number + 1}", "exec"), names)
    printed = capsys.readouterr().out
    assert "supported 64\n" in printed
    assert "depth 4: success_rate" in printed
    assert (tmp_path / "success.pdf").stat().st_size > 0
