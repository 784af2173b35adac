"""The ``crl-probe`` command line: which runs, which probes, where the answer goes; no algorithm."""

import contextlib
import csv
import json
import logging
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from crl_train.cli_options import CONTEXT, explained
from crl_train.errors import RunNotFoundError
from crl_train.version import __version__

if TYPE_CHECKING:
    from crl_probe.loading import LoadedRun

DEFAULT_OUT = Path("reports")


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="crl-probe")
def main() -> None:
    """Open up trained agents and compare what depth did to them.

    \b
    crl-probe eval checkpoints/point_u_maze_*
    crl-probe report checkpoints/point_u_maze_*
    """


_RUNS = click.argument("patterns", metavar="RUNS...", nargs=-1, required=True)
_STEP = click.option("--step", type=int, help="Checkpoint to open, in env steps; the newest if not given.")
_SEED = click.option(
    "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Decides starts and goals."
)


@main.command("eval")
@_RUNS
@_STEP
@_SEED
@click.option("--episodes", type=click.IntRange(1), default=128, show_default=True, help="Fresh episodes of each run.")
@click.option("--policy", default="mean", show_default=True, help="Acting: mean, sample or best_of_K.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def evaluate(patterns: Sequence[str], step: int | None, seed: int, episodes: int, policy: str, form: str) -> None:
    """Roll out RUNS in fresh episodes, the same starts and goals for each, and print how they did."""
    with explained():
        from crl_probe.grouping import by_depth

        # Rows stand for themselves here, so any runs may be listed together; reports compare and are stricter.
        runs = sorted(_load(patterns, step), key=lambda run: (run.config.env, *by_depth(run)))
        rows = [_success_row(run, policy, episodes, seed) for run in runs]
        _print_rows(rows, form)


@main.command()
@_RUNS
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the report; reports/<environment> if not given."
)
@click.option("--title", help="Title of the page.")
@_STEP
@_SEED
@click.option(
    "--episodes", type=click.IntRange(1), default=64, show_default=True, help="Episodes rolled out by each run."
)
@click.option("--goals", type=click.IntRange(1), default=6, show_default=True, help="Goals of the landscapes.")
@click.option("--cache/--no-cache", default=True, help="Keep results, so that the next report renders in seconds.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def report(
    patterns: Sequence[str],
    out: Path | None,
    title: str | None,
    step: int | None,
    seed: int,
    episodes: int,
    goals: int,
    cache: bool,
    quiet: bool,
) -> None:
    """Probe RUNS and write one self-contained HTML page that compares their depths."""
    with _notes_printed(), explained():
        from rich.console import Console

        from crl_probe.grouping import group_by_env
        from crl_probe.report import ReportSettings, build_report

        runs = _load(patterns, step)
        envs = list(group_by_env(runs))
        folder = out or DEFAULT_OUT / "_and_".join(envs)
        settings = ReportSettings(
            episodes=episodes, goals=goals, seed=seed, use_cache=cache, command=shlex.join(["crl-probe", *sys.argv[1:]])
        )
        console = Console(highlight=False, quiet=quiet)
        with console.status("probing") as status:
            page = build_report(runs, folder, settings, title=title, progress=status.update)
        console.print(f"Report: {page}", soft_wrap=True, markup=False)


@contextlib.contextmanager
def _notes_printed() -> Iterator[None]:
    """Let what the probes have to say, such as a part that is missing and why, reach the terminal as plain lines."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("note: %(message)s"))
    logger = logging.getLogger("crl_probe")
    logger.addHandler(handler)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.propagate = True


def _load(patterns: Sequence[str], step: int | None) -> list["LoadedRun"]:
    """Open every run named; one that has no checkpoint yet is passed over aloud, unless nothing else was named."""
    from crl_probe.loading import find_runs, load_run

    runs, missing = [], []
    for path in find_runs(patterns):
        try:
            runs.append(load_run(path, step))
        except RunNotFoundError as error:
            missing.append(str(error))
    if not runs:
        raise RunNotFoundError(missing[0])
    for message in missing:
        click.echo(f"passed over: {message}", err=True)
    return runs


def _success_row(run: "LoadedRun", policy: str, episodes: int, seed: int) -> dict[str, Any]:
    import jax

    from crl_train.evaluation import collect_episodes
    from crl_train.goal_metrics import summarise_success

    recorded = collect_episodes(run.env, run.policy(policy), jax.random.key(seed), episodes, run.episode_length)
    return {
        "run": run.name,
        "env": run.config.env,
        "actor_depth": run.config.actor_depth,
        "critic_depth": run.config.critic_depth,
        "seed": run.config.seed,
        "env_steps": run.env_steps,
        "episodes": episodes,
        **summarise_success(recorded.distances, run.env.spec.tolerance),
    }


def _print_rows(rows: Sequence[Mapping[str, Any]], form: str) -> None:
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_tables(rows)


def _print_tables(rows: Sequence[Mapping[str, Any]]) -> None:
    """One table for each environment, never one for two."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    for env in dict.fromkeys(row["env"] for row in rows):
        table = Table(title=env, title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("run", no_wrap=True)
        for heading in ("env steps", "success", "at the end", "time at goal", "time to goal", "final distance"):
            table.add_column(heading, justify="right")
        for row in rows:
            if row["env"] == env:
                arrival = row["time_to_goal"]
                table.add_row(
                    row["run"],
                    f"{row['env_steps']:,}",
                    f"{row['success_rate']:.2f}",
                    f"{row['final_success_rate']:.2f}",
                    f"{row['time_at_goal']:.1f}",
                    "–" if arrival is None else f"{arrival:.0f}",
                    f"{row['final_distance']:.2f}",
                )
        console.print(table)
    console.print(f"[dim]{rows[0]['episodes']} fresh episodes each, the same starts and goals; times in steps.[/dim]")
