"""The ``crl-probe`` command line: which runs, which probes, where the answer goes; no algorithm."""

from collections.abc import Sequence
from pathlib import Path

import click

from crl_probe.cli.interrupt import Program
from crl_probe.cli.opening import only_one, open_evidence, open_runs, say_passed_over, watched
from crl_probe.cli.options import (
    BY,
    FILE,
    FORMAT,
    PROBE_SET,
    RUNS,
    SEED,
    STEP,
    Asked,
    check_metrics,
    check_place,
    parse_levels,
    parse_step,
    probing_options,
)
from crl_probe.cli.probes import COMMANDS
from crl_probe.cli.report import report
from crl_train.cli_options import CONTEXT, explained
from crl_train.errors import ConfigError
from crl_train.version import __version__

_WHY_UNDEFINED = (
    "Notes above, if any, say why; cka compares runs of one environment, landscapes need a maze, and spread needs "
    "states near a goal."
)


@click.group(cls=Program, context_settings=CONTEXT)
@click.version_option(__version__, prog_name="crl-probe")
def main() -> None:
    """Open up trained agents and compare what depth did to them.

    \b
    crl-probe report checkpoints/point_u_maze_*                       one page that compares depths
    crl-probe metrics checkpoints/point_u_maze_* --format latex       its numbers for a paper
    crl-probe landscape checkpoints/point_u_maze_* --save figure.pdf  one probe alone
    """


for _command in (report, *COMMANDS):
    main.add_command(_command)


@main.command("eval")
@RUNS
@STEP
@SEED
@click.option("--episodes", type=click.IntRange(1), default=128, show_default=True, help="Fresh episodes of each run.")
@click.option("--policy", default="mean", show_default=True, help="Acting: mean, sample or best_of_K.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def evaluate(patterns: Sequence[str], step: str | None, seed: int, episodes: int, policy: str, form: str) -> None:
    """Roll out RUNS in fresh episodes and print how they did.

    All get the same starts and goals.
    """
    with explained():
        from crl_probe.cli.eval import print_rows, success_row
        from crl_probe.runs.comparability import by_depth

        # Rows stand for themselves here, so any runs may be listed together; reports compare and are stricter.
        opened, passed_over = open_runs(patterns, parse_step(step))
        say_passed_over(passed_over)
        runs = sorted(opened, key=lambda run: (run.config.env, *by_depth(run)))
        print_rows([success_row(run, policy, episodes, seed) for run in runs], form)


@main.command()
@probing_options(PROBE_SET, FORMAT, BY)
@click.option(
    "--metric", "names", metavar="NAME", multiple=True, help="Only this metric; repeat for several, in one table."
)
@click.option("--out", type=FILE, help="File to write instead of printing.")
def metrics(asked: Asked, form: str, by: str, names: Sequence[str], out: Path | None) -> None:
    """Print the numbers of RUNS by depth and seed, with intervals.

    Verdicts on the paper's claims follow, unless metrics were picked or --step is all.
    """
    with explained():
        from crl_probe.cli.output import print_numbers, settings_of
        from crl_probe.metrics import DEFINITIONS
        from crl_probe.summary.tables import rows_of

        levels = parse_levels(by)
        check_metrics(names, DEFINITIONS)
        check_place("--out", out)
        with watched() as progress:
            from crl_probe.probes.registry import measure, probes_of
            from crl_probe.summary.verdicts import judge

            opened = open_evidence(asked, progress)
            by_env = {
                evidence.env.name: [
                    sample
                    for sample in measure(evidence, probes_of(names or DEFINITIONS)).samples
                    if not names or sample.metric in names
                ]
                for evidence in opened
            }
            judged = {} if names or asked.step == "all" else {env: judge(group) for env, group in by_env.items()}
        samples = [sample for group in by_env.values() for sample in group]
        absent = [name for name in names if name not in {sample.metric for sample in samples}]
        if not samples:
            raise ConfigError(f"no number of {', '.join(names or by_env)} is defined for these runs. {_WHY_UNDEFINED}")
        if absent:
            click.echo(f"note: {', '.join(absent)} is not defined for these runs. {_WHY_UNDEFINED}", err=True)
        print_numbers(
            rows_of(samples, levels),
            form,
            settings=settings_of(opened),
            verdicts=judged,
            together=bool(names),
            out=out,
        )


@main.command("probe-set")
@probing_options()
@click.option("--out", type=FILE, required=True, help="File to write, a .npz.")
@click.option("--points", type=click.IntRange(1), help="Single states in the set; 2000 if not given.")
@click.option("--paths", type=click.IntRange(1), help="Whole episodes in the set; 24 if not given.")
def probe_set(asked: Asked, out: Path, points: int | None, paths: int | None) -> None:
    """Draw states and goals from RUNS, to probe other runs with."""
    with explained():
        check_place("--out", out)
        if out.suffix != ".npz":
            raise ConfigError(f"--out {str(out)!r} is not usable: a probe set is a file that ends in .npz.")
        with watched() as progress:
            from crl_probe.evidence.probe_set import save_probe_set

            evidence = only_one(open_evidence(asked, progress, points=points, paths=paths), "a probe set")
            made = evidence.probe_set
            save_probe_set(made, out)
        runs = "1 run" if len(made.sources) == 1 else f"{len(made.sources)} runs"
        told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.recipe.items())
        click.echo(
            f"{out}: {len(made.points)} states, {len(set(made.paths.episode.tolist()))} episodes and "
            f"{len(made.goals)} goals of {made.env}, evenly from {runs} ({told})."
        )


@main.group()
def cache() -> None:
    """Results kept on disk: where they are, and how to clear them."""


@cache.command("info")
def cache_info() -> None:
    """Say where results are kept, how many, and their size."""
    from crl_probe.store.cache import cache_directory

    place = cache_directory() / "results"
    results = list(place.glob("*.npz"))
    size = sum(path.stat().st_size for path in place.glob("*"))  # figures are kept beside the results they show
    click.echo(f"{place}: {len(results)} results, {size / 1e6:,.1f} MB")


@cache.command("clear")
def cache_clear() -> None:
    """Delete all results that are kept; they are made again when asked for."""
    with explained():
        from crl_probe.store.cache import clear_cache

        click.echo(f"deleted {clear_cache()} results")
