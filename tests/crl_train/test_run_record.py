"""config.json and metrics.jsonl: written once or line by line, read back whole, and refused when they are not ours."""

import json
import math
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.errors import CheckpointError, ConfigError, RunExistsError, RunNotFoundError
from crl_train.run_dir import RunDir
from crl_train.run_record import (
    append_metrics,
    create_run,
    read_metrics,
    read_record,
    truncate_metrics,
)
from crl_train.version import __version__
from tests.crl_train.helpers import new_run, tiny_config


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "run", tiny_config(seed=3))


def edit(run, **changes):
    record = json.loads(run.config.read_text())
    run.config.write_text(json.dumps({**record, **changes}))


# --- config.json -----------------------------------------------------------------------------------------


def test_record_comes_back_with_versions_device_and_command(run):
    config, record = read_record(run)
    assert config == tiny_config(seed=3)
    assert record["format_version"] == 1
    assert record["versions"]["crl-probe"] == __version__
    assert {"python", "jax", "flax", "optax", "orbax-checkpoint", "numpy"} <= set(record["versions"])
    assert (record["device"], record["command"]) == ("a test", "pytest")


def test_existing_run_is_refused_with_the_command_that_continues_it(run):
    message = rf"^run '{run.path}' exists: runs are never overwritten\. Continue it with `crl-train resume {run.path}`"
    with pytest.raises(RunExistsError, match=message):
        create_run(run, tiny_config(), "a test", "pytest")
    assert read_record(run)[0].seed == 3


def test_existing_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunExistsError, match="exists and is not a run"):
        create_run(RunDir(tmp_path), tiny_config(), "a test", "pytest")


def test_place_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CheckpointError, match=r"run directory '.*file/run' cannot be written: Not a directory"):
        create_run(RunDir(tmp_path / "file" / "run"), tiny_config(), "a test", "pytest")


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes into read-only folders")
def test_read_only_place_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CheckpointError, match=r"cannot be written: Permission denied\. Choose another place"):
            create_run(RunDir(tmp_path / "run"), tiny_config(), "a test", "pytest")
    finally:
        tmp_path.chmod(0o700)


def test_run_that_is_not_there_is_told_from_a_folder_that_is_no_run(tmp_path):
    with pytest.raises(RunNotFoundError, match=r"nowhere' does not exist\.$"):
        read_record(RunDir(tmp_path / "nowhere"))
    with pytest.raises(RunNotFoundError, match=r"is not a run: it has no config\.json\.$"):
        read_record(RunDir(tmp_path))


def test_unknown_key_beside_the_config_is_refused(run):
    edit(run, colour="red")
    with pytest.raises(ConfigError, match=r"config\.json has unknown keys colour"):
        read_record(run)


def test_unknown_key_inside_the_config_is_refused_with_the_nearest(run):
    config = json.loads(run.config.read_text())["config"]
    edit(run, config={**config, "widht": 3})
    with pytest.raises(ConfigError, match=r"config\.json: unknown setting 'widht': .*Did you mean 'width'\?"):
        read_record(run)


@pytest.mark.parametrize("version", [0, 2, None, "1"])
def test_other_format_version_is_refused(run, version):
    edit(run, format_version=version)
    with pytest.raises(
        ConfigError, match=rf"has format version {version!r}: this version of crl-probe reads version 1"
    ):
        read_record(run)


@pytest.mark.parametrize("text", ["", "{", '{"format_version": 1, "conf'])
def test_half_written_config_is_refused(run, text):
    run.config.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json is not valid JSON: .* Was it edited or cut short\?"):
        read_record(run)


@pytest.mark.parametrize("text", ["[]", "3", '{"format_version": 1}'])
def test_config_of_another_form_is_refused(run, text):
    run.config.write_text(text)
    with pytest.raises(ConfigError, match=r"config\.json has "):
        read_record(run)


# --- metrics.jsonl ---------------------------------------------------------------------------------------

rows = st.lists(
    st.dictionaries(
        st.text(max_size=8), st.none() | st.integers() | st.floats(allow_nan=False, allow_infinity=False), max_size=4
    ),
    max_size=4,
)


@settings(max_examples=50)
@given(rows)
def test_lines_come_back_to_the_bit(tmp_path_factory, rows):
    run = RunDir(tmp_path_factory.mktemp("run"))
    for row in rows:
        append_metrics(run, row)
    assert read_metrics(run) == rows


def test_line_that_a_crash_cut_short_is_left_out_and_does_not_spoil_the_next(run):
    append_metrics(run, {"env_steps": 1})
    with run.metrics.open("a") as file:
        file.write('{"env_steps": 2, "critic/lo')
    assert read_metrics(run) == [{"env_steps": 1}]
    truncate_metrics(run, 5)
    append_metrics(run, {"env_steps": 3})
    assert read_metrics(run) == [{"env_steps": 1}, {"env_steps": 3}]


def test_lines_after_a_resume_point_are_dropped(run):
    for step in (1, 2, 3):
        append_metrics(run, {"env_steps": step})
    truncate_metrics(run, 2)
    assert [row["env_steps"] for row in read_metrics(run)] == [1, 2]
    truncate_metrics(run, 0)
    assert read_metrics(run) == []


def test_no_file_is_no_lines(tmp_path):
    assert read_metrics(RunDir(tmp_path)) == []
    truncate_metrics(RunDir(tmp_path), 5)
    assert list(tmp_path.iterdir()) == []


def test_value_that_is_not_finite_is_never_written(run):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_metrics(run, {"loss": math.nan})
    assert read_metrics(run) == []
