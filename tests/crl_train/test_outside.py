"""Environments of other packages and modules open in the programs and in their workers; a run never imports any."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from crl_train.envs import list_envs, make_env, outside
from crl_train.errors import ConfigError
from crl_train.run_dir import RunDir
from crl_train.run_envs import training_env
from crl_train.run_record import read_record
from tests.crl_train.helpers import TINY, crl_train, invoke, refused

MODULE = """
from crl_train.envs import register_env
register_env("corridor_of_mine", lambda: __import__("crl_train.envs").envs.make_env("point_u_maze"), "a corridor")
"""


@pytest.fixture
def module(tmp_path, monkeypatch, own_registry):
    """The name of a module in the current directory that registers an environment."""
    (tmp_path / "my_envs.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "my_envs", raising=False)
    monkeypatch.setenv(outside.VARIABLE, "")
    yield "my_envs"
    sys.modules.pop("my_envs", None)


def test_a_module_is_imported_here_and_named_for_the_processes_to_come(module):
    assert "corridor_of_mine" not in list_envs()
    outside.use_module(module)
    outside.use_module(module)
    assert list_envs().count("corridor_of_mine") == 1
    assert os.environ[outside.VARIABLE] == module


def test_the_option_goes_with_every_command(module):
    assert "unknown environment 'corridor_of_mine'" in refused("envs", "corridor_of_mine")
    assert "a corridor" in invoke("envs", "corridor_of_mine", "--env-module", module).stdout


def test_a_run_names_no_module_so_that_a_stranger_s_imports_nothing(module, tmp_path):
    settings = [f"--{name.replace('_', '-')}={value}" for name, value in TINY.items() if name != "env"]
    train = crl_train("run", "corridor_of_mine", *settings, "--out", tmp_path, "--quiet")
    subprocess.run([*train, "--env-module", module], check=True)
    (path,) = tmp_path.glob("corridor_of_mine_*")
    config, _ = read_record(RunDir(path))
    with pytest.raises(
        ConfigError, match=r"^unknown environment 'corridor_of_mine': .* one of your own needs --env-module"
    ):
        training_env(config)
    # Worker processes, and whoever types much, name it in the variable.
    program = "from crl_train.envs import make_env; print(make_env('corridor_of_mine').name)"
    environment = {**os.environ, outside.VARIABLE: module, "PYTHONPATH": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, check=True)
    assert found.stdout == "point_u_maze\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"module 'my_envs' cannot be imported \(ModuleNotFoundError: .*\)\. Run from the folder it lies in"),
        ("import nowhere_to_be_found", r"\(ModuleNotFoundError: No module named 'nowhere_to_be_found'\)\.$"),
        ("1 +", r"\(SyntaxError: invalid syntax"),
        ("raise RuntimeError('first line\\nsecond')", r"\(RuntimeError: first line second\)\.$"),
    ],
    ids=["missing", "missing import", "no Python", "raises"],
)
def test_a_module_that_cannot_be_imported_is_told_in_one_line(module, tmp_path, text, message):
    (tmp_path / "my_envs.py").unlink()
    if text is not None:
        (tmp_path / "my_envs.py").write_text(text)
    with pytest.raises(ConfigError, match=r"^--env-module my_envs is not usable: .*" + message) as error:
        outside.use_module("my_envs")
    assert "\n" not in str(error.value)


def test_an_installed_package_announces_its_module_by_an_entry_point(module, monkeypatch, capsys):
    points = [
        importlib.metadata.EntryPoint("mine", module, outside.ENTRY_POINTS),
        importlib.metadata.EntryPoint("broken", "nowhere_to_be_found", outside.ENTRY_POINTS),
    ]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: points)
    monkeypatch.syspath_prepend(".")
    outside.load_outside.cache_clear()
    try:
        assert "corridor_of_mine" in list_envs()
        assert "warning: installed package 'broken' is not usable" in capsys.readouterr().err
    finally:
        monkeypatch.undo()
        outside.load_outside.cache_clear()


def test_numbers_depend_on_the_source_of_such_modules(module, tmp_path):
    assert outside.source_hash() == ""
    outside.use_module(module)
    before = outside.source_hash()
    (tmp_path / "my_envs.py").write_text(MODULE + "# changed")
    assert outside.source_hash() != before


def test_the_environment_of_the_contributing_guide_needs_its_one_file(own_registry):
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python environment\n(.*?)```", text, flags=re.DOTALL)
    exec(compile(source, "my_envs.py", "exec"), {})
    env = make_env("ant_near")
    goals = np.asarray(jax.vmap(env.draw)(jax.random.split(jax.random.key(0), 20))[2])
    distances = np.linalg.norm(goals, axis=1)
    assert (distances >= 1).all()
    assert (distances <= 3).all()
    assert env.floor.is_free(goals).all()
