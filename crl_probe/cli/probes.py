"""The commands of ``crl-probe`` that run one probe alone, print its numbers and draw its figure."""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from crl_probe.cli.opening import only_one, open_evidence, watched
from crl_probe.cli.options import BY, FILE, FORMAT, PROBE_SET, Asked, check_place, parse_levels, probing_options
from crl_train.cli_options import explained
from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

_FIGURE_ENDINGS: Final = (".pdf", ".svg", ".png")


@dataclasses.dataclass(frozen=True)
class _Output:
    """How numbers are printed, and where the figure goes."""

    form: str
    by: str
    save: Path | None


def _probe_command(command: Callable[..., None]) -> click.Command:
    """A command that probes: it takes :class:`Asked`, :class:`_Output` and the options of its own probe."""

    @functools.wraps(command)
    def bundled(asked: Asked, form: str, by: str, save: Path | None, **own: Any) -> None:
        command(asked, _Output(form, by, save), **own)

    save = click.option("--save", type=FILE, metavar="FIGURE", help="Draw the figure to a .pdf, .svg or .png file.")
    return click.command()(probing_options(PROBE_SET, FORMAT, BY, save)(bundled))


@_probe_command
@click.option(
    "--grid", type=click.IntRange(1), help="About how many cells the long side of the grid has; 50 if not given."
)
@click.option("--action", help="What the agent does: mean (if not given), sample, best_of_K, or an action such as 0,1.")
def landscape(asked: Asked, output: _Output, grid: int | None, action: str | None) -> None:
    """Q-landscapes: do values follow the maze or straight lines?"""
    _run("q_landscape", asked, output, fine_cells=grid, action=action)


@_probe_command
@click.option("--method", help="How pictures are made: aligned (if not given), umap or pca.")
@click.option("--points", type=click.IntRange(1), help="About how many states a picture holds; 600 if not given.")
def trajectories(asked: Asked, output: _Output, method: str | None, points: int | None) -> None:
    """The ways that episodes take through embedding space."""
    _run("embedding_trajectory", asked, output, method=method, points=points)


@_probe_command
def spread(asked: Asked, output: _Output) -> None:
    """How much room representations give to what is near a goal."""
    _run("goal_clusters", asked, output)


@_probe_command
def geometry(asked: Asked, output: _Output) -> None:
    """Effective rank, likeness of runs, and what is linearly readable."""
    _run("geometry", asked, output)


@_probe_command
def stream(asked: Asked, output: _Output) -> None:
    """Dormant units, and what each residual block adds."""
    _run("residual_stream", asked, output)


@_probe_command
def retrieval(asked: Asked, output: _Output) -> None:
    """Does the critic pick the goal that a state-action led to?"""
    _run("retrieval", asked, output)


@_probe_command
def lens(asked: Asked, output: _Output) -> None:
    """What the critic already knows after its first blocks."""
    _run("depth_lens", asked, output)


COMMANDS: Final[Sequence[click.Command]] = (landscape, trajectories, spread, geometry, stream, retrieval, lens)


def _run(name: str, asked: Asked, output: _Output, **options: Any) -> None:
    """Run one probe in every environment, print its numbers, draw its figure."""
    with explained():
        from crl_probe.cli.output import print_numbers, settings_of
        from crl_probe.probes.registry import PROBES
        from crl_probe.summary.tables import rows_of

        levels = parse_levels(output.by)
        _check_ending(output.save)
        check_place("--save", output.save)
        own = {option: value for option, value in options.items() if value is not None}
        PROBES[name].settings_type()(**own)  # refuses what cannot be before anything is opened
        with watched() as progress:
            opened = open_evidence(asked, progress)
            if output.save is not None:
                only_one(opened, "a figure")
            results = [_result(name, evidence, own) for evidence in opened]
            samples = [sample for result in results for sample in result.samples()]
            if not samples:
                raise ConfigError(
                    "every number is undefined for these runs: their checkpoints hold NaN, or map all to one point. "
                    "Look at the losses in their metrics.jsonl."
                )
            if output.save is not None:
                _draw(results[0], output.save)
        print_numbers(rows_of(samples, levels), output.form, settings=settings_of(opened))


def _result(name: str, evidence: "Evidence", options: Mapping[str, Any]) -> Any:
    from crl_probe.metrics import MetricError
    from crl_probe.probes.registry import PROBES
    from crl_probe.runs.errors import ProbeError

    try:
        return PROBES[name].run(evidence, PROBES[name].settings(evidence, **options))
    except MetricError as error:
        raise ProbeError(f"{PROBES[name].title} cannot be measured: {error}") from error


def _check_ending(path: Path | None) -> None:
    """Refuse a figure of unknown kind before an hour of work for it."""
    if path is not None and path.suffix.lower() not in _FIGURE_ENDINGS:
        raise ConfigError(f"--save {str(path)!r} is not usable: a figure ends in {', '.join(_FIGURE_ENDINGS)}.")


def _draw(result: Any, path: Path) -> None:
    from crl_probe.plots import figure_of, save_figure

    save_figure(figure_of(result), path)
    click.echo(f"figure: {path}", err=True)
