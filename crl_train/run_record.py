"""The text files of a run: config.json, written before the first step, and metrics.jsonl, one line per epoch."""

import contextlib
import datetime
import fcntl
import importlib.metadata
import json
import os
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crl_train.atomic_file import write_text_atomically
from crl_train.config import TrainConfig, config_from_json
from crl_train.errors import CheckpointError, ConfigError, RunExistsError, RunNotFoundError
from crl_train.numerics import deciding_flags
from crl_train.run_dir import FORMAT_VERSION, RunDir
from crl_train.version import __version__

_RECORDED_PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy", "brax", "mujoco")
_RECORD_KEYS = {"format_version", "config", "versions", "device", "command", "created"}
_LATER_KEYS = {"flags"}  # files of older versions do not have them


def create_run(run: RunDir, config: TrainConfig, device: str, command: str) -> None:
    """Make the run directory and write its config.json.

    Raises:
        RunExistsError: If something is already there.
        CheckpointError: If the directory cannot be written.
    """
    if run.path.exists():
        raise RunExistsError(explain_existing(run))
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
    filling = RunDir(run.path.with_name(f".{run.path.name}.{os.getpid()}"))
    try:
        filling.path.mkdir(parents=True)
        write_text_atomically(filling.config, json.dumps(record, indent=2) + "\n")
        filling.path.rename(run.path)
    except OSError as error:
        shutil.rmtree(filling.path, ignore_errors=True)
        raise CheckpointError(
            f"run directory {str(run.path)!r} cannot be written: {error.strerror or error}. "
            "Choose another place with --out."
        ) from error


def explain_existing(run: RunDir) -> str:
    """Say what prevents a new run and what can be done about it."""
    if run.is_run:
        return (
            f"run {str(run.path)!r} exists: runs are never overwritten. "
            f"Continue it with `crl-train resume {run.path}`, or train beside it with --name."
        )
    return (
        f"{str(run.path)!r} exists and is not a run (it has no config.json). Choose another place with --out or --name."
    )


def read_record(run: RunDir) -> tuple[TrainConfig, dict[str, Any]]:
    """Read config.json.

    Returns:
        The config, and the whole record around it.
    Raises:
        RunNotFoundError: If the directory is not a run.
        ConfigError: If the file is damaged, of another format version or has unknown keys.
    """
    if not run.path.is_dir():
        raise RunNotFoundError(f"run {str(run.path)!r} does not exist.")
    if not run.is_run:
        raise RunNotFoundError(f"{str(run.path)!r} is not a run: it has no config.json.")
    source = str(run.config)
    try:
        record = json.loads(run.config.read_text())
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{source} is not valid JSON: {error}. Was it edited or cut short?") from None
    version = record.get("format_version") if isinstance(record, dict) else None
    if version != FORMAT_VERSION:
        raise ConfigError(
            f"{source} has format version {version!r}: this version of crl-probe reads version {FORMAT_VERSION}."
        )
    unknown, missing = sorted(set(record) - _RECORD_KEYS - _LATER_KEYS), sorted(_RECORD_KEYS - set(record))
    if unknown or missing:
        what = f"unknown keys {', '.join(unknown)}" if unknown else f"no {', '.join(missing)}"
        raise ConfigError(f"{source} has {what}: was it edited?")
    return config_from_json(json.dumps(record["config"]), source), record


@contextlib.contextmanager
def exclusive(run: RunDir) -> Iterator[None]:
    """Keep two processes from training the same run; the lock ends with the process, however it ends.

    Raises:
        RunNotFoundError: If the directory is not a run.
        RunExistsError: If another process holds it.
    """
    if not run.is_run:
        raise RunNotFoundError(f"{str(run.path)!r} is not a run: it has no config.json.")
    # Opened for writing although nothing is written: network file systems lock no other kind of file.
    with run.config.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RunExistsError(
                f"run {str(run.path)!r} is being trained by another process: wait for it or stop it first."
            ) from None
        yield


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

    Raises:
        CheckpointError: If another line is damaged.
    """
    if not run.metrics.is_file():
        return []
    lines = run.metrics.read_text(errors="replace").splitlines(keepends=True)
    whole = [line for line in lines if line.endswith("\n")]
    try:
        return [json.loads(line) for line in whole]
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{str(run.metrics)!r} is damaged: {error}. Mend or remove the line.") from None


def truncate_metrics(run: RunDir, env_steps: int) -> None:
    """Drop the lines of epochs after a resume point; they will be written again."""
    if run.metrics.is_file():
        kept: Iterable[dict[str, Any]] = (row for row in read_metrics(run) if row["env_steps"] <= env_steps)
        write_text_atomically(run.metrics, "".join(json.dumps(row, allow_nan=False) + "\n" for row in kept))
