"""JSON and YAML are read strictly, and whatever else they hold is explained in one short line."""

import datetime
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.errors import CheckpointError, ConfigError
from crl_train.parsing import parse_json, parse_yaml, read_bounded, shortened
from tests.mutations import check_reader, mutations

SETTINGS = (
    b"actor_lr: 3e-4\nwidth: 32\nenergy: dot  # a word\nresidual: false\nnested: {list: [1, 2], day: 2024-01-02}\n"
)
RECORD = b'{"env": "point_u_maze", "width": 32, "versions": {"numpy": "2.4"}, "rows": [1, 2.5, null, true]}\n'

numbers = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
plain = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=100)
@given(plain)
def test_json_is_read_as_it_was_written(value):
    assert parse_json(json.dumps(value), "a file") == value


def test_yaml_of_plain_values_is_read():
    assert parse_yaml(SETTINGS, "a file") == {
        "actor_lr": 3e-4,
        "width": 32,
        "energy": "dot",
        "residual": False,
        "nested": {"list": [1, 2], "day": datetime.date(2024, 1, 2)},
    }
    assert parse_yaml(b"\xef\xbb\xbfwidth: 32", "a file") == {"width": 32}  # as some editors on Windows save it


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a"\n: }', "line 2, column 3: Expecting value"),
        ("", "column 1: Expecting value"),
        (b'{"a": "\xff"}', "byte 7 is not UTF-8"),
        ('{"a": NaN}', "NaN is no number in JSON"),
        ('{"a": -Infinity}', "-Infinity is no number in JSON"),
        ('{"a": 1e999}', "1e999 is beyond the largest float"),
        ('{"a": [{"b": 1, "b": 2}]}', "the key 'b' is given twice"),
        ("9" * 5_000, "a number has 5000 digits"),
        ("[" * 100_000, "it is nested too deeply"),
        ('{"a":' * 100_000, "it is nested too deeply"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_not_json_is_explained_in_one_line(text, reason):
    with pytest.raises(CheckpointError) as caught:
        parse_json(text, "run/config.json", CheckpointError)
    assert str(caught.value) == f"run/config.json is not valid JSON: {reason}. Was it edited or cut short?"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [1", "line 1, column 6: expected ',' or ']', but got '<stream end>'"),
        ("seed: 1\nday: 2024-99-99", "line 2, column 6: '2024-99-99' is not usable (month must be in 1..12)"),
        ("day: 2023-02-30 25:00:00", "line 1, column 6: '2023-02-30 25:00:00' is not usable"),
        ("a: !!int x", "line 1, column 4: 'x' is not usable (invalid literal"),
        ("a: !!float [1]", "line 1, column 4: expected a scalar node"),
        ("a: " + "9" * 5_000, "line 1, column 4: '999"),
        ("a: 1\nb: 2\na: 3", "line 3, column 1: the key 'a' is given twice"),
        ("a: &x [1]\nb: *x", "line 2, column 4: an alias (*name) is not read here"),
        ("[1]: 2", "line 1, column 1: found unhashable key"),
        ("a: !!python/object/apply:os.system ['true']", "line 1, column 4: could not determine a constructor"),
        ("a: \x1b[31m", "unacceptable character"),
        ("a: " + "[" * 50_000, "it is nested too deeply"),
        ("- " * 20_000, "it is nested too deeply"),
    ],
    ids=lambda value: value[:20],
)
def test_what_is_not_yaml_is_explained_in_one_line(text, reason):
    with pytest.raises(ConfigError) as caught:
        parse_yaml(text, "settings.yaml")
    message = str(caught.value)
    assert message.startswith(f"settings.yaml is not valid YAML: {reason}")
    assert message.endswith(". Was it edited or cut short?")
    assert message.isprintable()
    assert len(message) < 500


def test_aliases_that_stand_for_a_billion_values_are_refused_at_once():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    with pytest.raises(ConfigError, match="line 2, column 10: an alias"):
        parse_yaml("\n".join(lines), "settings.yaml")


@pytest.mark.parametrize("parse", [parse_json, parse_yaml], ids=["json", "yaml"])
def test_damaged_text_is_read_or_explained(parse):
    valid = RECORD if parse is parse_json else SETTINGS
    outcomes = check_reader(lambda text: parse(text, "a file"), valid, count=150)
    assert min(outcomes["read"], outcomes["explained"]) > 20


def test_mutations_are_the_same_for_the_same_seed_and_differ_from_the_input():
    first, again, other = (mutations(RECORD, seed) for seed in (3, 3, 4))
    drawn = [next(first) for _ in range(50)]
    assert drawn == [next(again) for _ in range(50)]
    assert drawn != [next(other) for _ in range(50)]
    assert sum(text != RECORD for text in drawn) > 40


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (32, "32"),
        ("a\x1b[31m\nb", r"'a\x1b[31m\nb'"),
        (10**5_000, "a number of about 5000 digits"),
        (-(10**60), "a number of about 60 digits"),
        (list(range(10**6)), "[0, 1, 2, ...]"),
        ({"a": {"b": {"c": {"d": 1}}}}, "{'a': {'b': {'c': {...}}}}"),
    ],
    ids=shortened,
)
def test_values_are_shortened_for_messages(value, text):
    assert shortened(value) == text


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, b"\xff" * 10**6, ["\x1b" * 200] * 9, {"k" * 999: "v" * 999}, "\ud800" * 99],
    ids=["text", "bytes", "list", "dict", "surrogates"],
)
def test_a_shortened_value_is_one_line_of_bounded_length(value):
    assert shortened(value).isprintable()
    assert len(shortened(value)) <= 160


def test_a_value_that_contains_itself_many_times_is_shortened_at_once():
    bomb = ["x"]
    for _ in range(60):
        bomb = [bomb] * 10
    assert len(shortened(bomb)) <= 160


def test_a_file_too_large_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 1_000)
    assert len(read_bounded(path, 1_000, "file")) == 1_000
    with pytest.raises(ConfigError, match=r"^file is too large: more than 999 bytes\."):
        read_bounded(path, 999, "file")


def test_what_may_never_end_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    for path in (Path("/dev/zero"), tmp_path / "pipe", tmp_path / "link"):
        with pytest.raises(ConfigError, match=r"^it is a pipe, a device or a socket: give a regular file"):
            read_bounded(path, 1_000, "it")
    with pytest.raises(IsADirectoryError):
        read_bounded(tmp_path, 1_000, "it")
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 1_000, "it")
