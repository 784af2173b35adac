"""Names lead to environments, listing them costs nothing, and a wrong name is explained."""

import subprocess
import sys

import pytest

from crl_train.envs import list_envs, make_env, register_env
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.maze_layouts import LAYOUTS
from crl_train.envs.point_maze import PointMaze
from crl_train.errors import ConfigError


def test_every_layout_is_a_point_maze():
    assert [name for name in list_envs() if name.startswith("point_")] == [f"point_{layout}" for layout in LAYOUTS]


@pytest.mark.parametrize("name", [name for name in list_envs() if name.startswith("point_")])
def test_point_maze_knows_its_name_and_maze(name):
    env = make_env(name)
    assert isinstance(env, PointMaze)
    assert env.name == name
    assert env.maze.name == name.removeprefix("point_")
    assert env.plane_indices == (0, 1)


def test_unknown_name_is_refused_with_the_nearest_names():
    message = (
        r"unknown environment 'point_umaze': no such name is registered\. Did you mean 'point_u_maze' or .*\? See: "
    )
    with pytest.raises(ConfigError, match=message):
        make_env("point_umaze")


def test_unknown_name_far_from_all_others_gets_no_suggestion():
    with pytest.raises(ConfigError, match=r"unknown environment 'zzz': no such name is registered\. See: "):
        make_env("zzz")


def test_taken_name_is_refused():
    with pytest.raises(ConfigError, match="environment 'point_u_maze' is already registered"):
        register_env("point_u_maze", lambda: make_env("point_u_maze"))


def test_factory_runs_when_its_environment_is_asked_for_and_not_before(monkeypatch):
    monkeypatch.setattr("crl_train.envs.registry._FACTORIES", {})
    built = []

    def factory() -> PointMaze:
        built.append(PointMaze(Maze("own", ("####", "#RG#", "####"), cell_size=2.0)))
        return built[-1]

    register_env("own", factory)
    assert list_envs() == ("own",)
    assert not built
    assert make_env("own") is built[0]


def test_listing_names_imports_neither_jax_nor_scipy():
    code = "import sys; from crl_train.envs import list_envs; list_envs(); print({'jax', 'scipy'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
