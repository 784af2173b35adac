"""From what was typed to evidence: runs opened, work shown while it lasts, what is missing said aloud."""

import contextlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from crl_probe.cli_options import Asked, Step, parse_goal, parse_step
from crl_train.errors import CheckpointError, ConfigError, RunNotFoundError

if TYPE_CHECKING:
    from rich.console import Console

    from crl_probe.evidence import Evidence, EvidenceSettings
    from crl_probe.loading import LoadedRun
    from crl_probe.probe_set import ProbeSet


@contextlib.contextmanager
def watched(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """Show on stderr what takes time, as one line that changes, and notes as lines that stay.

    Where stderr is no terminal, notes alone are shown, so that a log file holds nothing that moves.
    """
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, highlight=False)
    with _notes_printed(console):
        if quiet or not console.is_terminal:
            yield lambda _text: None
        else:
            with console.status("opening runs") as status:
                yield lambda text: status.update(Text(text))


def open_runs(patterns: Sequence[str], step: Step) -> tuple[list["LoadedRun"], list[str]]:
    """Open every run named; one without a usable checkpoint is passed over aloud, unless nothing else was named.

    Returns:
        The runs, and why others were passed over, a line each.
    """
    from crl_probe.loading import find_runs, load_run

    runs: list[LoadedRun] = []
    problems: list[RunNotFoundError | CheckpointError] = []
    for path in find_runs(patterns):
        try:
            newest = load_run(path, None if step == "all" else step)
            earlier = newest.steps[:-1] if step == "all" else ()
            runs += [*(load_run(path, one) for one in earlier), newest]
        except (RunNotFoundError, CheckpointError) as error:
            problems.append(error)
    if not runs:
        raise problems[0]
    passed_over = [str(problem) for problem in problems]
    for line in passed_over:
        click.echo(f"passed over: {line}", err=True)
    return runs, passed_over


def evidence_settings(asked: Asked, **more: Any) -> "EvidenceSettings":
    """What is to be recorded; what was not asked for is left to the defaults.

    Raises:
        ConfigError: If goals are given in two ways.
    """
    from crl_probe.evidence import EvidenceSettings

    given = {"--goal": asked.goal, "--goals": asked.goals, "--probe-set": asked.probe_set}
    ways = [option for option, value in given.items() if value]
    if len(ways) > 1:
        raise ConfigError(
            f"{' and '.join(ways)} exclude each other: goals come from one of them. Leave the others out."
        )
    counts = {"episodes": asked.episodes, "goals": asked.goals, **more}
    return EvidenceSettings(
        **{name: count for name, count in counts.items() if count is not None},
        goal_positions=tuple(parse_goal(text) for text in asked.goal),
        seed=asked.seed,
    )


def open_evidence(asked: Asked, progress: Callable[[str], None], **more: Any) -> list["Evidence"]:
    """The evidence to look at, one for each environment among the runs.

    Args:
        asked: Options of the command.
        progress: Told what is about to take time.
        more: Further fields of the evidence's settings.

    Raises:
        ConfigError: If runs cannot be compared, or a goal or probe set does not fit their environment.
    """
    # What is wrong with the options is said before anything is opened.
    settings = evidence_settings(asked, **more)
    step = parse_step(asked.step)
    from crl_probe.evidence import Evidence
    from crl_probe.grouping import group_by_env
    from crl_probe.parallel import usable_workers

    probe_set = given_probe_set(asked)
    runs, _ = open_runs(asked.patterns, step)
    opened = [
        Evidence(
            group,
            settings,
            probe_set=probe_set,
            use_cache=asked.cache,
            workers=min(asked.workers or usable_workers(len(group)), len(group)),
            progress=progress,
        )
        for group in group_by_env(runs).values()
    ]
    for evidence in opened:
        found = len(evidence.goals)
        if asked.goals and found < asked.goals:
            click.echo(f"note: {found} shared goals and not {asked.goals}: {evidence.env.name} has no more.", err=True)
    return opened


def given_probe_set(asked: Asked) -> "ProbeSet | None":
    """The shared set made earlier, if one was given.

    Raises:
        ConfigError: If there is no such file.
        ResultError: If it is no probe set.
    """
    from crl_probe.probe_set import load_probe_set

    if asked.probe_set is None:
        return None
    try:
        return load_probe_set(asked.probe_set)
    except FileNotFoundError:
        raise ConfigError(
            f"--probe-set {str(asked.probe_set)!r} is not there: give a file made by `crl-probe probe-set`."
        ) from None


def only_one(opened: Iterable["Evidence"], what: str) -> "Evidence":
    """The evidence of the only environment.

    Raises:
        ConfigError: If runs of several were given.
    """
    opened = list(opened)
    if len(opened) > 1:
        envs = ", ".join(evidence.env.name for evidence in opened)
        raise ConfigError(f"runs of {envs}: {what} is about one environment. Give runs of one.")
    return opened[0]


@contextlib.contextmanager
def _notes_printed(console: "Console") -> Iterator[None]:
    """Let what the probes have to say, such as a part that is missing and why, reach the terminal as plain lines."""
    handler = _Notes(console)
    logger = logging.getLogger("crl_probe")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


class _Notes(logging.Handler):
    """Prints through the console that shows the status line, which else would be torn."""

    def __init__(self, console: "Console") -> None:
        super().__init__(logging.WARNING)
        self.console = console

    def emit(self, record: logging.LogRecord) -> None:
        self.console.print(f"note: {record.getMessage()}", soft_wrap=True, markup=False)
