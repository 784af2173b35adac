"""How a report's numbers came about: checkpoints, definitions, counts."""

from collections.abc import Sequence

from crl_probe.evidence.evidence import Evidence
from crl_probe.evidence.probe_set import ProbeSet
from crl_probe.metrics import DEFINITIONS
from crl_probe.metrics.statistics import CONFIDENCE, RESAMPLES
from crl_probe.render.page.content import Section, TextTable


def methods(evidence: Evidence, probe_set: ProbeSet | None, skipped: Sequence[str] = ()) -> Section:
    """What was measured how, on which checkpoints."""
    checkpoints = TextTable(
        ("run", "depth", "seed", "checkpoint, env steps", "content hash"),
        tuple(
            (info.name, info.label, str(info.seed), f"{info.env_steps:,}", str(info.content_hash)[:12])
            for info in evidence.infos
        ),
    )
    definitions = TextTable(
        ("metric", "name in files", "definition", "formula", "unit", "source"),
        tuple((d.title, d.name, d.text, d.formula, d.unit_text, d.source) for d in DEFINITIONS.values()),
        title="Definition of every metric",
    )
    env, e = evidence.env, evidence.settings
    shared = "no shared probe set"
    if probe_set:
        own = {run.content_hash for run in probe_set.sources} <= {run.content_hash for run in evidence.infos}
        origin = "all runs" if own else f"the {len(probe_set.sources)} runs it was made from"
        shared = (
            f"{len(probe_set.points):,} states in the shared probe set, drawn evenly from {origin} and from all places "
            f"they reached, {len(evidence.goals)} shared goals"
        )
    return Section(
        "methods",
        "Methods",
        "Everything needed to make these numbers again.",
        tables=(checkpoints, definitions),
        paragraphs=(
            f"Environment {env.name}: a goal counts as reached within {env.spec.tolerance:g} {env.spec.unit}; "
            f"episodes of {evidence.episode_length} steps. On-policy numbers rest on {e.episodes} episodes a run; "
            f"{shared}; seed {e.seed}.",
            f"Aggregates are interquartile means over seeds (means below 4 seeds) with {CONFIDENCE:.0%} percentile "
            f"bootstrap intervals over seeds, {RESAMPLES:,} resamples. With one seed the interval is over that run's "
            "episodes, goals or batches (Wilson's, for success or not): it says how well this agent was measured, not "
            "what another training would give. Verdicts compare means over seeds by Welch's t-test, corrected for the "
            "number of claims.",
            *(f"Skipped: {line}" for line in skipped),
        ),
    )
