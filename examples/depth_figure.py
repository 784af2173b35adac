"""A figure for a paper: time at goal by depth, and the landscapes of one goal at every depth beside the truth.

Run it as:

    python examples/depth_figure.py 'checkpoints/point_u4_maze_*' --out figure.pdf
"""

import argparse
from pathlib import Path

from crl_probe import Study
from crl_probe.plots import plot_landscape, plot_success, save_figure

# isort: split
# After crl_probe, which copes with an MPLBACKEND that is not installed here, such as that of a notebook.
import matplotlib
from matplotlib.figure import Figure


def main() -> None:
    """Probe the runs and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="run directories or patterns, of one environment")
    parser.add_argument("--out", type=Path, default=Path("figure.pdf"), help="a .pdf, .svg or .png file")
    parser.add_argument("--episodes", type=int, default=64)
    arguments = parser.parse_args()

    study = Study(arguments.runs, episodes=arguments.episodes, goals=1).measure("success", "q_landscape")
    save_figure(draw(study), arguments.out)
    print(f"figure: {arguments.out}")


def draw(study: Study) -> Figure:
    """A chart over all seeds, and below it one landscape for each depth."""
    success, landscapes = study.results["success"], study.results["q_landscape"]
    first_seeds = {run.label: run.name for run in reversed(landscapes.runs)}
    shown = [*reversed(first_seeds.values()), "geodesic"]
    with matplotlib.rc_context({"font.size": 8, "axes.titlesize": 8, "axes.labelsize": 8}):
        figure = Figure(figsize=(6.9, 4.2), layout="constrained")
        chart, pictures = figure.subfigures(2, 1, height_ratios=(1, 1.1))
        for axes, metric in zip(chart.subplots(1, 2), ("time_at_goal", "success_rate"), strict=True):
            plot_success(success, axes, metric=metric)
        for axes, run in zip(pictures.subplots(1, len(shown)), shown, strict=True):
            plot_landscape(landscapes, axes, run=run, colourbar=run == "geodesic")
    return figure


if __name__ == "__main__":
    main()
