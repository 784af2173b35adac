"""The text files of a run: config.json, written before the first step, and metrics.jsonl, one line per epoch."""

import contextlib
import datetime
import errno
import importlib.metadata
import json
import math
import os
import platform
import secrets
import shutil
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pydantic

from crl_train.atomic_file import write_atomically, write_text_atomically
from crl_train.config import TrainConfig, config_from_values
from crl_train.console import printable
from crl_train.errors import CheckpointError, RunExistsError, RunLockedError, RunNotFoundError, RunRecordError
from crl_train.file_lock import require_locks, try_lock
from crl_train.numeric_flags import deciding_flags
from crl_train.parsing import parse_json, read_bounded, require_regular, shortened
from crl_train.plain_path import plain_path
from crl_train.run_dir import FORMAT_VERSION, RunDir, not_a_run, reading
from crl_train.run_size import check_size
from crl_train.step_counts import with_budget
from crl_train.version import __version__

_RECORDED_PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "brax", "mujoco", "mujoco-mjx")
_LARGEST_CONFIG = 2**24  # bytes: room for the longest command line that a system takes, every character escaped
_LONGEST_LINE = 1_000_000  # bytes of one epoch in metrics.jsonl
_MOST_ENV_STEPS = 2**53  # exact as a number of JSON and in float64

# Texts are for showing. A command line can hold anything, names of files that are not UTF-8 included.
_Text = Annotated[str, pydantic.BeforeValidator(lambda value: printable(value) if isinstance(value, str) else value)]


class _Record(pydantic.BaseModel):
    """What config.json holds, the config itself as plain values."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

    format_version: int
    config: Any
    versions: dict[_Text, _Text]
    device: _Text
    flags: dict[_Text, str | bool | None] = {}  # files of older versions have none
    command: _Text
    created: _Text

    @pydantic.field_validator("created")
    @classmethod
    def _is_a_time(cls, created: str) -> str:
        try:
            datetime.datetime.fromisoformat(created)
        except ValueError:
            raise ValueError("it is a time, such as 2026-01-31T12:00:00+00:00") from None
        return created


def create_run(run: RunDir, config: TrainConfig, device: str, command: str, devices: int = 1) -> None:
    """Make the run directory and write its config.json.

    Args:
        run: The run.
        config: Its settings.
        device: What trains it, for showing.
        command: The command line.
        devices: How many devices share it.

    Raises:
        RunExistsError: If something is already there, or another process makes it at the same time.
        ConfigError: If the run cannot fit into memory.
        CheckpointError: If the directory cannot be written, or files there cannot be locked.
    """
    if run.path.exists():
        raise RunExistsError(explain_existing(run))
    check_size(config, devices=devices)
    record = {
        "format_version": FORMAT_VERSION,
        "config": config.model_dump(),
        "versions": {
            "crl-probe": __version__,
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in _RECORDED_PACKAGES},
        },
        "device": device,
        "flags": deciding_flags(),
        "command": command,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }
    # Filled beside its place and renamed: whatever happens, there is a run with its config or nothing.
    filling = RunDir(run.path.with_name(f".{run.path.name}.{secrets.token_hex(4)}"))
    try:
        with plain_path(run.policy):
            pass  # the storage library can be given the path, or an alias of it
        require_locks(run.path)
        filling.path.mkdir(parents=True)
        write_text_atomically(filling.config, json.dumps(record, indent=2) + "\n")
        filling.path.rename(run.path)
    except OSError as error:
        shutil.rmtree(filling.path, ignore_errors=True)
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY) and run.is_run:
            raise RunExistsError(explain_existing(run)) from None
        raise CheckpointError(
            f"run directory {str(run.path)!r} cannot be written: {error.strerror or error}. "
            "Choose another place with --out."
        ) from error


def explain_existing(run: RunDir) -> str:
    """Say what prevents a new run and what can be done about it."""
    if run.is_run:
        return (
            f"run {str(run.path)!r} exists: runs are never overwritten. "
            f"Continue it with `crl-train resume {run.typed}`, or train beside it with --name."
        )
    return (
        f"{str(run.path)!r} exists and is not a run (it has no config.json). Choose another place with --out or --name."
    )


def read_record(run: RunDir) -> tuple[TrainConfig, dict[str, Any]]:
    """Read config.json.

    Returns:
        The config, and the whole record around it; its texts may be shown in a terminal.
    Raises:
        RunNotFoundError: If the directory is not a run.
        RunRecordError: If the file is damaged, of another format version or has unknown keys.
    """
    with reading(run.path, RunRecordError):
        is_there = run.path.is_dir()
    if not is_there:
        raise RunNotFoundError(f"run {str(run.path)!r} does not exist.")
    if not run.is_run:
        raise not_a_run(run.path)
    source = printable(str(run.config))
    with reading(run.config, RunRecordError):
        text = read_bounded(run.config, _LARGEST_CONFIG, source, RunRecordError)
    values = parse_json(text, source, RunRecordError)
    version = values.get("format_version") if isinstance(values, dict) else None
    if type(version) is not int or version != FORMAT_VERSION:  # True and 1.0 are equal to 1 in Python
        raise RunRecordError(
            f"{source} has format version {shortened(version)}: this version of crl-probe reads version "
            f"{FORMAT_VERSION}."
        )
    try:
        record = _Record.model_validate(values)
    except pydantic.ValidationError as problems:
        raise RunRecordError(f"{source} has {_explain(problems)}: was it edited?") from None
    return config_from_values(record.config, source, RunRecordError), record.model_dump()


def _explain(problems: pydantic.ValidationError) -> str:
    """The first problem of a record in a few words."""
    problem = problems.errors(include_url=False)[0]
    name = printable(".".join(map(str, problem["loc"])))[:80]
    if problem["type"] == "extra_forbidden":
        return f"the unknown key {name}"
    if problem["type"] == "missing":
        return f"no {name}"
    reason = problem["msg"].removeprefix("Value error, ")
    return f"{name}={shortened(problem['input'])} ({reason[0].lower()}{reason[1:]})"


@contextlib.contextmanager
def exclusive(run: RunDir) -> Iterator[None]:
    """Keep two processes from training the same run; the lock ends with the process, however it ends.

    Raises:
        RunNotFoundError: If the directory is not a run.
        RunLockedError: If another process holds it.
        CheckpointError: If its file system has no locks.
    """
    if not run.is_run:
        raise not_a_run(run.path)
    with _locked_config(run):
        yield


@contextlib.contextmanager
def _locked_config(run: RunDir) -> Iterator[None]:
    """Lock config.json; one that was replaced while it was being opened is no longer the run's."""
    while True:
        with run.config.open("r+") as file:
            if not try_lock(file, run.config):
                raise RunLockedError(
                    f"run {str(run.path)!r} is being trained by another process: wait for it or stop it first."
                )
            if os.path.samestat(os.fstat(file.fileno()), run.config.stat()):
                yield
                return


