"""From what was typed to evidence: runs opened, work shown while it lasts, what is missing said aloud."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from crl_probe.cli.options import ProbeOptions, Step, parse_goal, parse_step
from crl_train.errors import CheckpointError, ConfigError, RunNotFoundError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence, EvidenceSettings
    from crl_probe.evidence.probe_set import ProbeSet
    from crl_probe.runs.loading import LoadedRun
    from crl_probe.runs.progress import Progress


@contextlib.contextmanager
def watched(quiet: bool = False, *, by_probe: bool = False) -> Iterator["Progress"]:
    """Show on stderr what takes time, and notes; see :func:`crl_probe.cli.progress.shown`."""
    from crl_probe.cli.progress import shown

    with shown(quiet, by_probe=by_probe) as progress:
        yield progress


def open_runs(
    patterns: Sequence[str], step: Step, progress: "Progress | None" = None
) -> tuple[list["LoadedRun"], list[str]]:
    """Open every run named; one without a usable checkpoint is skipped, unless nothing else was named.

    Args:
        patterns: Run directories and glob patterns.
        step: Which checkpoint.
        progress: Told how many are open.

    Returns:
        The runs, and why others were skipped, a line each.
    """
    from crl_probe.runs.loading import find_runs, load_checkpoints

    runs: list[LoadedRun] = []
    problems: list[RunNotFoundError | CheckpointError] = []
    paths = find_runs(patterns)
    for done, path in enumerate(paths):
        if progress is not None:
            progress("opening runs", done, len(paths))
        try:
            runs += load_checkpoints(path, step)
        except (RunNotFoundError, CheckpointError) as error:
            problems.append(error)
    if not runs:
        raise problems[0]
    return runs, [str(problem) for problem in problems]


def open_earlier(runs: Sequence["LoadedRun"], most: int, progress: "Progress") -> tuple[list["LoadedRun"], list[str]]:
    """Open checkpoints before those that are open, evenly spread over the training of each run.

    Args:
        runs: Runs, open at their newest checkpoints.
        most: How many checkpoints of a run are looked at, the open one among them.
        progress: Told how many runs are done.

    Returns:
        The runs at those checkpoints, and why checkpoints were skipped, a line each.
    """
    from crl_probe.runs.loading import load_run

    opened: list[LoadedRun] = []
    problems: list[str] = []
    for done, run in enumerate(runs):
        progress("opening earlier checkpoints", done, len(runs))
        for step in evenly(run.steps, most)[:-1]:
            try:
                opened.append(load_run(run.path, step))
            except (RunNotFoundError, CheckpointError) as error:
                problems.append(str(error))
    return opened, problems


def evenly(steps: Sequence[int], most: int) -> list[int]:
    """At most so many of some numbers, evenly spread, the last always among them.

    Example:
        >>> evenly([10, 20, 30, 40, 50], 3)
        [10, 30, 50]
    """
    if len(steps) <= most:
        return list(steps)
    if most == 1:
        return [steps[-1]]
    return [steps[round(place * (len(steps) - 1) / (most - 1))] for place in range(most)]


def say_skipped(lines: Iterable[str]) -> None:
    """Say what is not looked at, and why."""
    for line in lines:
        click.echo(f"skipped: {line}", err=True)


def evidence_settings(options: ProbeOptions, **more: Any) -> "EvidenceSettings":
    """What is to be recorded; what was not given is left to the defaults.

    Raises:
        ConfigError: If goals are given in two ways.
    """
    from crl_probe.evidence.evidence import EvidenceSettings

    given = {"--goal": options.goal, "--goals": options.goals, "--probe-set": options.probe_set}
    ways = [option for option, value in given.items() if value]
    if len(ways) > 1:
        raise ConfigError(
            f"{' and '.join(ways)} exclude each other: goals come from one of them. Leave the others out."
        )
    counts = {"episodes": options.episodes, "goals": options.goals, **more}
    return EvidenceSettings(
        **{name: count for name, count in counts.items() if count is not None},
        goal_positions=tuple(parse_goal(text) for text in options.goal),
        seed=options.seed,
    )


def open_evidence(options: ProbeOptions, progress: "Progress", **more: Any) -> list["Evidence"]:
    """The evidence to look at, one for each environment among the runs.

    Args:
        options: Options of the command.
        progress: Told what is under way.
        more: Further fields of the evidence's settings.

    Raises:
        ConfigError: If runs cannot be compared, or a goal or probe set does not fit their environment.
    """
    # What is wrong with the options is said before anything is opened.
    settings = evidence_settings(options, **more)
    step = parse_step(options.step)
    from crl_probe.evidence.evidence import Evidence
    from crl_probe.runs.comparability import group_by_env
    from crl_probe.runs.workers import usable_workers

    probe_set = given_probe_set(options)
    runs, skipped = open_runs(options.patterns, step, progress)
    say_skipped(skipped)
    opened = [
        Evidence(
            group,
            settings,
            by=options.factors,
            probe_set=probe_set,
            use_cache=options.cache,
            workers=min(options.workers or usable_workers(len(group)), len(group)),
            progress=progress,
        )
        for group in group_by_env(runs, options.factors).values()
    ]
    for evidence in opened:
        found = len(evidence.goals)
        if options.goals and found < options.goals:
            click.echo(
                f"note: {found} shared goals and not {options.goals}: {evidence.env.name} has no more.", err=True
            )
    return opened


def given_probe_set(options: ProbeOptions) -> "ProbeSet | None":
    """The shared set made earlier, if one was given.

    Raises:
        ConfigError: If there is no such file.
        ResultError: If it is no probe set.
    """
    from crl_probe.evidence.probe_set import load_probe_set

    if options.probe_set is None:
        return None
    try:
        return load_probe_set(options.probe_set)
    except FileNotFoundError:
        raise ConfigError(
            f"--probe-set {str(options.probe_set)!r} is not there: give a file made by `crl-probe probe-set`."
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
