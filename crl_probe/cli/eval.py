"""``crl-probe eval``: the success of each run on fresh episodes."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crl_probe.cli.opening import open_runs, print_skipped
from crl_probe.cli.options import RUNS, SEED, STEP, parse_step
from crl_probe.evidence import limits
from crl_train.cli_options import explained

if TYPE_CHECKING:
    from crl_probe.runs.loaded_run import LoadedRun


@click.command("eval")
@RUNS
@STEP
@SEED
@click.option(
    "--episodes",
    type=click.IntRange(1, limits.EPISODES),
    default=128,
    show_default=True,
    help="Fresh episodes of each run.",
)
@click.option("--policy", default="mean", show_default=True, help="How agents act: mean, sample or best_of_K.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def command(patterns: Sequence[str], step: str | None, seed: int, episodes: int, policy: str, form: str) -> None:
    """Roll out RUNS in fresh episodes and print their success.

    All runs get the same starts and goals.
    """
    with explained():
        from crl_probe.runs.comparability import by_level

        # Any runs may be listed together here; only reports compare runs, and check that they can be compared.
        opened, skipped = open_runs(patterns, parse_step(step))
        print_skipped(skipped)
        runs = sorted(opened, key=lambda run: (run.env.name, *by_level(run)))
        print_rows([success_row(run, policy, episodes, seed) for run in runs], form)


def success_row(run: "LoadedRun", policy: str, episodes: int, seed: int) -> dict[str, Any]:
    """Roll out one run and return its success metrics with its name and settings."""
    from crl_train.evaluation import collect_episodes
    from crl_train.goal_metrics import summarise_success
    from crl_train.numerics import random_key

    recorded = collect_episodes(run.env, run.policy(policy), random_key(seed), episodes, run.episode_length)
    return {
        "run": run.name,
        "env": run.env.name,
        "actor_depth": run.config.actor_depth,
        "critic_depth": run.config.critic_depth,
        "seed": run.config.seed,
        "env_steps": run.env_steps,
        "episodes": episodes,
        **summarise_success(recorded.distances, None, reached=recorded.reached, active=recorded.active),
    }


def print_rows(rows: Sequence[Mapping[str, Any]], form: str) -> None:
    """Print rows as a table, CSV or JSON."""
    if form == "json":
        click.echo(json.dumps(rows, indent=2))
    elif form == "csv":
        writer = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    else:
        _print_tables(rows)


def _print_tables(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one table for each environment."""
    from rich.table import Table

    from crl_probe.cli.output import stdout_console
    from crl_probe.metrics import DEFINITIONS
    from crl_probe.summary.numbers import format_column

    console = stdout_console()
    for env in dict.fromkeys(row["env"] for row in rows):
        table = Table(title=env, title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("run", no_wrap=True)
        for heading in ("env steps", "success", "at the end", "time at goal", "time to goal", "final distance"):
            table.add_column(heading, justify="right")
        mine = [row for row in rows if row["env"] == env]
        columns = [
            format_column((row[name] for row in mine), share=DEFINITIONS[name].is_share)
            for name in ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
        ]
        for row, *cells in zip(mine, *columns, strict=True):
            table.add_row(row["run"], f"{row['env_steps']:,}", *cells)
        console.print(table)
    console.print(f"[dim]{rows[0]['episodes']} fresh episodes each, the same starts and goals; times in steps.[/dim]")
