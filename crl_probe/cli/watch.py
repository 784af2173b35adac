"""Follow training: check the runs every few seconds, and write the report again for new checkpoints and runs."""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from crl_probe.cli.options import Step, listed
from crl_probe.runs.loading import find_runs
from crl_train.console import echo
from crl_train.errors import CheckpointError, ConfigError, CrlError, NotARunError, RunNotFoundError
from crl_train.run_dir import RunDir

SECONDS_BETWEEN_SNAPSHOTS: Final = 5.0
_MOST_NAMED: Final = 3

Checkpoint: TypeAlias = tuple[int, int]  # environment steps and time of writing


@dataclasses.dataclass(frozen=True)
class Snapshot:
    """The checkpoints of all runs at one moment.

    Attributes:
        runs: Checkpoints that a report would use, by run.
        problem: Why there are none; empty if there are some.
        can_wait: Whether there may be some later under what was given.
    """

    runs: Mapping[Path, Sequence[Checkpoint]]
    problem: str = ""
    can_wait: bool = True


def take_snapshot(patterns: Sequence[str], step: Step) -> Snapshot:
    """Find the complete checkpoints of all runs; patterns are expanded each time, so that new runs are found."""
    try:
        paths = find_runs(patterns)
    except RunNotFoundError as error:
        return Snapshot({}, str(error), can_wait=not isinstance(error, NotARunError))
    found = {path: checkpoints for path in paths if (checkpoints := _checkpoints(RunDir(path), step))}
    names = [path.name for path in paths]
    return Snapshot(found, "" if found else f"no checkpoint yet in {_named(names)}.")


def follow(
    take: Callable[[], Snapshot],
    render: Callable[[str], None],
    *,
    notify: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Render whenever a snapshot holds something new, until the user stops it (Ctrl-C).

    Args:
        take: Takes a snapshot.
        render: Writes a report. Its argument says what is new.
        notify: Shows why there is nothing to render yet.
        sleep: Waits for a number of seconds.

    Raises:
        NotARunError: If what is given are no runs.
        ConfigError: If an option of the first report is not usable. Later errors are printed, and watching continues.
    """
    before, rendered = Snapshot({}), False
    while True:
        now = take()
        if not (now.can_wait or rendered):
            raise NotARunError(now.problem)
        if now.problem and now != before:
            notify(f"Waiting: {now.problem}")
        elif now != before:
            try:
                render(news(before, now))
                rendered = True
            except (CrlError, OSError) as error:
                if isinstance(error, ConfigError) and not rendered:
                    raise
                echo(str(error), err=True, label="no new report:")
        before = now
        sleep(SECONDS_BETWEEN_SNAPSHOTS)


def news(before: Snapshot, now: Snapshot) -> str:
    """The differences of a snapshot from the one before it, in words.

    Example:
        >>> news(Snapshot({}), Snapshot({Path("runs/maze_d4_s0"): [(80_000, 1)]}))
        'maze_d4_s0 at 80,000 steps'
    """
    changed = [path for path in now.runs if now.runs[path] != before.runs.get(path)]
    gone = [path for path in before.runs if path not in now.runs]
    new = [f"{path.name} at {now.runs[path][-1][0]:,} steps" for path in changed]
    return _named([*new, *(f"{path.name} is gone" for path in gone)])


def _checkpoints(run: RunDir, step: Step) -> tuple[Checkpoint, ...]:
    try:
        steps = run.policy_steps()
    except CheckpointError:  # a network file system that comes back, say: a snapshot takes what can be read now
        return ()
    if step is None:
        steps = steps[-1:]
    elif step != "all":
        steps = tuple(one for one in steps if one == step)
    return tuple((one, _written(run.policy / str(one))) for one in steps)


def _written(folder: Path) -> int:
    """Time of writing of the folder; 0 if it cannot be read, such as one that is just being replaced."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _named(names: Sequence[str]) -> str:
    more = len(names) - _MOST_NAMED
    return listed([*names[:_MOST_NAMED], *([f"{more} more"] if more > 0 else [])])
