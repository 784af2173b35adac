"""``crl-probe metrics``: all numbers of some runs, by level and by run."""

from collections.abc import Sequence
from pathlib import Path

import click

from crl_probe.cli.opening import open_evidence, watched
from crl_probe.cli.options import (
    EACH_RUN,
    FILE,
    FORMAT,
    PROBE_SET,
    ProbeOptions,
    check_metrics,
    check_place,
    probing_options,
)
from crl_train.cli_options import explained
from crl_train.console import echo
from crl_train.errors import ConfigError

_WHY_UNDEFINED = (
    "See the notes above, if any. cka needs several runs of one environment, landscapes need a maze, and spread needs "
    "states near a goal."
)


@click.command("metrics")
@probing_options(PROBE_SET, FORMAT, EACH_RUN)
@click.option(
    "--metric", "names", metavar="NAME", multiple=True, help="Only this metric; repeat the option for several."
)
@click.option("--out", type=FILE, help="File to write instead of printing.")
def command(options: ProbeOptions, form: str, names: Sequence[str], out: Path | None) -> None:
    """Print the numbers of RUNS by depth, with intervals over seeds.

    Verdicts on the paper's claims come first, unless --metric is given or --step is all.
    """
    with explained():
        from crl_probe.cli.output import print_numbers, provenance_of
        from crl_probe.metrics import DEFINITIONS
        from crl_probe.summary.rows import rows_of

        check_metrics(names, DEFINITIONS)
        check_place("--out", out)
        with watched() as progress:
            from crl_probe.probes.registry import measure, measure_before_training, probes_of
            from crl_probe.runs.factors import DEFAULT
            from crl_probe.summary.verdicts import judge

            opened = open_evidence(options, progress)
            by_env = {
                evidence.env.name: [
                    sample
                    for sample in measure(evidence, probes_of(names or DEFINITIONS)).samples
                    if not names or sample.metric in names
                ]
                for evidence in opened
            }
            judged = {
                evidence.env.name: judge(
                    by_env[evidence.env.name], measure_before_training(evidence, ["success"]).samples
                )
                for evidence in opened
                if not names and options.step != "all" and evidence.by == DEFAULT
            }
        samples = [sample for group in by_env.values() for sample in group]
        absent = [name for name in names if name not in {sample.metric for sample in samples}]
        if not samples:
            raise ConfigError(f"no number of {', '.join(names or by_env)} is defined for these runs. {_WHY_UNDEFINED}")
        if absent:
            echo(f"note: {', '.join(absent)} is not defined for these runs. {_WHY_UNDEFINED}", err=True)
        print_numbers(
            rows_of(samples, options.rows(form)),
            form,
            settings=provenance_of(opened),
            verdicts=judged,
            together=bool(names),
            out=out,
        )
