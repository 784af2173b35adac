"""The least memory of a run: its parts are those of the real state, and a run that cannot fit is never made."""

import jax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.config import make_config
from crl_train.errors import ConfigError
from crl_train.networks import make_networks
from crl_train.replay import init_replay
from crl_train.run_dir import RunDir
from crl_train.run_envs import training_env
from crl_train.run_record import create_run
from crl_train.run_size import check_size, run_size
from crl_train.training_state import init_training_state
from tests.crl_train.helpers import invoke, tiny_config


def bytes_of(tree):
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


@settings(max_examples=5)
@given(
    st.integers(1, 64),
    st.integers(1, 4),
    st.integers(1, 4),
    st.integers(1, 16),
    st.booleans(),
    st.sampled_from(["float32", "float16"]),
)
def test_sizes_are_those_of_the_state_that_a_run_holds(
    width, actor_blocks, critic_blocks, repr_dim, layer_norm, replay_dtype
):
    config = tiny_config(
        width=width,
        actor_depth=4 * actor_blocks,
        critic_depth=4 * critic_blocks,
        repr_dim=repr_dim,
        layer_norm=layer_norm,
        replay_dtype=replay_dtype,
    )
    env = training_env(config)
    networks = make_networks(config, env.action_dim)
    state = jax.eval_shape(lambda key: init_training_state(config, env, networks, key), jax.random.key(0))
    sizes = run_size(config, env.state_dim, env.action_dim, env.goal_dim, 15)
    learner = state.learner
    assert sizes["width or depth"] == 3 * bytes_of(learner.params)
    # Adam also counts its steps.
    assert 0 <= bytes_of((learner.params, learner.actor_opt, learner.critic_opt)) - sizes["width or depth"] < 100
    assert sizes["max_replay_size or num_envs"] == bytes_of(state.replay) - 4  # the counter of rows


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"width": 30_000, "actor_depth": 4096, "critic_depth": 4096}, "width or depth"),
        ({"num_envs": 10**6, "max_replay_size": 10**7, "total_env_steps": 10**12}, "max_replay_size or num_envs"),
        ({"exploration": "best_of_9999", "num_envs": 10**6, "total_env_steps": 10**12}, "width or K of best_of_K"),
        ({"num_eval_episodes": 10**6, "episode_length": 10**7}, "num_eval_episodes or episode_length"),
        ({"batch_size": 30_000, "width": 20_000, "critic_depth": 40_000}, "width or depth"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_run_that_cannot_fit_leaves_no_folder(tmp_path, values, part):
    config = make_config({"env": "point_u_maze", **values})
    with pytest.raises(
        ConfigError, match=rf"^this run needs at least .* \({part} alone takes .* are free\. Lower {part},"
    ):
        create_run(RunDir(tmp_path / "run"), config, "a test", "pytest")
    assert list(tmp_path.iterdir()) == []


def test_replay_of_a_humanoid_by_hand():
    """10,000 × 512 steps of 268 + 17 numbers, 4 bytes for the trajectory's id and 4 for the newest row of one.

    The state has 268 entries in the reference trainer's humanoid, the largest there is, and 246 in ours.
    """
    config, single = (
        make_config({"env": "humanoid", "replay_dtype": replay_dtype}) for replay_dtype in ("float16", "float32")
    )
    part = "max_replay_size or num_envs"
    assert run_size(config, 268, 17, 3, 1000)[part] == 5_120_000 * (2 * 285 + 8) == 2_959_360_000
    assert run_size(single, 268, 17, 3, 1000)[part] == 5_120_000 * (4 * 285 + 8) == 5_877_760_000
    replay = jax.eval_shape(lambda: init_replay(10_000, 512, 268, 17, config.replay_dtype))
    assert bytes_of(replay) <= 3e9


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_layers_take_half_in_half_precision(precision):
    """Of 2 × 64 layers of 256 × 256 activations; the 256 × 256 energies stay float32."""
    config = make_config({"env": "point_u_maze", "actor_depth": 64, "critic_depth": 64, "precision": precision})
    size = {"float32": 4, "bfloat16": 2}[precision]
    part = run_size(config, 4, 2, 2, 1000)["batch_size, width or depth"]
    assert part == size * 256 * 256 * 128 + 4 * 256 * 256


# Ours: 5,120,000 × (4 × (246 + 17) + 8) = 5.4 GB for the replay, 2.7 GB in float16.
WAY_OUT = (
    "Lower max_replay_size or num_envs, store states and actions with --replay-dtype float16, which brings it to 2.8"
)


@pytest.mark.parametrize(
    ("changes", "free", "begun", "told"),
    [
        ({}, 4, False, True),
        ({}, 2, False, False),  # too little for either
        ({}, 4, True, False),  # a run that is there keeps its type
        ({"replay_dtype": "float16"}, 2, False, False),
    ],
    ids=["fits", "fits neither", "begun", "is float16"],
)
def test_smaller_replay_is_named_where_it_would_fit(monkeypatch, changes, free, begun, told):
    monkeypatch.setattr("crl_train.run_size.free_memory", lambda: free * 10**9)
    config = make_config({"env": "humanoid", **changes})
    with pytest.raises(ConfigError, match=r"\(max_replay_size or num_envs alone takes (5\.4|2\.7) GB\) and") as caught:
        check_size(config, begun=begun)
    assert (WAY_OUT in str(caught.value)) == told


def test_presets_fit_into_a_small_machine(monkeypatch):
    monkeypatch.setattr("crl_train.run_size.free_memory", lambda: 4 * 10**9)
    for preset in ("smoke", "laptop", "paper"):
        check_size(make_config({"env": "point_u_maze", "actor_depth": 64, "critic_depth": 64}, preset))


def test_a_sweep_trains_nothing_if_one_of_its_runs_cannot_fit(tmp_path):
    result = invoke(
        "sweep", "point_u_maze", "--preset", "smoke", "--out", tmp_path, "--depths", "4,40000", "--width", 8_000
    )
    assert result.exit_code == 2
    assert result.stderr.startswith("error: this run needs at least ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--total-env-steps", 10**30), "total_env_steps=1000000000000000000000000000000 is not usable: "),
        (("--width", 10**12), "width=1000000000000 is not usable: input should be less than or equal to 32768."),
        (("--width", 32_000, "--depth", 4096), "this run needs at least "),
        (("--evaluation", "best_of_1000000000"), "evaluation='best_of_1000000000' is not usable: acting is mean, "),
    ],
    ids=lambda value: str(value)[:20],
)
def test_command_refuses_sizes_in_one_line_and_leaves_nothing(tmp_path, options, message):
    result = invoke("run", "point_u_maze", "--preset", "smoke", "--out", tmp_path / "runs", *options)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {message}")
    assert len(result.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
