"""Maps and point clouds as data: what the page's own script draws, with the controls that act on all of its panels.

A view is panels of one kind side by side. Its data are arrays and plain values; everything that a reader without the
script should know stands in the panels' texts.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, UInt16

from crl_probe.render.floor import floor_limits
from crl_probe.runs.run_info import RunInfo

Form: TypeAlias = Literal["pills", "select", "switch", "slider"]

UNEVEN_SEEDS = "A panel stays empty where that depth has no run of the chosen seed."

_MOST_PILLS = 6  # options; more go into a list
_MARGIN = 0.06  # of their extent around places, where no maze says what to show
_LARGEST = 2**16 - 1


@dataclasses.dataclass(frozen=True)
class ViewControl:
    """A choice that acts on every panel of a view.

    Attributes:
        key: Its name in the script's state.
        title: What is chosen, for people.
        options: Pairs of value and text. A switch has two: off, and on with its text.
        form: How it is offered. A slider stops at each option and can be played.
        chosen: The value at the start, if it is not the one that the form begins with.
        seconds: How long playing a slider from end to end takes.
    """

    key: str
    title: str
    options: tuple[tuple[str, str], ...]
    form: Form = "pills"
    seconds: float = 8.0
    chosen: str = ""

    @property
    def start(self) -> str:
        """The value at the start: if none is chosen the first, but the last of a slider, whose end shows most."""
        return self.chosen or self.options[-1 if self.form == "slider" else 0][0]


@dataclasses.dataclass(frozen=True)
class ViewPanel:
    """One picture of a view.

    Attributes:
        title: Shown above.
        alt: What a reader who cannot see it should know.
        kind: What the script draws: ``map`` for the plane itself, ``depth`` for the agents of one depth.
        depth: Depth in words, where ``kind`` is ``depth``.
        aspect: Width over height.
        scores: Pairs of name and value, shown below. A landscape has beside each the score of the map that is shown.
    """

    title: str
    alt: str
    kind: Literal["map", "depth"] = "depth"
    depth: str = ""
    aspect: float = 1.0
    scores: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class View:
    """Panels that one script draws and one set of controls changes.

    Attributes:
        kind: Which script: ``landscape``, ``trajectory``, ``rollout`` or ``bodies``.
        panels: In reading order.
        controls: Choices; those with one option are not offered.
        data: Arrays, numbers, texts, and lists and dictionaries of these.
        marks: What the marks in its pictures stand for.
        hint: How to use it, in a sentence.
        caption: What should be known about it, shown below.
    """

    kind: Literal["landscape", "trajectory", "rollout", "bodies"]
    panels: tuple[ViewPanel, ...]
    controls: tuple[ViewControl, ...]
    data: Mapping[str, Any]
    marks: str = ""
    hint: str = ""
    caption: str = ""


def maze_of(
    xs: Float[np.ndarray, " nx"], ys: Float[np.ndarray, " ny"], free: Bool[np.ndarray, "nx ny"]
) -> dict[str, Any] | None:
    """The floor plan as data of a view: cells, and the limits of what is worth showing; None without a maze.

    Args:
        xs: Centres of the cells along x. (nx,)
        ys: The same along y. (ny,)
        free: True where a cell is no wall. (nx, ny)
    """
    if not free.size:
        return None
    limits = list(floor_limits(xs, ys, free))
    return {"xs": _float32(xs), "ys": _float32(ys), "free": free.astype(np.uint8), "limits": limits}


def aspect_of(limits: Sequence[float]) -> float:
    """Width over height of (x from, x to, y from, y to)."""
    return (limits[1] - limits[0]) / (limits[3] - limits[2])


def limits_around(places: Float[np.ndarray, "rows 2"]) -> list[float]:
    """Limits (x from, x to, y from, y to) of a square that holds all places, and a margin."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = (0.5 + _MARGIN) * (float((high - low).max()) or 1.0)
    return [float(centre + side) for centre in (low + high) / 2 for side in (-half, half)]


def in_16_bits(
    points: Float[np.ndarray, "*rows dims"],
    low: Float[np.ndarray, "*#rows dims"],
    high: Float[np.ndarray, "*#rows dims"],
) -> UInt16[np.ndarray, "*rows dims"]:
    """Coordinates as shares of the way between limits, in 65,535ths: finer than a pixel, in half the bytes."""
    shares = np.clip((points.astype(np.float64) - low) / (high - low), 0, 1)
    return (_LARGEST * shares).round().astype(np.uint16)


def run_data(runs: Sequence[RunInfo]) -> list[dict[str, Any]]:
    """What a script must know of each run to choose the one of a panel."""
    return [{"name": run.name, "depth": run.level, "seed": str(run.seed), "step": run.env_steps} for run in runs]


def choice(key: str, title: str, options: tuple[tuple[str, str], ...], chosen: str = "") -> ViewControl:
    """A control in the form that suits the number of its options."""
    return ViewControl(key, title, options, form="pills" if len(options) <= _MOST_PILLS else "select", chosen=chosen)


def seed_choice(runs: Sequence[RunInfo]) -> ViewControl:
    """A control over the seeds of these runs."""
    return choice("seed", "Seed", tuple((str(seed), str(seed)) for seed in sorted({run.seed for run in runs})))


def seeds_are_uneven(runs: Sequence[RunInfo]) -> bool:
    """Whether some depth lacks a seed that another has."""
    return len({(run.level, run.seed) for run in runs}) < len({r.level for r in runs}) * len({r.seed for r in runs})


def checkpoint_control(runs: Sequence[RunInfo]) -> tuple[ViewControl, ...]:
    """A slider over the environment steps at which these runs have checkpoints; nothing where each has one."""
    steps = sorted({run.env_steps for run in runs})
    if len(runs) == len({(run.level, run.seed) for run in runs}):
        return ()
    options = tuple((str(step), f"{step:,} env steps") for step in steps)
    return (ViewControl("step", "Training", options, form="slider", seconds=1.2 * len(options)),)


def _float32(array: np.ndarray) -> np.ndarray:
    return np.asarray(array, dtype=np.float32)
