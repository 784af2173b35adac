"""What a user of ``crl-probe report`` types, sees, and is told; and what Ctrl-C does."""

import functools
import io
import itertools
import json
import re
import shutil
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from crl_probe import report
from crl_probe.cli import main
from crl_probe.cli import report as cli_report
from crl_probe.cli import report_summary as cli_summary
from crl_probe.cli.opening import evenly
from crl_probe.cli.options import parse_sections
from crl_probe.evidence.evidence import EvidenceSettings
from crl_probe.probes.registry import COMMANDS, PROBES
from crl_probe.report import ReportSettings, write_report
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun, replace_run

QUICK = ("--episodes", 6, "--goals", 2, "--workers", 1, "--sections", "success,curves", "--no-figures")


def probe(*args):
    return CliRunner().invoke(main, ["report", *(str(arg) for arg in args)])


@pytest.fixture
def asked_for(monkeypatch):
    """What ``write_report`` was called with, instead of a report."""
    calls = []

    def write(*args, **options):
        calls.append((args, options))
        raise ConfigError("enough seen.")

    monkeypatch.setattr(report, "write_report", write)
    return calls


def test_the_end_says_what_was_found_and_where_it_is(finished_run, tmp_path):
    result = probe(finished_run.path, *QUICK, "--out", tmp_path / "out", "--title", "Mine")
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert lines[0] == "point_u_maze"
    assert [line.split() for line in lines[1:3]] == [["depth", "4"], ["1", "seed"]]
    assert [line.split()[0].strip(",") for line in lines[3:5]] == ["success_rate", "time_at_goal"]
    assert len([line for line in lines if line.startswith("not enough data  ")]) == 5
    assert lines[-2] == f"Report: {tmp_path / 'out' / 'index.html'}"
    assert "with metrics.csv, metrics.json and tables.tex; made in " in lines[-1]
    assert "\x1b" not in result.stdout
    assert "<title>Mine</title>" in (tmp_path / "out" / "index.html").read_text()
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert numbers["settings"]["command"].split()[0] == "crl-probe"


@pytest.mark.parametrize("title", ["\udcff\udcfe", "\ud800", "naïve\x1b\u202e"], ids=ascii)
def test_page_takes_any_title_and_any_place(finished_run, tmp_path, title):
    out = tmp_path / "\udcff\udc80"
    result = probe(finished_run.path, *QUICK, "--sections", "success", "--no-figures", "--out", out, "--title", title)
    assert result.exit_code == 0, result.output
    page = (out / "index.html").read_bytes().decode("utf-8")
    shown = re.search("<title>(.*)</title>", page)[1]
    assert shown == {"\udcff\udcfe": r"\xff\xfe", "\ud800": r"\ud800"}.get(title, title)


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_parts_that_failed_are_named_at_the_end_with_code_1(finished_run, tmp_path, monkeypatch, failures_kept, quiet):
    def broken(*_, **__):
        raise ZeroDivisionError("of [nothing]")

    replace_run(monkeypatch, "learning_curves", broken)
    result = probe(finished_run.path, *QUICK, "--out", tmp_path / "out", *quiet)
    log = tmp_path / "out" / "errors.log"
    failed = "Learning curves of point_u_maze failed unexpectedly, and the report is written without"
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == f"error: {failed}. See {log}."
    assert "ZeroDivisionError: of [nothing]" in log.read_text()
    assert bool(result.stdout) != bool(quiet)


def test_quiet_says_nothing_but_errors(finished_run, tmp_path):
    damaged = shutil.copytree(finished_run.path, tmp_path / "damaged")
    shutil.rmtree(damaged / "policy" / "1120" / "arrays")
    both = (finished_run.path, damaged)
    result = probe(*both, *QUICK, "--out", tmp_path / "out", "--quiet")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")
    aloud = probe(*both, *QUICK, "--out", tmp_path / "out").stdout
    assert f"skipped: checkpoint '{damaged / 'policy' / '1120'}' is corrupt" in aloud
    assert "is not a run" in probe(tmp_path, "--quiet").stderr


def test_a_folder_that_is_not_a_report_is_never_replaced(finished_run, tmp_path):
    own = tmp_path / "thesis"
    own.mkdir()
    (own / "chapter.tex").write_text("mine")
    result = probe(finished_run.path, "--out", own, *QUICK)
    assert result.exit_code == 2
    assert "thesis' holds chapter.tex, which is not part of a report" in result.output
    assert (own / "chapter.tex").read_text() == "mine"


