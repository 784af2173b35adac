"""config.json and metrics.jsonl: written once or line by line, read back whole, and refused when they are not ours."""

import json
import math
import os
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crl_train.errors import (
    CheckpointError,
    ConfigError,
    RunExistsError,
    RunLockedError,
    RunNotFoundError,
    RunRecordError,
)
from crl_train.run_dir import RunDir
from crl_train.run_record import (
    append_metrics,
    change_budget,
    create_run,
    exclusive,
    read_metrics,
    read_record,
    truncate_metrics,
)
from crl_train.version import __version__
from tests.crl_train.helpers import new_run, tiny_config
from tests.mutations import check_reader


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


def test_unknown_key_inside_the_config_is_refused_with_the_nearest(run):
    config = json.loads(run.config.read_text())["config"]
    edit(run, config={**config, "widht": 3})
    with pytest.raises(RunRecordError, match=r"config\.json: unknown setting 'widht': .*Did you mean 'width'\?"):
        read_record(run)


@pytest.mark.parametrize("version", [0, 2, None, "1", True, 1.0, [1], 10**30])
def test_other_format_version_is_refused(run, version):
    edit(run, format_version=version)
    message = rf"has format version {re.escape(repr(version))}: this version of crl-probe reads version 1"
    with pytest.raises(RunRecordError, match=message):
        read_record(run)


@pytest.mark.parametrize("text", ["", "{", '{"format_version": 1, "conf'])
def test_half_written_config_is_refused(run, text):
    run.config.write_text(text)
    with pytest.raises(RunRecordError, match=r"config\.json is not valid JSON: .* Was it edited or cut short\?"):
        read_record(run)


@pytest.mark.parametrize("text", ["[]", "3", '{"format_version": 1}'])
def test_config_of_another_form_is_refused(run, text):
    run.config.write_text(text)
    with pytest.raises(RunRecordError, match=r"config\.json has "):
        read_record(run)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"colour": "red"}, r"has the unknown key colour: was it edited\?"),
        ({"\x1b[31m": 1}, r"has the unknown key \\x1b\[31m: was it edited\?"),
        ({"versions": None}, r"has versions=None \(input should be a valid dictionary\): was it edited\?"),
        ({"versions": {"jax": 1}}, r"has versions\.jax=1 \(input should be a valid string\)"),
        ({"device": ["cpu"]}, r"has device=\['cpu'\] \(input should be a valid string\)"),
        ({"command": None}, r"has command=None \(input should be a valid string\)"),
        ({"created": "yesterday"}, r"has created='yesterday' \(it is a time, such as 2026-"),
        ({"created": 0}, r"has created=0 \(input should be a valid string\)"),
        ({"config": None}, r": None is no set of settings"),
        ({"config": ["env"]}, r": \['env'\] is no set of settings"),
    ],
    ids=str,
)
def test_record_of_other_types_is_refused(run, changes, reason):
    edit(run, **changes)
    with pytest.raises(RunRecordError, match=rf"^{re.escape(str(run.config))}:? ?{reason}"):
        read_record(run)


@pytest.mark.parametrize(
    "changes", [{"episode_length": 10**12}, {"width": 10**30}, {"evaluation": "best_of_" + "9" * 99}]
)
def test_settings_beyond_any_machine_are_refused(run, changes):
    edit(run, config={**json.loads(run.config.read_text())["config"], **changes})
    with pytest.raises(RunRecordError, match=rf"config\.json: {next(iter(changes))}=.* is not usable: "):
        read_record(run)


def test_texts_are_shown_and_not_obeyed(run):
    edit(run, device="\x1b[31mcpu\x07", command="crl-train run 'a\nb'", versions={"jax": "\udcff1", "φ": "2"})
    record = read_record(run)[1]
    assert (record["device"], record["command"]) == (r"\x1b[31mcpu\x07", r"crl-train run 'a\nb'")
    assert record["versions"] == {"jax": r"\xff1", "φ": "2"}


def test_a_run_whose_command_line_is_not_utf8_can_be_read(tmp_path):
    run = RunDir(tmp_path / "run")
    create_run(run, tiny_config(), "a test", os.fsdecode(b"crl-train --out \xff"))
    assert read_record(run)[1]["command"] == r"crl-train --out \xff"


def test_damaged_config_is_read_or_explained(run):
    def read(text):
        run.config.write_bytes(text)
        return read_record(run)

    outcomes = check_reader(read, run.config.read_bytes(), count=150)
    assert min(outcomes["read"], outcomes["explained"]) > 5


