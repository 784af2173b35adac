"""A command for every probe, made from its declaration. It prints the probe's numbers and draws its figure."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from crl_probe.cli.opening import only_one, open_evidence, watched
from crl_probe.cli.options import EACH_RUN, FILE, FORMAT, PROBE_SET, ProbeOptions, check_place, probing_options
from crl_probe.probes.declaration import Probe
from crl_train.cli_options import explained
from crl_train.console import echo
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

_FIGURE_ENDINGS: Final = (".pdf", ".svg", ".png")
_SAVE: Final = click.option("--save", type=FILE, metavar="FIGURE", help="Draw the figure to a .pdf, .svg or .png file.")


def command_of(probe: Probe) -> click.Command:
    """The command of a probe; settings that are declared as options are its options."""

    def call(options: ProbeOptions, save: Path | None, form: str = "table", **own: Any) -> None:
        with explained():
            _run(probe, options, form, save, {name: value for name, value in own.items() if value is not None})

    command: Callable[..., None] = call
    for field in reversed(dataclasses.fields(probe.settings)):
        if field.metadata:
            command = _option(field)(command)
    formats = (FORMAT, EACH_RUN) if probe.metrics else ()
    bundled = probing_options(PROBE_SET, *formats, _SAVE)(command)
    return click.command(probe.command, help=probe.help)(bundled)


def _option(field: Any) -> Callable[[Any], Any]:
    kind = click.IntRange(field.metadata["low"]) if isinstance(field.default, int) else click.STRING
    text = f"{field.metadata['help'].rstrip('.')}; {field.default} if not given."
    return click.option(field.metadata["flag"], field.name, type=kind, help=text)


def _run(probe: Probe, options: ProbeOptions, form: str, save: Path | None, own: Mapping[str, Any]) -> None:
    """Run the probe in every environment, print its numbers, draw its figure."""
    from crl_probe.cli.output import print_numbers, provenance_of
    from crl_probe.probes.registry import make_settings, samples_of
    from crl_probe.summary.rows import rows_of

    rows = options.rows(form)
    settings = make_settings(probe, own)  # checked before any run is opened
    _check_figure(probe, save)
    with watched() as progress:
        opened = open_evidence(options, progress)
        if save is not None:
            only_one(opened, "a figure")
        results = [_result(probe, evidence, settings) for evidence in opened]
        samples = [sample for result in results for sample in samples_of(result)]
        if probe.metrics and not samples and not probe.without_numbers:
            raise ConfigError(
                "every number is undefined for these runs: their checkpoints hold NaN, or embed all states at one "
                "point. Check the losses in their metrics.jsonl."
            )
        if save is not None:
            _draw(results[0], save)
    if samples:
        print_numbers(rows_of(samples, rows), form, settings=provenance_of(opened))
    elif probe.without_numbers:
        echo(f"note: {probe.without_numbers}", err=True)


def _result(probe: Probe, evidence: "Evidence", settings: Any) -> Any:
    from crl_probe.metrics import MetricError
    from crl_probe.probes.registry import run_probe
    from crl_probe.runs.errors import ProbeError

    try:
        return run_probe(probe, evidence, settings)
    except MetricError as error:
        raise ProbeError(f"{probe.title} cannot be measured: {error}") from error


def _check_figure(probe: Probe, path: Path | None) -> None:
    """Refuse a figure that cannot be written, before the probe runs.

    Raises:
        ConfigError: If its file format is unknown, it cannot be written, or it is missing and the probe has no numbers.
    """
    if path is None:
        if not probe.metrics:
            raise ConfigError(
                f"--save is missing: {probe.command} has no numbers to print, only a figure. Add --save "
                f"{probe.command}.pdf."
            )
        return
    if path.suffix.lower() not in _FIGURE_ENDINGS:
        raise ConfigError(f"--save {str(path)!r} is not usable: a figure ends in {', '.join(_FIGURE_ENDINGS)}.")
    check_place("--save", path)


def _draw(result: Any, path: Path) -> None:
    from crl_probe.plots import figure_of, save_figure

    save_figure(figure_of(result), path)
    echo(f"figure: {path}", err=True)
