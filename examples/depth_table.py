"""A table for a paper: the metrics of the claims by depth, with intervals over seeds, and the verdicts as comments.

Run it as:

    python examples/depth_table.py 'checkpoints/point_u4_maze_*' > table.tex
"""

import argparse
import textwrap

from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.probes.registry import measure, probes_of
from crl_probe.runs.comparability import group_by_env
from crl_probe.runs.loading import find_runs, load_run
from crl_probe.summary.formats import latex_text
from crl_probe.summary.tables import rows_of
from crl_probe.summary.verdicts import judge

# What the claims rest on, and the kind of evidence it is measured on.
METRICS = {
    "success_rate": "on-policy",
    "time_at_goal": "on-policy",
    "geodesic_rank": "grid",
    "topology_gain": "grid",
    "spread_ratio": "shared",
}


def main() -> None:
    """Probe the runs and print LaTeX."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", help="run directories or patterns, of one environment")
    parser.add_argument("--episodes", type=int, default=64)
    arguments = parser.parse_args()

    (runs,) = group_by_env(map(load_run, find_runs(arguments.runs))).values()
    evidence = Evidence(runs, EvidenceSettings(episodes=arguments.episodes))
    # Only the probes that these metrics need; one that cannot be done for these runs is named in `missing`.
    measured = measure(evidence, probes_of(METRICS))
    samples = [sample for sample in measured.samples if METRICS.get(sample.metric) == sample.evidence]

    print(latex_text(rows_of(samples, ["depth"]), together=True))
    for verdict in judge(samples):
        print(comment(f"{verdict.word}: {verdict.claim} {verdict.sentence} {verdict.basis}"))
    for probe, reason in measured.missing.items():
        print(comment(f"missing: {probe}: {reason}"))


def comment(text: str) -> str:
    """Lines that LaTeX passes over."""
    return textwrap.fill(text, 110, initial_indent="% ", subsequent_indent="%   ")


if __name__ == "__main__":
    main()
