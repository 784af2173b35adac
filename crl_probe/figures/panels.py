"""Small multiples as data: plotly figures side by side, and the controls that act on all of them at once.

A control offers values of one key, such as ``goal``. A trace that names the key in its ``meta`` is shown only
while its value is chosen; a trace that does not is always shown. Panels stay separate figures so that a page can
let them flow from one row into several.
"""

import dataclasses
from collections.abc import Sequence

import plotly.graph_objects as go

from crl_probe.results import RunInfo


@dataclasses.dataclass(frozen=True)
class Control:
    """A choice that acts on every panel of a group.

    Attributes:
        key: Key in the ``meta`` of traces.
        title: What is chosen, for people.
        options: Pairs of value and text; the first is chosen at the start.
    """

    key: str
    title: str
    options: tuple[tuple[str, str], ...]


@dataclasses.dataclass(frozen=True)
class Panel:
    """One figure of a group.

    Attributes:
        title: Shown above.
        figure: The plotly figure, with transparent background.
        alt: What a reader who cannot see it should know.
        note: Numbers shown below, if any.
        aspect: Width over height; None for a chart of the usual height.
    """

    title: str
    figure: go.Figure
    alt: str
    note: str = ""
    aspect: float | None = None


@dataclasses.dataclass(frozen=True)
class FigureGroup:
    """Panels that belong together.

    Attributes:
        panels: In reading order.
        controls: Choices that act on all of them; those with one option are not shown.
        pick_episodes: Whether a click on a point picks its episode (the trace's ``customdata``) in every panel.
        caption: Shown below, such as what the colours mean.
    """

    panels: tuple[Panel, ...]
    controls: tuple[Control, ...] = ()
    pick_episodes: bool = False
    caption: str = ""


def with_defaults(
    panels: Sequence[Panel], controls: Sequence[Control], *, pick_episodes: bool = False, caption: str = ""
) -> FigureGroup:
    """Make a group in which exactly the traces of the first options are visible."""
    chosen = {control.key: control.options[0][0] for control in controls}
    for panel in panels:
        for trace in panel.figure.data:
            meta = trace.meta or {}
            trace.visible = all(meta[key] == value for key, value in chosen.items() if key in meta)
    return FigureGroup(tuple(panels), tuple(controls), pick_episodes, caption)


def seed_control(runs: Sequence[RunInfo]) -> tuple[Control, str]:
    """A choice among all seeds, and a caption that is not empty where a depth lacks some of them."""
    seeds = sorted({run.seed for run in runs})
    of_label = {run.label: {other.seed for other in runs if other.label == run.label} for run in runs}
    uneven = any(len(mine) < len(seeds) for mine in of_label.values())
    caption = "A panel stays empty where that depth has no run of the chosen seed." if uneven else ""
    return Control("seed", "Seed", tuple((str(seed), str(seed)) for seed in seeds)), caption
