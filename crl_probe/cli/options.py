"""Options that commands of ``crl-probe`` share, and how they are parsed."""

import dataclasses
import difflib
import functools
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import click

from crl_probe.evidence import limits
from crl_train.cli_options import LocalPath
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

Command = TypeVar("Command", bound=Callable[..., Any])
Step: TypeAlias = int | Literal["all"] | None

FILE: Final = LocalPath()
RUNS: Final = click.argument("patterns", metavar="RUNS...", nargs=-1, required=True)
STEP: Final = click.option(
    "--step",
    metavar="N|all",
    help="Checkpoint to open, in env steps, or all of each run; 0 is before training. The newest if not given.",
)
SEED: Final = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of starts and goals."
)
PROBE_SET: Final = click.option(
    "--probe-set", type=FILE, help="File with the shared states and goals to use; see crl-probe probe-set."
)
FORMAT: Final = click.option(
    "--format",
    "form",
    type=click.Choice(["table", "csv", "json", "latex"]),
    default="table",
    show_default=True,
    help="How numbers are printed.",
)
BY: Final = click.option(
    "--by",
    metavar="FACTOR,...",
    help="Compare runs by depth (the default), or by settings such as width or critic_depth,actor_depth. "
    "With seed among them the numbers of each run are printed too, with seed alone only those.",
)
EACH_RUN: Final = click.option(
    "--each-run", is_flag=True, help="In tables, also print the numbers of each run; CSV and JSON always have them."
)


@dataclasses.dataclass(frozen=True)
class ProbeOptions:
    """The options that :func:`probing_options` adds: the runs, and the evidence that they are probed on.

    Attributes:
        patterns: Run directories and glob patterns.
        step: Checkpoint in environment steps; None for the newest, ``all`` for all of them.
        episodes: On-policy episodes of each run; None for the default, here and below.
        seed: Seeds the starts, the goals and the sampling of the shared set.
        cache: Whether cached results are used and new ones stored.
        workers: Number of processes; None for the best number.
        by: Factors that runs are compared by, and whether runs are rows, as text.
        goals: Number of shared goals, spread over the environment.
        goal: Shared goals given by the user, as text.
        each_run: Whether tables also have the numbers of each run.
        probe_set: File of an existing shared set.
    """

    patterns: tuple[str, ...]
    step: str | None
    episodes: int | None
    seed: int
    cache: bool
    workers: int | None
    by: str | None
    goals: int | None = None
    goal: tuple[str, ...] = ()
    each_run: bool = False
    probe_set: Path | None = None

    @property
    def factors(self) -> tuple[str, ...]:
        """The factors that runs are compared by."""
        return parse_by(self.by)[0]

    def rows(self, form: str) -> tuple[str, ...]:
        """The kinds of rows to print in a format: ``level``, ``run`` or both. Tables have runs on request alone."""
        kinds = parse_by(self.by)[1]
        if self.each_run:
            return tuple(dict.fromkeys([*kinds, "run"]))
        return ("level",) if self.by is None and form in ("table", "latex") else kinds


_EPISODES: Final = (
    RUNS,
    STEP,
    click.option("--episodes", type=click.IntRange(1, limits.EPISODES), help="Episodes of each run; 64 if not given."),
)
_SHARED_GOALS: Final = (
    click.option(
        "--goals",
        type=click.IntRange(1, limits.GOALS),
        help="Number of shared goals, spread over the environment; 6 if not given.",
    ),
    click.option("--goal", metavar="X,Y", multiple=True, help="Use this shared goal; repeat the option for several."),
)
_WORK: Final = (
    SEED,
    BY,
    click.option(
        "--cache/--no-cache", default=True, help="Cache results, so that the same command takes seconds next time."
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, limits.WORKERS),
        help="Number of parallel processes; one for each core if not given, a single one with a GPU.",
    ),
)


