"""Settings are frozen, checked when made, the same after a trip through JSON, and refused in one helpful line."""

import json
import re

import pydantic
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.config import TrainConfig, config_from_values, make_config, read_overrides
from crl_train.errors import ConfigError, RunRecordError
from crl_train.presets import PRESETS
from tests.mutations import check_reader


def make(**values):
    return make_config({"env": "point_u_maze", **values})


# --- values ----------------------------------------------------------------------------------------------


def test_defaults_are_those_of_the_reference_trainer():
    config = make()
    assert (config.total_env_steps, config.num_epochs, config.num_envs, config.unroll_length) == (10**8, 100, 512, 62)
    assert (config.updates_per_unroll, config.batch_size, config.width, config.repr_dim) == (800, 256, 256, 64)
    assert (config.actor_lr, config.critic_lr, config.entropy_lr) == (3e-4, 3e-4, 3e-4)
    assert (config.discount, config.logsumexp_penalty, config.target_entropy_scale) == (0.99, 0.1, 0.5)
    assert (config.max_replay_size, config.min_replay_size, config.num_eval_episodes) == (10_000, 1_000, 128)
    assert (config.energy, config.contrastive_loss, config.activation) == ("norm", "forward_infonce", "swish")
    assert config.layer_norm
    assert config.residual
    assert config.entropy_bonus


def test_name_and_depth():
    assert (make(actor_depth=8, critic_depth=8, seed=2).name, make().depth) == ("point_u_maze_d8_s2", 4)
    uneven = make(actor_depth=8, critic_depth=16)
    assert (uneven.name, uneven.depth) == ("point_u_maze_a8c16_s0", None)


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_usable_and_give_way_to_values(preset):
    assert make_config({"env": "point_u_maze", "width": 48}, preset).width == 48


def test_config_is_frozen():
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        make().width = 3


@settings(max_examples=50)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 300),
    st.floats(1e-8, 10),
    st.floats(0.001, 0.9999999),
    st.booleans(),
    st.sampled_from(["mean", "sample", "best_of_2", "best_of_17"]),
    st.none() | st.integers(1, 1000),
)
def test_json_round_trip(seed, blocks, rate, discount, residual, evaluation, episode_length):
    config = make(
        seed=seed,
        critic_depth=4 * blocks,
        actor_lr=rate,
        discount=discount,
        residual=residual,
        evaluation=evaluation,
        episode_length=episode_length,
    )
    assert config_from_values(json.loads(config.model_dump_json()), "config.json") == config
    assert config_from_values(json.loads(json.dumps(config.model_dump())), "config.json") == config


def test_json_of_before_a_setting_with_a_default_existed_is_read():
    values = json.loads(make().model_dump_json())
    for setting in ("eval_env", "precision", "replay_dtype"):
        del values[setting]
    assert config_from_values(values, "config.json") == make()


# --- bad values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"actor_depth": 6}, r"actor_depth=6 is not usable: a residual block holds 4 Dense layers, so depth must be a "
                             r"positive multiple of 4\. Use 4 or 8\."),
        ({"critic_depth": 1023}, r"critic_depth=1023 is not usable: .* Use 1020 or 1024\."),
        ({"critic_depth": 0}, r"critic_depth=0 is not usable: .* Use 4\."),
        ({"actor_depth": -4}, r"actor_depth=-4 is not usable: .* Use 4\."),
        ({"num_envs": -1}, r"num_envs=-1 is not usable: input should be greater than or equal to 1\."),
        ({"width": 0}, r"width=0 is not usable: .*"),
        ({"batch_size": 1}, r"batch_size=1 is not usable: .*"),
        ({"discount": 1.0}, r"discount=1\.0 is not usable: input should be less than 1\."),
        ({"actor_lr": 0.0}, r"actor_lr=0\.0 is not usable: .*"),
        ({"actor_lr": float("nan")}, r"actor_lr=nan is not usable: .*"),
        ({"width": "wide"}, r"width='wide' is not usable: input should be a valid integer\."),
        ({"num_envs": 2.5}, r"num_envs=2\.5 is not usable: .*"),
        ({"energy": "manhattan"}, r"energy='manhattan' is not usable: input should be 'norm', 'l2', .*\."),
        ({"evaluation": "best_of_0"}, r"evaluation='best_of_0' is not usable: .*"),
        ({"precision": "float16"}, r"precision='float16' is not usable: input should be 'float32' or 'bfloat16'\."),
        ({"replay_dtype": "int8"}, r"replay_dtype='int8' is not usable: input should be 'float32' or 'float16'\."),
        ({"batch_sise": 8}, r"unknown setting 'batch_sise': no setting has this name\. Did you mean 'batch_size'\?"),
        ({"zzz": 8}, r"unknown setting 'zzz': no setting has this name\. There are: env, seed, .*\."),
        ({"num_envs": 2, "min_replay_size": 10, "batch_size": 21},
         r"batch_size=21 is more than the replay holds at the first update: num_envs × min_replay_size = 2 × 10 = 20 "
         r"steps\. Lower batch_size or raise one of those\."),
        ({"min_replay_size": 11, "max_replay_size": 10, "unroll_length": 5}, r"min_replay_size=11 can never be .*"),
        ({"unroll_length": 11, "max_replay_size": 10}, r"unroll_length=11 does not fit: .*"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)  # fmt: skip
