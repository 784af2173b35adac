"""The ``crl-probe`` command line: which runs, which probes, where the answer goes; no algorithm."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from crl_probe.cli_evidence import evidence_settings, given_probe_set, only_one, open_evidence, open_runs, watched
from crl_probe.cli_options import (
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
from crl_probe.cli_probes import COMMANDS
from crl_train.cli_options import CONTEXT, explained
from crl_train.errors import ConfigError
from crl_train.version import __version__

DEFAULT_OUT = Path("reports")
_WHY_UNDEFINED = (
    "Notes above, if any, say why; cka compares runs of one environment, landscapes need a maze, and spread needs "
    "states near a goal."
)


@click.group(context_settings=CONTEXT)
@click.version_option(__version__, prog_name="crl-probe")
def main() -> None:
    """Open up trained agents and compare what depth did to them.

    \b
    crl-probe report checkpoints/point_u_maze_*                       one page that compares depths
    crl-probe metrics checkpoints/point_u_maze_* --format latex       its numbers for a paper
    crl-probe landscape checkpoints/point_u_maze_* --save figure.pdf  one probe alone
    """


for _command in COMMANDS:
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
        from crl_probe.cli_eval import print_rows, success_row
        from crl_probe.grouping import by_depth

        # Rows stand for themselves here, so any runs may be listed together; reports compare and are stricter.
        opened, _ = open_runs(patterns, parse_step(step))
        runs = sorted(opened, key=lambda run: (run.config.env, *by_depth(run)))
        print_rows([success_row(run, policy, episodes, seed) for run in runs], form)


@main.command()
@probing_options(PROBE_SET)
@click.option("--out", type=FILE, help="Folder of the report; reports/<environment> if not given.")
@click.option("--title", help="Title of the page.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def report(asked: Asked, out: Path | None, title: str | None, quiet: bool) -> None:
    """Write one HTML page that compares RUNS by depth."""
    with explained(), watched(quiet) as progress:
        from crl_probe.grouping import group_by_env
        from crl_probe.parallel import usable_workers
        from crl_probe.report import ReportSettings, build_report

        if asked.step == "all":
            raise ConfigError(
                "--step all is not for reports: a report compares one checkpoint of each run. Use crl-probe metrics."
            )
        settings = evidence_settings(asked)
        probe_set = given_probe_set(asked)
        runs, passed_over = open_runs(asked.patterns, parse_step(asked.step))
        page = build_report(
            runs,
            out or DEFAULT_OUT / "_and_".join(group_by_env(runs)),
            ReportSettings(
                evidence=settings,
                use_cache=asked.cache,
                workers=asked.workers or usable_workers(len(runs)),
                command=shlex.join(["crl-probe", *sys.argv[1:]]),
                passed_over=tuple(passed_over),
            ),
            probe_set=probe_set,
            title=title,
            progress=progress,
        )
    if not quiet:
        click.echo(f"Report: {page}")


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
        from crl_probe.cli_output import print_numbers, settings_of
        from crl_probe.metrics import DEFINITIONS
        from crl_probe.tables import rows_of

        levels = parse_levels(by)
        check_metrics(names, DEFINITIONS)
        check_place("--out", out)
        with watched() as progress:
            from crl_probe.probing import measure, probes_of
            from crl_probe.verdicts import judge

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
            from crl_probe.probe_set import save_probe_set

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
    from crl_probe.cache import cache_directory

    place = cache_directory() / "results"
    sizes = [path.stat().st_size for path in place.glob("*.npz")]
    click.echo(f"{place}: {len(sizes)} results, {sum(sizes) / 1e6:,.1f} MB")


@cache.command("clear")
def cache_clear() -> None:
    """Delete all results that are kept; they are made again when asked for."""
    with explained():
        from crl_probe.cache import clear_cache

        click.echo(f"deleted {clear_cache()} results")
