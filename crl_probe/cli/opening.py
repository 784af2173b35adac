"""From options to evidence: open the runs, show progress, and print which runs are skipped."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from crl_probe.cli.options import ProbeOptions, Step, parse_goal, parse_step
from crl_train.console import echo
from crl_train.errors import CheckpointError, ConfigError, RunNotFoundError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence, EvidenceSettings
    from crl_probe.evidence.probe_set import ProbeSet
    from crl_probe.runs.loaded_run import LoadedRun
    from crl_probe.runs.progress import ProgressListener


@contextlib.contextmanager
def watched(quiet: bool = False, *, by_probe: bool = False) -> Iterator["ProgressListener"]:
    """Show progress and notes on stderr; see :func:`crl_probe.cli.progress.shown`."""
    from crl_probe.cli.progress import shown

    with shown(quiet, by_probe=by_probe) as progress:
        yield progress


def open_runs(
    patterns: Sequence[str], step: Step, progress: "ProgressListener | None" = None
) -> tuple[list["LoadedRun"], list[str]]:
    """Open all given runs. Runs without a usable checkpoint are skipped; it is an error if all of them are.

    Args:
        patterns: Run directories and glob patterns.
        step: The checkpoint to open.
        progress: Receives progress reports.

    Returns:
        The runs, and one line for each skipped run or learning curve that says why.
    """
    from crl_probe.runs.agent import curve_problems
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
    unnamed = sum(not run.names_its_run for run in runs)
    if unnamed:
        echo(
            f"note: {unnamed} of {len(runs)} checkpoints do not say which run they are of, as those of older versions: "
            "they are taken for checkpoints of the runs whose folders they are in.",
            err=True,
        )
    return runs, [*map(str, problems), *curve_problems(runs)]


def open_earlier(
    runs: Sequence["LoadedRun"], most: int, progress: "ProgressListener"
) -> tuple[list["LoadedRun"], list[str]]:
    """Open earlier checkpoints of open runs, evenly spread over the training of each run.

    Args:
        runs: Runs, open at their newest checkpoints.
        most: Largest number of checkpoints for each run, including the open one.
        progress: Receives progress reports.

    Returns:
        The runs at those checkpoints, and one line for each skipped checkpoint that says why.
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
    """At most ``most`` of the numbers, evenly spread; the last is always included.

    Example:
        >>> evenly([10, 20, 30, 40, 50], 3)
        [10, 30, 50]
    """
    if len(steps) <= most:
        return list(steps)
    if most == 1:
        return [steps[-1]]
    return [steps[round(place * (len(steps) - 1) / (most - 1))] for place in range(most)]


def print_skipped(lines: Iterable[str]) -> None:
    """Print what is skipped, and why."""
    for line in lines:
        echo(f"skipped: {line}", err=True)


def evidence_settings(options: ProbeOptions, **more: Any) -> "EvidenceSettings":
    """The settings of the evidence; options that were not given have their defaults.

    Raises:
        ConfigError: If goals are given by more than one option.
    """
    from crl_probe.evidence.evidence import EvidenceSettings

    given = {"--goal": options.goal, "--goals": options.goals, "--probe-set": options.probe_set}
    used = [option for option, value in given.items() if value]
    if len(used) > 1:
        raise ConfigError(
            f"{' and '.join(used)} exclude each other: goals come from one of them. Leave the others out."
        )
    counts = {"episodes": options.episodes, "goals": options.goals, **more}
    return EvidenceSettings(
        **{name: count for name, count in counts.items() if count is not None},
        goal_positions=tuple(parse_goal(text) for text in options.goal),
        seed=options.seed,
    )


def open_evidence(options: ProbeOptions, progress: "ProgressListener", **more: Any) -> list["Evidence"]:
    """Open the runs and make one ``Evidence`` for each of their environments.

    Args:
        options: Options of the command.
        progress: Receives progress reports.
        more: Further fields of the evidence's settings.

    Raises:
        ConfigError: If runs cannot be compared, or a goal or probe set does not fit their environment.
    """
    # Options are checked before any run is opened.
    settings = evidence_settings(options, **more)
    step = parse_step(options.step)
    from crl_probe.evidence.evidence import Evidence
    from crl_probe.runs.comparability import group_by_env
    from crl_probe.runs.workers import usable_workers

    probe_set = given_probe_set(options)
    runs, skipped = open_runs(options.patterns, step, progress)
    print_skipped(skipped)
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
            echo(f"note: {found} shared goals instead of {options.goals}: {evidence.env.name} has no more.", err=True)
    return opened


def given_probe_set(options: ProbeOptions) -> "ProbeSet | None":
    """The existing shared set, if one was given.

    Raises:
        ConfigError: If the file does not exist.
        ResultError: If it is not a probe set.
    """
    from crl_probe.evidence.probe_set import load_probe_set

    if options.probe_set is None:
        return None
    try:
        return load_probe_set(options.probe_set)
    except FileNotFoundError:
        raise ConfigError(
            f"--probe-set {str(options.probe_set)!r} does not exist: give a file made by `crl-probe probe-set`."
        ) from None


def only_one(opened: Iterable["Evidence"], what: str) -> "Evidence":
    """The evidence of the only environment.

    Raises:
        ConfigError: If there are several environments.
    """
    opened = list(opened)
    if len(opened) > 1:
        envs = ", ".join(evidence.env.name for evidence in opened)
        raise ConfigError(f"runs of {envs}: {what} is about one environment. Give runs of one.")
    return opened[0]
