"""Options mirror the config, lists of numbers are read or refused, and errors become one line."""

import errno
import os

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.cli import run, sweep
from crl_train.cli_options import explained, parse_depths, parse_int_list, parse_seeds
from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, ConfigError
from crl_train.presets import PRESETS


def test_lists_by_hand():
    assert parse_int_list("4,16,64", "--depths") == [4, 16, 64]
    assert parse_int_list("0-2, 7", "--seeds") == [0, 1, 2, 7]
    assert parse_int_list("3,1,3,0-1", "--seeds") == [3, 1, 0]


@settings(max_examples=100)
@given(st.lists(st.integers(0, 10**6), min_size=1, unique=True))
def test_list_comes_back_as_written(numbers):
    assert parse_int_list(",".join(map(str, numbers)), "--seeds") == numbers


@pytest.mark.parametrize(
    "text",
    ["", "4,", "a", "4;16", "2-0", "-3", "1-", "1.5", "0-2-4", "٣", "²", "9" * 5_000, "0-" + "9" * 5_000, "\x1b[2J"],
)
def test_bad_list_is_refused_with_the_option_named(text):
    with pytest.raises(
        ConfigError, match=r"^--depths '.*' is not usable: '.*' is neither a number nor a range such as"
    ):
        parse_int_list(text, "--depths")


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0-99999999999", "100,000,000,000"),
        ("0-10000", "10,001"),
        (",".join(["0-999999999999999999"] * 9), "9,000,"),
        ("5-10004,1", "10,001"),
    ],
)
def test_a_list_is_counted_before_it_is_written_out(text, count):
    with pytest.raises(
        ConfigError, match=rf"^--seeds '.*' is not usable: it stands for {count}.* a list has at most 10,000"
    ):
        parse_int_list(text, "--seeds")
    assert len(parse_int_list("7-10006", "--seeds")) == 10_000


@pytest.mark.parametrize(
    ("text", "wrong", "usable"),
    [
        ("4-16", 5, "4,8,12,16"),
        ("4-18", 5, "4,8,12,16"),
        ("6", 6, "8"),
        ("5-7", 5, "8"),
        ("16,6,0", 6, "16,8,4"),
        ("4,62-70,100", 62, "4,64,68,72,100"),
    ],
)
def test_depths_that_are_none_are_refused_under_their_option_with_those_that_are(text, wrong, usable):
    with pytest.raises(ConfigError) as refused:
        parse_depths(text)
    assert str(refused.value) == (
        f"--depths {text!r} is not usable: {wrong} is no depth: a residual block holds 4 Dense layers, so depths are "
        f"multiples of 4. Use {usable}."
    )
    assert parse_depths(usable)


def test_seeds_end_where_the_config_s_do():
    assert parse_seeds("4294967295,0") == [4294967295, 0]
    with pytest.raises(
        ConfigError, match=r"^--seeds '0,4294967296' is not usable: 4294967296 is too large: seeds go up"
    ):
        parse_seeds("0,4294967296")


def test_every_setting_but_the_environment_is_an_option_with_its_description():
    options = {param.name: param for param in run.params if isinstance(param, click.Option)}
    # A maze comes from a file.
    assert set(TrainConfig.model_fields) - set(options) == {"env", "maze"}
    for name, field in TrainConfig.model_fields.items():
        if name not in ("env", "maze"):
            assert options[name].opts == [f"--{name.replace('_', '-')}"]
            assert options[name].help.startswith(field.description)
            assert options[name].default is None  # not given means the preset decides


@pytest.mark.parametrize("command", [run, sweep], ids=["run", "sweep"])
def test_help_says_what_a_setting_is_under_each_preset(command):
    text = " ".join(CliRunner().invoke(command, ["--help"], terminal_width=80).output.split())
    assert "Units per hidden layer. [smoke=32, laptop=128, paper=256]" in text
    assert "[smoke=20_000, laptop=5_000_000, paper=100_000_000]" in text
    assert "Dimension of the representations φ and ψ. [default: 64]" in text
    assert "[default: the environment's]" in text
    assert "[default: true]" in text
    for preset, values in PRESETS.items():
        for name in values:
            assert f"{preset}=" in next(one for one in command.params if one.name == name).help


def test_help_breaks_no_value_from_its_preset():
    lines = CliRunner().invoke(run, ["--help"], terminal_width=80).output.splitlines()
    assert max(map(len, lines)) <= 90  # the names of losses are one word
    assert not [line for line in lines if line.rstrip().endswith(("=", "[smoke", "paper"))]


def test_help_has_a_heading_for_every_group():
    text = CliRunner().invoke(run, ["--help"]).output
    for field in TrainConfig.model_fields.values():
        assert f"{field.json_schema_extra['group']}:\n" in text


@pytest.mark.parametrize(
    "error",
    [ConfigError("what is wrong: rule. Fix."), CheckpointError("what is wrong: rule. Fix.")],
)
def test_error_of_the_user_is_one_line_and_exit_code_2(error, capsys):
    with pytest.raises(SystemExit) as exit_, explained():
        raise error
    assert exit_.value.code == 2
    assert capsys.readouterr().err == "error: what is wrong: rule. Fix.\n"


def test_error_shows_control_characters_and_sends_none(capsys):
    with pytest.raises(SystemExit), explained():
        raise ConfigError("config file 'a\x1b[2J\nb' cannot be read.")
    assert capsys.readouterr().err == r"error: config file 'a\x1b[2J\nb' cannot be read." + "\n"


def test_full_disk_is_explained_and_other_errors_keep_their_traceback(capsys):
    with pytest.raises(SystemExit), explained():
        raise OSError(28, "No space left on device", "metrics.jsonl")
    assert capsys.readouterr().err == "error: metrics.jsonl cannot be used: No space left on device.\n"
    with pytest.raises(ZeroDivisionError), explained():
        _ = 1 / 0


def test_ctrl_c_is_exit_code_130_and_says_nothing(capsys):
    with pytest.raises(SystemExit) as exit_, explained():
        raise KeyboardInterrupt
    assert exit_.value.code == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("code", [errno.EFBIG, errno.EIO, errno.ENOSPC, errno.EROFS])
def test_a_file_that_cannot_be_written_is_named(code, capsys):
    with pytest.raises(SystemExit) as ended, explained():
        raise OSError(code, os.strerror(code), "run/config.json")
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: run/config.json cannot be used: {os.strerror(code)}.\n"
