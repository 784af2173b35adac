"""``crl-probe eval``: the success of each run on fresh episodes, where ``crl-probe success`` compares levels."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from crl_probe.cli.opening import open_runs, print_skipped
from crl_probe.cli.options import RUNS, SEED, STEP, parse_step
from crl_probe.evidence import limits
from crl_train.cli_options import explained
from crl_train.console import printable, write

if TYPE_CHECKING:
    from rich.console import Console

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
    """Success of each of RUNS in fresh episodes; `success` compares them.

    All runs get the same starts and goals. Unlike for `success`, runs may differ in anything and act with noise.
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
    from crl_probe.cli.output import print_drawn
    from crl_probe.summary.formats import csv_table

    if form == "json":
        write(json.dumps(rows, indent=2) + "\n")
    elif form == "csv":
        write(csv_table(list(rows[0]), rows))
    else:
        print_drawn(lambda console: _draw(console, rows))


def _draw(console: "Console", rows: Sequence[Mapping[str, Any]]) -> None:
    """Print one table for each environment."""
    from rich.table import Table
    from rich.text import Text

    from crl_probe.metrics import DEFINITIONS
    from crl_probe.summary.numbers import format_column

    for env in dict.fromkeys(row["env"] for row in rows):
        table = Table(title=printable(env), title_justify="left", title_style="bold", box=None, pad_edge=False)
        table.add_column("run", overflow="fold")
        for heading in ("env steps", "success", "at the end", "time at goal", "time to goal", "final distance"):
            table.add_column(heading, justify="right")
        mine = [row for row in rows if row["env"] == env]
        columns = [
            format_column((row[name] for row in mine), share=DEFINITIONS[name].is_share)
            for name in ("success_rate", "final_success_rate", "time_at_goal", "time_to_goal", "final_distance")
        ]
        for row, *cells in zip(mine, *columns, strict=True):
            table.add_row(printable(row["run"]), f"{row['env_steps']:,}", *cells)
        console.print(table)
    basis = f"{rows[0]['episodes']} fresh episodes each, the same starts and goals; times in steps."
    console.print(Text(basis, style="dim"))