def test_bad_value_is_refused_in_one_line(values, message):
    with pytest.raises(ConfigError, match=f"^{message}$"):
        make(**values)


def test_batch_as_large_as_the_replay_is_fine():
    assert make(num_envs=2, min_replay_size=10, batch_size=20).batch_size == 20


def test_missing_environment_and_unknown_preset():
    with pytest.raises(ConfigError, match=r"^env is missing: every run needs one\.$"):
        make_config({})
    with pytest.raises(ConfigError, match=r"^unknown preset 'huge': there are smoke, laptop, paper\.$"):
        make_config({"env": "point_u_maze"}, "huge")


def test_errors_in_a_file_name_the_file_and_are_of_its_kind():
    with pytest.raises(RunRecordError, match=r"^there/config\.json: width=0 is not usable"):
        config_from_values({"env": "point_u_maze", "width": 0}, "there/config.json", RunRecordError)
    with pytest.raises(
        ConfigError, match=r"^there/config\.json: \[\] is no set of settings: they are names with values\."
    ):
        config_from_values([], "there/config.json")


def is_count(field):
    return field.annotation in (int, int | None)


@pytest.mark.parametrize("name", [name for name, field in TrainConfig.model_fields.items() if is_count(field)])
@pytest.mark.parametrize("value", [2**53 + 1, 10**30, 10**5_000], ids=["2**53 + 1", "10**30", "10**5000"])
def test_every_count_has_a_largest_value_and_is_refused_beyond(name, value):
    with pytest.raises(ConfigError) as caught:
        make(**{name: value})
    assert re.match(rf"{name}=.* is not usable: input should be less than or equal to [0-9]+\.$", str(caught.value))


def test_steps_of_one_environment_are_counted_in_32_bits():
    assert make(total_env_steps=2**31 - 1, num_envs=1).num_envs == 1
    assert make(total_env_steps=512 * (2**31 - 1)).num_envs == 512
    with pytest.raises(
        ConfigError, match=r"^total_env_steps=2147483648 is too large: it takes 2147483648 steps in each"
    ):
        make(total_env_steps=2**31, num_envs=1)


@pytest.mark.parametrize("mode", ["best_of_1000000000", "best_of_10000", "best_of_-1", "sample\n", "best_of_٣"])
@pytest.mark.parametrize("name", ["evaluation", "exploration"])
def test_acting_is_told_by_its_rule(name, mode):
    with pytest.raises(ConfigError, match=rf"^{name}='.*' is not usable: acting is mean, .* with K up to 9999\.$"):
        make(**{name: mode})


def test_values_in_messages_are_short():
    with pytest.raises(ConfigError) as caught:
        make(width=[["x" * 10**6] * 10**5] * 10**5)
    assert len(str(caught.value)) < 300
    with pytest.raises(ConfigError) as caught:
        make(**{"\x1b[31m" * 10**5: 1})
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 1_000


# --- files of settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [("3e-4", 3e-4), ("1E-3", 1e-3), ("3.0e-4", 3e-4), ("0.001", 0.001), ("1e+0", 1.0)],
)
def test_yaml_numbers_with_an_exponent_are_numbers(tmp_path, text, value):
    path = tmp_path / "settings.yaml"
    path.write_text(f"actor_lr: {text}\nenergy: dot  # a word stays a word\nresidual: false\nwidth: 32\n")
    overrides = read_overrides(path)
    assert overrides == {"actor_lr": value, "energy": "dot", "residual": False, "width": 32}
    assert make(**overrides).actor_lr == value


def test_json_is_read_as_well(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"actor_lr": 3e-4, "episode_length": None, "energy": "dot"}))
    assert read_overrides(path) == {"actor_lr": 3e-4, "episode_length": None, "energy": "dot"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"config file '.*' cannot be read: No such file or directory\."),
        ("a: [1", r"config file '.*' is not valid YAML: line 1, column 6: .* Was it edited or cut short\?"),
        (
            "width: 32\nwidth: 64",
            r"config file '.*' is not valid YAML: line 2, column 1: the key 'width' is given twice.*",
        ),
        ("#" * 100_001, r"config file '.*' is too large: more than 100,000 bytes\. Is it the right file\?"),
        ("just words", r"config file '.*' holds no settings: write one `name: value` a line\."),
        ("", r"config file '.*' holds no settings: .*"),
    ],
)
def test_unusable_file_is_refused_in_one_line(tmp_path, text, message):
    path = tmp_path / "settings.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=f"^{message}$"):
        read_overrides(path)


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_damaged_file_of_settings_is_read_or_explained(tmp_path, suffix):
    values = {"actor_lr": 3e-4, "width": 32, "energy": "dot", "residual": False, "total_env_steps": 20_000}
    text = json.dumps(values) if suffix == "json" else "".join(f"{name}: {value}\n" for name, value in values.items())
    path = tmp_path / f"settings.{suffix}"

    def read(text):
        path.write_bytes(text)
        return make_config({**read_overrides(path), "env": "point_u_maze"})

    outcomes = check_reader(read, text.encode(), count=150)
    assert min(outcomes["read"], outcomes["explained"]) > 3


def test_every_setting_is_described_and_has_a_group():
    for name, field in TrainConfig.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert field.json_schema_extra["group"], name
