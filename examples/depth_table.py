"""A table for a paper: the metrics of the claims by depth, with intervals over seeds, and the verdicts as comments.

Run it as:

    python examples/depth_table.py 'checkpoints/point_u4_maze_*' > table.tex
"""

import argparse
import textwrap

from crl_probe import Study

# Where metrics are measured on several kinds of evidence, each has a column.
METRICS = ("success_rate", "time_at_goal", "geodesic_rank", "geodesic_advantage", "spread_ratio")


def main() -> None:
    """Probe the runs and print LaTeX."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="run directories or patterns, of one environment")
    parser.add_argument("--episodes", type=int, default=64)
    arguments = parser.parse_args()

    # Only the probes that these metrics need; one that cannot be done for these runs is named in `missing`.
    study = Study(arguments.runs, episodes=arguments.episodes).measure("success", "landscape", "spread")
    measured = set(study.frame().metric)
    print(study.latex(*(name for name in METRICS if name in measured)))
    for verdict in study.verdicts():
        print(comment(f"{verdict.word}: {verdict.claim} {verdict.sentence} {verdict.basis}"))
    for probe, reason in study.missing.items():
        print(comment(f"missing: {probe}: {reason}"))


def comment(text: str) -> str:
    """Lines that LaTeX skips."""
    return textwrap.fill(text, 110, initial_indent="% ", subsequent_indent="%   ")


if __name__ == "__main__":
    main()
