"""``crl-probe probe-set``: save a shared set of states and goals, on which other runs can be probed."""

from pathlib import Path

import click

from crl_probe.cli.opening import only_one, open_evidence, watched
from crl_probe.cli.options import FILE, ProbeOptions, check_place, probing_options
from crl_probe.evidence import limits
from crl_train.cli_options import explained
from crl_train.console import echo
from crl_train.errors import ConfigError


@click.command("probe-set")
@probing_options()
@click.option("--out", type=FILE, required=True, help="The .npz file to write.")
@click.option(
    "--points", type=click.IntRange(1, limits.POINTS), help="Number of single states in the set; 2000 if not given."
)
@click.option(
    "--paths", type=click.IntRange(1, limits.PATHS), help="Number of whole episodes in the set; 24 if not given."
)
def command(options: ProbeOptions, out: Path, points: int | None, paths: int | None) -> None:
    """Save states and goals from RUNS, on which other runs can be probed."""
    with explained():
        check_place("--out", out)
        if out.suffix != ".npz":
            raise ConfigError(f"--out {str(out)!r} is not usable: a probe set is a file that ends in .npz.")
        with watched() as progress:
            from crl_probe.evidence.probe_set import save_probe_set

            evidence = only_one(open_evidence(options, progress, points=points, paths=paths), "a probe set")
            made = evidence.probe_set
            save_probe_set(made, out)
        runs = "1 run" if len(made.sources) == 1 else f"{len(made.sources)} runs"
        recipe = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.recipe.items())
        echo(
            f"{out}: {len(made.points)} states, {len(set(made.paths.episode.tolist()))} episodes and "
            f"{len(made.goals)} goals of {made.env}, evenly from {runs} ({recipe})."
        )
