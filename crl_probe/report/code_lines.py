"""The lines of Python that make a section again: what was measured, of which runs, and its figure."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crl_probe.evidence.evidence import EvidenceSettings
from crl_probe.probes.declaration import Probe
from crl_probe.runs.factors import DEFAULT

if TYPE_CHECKING:
    from crl_probe.evidence.evidence import Evidence

RUN, GOAL = "{run}", "{goal}"
"""Stand for what the page shows at the moment."""


def code_lines(probe: Probe, evidence: "Evidence", options: Mapping[str, Any]) -> tuple[str, ...]:
    """Python that measures one probe on the runs of a report, and draws its figure.

    Args:
        probe: The probe.
        evidence: The runs and their records.
        options: Settings of the probe that are not its defaults.
    """
    measured = f"{probe.name}={dict(options)!r}" if options else f"{probe.name!r}"
    is_newest = all(run.env_steps == run.steps[-1] for run in evidence.runs if run.steps)
    set_lines = ["from crl_probe.evidence.probe_set import load_probe_set"] if evidence.given_probe_set else []
    lines = [
        f"from crl_probe import Study, {'plots' if is_newest else 'load_run, plots'}",
        *set_lines,
        "",
        "runs = [",
        *(
            f"    {_place(run.path)!r}," if is_newest else f"    load_run({_place(run.path)!r}, {run.env_steps}),"
            for run in evidence.runs
        ),
        "]",
        f"study = Study({', '.join(['runs', *_settings(evidence)])}).measure({measured})",
        "study.estimates()  # the numbers by level, with intervals",
    ]
    if probe.name == "q_landscape":
        drawn = f"plots.plot_landscape(study.results[{probe.name!r}], run={RUN}, goal={GOAL}).get_figure()"
    else:
        drawn = f"study.plot({probe.name!r})"
    return (*lines, f"{drawn}.savefig('{probe.name}.pdf')")


def _place(path: Path) -> str:
    """A run's directory as one would type it here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _settings(evidence: "Evidence") -> Sequence[str]:
    """Arguments of a study that are not its defaults."""
    default, given = EvidenceSettings(), evidence.settings
    arguments = [
        f"{name}={getattr(given, name)!r}"
        for name in ("episodes", "goals", "seed")
        if getattr(given, name) != getattr(default, name) and not (name == "goals" and given.goal_positions)
    ]
    if evidence.given_probe_set is not None:
        arguments.append("probe_set=load_probe_set('probe_set.npz')")
    if given.goal_positions:
        arguments.append(f"goals={[list(goal) for goal in given.goal_positions]!r}")
    if evidence.by != DEFAULT:
        arguments.append(f"by={list(evidence.by)!r}")
    return arguments
