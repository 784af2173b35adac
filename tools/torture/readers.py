"""Every reader of files as a command, so that it can be tried alone: ``python -m tools.torture.readers --help``.

Each prints a digest of what it read; errors that are explained become one line and exit code 2, as in the programs.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np

from crl_train.cli_options import explained

Reader = Callable[[Path], Any]

READERS: dict[str, Reader] = {}
"""What reads a file or folder, by the name of its command."""


@click.group()
def main() -> None:
    """Read one file or folder of a run and say in one line what it holds, or what is wrong with it."""


def _reader(name: str) -> Callable[[Reader], Reader]:
    def declare(read: Reader) -> Reader:
        @main.command(name, help=read.__doc__)
        @click.argument("path", type=click.Path(path_type=Path))
        def command(path: Path) -> None:
            with explained():
                click.echo(digest_of(read(path)))

        READERS[name] = read
        return read

    return declare


def digest_of(value: Any) -> str:
    """A digest that is equal for equal content: arrays to the bit, everything else by its text."""
    digest = hashlib.sha256()
    _add(value, digest)
    return digest.hexdigest()[:16]


def _add(value: Any, digest: Any) -> None:
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif isinstance(value, dict):
        for key in value:
            digest.update(f"{key!r}:".encode())
            _add(value[key], digest)
    elif isinstance(value, list | tuple):
        digest.update(f"[{len(value)}]".encode())
        for item in value:
            _add(item, digest)
    elif hasattr(value, "__dataclass_fields__"):
        _add({name: getattr(value, name) for name in value.__dataclass_fields__}, digest)
    else:
        digest.update(f"{value!r};".encode())


@_reader("config")
def config(path: Path) -> Any:
    """config.json of the run in folder PATH."""
    from crl_train.run_dir import RunDir
    from crl_train.run_record import read_record

    return read_record(RunDir(path))


@_reader("metrics")
def metrics(path: Path) -> Any:
    """metrics.jsonl of the run in folder PATH."""
    from crl_train.run_dir import RunDir
    from crl_train.run_record import read_metrics

    return read_metrics(RunDir(path))


@_reader("settings")
def settings(path: Path) -> Any:
    """The settings file PATH, YAML or JSON, on top of the preset ``smoke``."""
    from crl_train.config import make_config, read_overrides

    return make_config({"env": "point_u_maze", **read_overrides(path)}, "smoke")


@_reader("probe-set")
def probe_set(path: Path) -> Any:
    """The probe set in file PATH."""
    from crl_probe.evidence.probe_set import load_probe_set

    return load_probe_set(path)


@_reader("policy")
def policy(path: Path) -> Any:
    """The newest policy of the run in folder PATH."""
    from crl_probe.runs.loading import load_run

    return load_run(path).content_hash


if __name__ == "__main__":
    main(prog_name="readers")
