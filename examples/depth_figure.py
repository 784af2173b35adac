"""A figure for a paper: time at goal by depth, and the landscapes of one goal at every depth beside the truth.

Run it as:

    python examples/depth_figure.py 'checkpoints/point_u4_maze_*' --out figure.pdf
"""

import argparse
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.plots import plot_landscape, plot_success, save_figure
from crl_probe.probes.q_landscape import QLandscapeResult
from crl_probe.probes.registry import measure
from crl_probe.probes.success import SuccessResult
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.loading import find_runs, load_run


def main() -> None:
    """Probe the runs and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="run directories or patterns, of one environment")
    parser.add_argument("--out", type=Path, default=Path("figure.pdf"), help="a .pdf, .svg or .png file")
    parser.add_argument("--episodes", type=int, default=64)
    arguments = parser.parse_args()

    (runs,) = group_by_env(map(load_run, find_runs(arguments.runs))).values()
    evidence = Evidence(runs, EvidenceSettings(episodes=arguments.episodes, goals=1))
    results = measure(evidence, ["success", "q_landscape"]).results
    save_figure(draw(results["success"], results["q_landscape"]), arguments.out)
    print(f"figure: {arguments.out}")


def draw(success: SuccessResult, landscapes: QLandscapeResult) -> Figure:
    """A chart over all seeds, and below it one landscape for each depth."""
    first_seeds = {run.label: number for number, run in reversed(list(enumerate(landscapes.runs)))}
    shown: list[int | str] = [*sorted(first_seeds.values()), "geodesic"]
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
