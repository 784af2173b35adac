"""Every path that crl-probe takes, from a command, the environment or Python: home folders expanded, URLs refused."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from matplotlib.figure import Figure

from crl_probe import Study, load_run, load_runs
from crl_probe.cli.program import main
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.evidence.probe_set import load_probe_set, save_probe_set
from crl_probe.plots import save_figure
from crl_probe.report import write_report
from crl_probe.store import compiled_umap
from crl_probe.store.cache import cache_directory
from crl_train.cli import main as train_main
from crl_train.cli_options import LocalPath
from crl_train.config import read_overrides
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun

URL = "gs://bucket/place"


def commands_of(group, ctx):
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from commands_of(command, ctx)
        else:
            yield command


@pytest.mark.parametrize("program", [main, train_main], ids=["crl-probe", "crl-train"])
def test_every_option_that_is_a_path_is_read_at_the_one_door(program):
    paths = 0
    for command in commands_of(program, click.Context(program)):
        for param in command.params:
            if isinstance(param.type, click.Path | click.File) or param.name in ("out", "save", "run_path"):
                assert isinstance(param.type, LocalPath), f"{command.name}: {param.name}"
                paths += 1
    assert paths > 3


@pytest.mark.parametrize(
    "args",
    [
        ("metrics", URL),
        ("report", "s3://bucket/*", "--quiet"),
        ("report", "runs", "--out", URL),
        ("landscape", "runs", "--save", "s3://bucket/a.pdf"),
        ("probe-set", "runs", "--out", "file:///shared/a.npz"),
        ("success", "runs", "--probe-set", URL),
        ("eval", URL),
    ],
    ids=" ".join,
)
def test_commands_refuse_urls_in_one_line(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, list(args))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("error: ")
    assert "is not usable: it is a URL" in result.stderr
    assert result.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "take",
    [
        load_run,
        load_runs,
        lambda url: load_runs(["runs/*", url]),
        Study,
        load_probe_set,
        lambda url: save_figure(Figure(), f"{url}.pdf"),
        lambda url: write_report([FakeRun()], Path(url)),
        lambda url: Study(FakeRun()).report(url),
    ],
    ids=[
        "load_run",
        "load_runs",
        "a list",
        "Study",
        "load_probe_set",
        "save_figure",
        "report",
        "study",
    ],
)
@pytest.mark.parametrize("url", [URL, "file:///shared/place"])
def test_python_refuses_urls(take, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs" / "one").mkdir(parents=True)
    with pytest.raises(ConfigError, match="it is a URL"):
        take(url)
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]


def test_home_folder_is_expanded_wherever_a_path_is_taken(finished_run, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "one").symlink_to(finished_run.path)
    assert load_run("~/runs/one").path == tmp_path / "runs" / "one"
    assert [run.name for run in load_runs("~/runs/*")] == ["one"]
    probe_set = Evidence([FakeRun()], EvidenceSettings(episodes=4, episode_length=20), use_cache=False).probe_set
    save_probe_set(probe_set, "~/set.npz")
    assert (tmp_path / "set.npz").is_file()
    assert load_probe_set(Path("~/set.npz")).env == probe_set.env
    with pytest.raises(ConfigError, match="it is a URL"):
        save_probe_set(probe_set, URL)
    monkeypatch.setenv("CRL_PROBE_CACHE", "~/cache")
    assert cache_directory() == tmp_path / "cache"


@pytest.mark.parametrize("url", [URL, "s3://bucket/cache", "file:///shared/cache"])
@pytest.mark.parametrize(
    ("variable", "place_of"),
    [
        ("CRL_PROBE_CACHE", cache_directory),
        ("XDG_CACHE_HOME", cache_directory),
        ("NUMBA_CACHE_DIR", compiled_umap._folder),
    ],
    ids=["results", "user", "numba"],
)
def test_caches_at_a_url_are_refused_with_the_variable_that_names_it(monkeypatch, tmp_path, variable, place_of, url):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CRL_PROBE_CACHE")
    monkeypatch.setenv(variable, url)
    with pytest.raises(ConfigError, match=f"^{variable} '{url}' is not usable: it is a URL"):
        place_of()
    assert list(tmp_path.iterdir()) == []


def test_settings_at_a_url_are_refused():
    with pytest.raises(ConfigError, match=f"^config file '{URL}' is not usable: it is a URL"):
        read_overrides(URL)
