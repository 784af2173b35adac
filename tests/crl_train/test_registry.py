"""Names lead to environments, listing them costs nothing, and a wrong name is explained."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from crl_train.envs import EnvOptions, list_envs, list_families, make_env, register_env, register_family, registry
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


def test_factory_runs_when_its_environment_is_made_and_not_before(monkeypatch):
    monkeypatch.setattr("crl_train.envs.registry._FAMILIES", [])
    built = []

    def factory() -> PointMaze:
        built.append(PointMaze(Maze("own", ("####", "#RG#", "####"), cell_size=2.0)))
        return built[-1]

    register_env("own", factory)
    assert list_envs() == ("own",)
    assert not built
    assert make_env("own") is built[0]
    assert make_env("own") is built[0]  # programs compiled for the environment serve all who name it
    assert len(built) == 1


def kick_family(made, names=("leg_kick_0.1",), **changes):
    """Register legs whose factory keeps the parameters it was called with."""
    parts = {"form": "leg_kick_<noise>", "summary": "a leg kicks", "parameters": {"noise": r"\d+(?:\.\d+)?"}}
    register_family(factory=lambda **parameters: made.append(parameters), names=names, **{**parts, **changes})


def test_family_calls_its_factory_with_the_parameters_of_a_name_listed_or_not(own_registry):
    made = []
    kick_family(made)
    corridor = {"layout": "u_maze|u4_maze", "config": r"[RG]\d"}
    kick_family(made, ["ant_u4_maze_gen_R1"], form="ant_<layout>_gen_<config>", parameters=corridor)
    assert list_envs()[-2:] == ("leg_kick_0.1", "ant_u4_maze_gen_R1")
    assert made == []
    for name in ("leg_kick_0.3", "leg_kick_2", "ant_u_maze_gen_G3"):
        make_env(name)
    assert made == [{"noise": "0.3"}, {"noise": "2"}, {"layout": "u_maze", "config": "G3"}]


@pytest.mark.parametrize("name", ["leg_kick_", "leg_kick_much", "leg_kick_0.3 ", "xleg_kick_0.3", "leg_kick_0x3"])
def test_name_that_only_resembles_a_family_is_refused_with_its_form(own_registry, name):
    kick_family([])
    with pytest.raises(ConfigError, match=r"unknown environment .* Did you mean .*'leg_kick_<noise>'"):
        make_env(name)


def test_literal_text_of_a_form_is_no_regular_expression(own_registry):
    kick_family([], ["leg.v2_1"], form="leg.v2_<noise>")
    with pytest.raises(ConfigError, match="unknown environment 'leg-v2_1'"):
        make_env("leg-v2_1")


def test_on_an_accelerator_the_default_physics_can_be_another(own_registry, monkeypatch):
    made = []
    kick_family(made, backends=("mujoco", "mjx"), on_accelerators="mjx")
    make_env("leg_kick_0.1")
    monkeypatch.setattr(registry, "first_device", lambda: SimpleNamespace(platform="gpu"))
    make_env("leg_kick_0.2")
    make_env("leg_kick_0.3", EnvOptions(backend="mujoco"))
    assert [given_.get("backend") for given_ in made] == [None, "mjx", "mujoco"]


def test_fixed_name_and_family_do_not_share_a_name(own_registry):
    kick_family([])
    with pytest.raises(ConfigError, match=r"environment 'leg_kick_0\.7' is already registered"):
        register_env("leg_kick_0.7", lambda: None)
    register_env("leg_jump_1", lambda: None)
    with pytest.raises(ConfigError, match="environment 'leg_jump_1' is already registered"):
        kick_family([], ["leg_jump_0.1"], form="leg_jump_<noise>")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parameters": {}}, r"form 'leg_kick_<noise>' is not usable with the parameters none: every name in angle"),
        ({"form": "leg_kick"}, r"form 'leg_kick' is not usable with the parameters noise: "),
        ({"names": ["leg_kick_x"]}, r"environment name 'leg_kick_x' is not usable: .* form 'leg_kick_<noise>'"),
    ],
    ids=["no parameters", "no place for one", "name of another form"],
)
def test_family_whose_parts_do_not_fit_is_refused(own_registry, changes, message):
    families = list_families()
    with pytest.raises(ConfigError, match=message):
        kick_family([], **changes)
    assert list_families() == families


def test_listing_names_imports_neither_jax_nor_scipy():
    code = "import sys; from crl_train.envs import list_envs; list_envs(); print({'jax', 'scipy'} & {*sys.modules})"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
