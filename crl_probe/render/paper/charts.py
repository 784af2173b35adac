"""Descriptions of charts on matplotlib axes."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D

from crl_probe.render.charts import RING, RULES, Chart, Fill, HeatMap, LegendEntry, Line, Mark
from crl_probe.render.palette import HEAT_COLOURS, ink_on
from crl_probe.render.paper.fitting import label_depths, size_of, width_of
from crl_probe.render.paper.style import MARKERS, SOFT_INK, TICK_SIZE, add_colourbar, add_legend

_WIDTHS: Final = {"thread": 0.6, "thin": 0.6, "plain": 1.0, "bold": 1.4}
_OPACITY: Final = {"thread": 0.6, "thin": 0.55, "plain": 1.0, "bold": 1.0}
_ORDER: Final = {"thread": 1.5, "thin": 2.0, "plain": 2.0, "bold": 2.2}
_DASHES: Final = (0, (3, 2))
_RULE: Final[dict[str, Any]] = {"color": SOFT_INK, "lw": 0.8, "zorder": 1}
_RULE_STYLES: Final = dict(zip(RULES, (_DASHES, (0, (1, 2)), (0, (5, 2, 1, 2))), strict=True))
_FILLS: Final[dict[Fill, dict[str, Any]]] = {
    "full": {"fillstyle": "full"},
    "open": {"markerfacecolor": "white"},
    "left": {"fillstyle": "left", "markerfacecoloralt": "white"},
    "bottom": {"fillstyle": "bottom", "markerfacecoloralt": "white"},
}
_RING: Final[dict[str, Any]] = {"ls": "", "marker": "o", "ms": 7.5, "mew": 1.0, "mfc": "none"}
_HEAT_MAP: Final = 0.8  # of the axes, once the scale stands beside them
_LONG: Final = 24  # letters that fit beside a chart
_COLOURS: Final = LinearSegmentedColormap.from_list("similarity", HEAT_COLOURS)


def draw_chart(axes: Axes, chart: Chart, *, legend: bool = True) -> None:
    """Draw a chart with its axes, and its legend above if it has one and ``legend`` says so."""
    for reference in chart.references:
        axes.axhline(reference.value, ls=_RULE_STYLES[reference.symbol], **_RULE)
    for line in chart.lines:
        _draw_line(axes, line)
    for mark in chart.marks:
        _draw_mark(axes, mark)
    axes.set_xlim(chart.x.low, chart.x.high)
    axes.set_ylim(chart.y.low, chart.y.high)
    axes.set_yticks([place for place, _ in chart.y.ticks], [text for _, text in chart.y.ticks])
    label_depths(
        axes,
        [place for place, _ in chart.x.ticks],
        [text for _, text in chart.x.ticks],
        TICK_SIZE,
        size_of(axes)[0],
    )
    axes.set_xlabel("\n".join(filter(None, (chart.x.title, chart.note))))
    axes.set_ylabel(_with_unit(chart.y.title, chart.y.unit))
    if legend and chart.legend:
        add_legend(axes, legend_handles(chart.legend))


def draw_heat_map(axes: Axes, heat_map: HeatMap) -> None:
    """A square for each pair, with its number where there is room, and the scale beside."""
    side = _HEAT_MAP * min(size_of(axes))
    image = axes.imshow(heat_map.values, cmap=_COLOURS, vmin=heat_map.low, vmax=heat_map.high)
    if width_of("0.00", TICK_SIZE) < side / len(heat_map.names):
        for (row, column), value in np.ndenumerate(heat_map.values):
            if np.isfinite(value):
                ink = ink_on(heat_map.colour_of(float(value)))
                text = heat_map.text_of(row, column)
                axes.text(column, row, text, ha="center", va="center", fontsize="small", color=ink)
    for border in heat_map.borders:
        axes.axhline(border, color="white", lw=1.5)
        axes.axvline(border, color="white", lw=1.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    places, texts = [place for place, _ in heat_map.ticks], [text for _, text in heat_map.ticks]
    label_depths(axes, places, texts, TICK_SIZE, side)
    axes.set_yticks(places, texts)
    axes.tick_params(length=0)
    axes.set_xlabel(heat_map.axis_title)
    add_colourbar(axes, image, heat_map.scale_title)


def legend_handles(entries: Sequence[LegendEntry]) -> list[Line2D]:
    """What matplotlib's legends are made of."""
    return [_handle(entry) for entry in entries]


def _handle(entry: LegendEntry) -> Line2D:
    colour = entry.colour or SOFT_INK
    if entry.symbol in RULES:
        return Line2D([], [], label=entry.text, ls=_RULE_STYLES[entry.symbol], **_RULE)
    if entry.symbol == RING:
        return Line2D([], [], label=entry.text, color=colour, **_RING)
    if entry.colour is None:
        look = _FILLS[entry.fill]
        return Line2D([], [], label=entry.text, ls="", marker=MARKERS[entry.symbol], ms=4.5, color=colour, **look)
    return Line2D([], [], label=entry.text, color=colour, marker=MARKERS[entry.symbol], ms=3.5)


def _draw_line(axes: Axes, line: Line) -> None:
    colour = line.colour or SOFT_INK
    if line.low is not None and line.high is not None:
        for stretch in line.bands():
            area = {"color": colour, "alpha": 0.17, "lw": 0, "zorder": 1.8}
            axes.fill_between(line.x[stretch], line.low[stretch], line.high[stretch], **area)  # type: ignore[arg-type]
        for i in line.bars():
            axes.vlines(line.x[i], line.low[i], line.high[i], color=colour, lw=1.0, zorder=2)
    axes.plot(
        line.x,
        line.y,
        color=colour,
        lw=_WIDTHS[line.weight],
        alpha=_OPACITY[line.weight],
        ls=_DASHES if line.dashed else "-",
        marker=MARKERS[line.symbol] if line.symbol else "",
        ms=2.0 if line.weight == "thin" else 3.0,
        zorder=_ORDER[line.weight],
        label=line.text if line.weight == "bold" else "_",
    )


def _draw_mark(axes: Axes, mark: Mark) -> None:
    if mark.symbol == RING:
        axes.plot([mark.place], [mark.value], color=mark.colour, zorder=3, **_RING)
        return
    if mark.low is not None and mark.high is not None:
        axes.vlines(mark.place, mark.low, mark.high, color=mark.colour, lw=1.2, zorder=2)
    if mark.seeds:
        places, values = zip(*((dot.place, dot.value) for dot in mark.seeds), strict=True)
        axes.scatter(places, values, s=5.0, color=mark.colour, alpha=0.6, lw=0, zorder=2)
    look: dict[str, Any] = {"marker": MARKERS[mark.symbol], "ms": 5.0, "color": mark.colour, "zorder": 3} | _FILLS[
        mark.fill
    ]
    axes.plot([mark.place], [mark.value], **look)


def _with_unit(title: str, unit: str) -> str:
    if not unit:
        return title
    return f"{title}{chr(10) if len(title) + len(unit) > _LONG else ' '}({unit})"