def probing_options(
    *more: Callable[[Any], Any], shared_goals: bool = True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add the options of :class:`ProbeOptions`, and pass them to the command as one such object.

    Args:
        more: Further options of the command, such as ``PROBE_SET``.
        shared_goals: Whether the command uses goals beside those that episodes are commanded to reach.
    """
    common = (*_EPISODES, *(_SHARED_GOALS if shared_goals else ()), *_WORK)

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def bundled(**values: Any) -> None:
            names = {field.name for field in dataclasses.fields(ProbeOptions)} & set(values)
            options = ProbeOptions(**{name: values.pop(name) for name in names})
            command(options, **values)

        for option in reversed((*common, *more)):
            bundled = option(bundled)
        return bundled

    return decorate


def listed(words: Sequence[str]) -> str:
    """Join words with commas and a final "and".

    Example:
        >>> listed(["this", "that", "those"])
        'this, that and those'
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def command_line() -> str:
    """The current command, quoted for a shell."""
    return shlex.join(["crl-probe", *sys.argv[1:]])


def parse_step(text: str | None) -> Step:
    """Parse ``--step``.

    Raises:
        ConfigError: If it is neither a step number nor ``all``.
    """
    if text is None:
        return None
    if text == "all":
        return "all"
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ConfigError(f"--step {shortened(text)} is not usable: give a checkpoint's environment steps, or all.")
    return int(text)


def parse_goal(text: str) -> tuple[float, ...]:
    """Parse a position such as ``4,0.5``.

    Raises:
        ConfigError: If an entry is not a finite number.
    """
    try:
        goal = tuple(float(entry) for entry in text.split(","))
    except ValueError:
        goal = (math.nan,)
    if not all(map(math.isfinite, goal)):
        raise ConfigError(f"--goal {shortened(text)} is not usable: give numbers separated by commas, such as 4,0.")
    return goal


def parse_by(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse ``--by``: factors, and ``seed`` for rows of runs.

    Returns:
        The factors, and the kinds of rows to print: ``level`` and ``run``.

    Raises:
        ConfigError: If there is no name.

    Example:
        >>> parse_by("width"), parse_by("seed"), parse_by(None)
        ((('width',), ('level',)), (('depth',), ('run',)), (('depth',), ('level', 'run')))
    """
    from crl_probe.runs.factors import DEFAULT, parse_factors

    if text is None:
        return DEFAULT, ("level", "run")
    names = parse_factors(text)
    factors = tuple(name for name in names if name != "seed")
    rows = (*(("level",) if factors else ()), *(("run",) if "seed" in names else ()))
    return factors or DEFAULT, rows


def parse_sections(text: str) -> tuple[str, ...]:
    """Parse ``--sections``: names of probes or of their commands.

    Returns:
        Names of probes, in the order of reports.

    Raises:
        ConfigError: If there is no such probe. It suggests the closest name and lists all.

    Example:
        >>> parse_sections("lens,success")
        ('success', 'depth_lens')
    """
    from crl_probe.probes.registry import COMMANDS, PROBES, probes_named

    names = [part.strip() for part in text.split(",")]
    for name in names:
        if name not in PROBES and name not in COMMANDS:
            near = difflib.get_close_matches(name[:80], [*COMMANDS, *PROBES], n=1, cutoff=0.4)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigError(
                f"--sections {shortened(name)} is not usable: there is no such section.{hint} Sections are "
                f"{', '.join(COMMANDS)}; the methods section is always included."
            )
    return tuple(probe.name for probe in probes_named(names))


def check_metrics(names: Sequence[str], known: Collection[str]) -> None:
    """Refuse a metric that does not exist.

    Raises:
        ConfigError: If one does not exist. It suggests the closest name.
    """
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name[:80], known, n=1, cutoff=0.4)
            hint = f"Did you mean {near[0]!r}?" if near else f"Metrics are {', '.join(known)}."
            raise ConfigError(f"unknown metric {shortened(name)}: no such name is defined. {hint}")


def check_place(option: str, path: Path | None) -> None:
    """Refuse an output file that cannot be written, before any work is done.

    Raises:
        ConfigError: If it is a folder, or its closest existing parent is not a folder or is not writable.
    """
    if path is None:
        return
    if path.is_dir():
        raise ConfigError(f"{option} {str(path)!r} is not usable: it is a folder. Name a file in it.")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    if not above.is_dir():
        raise ConfigError(
            f"{option} {str(path)!r} is not usable: {above} is a file and not a folder. Choose another place."
        )
    if not os.access(above, os.W_OK):
        raise ConfigError(f"{option} {str(path)!r} is not usable: {above} is not writable. Choose another place.")
