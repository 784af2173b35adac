"""Every path inside a run directory, and nothing else about it: the contract of docs/run_format.md."""

import contextlib
import dataclasses
import glob
import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from crl_train.console import printable
from crl_train.errors import CheckpointError, NotARunError
from crl_train.local_path import local_path

FORMAT_VERSION = 1

_STEP = re.compile(r"0|[1-9][0-9]{0,18}")  # one spelling for each step


def run_name(env: str, actor_depth: int, critic_depth: int, seed: int) -> str:
    """Default name of a run.

    Example:
        >>> run_name("humanoid", 16, 16, 0), run_name("humanoid", 4, 64, 1)
        ('humanoid_d16_s0', 'humanoid_a4c64_s1')
    """
    depths = f"d{actor_depth}" if actor_depth == critic_depth else f"a{actor_depth}c{critic_depth}"
    return f"{env}_{depths}_s{seed}"


@dataclasses.dataclass(frozen=True)
class RunDir:
    """The paths of one run.

    Attributes:
        path: The directory itself; ``~`` is expanded.

    Raises:
        ConfigError: If it is a URL or another path that cannot be read as a local one.
    """

    path: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", local_path(self.path, "run"))

    @property
    def config(self) -> Path:
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics.jsonl"

    @property
    def policy(self) -> Path:
        return self.path / "policy"

    @property
    def resume(self) -> Path:
        return self.path / "resume"

    @property
    def typed(self) -> str:
        """The path as it is typed in a shell, for commands in messages."""
        return shlex.quote(str(self.path))

    @property
    def is_run(self) -> bool:
        """Whether a run was started here.

        Raises:
            CheckpointError: If that cannot be seen.
        """
        with reading(self.config):
            return self.config.is_file()

    def policy_steps(self) -> tuple[int, ...]:
        """Environment steps of all finished policy checkpoints, ascending.

        Raises:
            CheckpointError: If their folder cannot be read.
        """
        return _finished_steps(self.policy)

    def resume_steps(self) -> tuple[int, ...]:
        """Environment steps of all finished resume points, ascending.

        Raises:
            CheckpointError: If their folder cannot be read.
        """
        return _finished_steps(self.resume)


def not_a_run(folder: Path, *, takes_patterns: bool = False) -> NotARunError:
    """The error that a folder is no run; where it holds runs, or folders of runs, it says what to give instead.

    Args:
        folder: What was given as a run.
        takes_patterns: Whether a pattern of several runs may be given in its place.
    """
    told = f"{str(folder)!r} is not a run: it has no config.json."
    for below in ("*", "*/*"):
        pattern = os.path.join(glob.escape(str(folder)), below)
        held = sorted(Path(config).parent for config in glob.glob(os.path.join(pattern, "config.json")))
        if held:
            count = "1 run" if len(held) == 1 else f"{len(held)} runs"
            advice = f"use {pattern!r}" if takes_patterns else f"give one, such as {str(held[0])!r}"
            return NotARunError(f"{told} It holds {count}: {advice}.")
    return NotARunError(told)


@contextlib.contextmanager
def reading(path: Path, error: type[CheckpointError] = CheckpointError) -> Iterator[None]:
    """Explain why something of a run cannot be read: it costs that run, and not those beside it.

    Args:
        path: What is read.
        error: What is raised instead of an ``OSError``.
    """
    try:
        yield
    except OSError as problem:
        told = f"{printable(str(path))} cannot be read: {problem.strerror or problem}."
        raise error(f"{told} Mend its permissions or its file system.") from problem


def _finished_steps(folder: Path) -> tuple[int, ...]:
    """A checkpoint has its bare step number as its name only once it is whole."""
    with reading(folder):
        if not folder.is_dir():
            return ()
        return tuple(
            sorted(int(entry.name) for entry in folder.iterdir() if _STEP.fullmatch(entry.name) and entry.is_dir())
        )
