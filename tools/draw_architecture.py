"""Draw how the packages are built, from the tables that the tests enforce and the imports that the source has.

Run it from the root of the project as:

    python -m tools.draw_architecture docs/images/architecture.svg

Each box is a step of the trainer's flow or a wing of the probes, with its files and lines; a wing's arrows come from
the wings that it really imports. Nothing points left.
"""

import sys
from pathlib import Path

from crl_probe.plots import save_figure
from tests.flow import FLOW, PROBE, TRAIN, WINGS, imports, modules, parts_of

# isort: split
# After crl_probe, which copes with an MPLBACKEND that is not installed here, such as that of a notebook.
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

KNOWS = {
    "metrics": "every number\nas a pure function",
    "runs": "agents, loading,\nfactors, workers",
    "store": "results, cache,\nfolders",
    "evidence": "episodes, shared\nset, places",
    "probes": "one declaration\na file",
    "summary": "estimates, claims,\ntables",
    "render": "charts for page\nand paper",
    "plots": "matplotlib,\npublic",
    "report": "studies,\nthe page's folder",
    "cli": "one file\na command",
}
STEPS = ("envs", "rollout", "replay", "relabel", "losses", "update", "training", "checkpoint")
INK, SOFT, TRAINER, PROBER, DISK = "#222222", "#7a818c", "#fbead7", "#e3e6fa", "#e4e6ea"
WIDTH, GAP = 1.0, 0.22


def main(path: Path) -> None:
    """Draw the figure and save it."""
    figure = Figure(figsize=(11.5, 4.9))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    right = len(WINGS) * (WIDTH + GAP)
    axes.set_xlim(-0.2, right)
    axes.set_ylim(-2.35, 2.6)
    flow = [module for rank in FLOW for module in rank]
    assert set(STEPS) <= set(flow), f"the flow has no {set(STEPS) - set(flow)}"
    axes.text(0, 2.35, "crl_train", color=INK, fontsize=13, weight="bold")
    for place, step in enumerate(STEPS):
        box(axes, place, 1.35, step, f"{lines_of(TRAIN / f'{step}.py', TRAIN / step):,} lines", TRAINER)
        if place:
            arrow(axes, (place - 1, 1.7), (place, 1.7))
    axes.text(
        right - 0.3,
        1.62,
        "the disk:\nconfig.json, metrics.jsonl,\nOrbax checkpoints",
        ha="right",
        fontsize=9,
        color=INK,
    )
    axes.axhline(0.98, color=DISK, lw=5, zorder=0)
    axes.text(0, 0.6, "crl_probe", color=INK, fontsize=13, weight="bold")
    for place, wing in enumerate(WINGS):
        files = modules(PROBE / wing)
        size = f"{len(files)} files, {lines_of(*files):,} lines"
        box(axes, place, -0.4, wing, size, PROBER)
        axes.text(x_of(place) + WIDTH / 2, -0.5, KNOWS[wing], ha="center", va="top", fontsize=8, color=SOFT)
        for source in sorted(parts_of("crl_probe", {name for file in files for name in imports(file)}) & set(WINGS)):
            if source != wing:
                curve(axes, WINGS.index(source), place)
    save_figure(figure, path)
    print(f"figure: {path}")


def box(axes: Axes, place: int, bottom: float, title: str, note: str, colour: str) -> None:
    """Draw a named box at a place of its row."""
    left = x_of(place)
    axes.add_patch(
        FancyBboxPatch((left, bottom), WIDTH, 0.7, boxstyle="round,pad=0,rounding_size=0.08", fc=colour, ec="none")
    )
    axes.text(left + WIDTH / 2, bottom + 0.45, title, ha="center", va="center", fontsize=11, color=INK)
    axes.text(left + WIDTH / 2, bottom + 0.18, note, ha="center", va="center", fontsize=7, color=SOFT)


def arrow(axes: Axes, start: tuple[int, float], end: tuple[int, float]) -> None:
    """Draw a short arrow from one box to the next."""
    ends = (x_of(start[0]) + WIDTH, start[1]), (x_of(end[0]), end[1])
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=9, color=SOFT, lw=1, shrinkA=1, shrinkB=1))


def curve(axes: Axes, source: int, importer: int) -> None:
    """Draw an import below the row, from the wing that is imported to the one that imports it."""
    ends = [(x_of(place) + WIDTH / 2 + shift, -1.0) for place, shift in ((source, 0.08), (importer, -0.08))]
    axes.add_patch(
        FancyArrowPatch(
            *ends,
            connectionstyle=f"arc3,rad={0.26 / (importer - source) ** 0.25:.3f}",
            arrowstyle="-|>",
            mutation_scale=7,
            color=SOFT,
            alpha=0.55,
            lw=0.8,
        )
    )


def x_of(place: int) -> float:
    """Left border of a place."""
    return place * (WIDTH + GAP)


def lines_of(*places: Path) -> int:
    """Lines of the files, and of all files below the folders, that are there."""
    files = {file for place in places for file in (modules(place) if place.is_dir() else [place]) if file.is_file()}
    return sum(len(file.read_text(encoding="utf-8").splitlines()) for file in files)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
