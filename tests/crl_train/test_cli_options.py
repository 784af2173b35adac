"""Options mirror the config, lists of numbers are read or refused, and errors become one line."""

import click
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.cli import run
from crl_train.cli_options import explained, parse_int_list
from crl_train.config import TrainConfig
from crl_train.errors import CheckpointError, ConfigError


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
        ("0-1000", "1,001"),
        (",".join(["0-999999999999999999"] * 9), "9,000,"),
        ("5-1004,1", "1,001"),
    ],
)
def test_a_list_is_counted_before_it_is_written_out(text, count):
    with pytest.raises(
        ConfigError, match=rf"^--seeds '.*' is not usable: it stands for {count}.* a list has at most 1,000"
    ):
        parse_int_list(text, "--seeds")
    assert len(parse_int_list("7-1006", "--seeds")) == 1_000


def test_every_setting_but_the_environment_is_an_option_with_its_description():
    options = {param.name: param for param in run.params if isinstance(param, click.Option)}
    assert set(TrainConfig.model_fields) - set(options) == {"env"}
    for name, field in TrainConfig.model_fields.items():
        if name != "env":
            assert options[name].opts == [f"--{name.replace('_', '-')}"]
            assert options[name].help.startswith(field.description)
            assert options[name].default is None  # not given means the preset decides


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


def test_full_disk_is_explained_and_other_errors_keep_their_traceback(capsys):
    with pytest.raises(SystemExit), explained():
        raise OSError(28, "No space left on device", "metrics.jsonl")
    assert capsys.readouterr().err == "error: metrics.jsonl cannot be used: No space left on device.\n"
    with pytest.raises(ZeroDivisionError), explained():
        _ = 1 / 0
