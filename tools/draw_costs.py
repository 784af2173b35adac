"""Draw what training costs by depth, width, batch size and number of environments, from what ``crl-train bench`` wrote.

Run it from the root of the project as:

    python -m tools.draw_costs docs/data/costs.json docs/images/costs.svg

The setting that most rows share is the base; each panel shows the rows that differ from it in one setting alone.
"""

import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from crl_probe.plots import save_figure
from crl_probe.render.paper.style import PAGE_WIDTH, SOFT_INK, in_style, new_figure

# isort: split
# After crl_probe, which copes with an MPLBACKEND that is not installed here, such as that of a notebook.
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

Row = Mapping[str, Any]

SETTINGS = ("env", "backend", "device", "precision", "depth", "width", "batch_size", "num_envs")
WHOLE, PRODUCTS = "#0072b2", "#d55e00"
HEIGHT = 4.5  # inches


class Panel(NamedTuple):
    """What one panel shows.

    Attributes:
        setting: What varies along x.
        words: What the setting is called.
        power: Of the setting, in which the time of matrix products grows; and environment steps, while there is room.
        is_update: Whether it shows the time of an update, and not environment steps.
    """

    setting: str
    words: str
    power: int
    is_update: bool = True


PANELS = (
    Panel("depth", "depth of actor and critic", 1),
    Panel("width", "width", 2),
    Panel("batch_size", "batch size", 1),
    Panel("num_envs", "parallel environments", 1, is_update=False),
)


def main(source: Path, path: Path) -> None:
    """Draw the figure and save it."""
    save_figure(figure_of(rows_of(source)), path)
    print(f"figure: {path}")


def rows_of(source: Path) -> list[Row]:
    """The rows of a file, with the common depth of actor and critic; those where they differ are left out."""
    rows = json.loads(source.read_text(encoding="utf-8"))
    return [{**row, "depth": row["actor_depth"]} for row in rows if row["actor_depth"] == row["critic_depth"]]


def base_of(rows: Sequence[Row]) -> dict[str, Any]:
    """The most frequent value of each setting."""
    return {name: statistics.mode(row[name] for row in rows) for name in SETTINGS}


def along(rows: Sequence[Row], setting: str) -> dict[int, list[Row]]:
    """The rows that differ from the base in one setting at most, by its value, the smallest first."""
    base = base_of(rows)
    found = dict[int, list[Row]]()
    for row in sorted(rows, key=lambda row: row[setting]):
        if all(row[name] == base[name] for name in SETTINGS if name != setting):
            found.setdefault(row[setting], []).append(row)
    return found


def figure_of(rows: Sequence[Row]) -> Figure:
    """Four panels, and the base above them."""
    base = base_of(rows)
    with in_style():
        figure, grid = new_figure(2, 2, PAGE_WIDTH, HEIGHT)
        for axes, panel in zip(grid.flat, PANELS, strict=True):
            draw(axes, panel, along(rows, panel.setting))
        handles, labels = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
        figure.suptitle(
            f"{base['env']} on {base['device']}; where not varied: depth {base['depth']}, width "
            f"{base['width']}, batch {base['batch_size']}, {base['num_envs']} environments"
        )
    return figure


def draw(axes: Axes, panel: Panel, found: Mapping[int, Sequence[Row]]) -> None:
    """One line of medians with its numbers, and what would be in proportion."""
    places = list(found)
    number = "update_ms" if panel.is_update else "collect_steps_per_second"
    whole = [statistics.median(row[number] for row in some) for some in found.values()]
    axes.plot(places, whole, color=WHOLE, marker="o", ms=4, label="measured", zorder=3)
    lowest = min(whole) / 2  # so that a flat line looks flat
    if panel.is_update:
        products = [statistics.median(row[number] * row["share_of_matmul"] for row in some) for some in found.values()]
        axes.plot(places, products, color=PRODUCTS, marker="s", ms=3, lw=1.0, label="its matrix products alone")
        lowest = min(products)
    # Towards the right everything grows as the products do; steps begin in proportion, if at all.
    anchor = -1 if panel.is_update else 0
    shares = [whole[anchor] * (place / places[anchor]) ** panel.power for place in places]
    axes.plot(places, shares, color=SOFT_INK, ls=(0, (4, 3)), lw=0.9, zorder=1, label="in proportion (to width²)")
    for place, value in zip(places, whole, strict=True):
        axes.annotate(short(value), (place, value), (0, 5), textcoords="offset points", ha="center", fontsize=7)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")
    axes.set_ylim(lowest / 1.4, max(whole) * (2 if panel.is_update else 3))
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(panel.words)
    axes.set_ylabel("one update (ms)" if panel.is_update else "collecting, env steps/s")
    axes.margins(x=0.08)


def short(value: float) -> str:
    """A number in a few characters.

    Example:
        >>> short(9.52), short(95.2), short(1523.0), short(123456.0)
        ('9.5', '95', '1,520', '123k')
    """
    if value >= 10_000:
        return f"{value / 1000:.0f}k"
    return f"{value:.1f}" if value < 10 else f"{float(f'{value:.3g}'):,.0f}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
