"""``crl-probe render``: agents in motion, as a page to look at from all sides, a film or a picture."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from crl_probe.cli.opening import only_one, open_evidence, watched
from crl_probe.cli.options import FILE, ProbeOptions, check_place, command_line, parse_step, probing_options
from crl_train.cli_options import explained
from crl_train.console import echo
from crl_train.errors import ConfigError
from crl_train.parsing import shortened

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence
    from crl_probe.probes.bodies import BodiesResult
    from crl_probe.render.page.views import View

_FOLDER: Final = Path("reports")
_FORMATS: Final = ("html", "mp4", "gif", "png")
_RATES: Final = {"html": 25, "mp4": 30, "gif": 20}  # moments a second, at the most
_PAGE_PAIRS: Final = 4  # of start and goal
_MOST_FRAMES: Final = 3_000


@click.command("render")
@probing_options(shared_goals=False)
@click.option("--out", type=FILE, help="File to write; reports/<environment>.<format> if not given.")
@click.option(
    "--format",
    "form",
    type=click.Choice(_FORMATS),
    help="A page to look at from all sides, a film, or a picture of one moment; as --out ends, or html.",
)
@click.option(
    "--pairs", type=click.IntRange(1, 64), help="Pairs of start and goal, from near to far; 4 on a page, 1 in a film."
)
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of each episode; as in training if not given.")
@click.option("--at", type=click.IntRange(0, 100_000), help="The step that a png shows; the last if not given.")
@click.option(
    "--speed", type=float, default=1.0, show_default=True, help="Of a film: times as fast as in the simulation."
)
@click.option("--width", type=int, default=480, show_default=True, help="Pixels of each agent's picture in a film.")
@click.option(
    "--camera",
    type=click.Choice(["auto", "follow", "all"]),
    default="auto",
    show_default=True,
    help="Follow the agent or see all of the room in a film; auto follows those that go far.",
)
def command(
    options: ProbeOptions,
    out: Path | None,
    form: str | None,
    pairs: int | None,
    steps: int | None,
    at: int | None,
    speed: float,
    width: int,
    camera: str,
) -> None:
    """Show RUNS in motion, side by side, from the same starts to the same goals.

    \b
    crl-probe render checkpoints/ant_*                    a page: turn, play and step through
    crl-probe render checkpoints/ant_* --format mp4       a film for a talk
    crl-probe render checkpoints/ant_* --out still.png --at 40
    """
    with explained():
        form = _form_of(out, form)
        check_place("--out", out)
        if parse_step(options.step) == "all":
            raise ConfigError("--step all is not usable: one checkpoint of each run is shown. Give its number.")
        if at is not None and form != "png":
            raise ConfigError(
                f"--at {at} is not usable: it chooses the moment of a png, and this is {form}. Leave it out."
            )
        from crl_probe.render.film.film import FilmSettings, save_film

        look = FilmSettings(width=width, speed=speed, camera=camera)  # checked before any run is opened
        with watched() as progress:
            evidence = only_one(open_evidence(options, progress, episode_length=steps), "what is shown in motion")
            place = out or _FOLDER / f"{evidence.env.name}.{form}"
            if form == "html":
                _write_page(evidence, place, pairs or _PAGE_PAIRS)
            else:
                _check_body(evidence, form)
                result = _motion(evidence, pairs or 1, _moments(evidence, form, speed))
                frame = -1 if at is None else _frame_at(result, at)
                save_film(result, place, look, frame=frame, progress=progress)
        echo(str(place))


def _form_of(out: Path | None, form: str | None) -> str:
    """The format, from the option or the name of the file."""
    ending = "" if out is None else out.suffix.lower().removeprefix(".")
    if out is not None and (ending not in _FORMATS or form not in (None, ending)):
        wanted = f" .{form}" if form else f" {', '.join(f'.{one}' for one in _FORMATS)}"
        raise ConfigError(f"--out {shortened(str(out))} is not usable: its name must end in{wanted}. Rename it.")
    return form or ending or "html"


def _moments(evidence: "Evidence", form: str, speed: float) -> int:
    """The most moments that are kept of an episode: all for a picture, and as many as are seen in motion."""
    steps = evidence.episode_length
    if form == "png":
        return steps + 1
    # Whole steps between moments, so that motion is even.
    stride = math.ceil(speed / float(evidence.env.spec.dt) / _RATES[form] - 1e-9)
    return max(2, min(steps // stride + 1, _MOST_FRAMES))


def _motion(evidence: "Evidence", pairs: int, frames: int) -> "BodiesResult":
    from crl_probe.probes.registry import make_settings, probe_named, run_probe

    probe = probe_named("bodies")
    return run_probe(probe, evidence, make_settings(probe, {"pairs": pairs, "frames": frames}))


def _check_body(evidence: "Evidence", form: str) -> None:
    """Refuse to film what has no body."""
    from crl_probe.evidence.body_motion import without_body

    if without_body(evidence.env):
        raise ConfigError(
            f"--format {form} is not usable: {evidence.env.name} has no body to draw. Use html, which shows paths."
        )


def _frame_at(result: "BodiesResult", step: int) -> int:
    """The moment of a step, as an index."""
    steps: list[int] = result.steps.tolist()
    if step > steps[-1]:
        raise ConfigError(
            f"--at {step} is not usable: the episodes shown end at step {steps[-1]}. Choose one up to it."
        )
    return min(range(len(steps)), key=lambda place: abs(steps[place] - step))


def _write_page(evidence: "Evidence", place: Path, pairs: int) -> None:
    from crl_probe.probes.registry import probe_named
    from crl_probe.render.page.viewer import write_viewer

    probe, result, view = _page_of(evidence, pairs)
    levels = dict.fromkeys(info.level for info in result.runs)
    facts = (", ".join(levels), f"{len(result.runs)} runs" if len(result.runs) > 1 else result.runs[0].name)
    write_viewer(
        place,
        f"{probe_named(probe).title}: {evidence.env.name}",
        view,
        facts=facts,
        note=" ".join((probe_named(probe).reading(result), *probe_named(probe).notes(result))),
        command=command_line(),
    )


def _page_of(evidence: "Evidence", pairs: int) -> tuple[str, Any, "View"]:
    """What a page shows: bodies, or paths on the map where nothing has a body."""
    from crl_probe.evidence.body_motion import without_body
    from crl_probe.probes.registry import make_settings, probe_named, run_probe
    from crl_probe.render.page.bodies import bodies_view
    from crl_probe.render.page.rollouts import rollout_view

    if not without_body(evidence.env):
        result = _motion(evidence, pairs, _moments(evidence, "html", 1.0))
        return "bodies", result, bodies_view(result)
    probe = probe_named("rollouts")
    paths = run_probe(probe, evidence, make_settings(probe, {"pairs": pairs}))
    return "rollouts", paths, rollout_view(paths)