def change_budget(run: RunDir, total_env_steps: int, command: str) -> TrainConfig:
    """Let a run train to another number of environment steps, with epochs as long as before.

    See :func:`crl_train.step_counts.with_budget` for what it becomes equal to. config.json is replaced whole; its
    ``command`` then holds both command lines.

    Args:
        run: The run, finished or not.
        total_env_steps: Environment steps in all; rounded down to whole epochs.
        command: The command line that asks for it.

    Returns:
        The config as it is now.
    Raises:
        ConfigError: If the run has trained that far already.
        RunNotFoundError, RunLockedError: As :func:`exclusive`.
    """
    with exclusive(run):
        config, record = read_record(run)
        changed = with_budget(config, total_env_steps, max((*run.policy_steps(), *run.resume_steps()), default=0))
        if changed == config:
            return config
        record = {**record, "config": changed.model_dump(), "command": f"{record['command']} && {command}"}
        write_text_atomically(run.config, json.dumps(record, indent=2) + "\n")
    return changed


def append_metrics(run: RunDir, row: Mapping[str, Any]) -> None:
    """Add one line to metrics.jsonl and see it onto the disk.

    Raises:
        CheckpointError: If it cannot be written.
    """
    try:
        with run.metrics.open("a") as file:
            file.write(json.dumps(row, allow_nan=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CheckpointError(f"{str(run.metrics)!r} cannot be written: {error.strerror or error}.") from error


def read_metrics(run: RunDir) -> list[dict[str, Any]]:
    """Read metrics.jsonl; a last line that a crash cut short is left out.

    Returns:
        By epoch the logged numbers: ``env_steps``, ascending, and others, each finite or None.
    Raises:
        RunRecordError: If another line is damaged; the message has its number.
    """
    return [row for _, row in _metric_lines(run)]


def truncate_metrics(run: RunDir, env_steps: int) -> None:
    """Drop the lines of epochs after a resume point; they will be written again. Other lines stay to the byte.

    Raises:
        RunRecordError: As :func:`read_metrics`; the file stays as it is.
    """
    if run.metrics.exists():
        kept = b"".join(line for line, row in _metric_lines(run) if row["env_steps"] <= env_steps)
        write_atomically(run.metrics, lambda file: file.write(kept))


def _metric_lines(run: RunDir) -> list[tuple[bytes, dict[str, Any]]]:
    """The whole lines of metrics.jsonl, and what each holds."""
    source = printable(str(run.metrics))
    found: list[tuple[bytes, dict[str, Any]]] = []
    with reading(run.metrics, RunRecordError):
        if not run.metrics.exists():
            return []
        require_regular(run.metrics, source, RunRecordError)
    with reading(run.metrics, RunRecordError), run.metrics.open("rb") as file:
        while (line := file.readline(_LONGEST_LINE)).endswith(b"\n") or len(line) == _LONGEST_LINE:
            place = f"{source}, line {len(found) + 1},"
            try:
                row = parse_json(line.rstrip(), place, RunRecordError)
                _check_row(row, found[-1][1]["env_steps"] if found else -1, place)
            except RunRecordError as error:
                raise RunRecordError(f"{error} Mend or remove that line: no checkpoint depends on it.") from None
            found.append((line, row))
    return found


def _check_row(row: Any, env_steps_before: int, place: str) -> None:
    """Refuse what no trainer logs: a line is an object of finite numbers, and environment steps go up."""
    if not isinstance(row, dict):
        raise RunRecordError(f"{place} is {shortened(row)}: a line is an object of numbers.")
    for name, value in row.items():
        if value is not None and not _is_finite(value):
            shown = f"{printable(name[:80])}={shortened(value)}"
            raise RunRecordError(f"{place} has {shown}: a value is a finite number or null.")
    if "env_steps" not in row:
        raise RunRecordError(f"{place} has no env_steps: every line says after how many steps it was logged.")
    steps = row["env_steps"]
    if not isinstance(steps, int) or not env_steps_before < steps <= _MOST_ENV_STEPS:
        before = f" ({env_steps_before} in the line before)" if env_steps_before >= 0 else ""
        raise RunRecordError(
            f"{place} has env_steps={shortened(steps)}: it is a whole number that rises from line to line{before}, up "
            "to 2**53."
        )


def _is_finite(value: Any) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer beyond the largest float
        return False
