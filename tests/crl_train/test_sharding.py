"""A run that several devices share gives the numbers of one device, and goes on on any number of them.

There is one device here, so eight are forced on the processor, in one process for all tests.
"""

import functools
import json
import math
import os
import re
import subprocess
import sys
import types

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax.sharding import AbstractMesh

from crl_train.compiled_steps import compiled_steps
from crl_train.device_mesh import AXIS, device_mesh
from crl_train.errors import ConfigError
from crl_train.networks import make_networks
from crl_train.run_envs import training_env
from crl_train.run_size import check_size
from crl_train.sharding import require_shardable, state_layout
from crl_train.training_state import init_training_state
from tests.crl_train.helpers import refused, tiny_config

# --- eight devices -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What ``shared_by_devices`` prints."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8"
    done = subprocess.run(
        [sys.executable, "-m", "tests.crl_train.shared_by_devices", str(tmp_path_factory.mktemp("shared"))],
        env={**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_numbers_are_those_of_one_device_up_to_rounding(found):
    compared = found["compared"]
    # Both take other orders of the same sums. Twenty steps of environments that the actor of 9 layers moves, with an
    # eps of 1.2e-7 in each; three updates by a loss over 16 × 16 pairs, of which Adam divides gradients by their size.
    assert compared["collected"] < 1e-5
    assert compared["distances"] < 1e-4
    assert {name: value for name, value in compared["metrics"].items() if not value < 1e-4} == {}
    assert compared["params"] < 1e-2  # a step of 3e-4 is as large where a gradient is nearly 0 and its sign open
    assert compared["replay_part"] == [60, 1, 4]  # of 8 slots each device holds one


@pytest.mark.slow
def test_no_device_ever_gets_the_replay_whole(found):
    programs = found["programs"]
    assert programs["replay"] == 60 * 8  # entries of its smallest array
    assert programs["collect"] < 60 * 8
    # ψ of the whole batch (16, 8) each device does need: it computes that of its own goals alone.
    assert 16 * 8 <= programs["learn"] < 60 * 8


@pytest.mark.slow
@pytest.mark.parametrize("way", ["from_eight_to_one", "from_one_to_eight"])
def test_a_run_goes_on_on_another_number_of_devices_from_the_state_that_was_saved(found, way):
    assert found[way] == {"same": True, "complete": True}


@pytest.mark.slow
def test_the_command_trains_on_all_devices_and_records_them(found):
    assert found["whole_run"]["device"] == "cpu × 8"
    assert " on cpu × 8: " in found["whole_run"]["printed"]


@pytest.mark.slow
def test_a_stopped_run_says_how_to_go_on_on_as_many_devices(found):
    code, line = found["whole_run"]["stopped"]
    assert code == 75
    assert re.fullmatch(r"Saved\. Continue with: crl-train resume \S+/stopped --devices 8", line)


@pytest.mark.slow
def test_more_devices_than_there_are_leave_nothing(found):
    assert found["too_many"] == (
        "error: --devices 9 is not usable: JAX finds 8 cpu devices here. Give a number from 1 to 8, or all.\n"
    )
    assert found["left"] == ["first", "second", "settings.json", "stopped", "whole"]


# --- layout --------------------------------------------------------------------------------------------------


def parts_of(config, devices):
    """In how many equal parts the leaves of each piece of a state are; an error if one does not divide."""
    env = training_env(config)
    init = functools.partial(init_training_state, config, env, make_networks(config, env.action_dim))
    state = jax.eval_shape(init, jax.random.key(0))
    layout = state_layout(AbstractMesh((devices,), (AXIS,)), state)

    def parts(piece):
        leaves = zip(jax.tree.leaves(getattr(state, piece)), jax.tree.leaves(getattr(layout, piece)), strict=True)
        # Some physics has arrays without entries.
        return {leaf.size // math.prod(where.shard_shape(leaf.shape)) for leaf, where in leaves if leaf.size}

    assert jax.tree.structure(layout) == jax.tree.structure(state)
    return {piece: parts(piece) for piece in ("learner", "slots", "replay", "key")}


@settings(max_examples=10)
@given(st.integers(2, 16), st.integers(1, 4))
def test_every_leaf_divides_by_devices_that_are_not_refused(devices, factor):
    config = tiny_config(num_envs=devices * factor, batch_size=2 * devices, total_env_steps=10**6)
    require_shardable(config, devices)
    # Of the replay the count of rows is whole.
    assert parts_of(config, devices) == {"learner": {1}, "slots": {devices}, "replay": {1, devices}, "key": {1}}


def test_bodies_and_fixed_starts_are_split_as_well():
    config = tiny_config(env="reacher", reference="scaling-crl")
    assert parts_of(config, 4) == {"learner": {1}, "slots": {4}, "replay": {1, 4}, "key": {1}}


# --- refusals ------------------------------------------------------------------------------------------------


def test_what_devices_cannot_share_equally_is_refused():
    for name, value, usable in (("num_envs", 8, 9), ("batch_size", 16, 18)):
        config = tiny_config(**{"num_envs": 9, "batch_size": 18, name: value})
        with pytest.raises(ConfigError) as error:
            require_shardable(config, 3)
        assert str(error.value) == (
            f"{name}={value} is not usable with --devices 3: each takes an equal part. Use a multiple of 3, such as "
            f"{usable}, or another number of devices."
        )
    require_shardable(tiny_config(num_envs=9, batch_size=18), 3)


def test_physics_from_outside_of_jax_is_refused():
    with pytest.raises(ConfigError) as error:
        require_shardable(tiny_config(env="cheetah", backend="mujoco"), 2)
    assert str(error.value) == (
        "backend='mujoco' is not usable with --devices 2: one call from outside of JAX steps all its copies. Use "
        "another --backend, or --devices 1."
    )


@pytest.mark.parametrize(
    ("devices", "message"),
    [
        ("2", "--devices 2 is not usable: JAX finds 1 cpu device here. Give a number from 1 to 1, or all.\n"),
        ("0", "--devices 0 is not usable: JAX finds 1 cpu device here. Give a number from 1 to 1, or all.\n"),
        ("many", "--devices 'many' is not usable: give a number of devices, or all.\n"),
        ("-1", "--devices '-1' is not usable: give a number of devices, or all.\n"),
    ],
)
@pytest.mark.parametrize("words", [("run", "point_u_maze"), ("sweep", "point_u_maze")], ids=lambda words: words[0])
def test_command_refuses_devices_in_one_line_and_leaves_nothing(tmp_path, monkeypatch, devices, message, words):
    monkeypatch.setattr(jax, "local_devices", lambda: jax.devices("cpu")[:1])
    out = tmp_path / "runs"
    assert refused(*words, "--preset", "smoke", "--out", out, "--devices", devices) == message
    assert not out.exists()


def test_one_device_is_no_mesh(monkeypatch):
    monkeypatch.setattr(jax, "local_devices", lambda: jax.devices("cpu")[:1])
    assert device_mesh(1) is device_mesh("all") is None
    config = tiny_config()
    assert compiled_steps(config, mesh=device_mesh("all")) is compiled_steps(config)
    assert compiled_steps(config).layout is None


def test_resume_with_devices_that_are_not_there_leaves_the_run_as_it_is(finished_run):
    before = finished_run.config.read_bytes()
    message = refused("resume", finished_run.path, "--total-env-steps", 10**5, "--devices", 100)
    assert message.startswith("--devices 100 is not usable: JAX finds ")
    assert finished_run.config.read_bytes() == before


@pytest.mark.parametrize(("platform", "free"), [("cpu", 1_000), ("gpu", 4_000)])
def test_each_device_needs_room_for_its_part_and_for_all_networks(monkeypatch, platform, free):
    monkeypatch.setattr("crl_train.run_size.first_device", lambda: types.SimpleNamespace(platform=platform))
    monkeypatch.setattr("crl_train.run_size.free_memory", lambda: 4_000)
    asked = []
    monkeypatch.setattr(
        "crl_train.run_size.require_memory", lambda what, parts, free, way_out: asked.append((parts, free))
    )
    for devices in (1, 4):
        check_size(tiny_config(), devices=devices)
    (alone, _), (shared, of_each) = asked
    # 60 rows of 8 slots: a state of 4, an action of 2, the trajectory, and the trajectory's last row, 4 bytes each.
    assert (alone["max_replay_size or num_envs"], shared["max_replay_size or num_envs"]) == (15_360, 3_840)
    assert alone["width or depth"] == shared["width or depth"]
    assert of_each == free  # processors of one machine have one memory
