"""The documentation is held to the code: every metric is explained once, under its name, and every code block runs."""

import ast
import importlib
import os
import re
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

import crl_probe.metrics
from crl_probe.cli.probes import command_of
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.metrics import DEFINITIONS, MetricDefinition
from crl_probe.plots import figure_of
from crl_probe.probes.registry import PROBES, measure, probes_of
from crl_probe.report.methods import methods
from crl_probe.report.sections import section_of
from tests.crl_probe.fakes import FakeRun

DOCS = Path(__file__).parents[1] / "docs"

# What `crl_probe.metrics` exports beside the metrics: their definitions, errors, by-episode values and statistics.
HELPERS = {
    "DEFINITIONS", "DepthComparison", "Effect", "Estimate", "Gain", "MetricDefinition", "MetricError",
    "bootstrap_interval",
    "compare_depths", "critical_depth", "decodability_by_fold", "estimate_over_seeds", "first_arrival",
    "holm", "interquartile_mean", "mean_difference", "mean_effect", "mean_ratio",
    "optimality_gap", "performance_profile", "probability_of_improvement", "steps_at_goal",
    "summarise_success", "verdict",
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
    told = re.findall(r"arXiv \d+\.\d+|bioRxiv \d+|doi [\d./s-]+|ICANN|ours", DEFINITIONS[name].source)
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
    assert "suggestive None\n" in printed
    assert "depth 4: success_rate" in printed
    assert (tmp_path / "success.pdf").stat().st_size > 0


def test_the_probe_of_the_contributing_guide_needs_its_one_file(monkeypatch):
    runs, recorded = [FakeRun(depth=4), FakeRun(depth=64)], EvidenceSettings(episodes=4, episode_length=60)
    text = (DOCS.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (definition,) = re.findall(r"```python definition\n(.*?)```", text, flags=re.DOTALL)
    (source,) = re.findall(r"```python probe\n(.*?)```", text, flags=re.DOTALL)
    for name, words in ast.literal_eval(definition).items():
        monkeypatch.setitem(DEFINITIONS, name, MetricDefinition(name=name, group="trajectory", **words))
    module = types.ModuleType("crl_probe.probes.goal_gap")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(compile(source, "goal_gap.py", "exec"), module.__dict__)
    probe = module.PROBE
    monkeypatch.setitem(PROBES, probe.name, probe)

    measured = measure(Evidence(runs, recorded, use_cache=False), ["goal_gap"], {"goal_gap": {"skip": 10}})
    result = measured.results["goal_gap"]
    assert result.gap.shape == (2, 4)
    assert (result.gap > 0).all()
    section = section_of(probe, result)
    assert section.finding.startswith("The mean gap is ")
    assert [len(group.charts) for group in section.groups] == [1]
    assert len(section.tables[0].rows) == 2
    assert len(figure_of(result).axes) == 1
    assert "--skip" in [option for parameter in command_of(probe).params for option in parameter.opts]


@pytest.mark.parametrize("name", DEFINITIONS)
def test_every_metric_is_two_jumps_from_its_title_and_one_more_from_its_probe(name):
    """The walk of docs/architecture.md: title, name, function; and the one probe that declares it."""
    (found,) = [one for one in DEFINITIONS.values() if one.title == DEFINITIONS[name].title]
    assert callable(getattr(crl_probe.metrics, found.name))
    (probe,) = probes_of([found.name])
    assert Path(sys.modules[PROBES[probe].result.__module__].__file__).stem == probe


def test_the_architecture_page_names_what_there_is():
    text = text_of("architecture.md")
    for dotted in re.findall(r"`((?:crl_train|evidence|probes|summary|render|report|store|metrics)(?:\.\w+)+)`", text):
        name = dotted if dotted.startswith("crl_train") else f"crl_probe.{dotted}"
        module, _, attribute = name.rpartition(".")
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), attribute), f"{name} is not there"


@pytest.mark.parametrize(("code", "requeued"), [(75, "requeue 17\n"), (0, ""), (2, "")])
def test_the_script_for_slurm_passes_its_signal_on_and_requeues_what_was_saved(tmp_path, code, requeued):
    (script,) = re.findall(r"```sh\n(#!.*?)```", text_of("clusters.md"), flags=re.DOTALL)
    # Once it is told, the stand-in saves for a while.
    trainer = f"trap 'sleep 0.2; exit {code}' USR1; touch started; while true; do sleep 0.02; done"
    for name, text in {
        "job": script,
        "crl-train": f"#!/bin/bash\n{trainer}",
        "scontrol": '#!/bin/bash\necho "$@"',
    }.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_JOB_ID": "17"}
    job = subprocess.Popen([tmp_path / "job"], env=environment, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    while not (tmp_path / "started").exists():
        time.sleep(0.02)
    time.sleep(0.1)  # for its trap
    job.send_signal(signal.SIGUSR1)
    printed, _ = job.communicate(timeout=20)
    assert (job.returncode, printed) == (0 if requeued else code, requeued)