def test_all_steps_are_the_newest_compared_and_earlier_ones_to_slide_over(finished_run, asked_for):
    probe(finished_run.path, "--step", "all")
    ((runs, _, settings), options) = asked_for[0]
    assert [run.env_steps for run in runs] == [1120]
    assert [run.env_steps for run in options["earlier"]] == [480, 800]
    assert settings.reload_seconds == 0
    probe(finished_run.path, "--step", 800)
    ((runs, *_), options) = asked_for[1]
    assert [run.env_steps for run in runs] == [800]
    assert list(options["earlier"]) == []


def test_an_earlier_checkpoint_that_is_damaged_is_skipped(finished_run, tmp_path, asked_for):
    damaged = shutil.copytree(finished_run.path, tmp_path / "damaged")
    shutil.rmtree(damaged / "policy" / "480" / "arrays")
    probe(damaged, "--step", "all")
    ((_, _, settings), options) = asked_for[0]
    assert [run.env_steps for run in options["earlier"]] == [800]
    assert len(settings.skipped) == 1
    assert "480' is corrupt" in settings.skipped[0]


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200, unique=True).map(sorted), st.integers(1, 12))
def test_checkpoints_are_spread_evenly_with_the_newest_among_them(steps, most):
    chosen = evenly(steps, most)
    assert len(chosen) == len(set(chosen)) == min(most, len(steps))
    assert chosen == sorted(chosen)
    assert chosen[-1] == steps[-1]
    places = [steps.index(step) for step in chosen]
    gaps = [after - before for before, after in itertools.pairwise(places)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_sections_are_named_by_commands_or_probes():
    assert parse_sections("lens, q_landscape,success") == ("success", "q_landscape", "depth_lens")
    assert parse_sections(",".join(COMMANDS)) == tuple(PROBES)
    with pytest.raises(ConfigError, match=r"'landscapes' is not usable: .* Did you mean 'landscape'"):
        parse_sections("success,landscapes")
    with pytest.raises(
        ConfigError,
        match=r"Sections are success, rollouts, bodies, curves, landscape, .*; the methods section is always included",
    ):
        parse_sections("")


@pytest.mark.parametrize("quiet", [(), ("--quiet",)])
def test_the_page_is_opened_where_there_is_a_browser(finished_run, tmp_path, monkeypatch, quiet):
    opened = []
    monkeypatch.setattr(click, "launch", lambda url: opened.append(url) or 0)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("DISPLAY", ":0")
    options = (finished_run.path, *QUICK, "--out", tmp_path / "my report", "--open", *quiet)
    assert "not opened" not in probe(*options).output
    assert opened == [f"{tmp_path.as_uri()}/my%20report/index.html"]


@pytest.mark.parametrize("missing", ["display", "browser"])
def test_a_page_that_cannot_be_opened_is_told(finished_run, tmp_path, monkeypatch, missing):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(click, "launch", lambda _: 1)
    if missing == "browser":
        monkeypatch.setenv("DISPLAY", ":0")
    page = tmp_path / "out" / "index.html"
    result = probe(finished_run.path, *QUICK, "--out", page.parent, "--open")
    assert result.exit_code == 0
    assert result.stderr == f"The page was not opened: no browser could be started here. Open {page} yourself.\n"


def interrupt(*_, **__):
    raise KeyboardInterrupt


def test_an_interrupt_is_one_line_and_code_130(finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr("crl_probe.report.env_findings.measure", interrupt)
    result = probe(finished_run.path, *QUICK, "--out", tmp_path / "out")
    assert result.exit_code == 130
    told = "Stopped: no report was written and none replaced."
    assert result.output == f"{told} Run the same command again to continue.\n"
    assert list(tmp_path.glob(".out*")) == []
    assert not (tmp_path / "out").exists()
    assert probe(finished_run.path, *QUICK, "--out", tmp_path / "out", "--no-cache").output == f"{told}\n"


def test_an_interrupt_after_the_report_does_not_deny_it(finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr(cli_summary, "print_summary", interrupt)
    result = probe(finished_run.path, *QUICK, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert result.output == f"Stopped. The report is {tmp_path / 'out' / 'index.html'}.\n"


def test_training_is_followed_until_ctrl_c(finished_run, tmp_path, monkeypatch):
    """The newest checkpoint lands while the command sleeps, then the user has seen enough."""
    run = tmp_path / "runs" / "maze_d4_s0"
    parked = tmp_path / "parked"
    sleeps = []

    def land(_):
        sleeps.append(len(sleeps))
        if sleeps[-1] == 0:
            shutil.copytree(finished_run.path, run)
            (run / "policy" / "1120").rename(parked)
        elif sleeps[-1] == 1:
            parked.rename(run / "policy" / "1120")
        elif sleeps[-1] == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(cli_report.time, "sleep", land)
    (tmp_path / "runs").mkdir()
    result = probe(tmp_path / "runs" / "*", *QUICK, "--out", tmp_path / "out", "--watch")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("Waiting: ")
    assert "matches nothing" in lines[0]
    first = lines.index(f"Report: {tmp_path / 'out' / 'index.html'}")
    assert lines[first + 2] == "Watching the runs. Ctrl-C ends it; the report stays."
    assert "maze_d4_s0 at 1,120 steps: written again in " in lines[first + 3]
    assert lines[first + 4 :] == [f"Stopped watching. The report is {tmp_path / 'out' / 'index.html'}."]
    numbers = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert [one["env_steps"] for one in numbers["settings"]["checkpoints"]] == [1120]
    assert 'data-reload="30"' in (tmp_path / "out" / "index.html").read_text()


def test_watching_that_saw_no_report_ends_like_any_interrupt(tmp_path, monkeypatch):
    monkeypatch.setattr(cli_report.time, "sleep", interrupt)
    result = probe(tmp_path / "none_*", "--watch", "--quiet")
    assert result.exit_code == 130
    assert result.stdout == ""


def test_what_cannot_be_asked_is_refused_while_watching_too(finished_run, tmp_path, monkeypatch):
    monkeypatch.setattr(cli_report.time, "sleep", functools.partial(pytest.fail, "went on"))
    (tmp_path / "notes.txt").touch()
    result = probe(finished_run.path, *QUICK, "--out", tmp_path, "--watch")
    assert result.exit_code == 2
    assert "holds notes.txt, which is not part of a report" in result.output


@pytest.fixture(scope="module")
def finished_report(tmp_path_factory):
    evidence = EvidenceSettings(episodes=8, episode_length=60, points=400, paths=4, goals=2)
    settings = ReportSettings(
        evidence, sections=("success", "q_landscape"), figures=False, options={"q_landscape": {"fine_cells": 15}}
    )
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("summary")
        patch.setenv("CRL_PROBE_CACHE", str(folder / "cache"))
        runs = [FakeRun(env, depth=depth) for env in ("point_u_maze", "point_u4_maze") for depth in (4, 64)]
        return write_report(runs, folder / "out", settings)


@pytest.mark.parametrize("width", [80, 120])
def test_the_end_fits_the_terminal(finished_report, width):
    screen = io.StringIO()
    console = Console(file=screen, width=width, force_terminal=True, color_system=None, legacy_windows=False)
    cli_summary._draw(console, finished_report, ["checkpoint 'x' is corrupt."], 75.2)
    lines = screen.getvalue().splitlines()
    path = f"Report: {finished_report.index}"
    assert path in lines
    assert all(len(line) <= width for line in lines if line != path)
    assert "skipped: checkpoint 'x' is corrupt." in lines
    assert sum(line.count("geodesic_rank") for line in lines) == 2  # one for each environment
    assert [line for line in lines if line.startswith("point_")] == ["point_u_maze", "point_u4_maze"]
    assert "made in 1 min 15 s" in " ".join(line.strip() for line in lines)


def test_help_names_every_option_and_imports_nothing_heavy():
    text = probe("--help").output
    for option in ("--sections", "--open", "--watch", "--no-figures", "--step", "--quiet", "--title", "--out"):
        assert option in text
    check = "import sys, crl_probe.cli; print({'jax', 'numpy', 'rich', 'matplotlib'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], capture_output=True, text=True).stdout == "set()\n"


def test_a_note_is_read_from_a_file(finished_run, tmp_path):
    note = tmp_path / "note.md"
    note.write_text("Trained on a *Tuesday*.")
    options = ["--episodes", "2", "--workers", "1", "--sections", "success", "--no-figures", "--quiet"]
    command = ["report", str(finished_run.path), *options, "--out", str(tmp_path / "out"), "--note", str(note)]
    assert CliRunner().invoke(main, command).exit_code == 0
    assert "Trained on a <em>Tuesday</em>." in (tmp_path / "out" / "index.html").read_text()
    note.write_bytes(b"\xff\xfe")
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 2
    assert refused.stderr == f"error: --note {note} is no text: it is not UTF-8. Save it as UTF-8.\n"