def test_run_that_another_process_makes_at_the_same_time_is_told_as_existing(tmp_path, monkeypatch):
    run = RunDir(tmp_path / "run")

    def other_is_first(place):
        monkeypatch.undo()
        new_run(place, tiny_config(seed=3))

    monkeypatch.setattr("crl_train.run_record.require_locks", other_is_first)
    with pytest.raises(RunExistsError, match="exists: runs are never overwritten"):
        create_run(run, tiny_config(seed=4), "a test", "pytest")
    assert read_record(run)[0].seed == 3
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


# --- locked ----------------------------------------------------------------------------------------------


def test_run_is_one_process_s_alone(run):
    with exclusive(run), pytest.raises(RunLockedError, match="is being trained by another process"), exclusive(run):
        pass
    with exclusive(run):
        pass


def test_lock_on_a_config_that_was_replaced_meanwhile_is_taken_on_the_new_one(run, monkeypatch):
    """Between opening and locking, another process changes the budget: the file that was opened is no longer there."""
    locked = []

    def lock(file, path):
        if not locked:
            run.config.with_suffix(".new").write_text(run.config.read_text())
            run.config.with_suffix(".new").rename(run.config)
        locked.append(os.fstat(file.fileno()).st_ino)
        return True

    monkeypatch.setattr("crl_train.run_record.try_lock", lock)
    with exclusive(run):
        assert locked[1:] == [run.config.stat().st_ino]
        assert locked[0] != locked[1]


# --- another budget --------------------------------------------------------------------------------------


def test_budget_is_changed_in_place_and_both_commands_are_kept(run):
    changed = change_budget(run, 1500, "crl-train resume it --total-env-steps 1500")
    config, record = read_record(run)
    assert config == changed == tiny_config(seed=3, total_env_steps=1440, num_epochs=4)
    assert record["command"] == "pytest && crl-train resume it --total-env-steps 1500"
    before = run.config.read_bytes()
    assert change_budget(run, 1500, "again") == changed
    assert run.config.read_bytes() == before


@pytest.mark.parametrize("total", [1, 1119, 1439])
def test_budget_that_is_spent_is_refused_and_the_config_stays(finished_run, total, tmp_path):
    copy = RunDir(shutil.copytree(finished_run.path, tmp_path / "copy"))
    before = copy.config.read_bytes()
    if total == 1439:  # no further epoch fits
        assert change_budget(copy, total, "").total_env_steps == 1120
    else:
        with pytest.raises(ConfigError, match=rf"^total_env_steps={total} is too small: 1120 steps are trained"):
            change_budget(copy, total, "")
    assert copy.config.read_bytes() == before


def test_budget_of_a_run_that_is_being_trained_stays(run):
    before = run.config.read_bytes()
    with exclusive(run), pytest.raises(RunLockedError):
        change_budget(run, 1500, "")
    assert run.config.read_bytes() == before


# --- metrics.jsonl ---------------------------------------------------------------------------------------

