"""Paths that users give: home folders are expanded, URLs refused wherever a path is taken, all others left alone."""

import os
import pwd
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from crl_train.cli import main
from crl_train.errors import ConfigError
from crl_train.local_path import local_path
from crl_train.run_dir import RunDir

URLS = ["gs://bucket/runs", "s3://bucket", "file:///shared/runs", "hdfs://host:9000/x", "https://host/x", "memory:/x"]


@pytest.mark.parametrize("url", URLS)
def test_url_is_refused_in_one_line_however_it_is_given(url):
    for given_ in (url, Path(url)):
        with pytest.raises(ConfigError, match=r"^--out '.*' is not usable: it is a URL, .*\.$") as refused:
            local_path(given_, "--out")
        assert "\n" not in str(refused.value)
    with pytest.raises(ConfigError, match="it is a URL"):
        RunDir(Path(url))


@pytest.mark.parametrize("text", ["", "a\0b"])
def test_what_can_be_no_path_is_refused(text):
    with pytest.raises(ConfigError, match="Give a local path"):
        local_path(text)


def test_home_folders_are_expanded(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert local_path("~") == tmp_path
    assert local_path("~/runs/one") == tmp_path / "runs" / "one"
    assert RunDir(Path("~/run")).config == tmp_path / "run" / "config.json"
    me = pwd.getpwuid(os.getuid())
    assert local_path(f"~{me.pw_name}/runs") == Path(me.pw_dir) / "runs"


def test_unknown_user_is_refused_and_a_file_of_that_name_is_within_reach(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ConfigError, match=r"^path '~nobody-of-this-name/runs' is not usable: ~nobody-of-this-name names"
    ):
        local_path("~nobody-of-this-name/runs")
    assert local_path("./~nobody-of-this-name") == tmp_path / "~nobody-of-this-name"
    assert local_path("./gs:/runs") == tmp_path / "gs:" / "runs"


@pytest.mark.parametrize("text", ["a:b", "c:/runs", "exp[1]", "a\\b", "//a//b/", "x//y:/z", "a/~/b", "-", "é 日本 🙂"])
def test_every_other_path_stays_as_it_is(text):
    assert local_path(text) == Path(text)


@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=30))
def test_a_path_that_was_read_is_read_as_itself(text):
    try:
        path = local_path(text)
    except (ConfigError, UnicodeEncodeError):
        assume(False)
    assert local_path(path) == local_path(str(path)) == path


@pytest.mark.parametrize(
    "args",
    [
        ("run", "point_u_maze", "--out", "gs://bucket/runs"),
        ("sweep", "point_u_maze", "--out", "s3://bucket/runs"),
        ("run", "point_u_maze", "--config", "https://host/settings.yaml"),
        ("resume", "gs://bucket/runs/one"),
        ("info", "file:///shared/one"),
    ],
    ids=" ".join,
)
def test_commands_refuse_urls_in_one_line_before_anything_is_made(args, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, list(args))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert "is not usable: it is a URL" in result.stderr
    assert list(tmp_path.iterdir()) == []
