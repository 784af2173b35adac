"""``python -m tools.torture``: break what can be broken, and print a table of what held."""

import contextlib
import os
import tempfile
import time
from pathlib import Path

import click

from tools.torture.findings import Record
from tools.torture.programs import environment

PARTS = ("kills", "inputs", "mutations", "writers")


@click.command()
@click.option("--only", type=click.Choice(PARTS), multiple=True, help="Only this part; repeat the option for several.")
@click.option("--kills", default=200, show_default=True, help="Kills of training; reports get a twentieth of them.")
@click.option("--mutations", default=2_000, show_default=True, help="Damaged versions for each reader.")
@click.option("--inputs", default=1_000, show_default=True, help="About how many malformed inputs.")
@click.option("--rounds", default=3, show_default=True, help="Rounds of two writers in each shared place.")
@click.option("--minutes", default=30.0, show_default=True, help="What is not begun by then is not tried.")
@click.option("--seed", default=0, show_default=True, help="Seeds all that is drawn.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("reports/torture"),
    show_default=True,
    help="Folder for figures.md, findings.json and the inputs that were not handled.",
)
def main(
    only: tuple[str, ...],
    kills: int,
    mutations: int,
    inputs: int,
    rounds: int,
    minutes: float,
    seed: int,
    out: Path,
) -> None:
    """Kill, damage, mislead and run twice whatever the two programs offer; exit with 1 if anything went wrong.

    All commands are real. A right end is success, or one line that says what is wrong and exit code 2.
    """
    until = time.monotonic() + 60 * minutes
    record = Record(out)
    # Whatever ends it, what was found until then is written.
    with contextlib.closing(record), tempfile.TemporaryDirectory(prefix="torture-") as work:
        # This process reads runs itself, with the programs that those which it starts have compiled. JAX looks at its
        # environment when it is imported, which is below.
        variables = environment(Path(work))
        os.environ.update({name: value for name, value in variables.items() if name.startswith("JAX_")})
        from tools.torture.everything import Amounts, torture

        torture(record, Path(work), only or PARTS, Amounts(kills, mutations, inputs, rounds), seed, until)
    click.echo(f"\n{record.table()}")
    if record.failed:
        click.echo(f"Not all went right: {out / 'findings.json'} has every failure and how to see it again.")
        raise SystemExit(1)


if __name__ == "__main__":
    main(prog_name="python -m tools.torture")