finite = st.none() | st.integers(-(10**300), 10**300) | st.floats(allow_nan=False, allow_infinity=False)
rows = st.lists(st.dictionaries(st.text(max_size=8), finite, max_size=4), max_size=4).map(
    lambda rows: [{**row, "env_steps": 80 * (number + 1)} for number, row in enumerate(rows)]
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


def test_metrics_that_are_no_file_are_refused(tmp_path):
    run = RunDir(tmp_path)
    os.mkfifo(run.metrics)
    for read in (read_metrics, lambda run: truncate_metrics(run, 5)):
        with pytest.raises(RunRecordError, match=r"metrics\.jsonl is a pipe, a device or a socket"):
            read(run)
    run.metrics.unlink()
    run.metrics.mkdir()
    with pytest.raises(RunRecordError, match=r"metrics\.jsonl cannot be read: Is a directory"):
        read_metrics(run)


def test_value_that_is_not_finite_is_never_written(run):
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_metrics(run, {"loss": math.nan})
    assert read_metrics(run) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("[1]", r"is \[1\]: a line is an object of numbers\."),
        ("5", r"is 5: a line is an object of numbers\."),
        ("null", r"is None: a line is an object of numbers\."),
        ("{}", r"has no env_steps: every line says after how many steps"),
        ('{"env_steps": null}', r"has env_steps=None: it is a whole number that rises from line to line \(160 in the"),
        ('{"env_steps": "240"}', r"has env_steps='240': a value is a finite number or null\."),
        ('{"env_steps": true}', r"has env_steps=True: a value is"),
        ('{"env_steps": 240.0}', r"has env_steps=240\.0: it is a whole number"),
        ('{"env_steps": 160}', r"has env_steps=160: it is a whole number that rises"),
        ('{"env_steps": -1}', r"has env_steps=-1: it is a whole number that rises"),
        ('{"env_steps": 1' + "0" * 30 + "}", r"has env_steps=1000000000000000000000000000000: .* up to 2\*\*53"),
        ('{"env_steps": ' + "9" * 5_000 + "}", r"is not valid JSON: a number has 5000 digits\."),
        ("[" * 9_000, r"is not valid JSON: it is nested too deeply\."),
        ('{"env_steps": 240, "loss": NaN}', r"is not valid JSON: NaN is no number in JSON\."),
        ('{"env_steps": 240, "loss": 1e999}', r"is not valid JSON: 1e999 is beyond the largest float\."),
        ('{"env_steps": 240, "loss": 1' + "0" * 320 + "}", r"has loss=a number of about 320 digits: a value is"),
        ('{"env_steps": 240, "loss": [0.5]}', r"has loss=\[0\.5\]: a value is a finite number or null\."),
        ('{"env_steps": 240, "\\u001b[2J": ""}', r"has \\x1b\[2J='': a value is a finite number or null\."),
        ('{"env_steps": 240, "loss": 1, "loss": 2}', r"is not valid JSON: the key 'loss' is given twice\."),
        ('{"env_steps": 240,', r"is not valid JSON: column 19: "),
        ("", r"is not valid JSON: column 1: "),
        ("x" * 1_500_000, r"is not valid JSON: column 1: "),
    ],
    ids=lambda text: text[:30],
)
def test_damaged_line_is_told_by_its_number_and_costs_no_line(run, line, reason):
    good = '{"env_steps": 80}\n{"env_steps": 160}\n'
    run.metrics.write_text(f'{good}{line}\n{{"env_steps": 320}}\n')
    for read in (read_metrics, lambda run: truncate_metrics(run, 100)):
        with pytest.raises(RunRecordError, match=rf"^{re.escape(str(run.metrics))}, line 3, {reason}") as caught:
            read(run)
        assert str(caught.value).endswith(" Mend or remove that line: no checkpoint depends on it.")
        assert run.metrics.read_text() == f'{good}{line}\n{{"env_steps": 320}}\n'
    run.metrics.write_text(f'{good}{{"env_steps": 320}}\n')  # as the message says
    assert len(read_metrics(run)) == 3


def test_lines_that_stay_keep_every_byte(run):
    run.metrics.write_bytes(b'{"env_steps":1,  "loss": 0.10}\r\n{"env_steps": 2}\n')
    truncate_metrics(run, 1)
    assert run.metrics.read_bytes() == b'{"env_steps":1,  "loss": 0.10}\r\n'


def test_damaged_metrics_are_read_or_explained(run):
    for step in (80, 160, 240):
        append_metrics(
            run, {"epoch": step // 80, "env_steps": step, "critic/loss": 1 / step, "eval/time_to_goal": None}
        )

    def read(text):
        run.metrics.write_bytes(text)
        return read_metrics(run)

    outcomes = check_reader(read, run.metrics.read_bytes(), count=200)
    assert min(outcomes["read"], outcomes["explained"]) > 20


def test_what_a_killed_process_has_left_is_in_nobodys_way(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", killed)
        with pytest.raises(KeyboardInterrupt):
            new_run(tmp_path / "run", tiny_config(seed=1))
    assert len(list(tmp_path.iterdir())) == 1
    assert read_record(new_run(tmp_path / "run", tiny_config(seed=3)))[0].seed == 3


def killed(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["[!x]", "back\\slash", "ünï", "\udcff", "two\nlines"], ids=ascii)
def test_a_run_may_have_any_name(tmp_path, name):
    assert read_record(new_run(tmp_path / name / name, tiny_config(seed=5)))[0].seed == 5


@pytest.mark.parametrize("odd", ["a[b]", "back\\slash", "ünï"])
def test_a_path_that_the_storage_library_would_misread_is_refused_before_anything_is_made(tmp_path, monkeypatch, odd):
    (tmp_path / "t[m]p").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "t[m]p"))
    with pytest.raises(CheckpointError, match=r"cannot be written: set TMPDIR to a folder of plain letters"):
        new_run(tmp_path / odd / "run", tiny_config())
    assert [path.name for path in tmp_path.iterdir()] == ["t[m]p"]
