"""The section of a probe on the page, made from its declaration."""

from collections.abc import Collection
from typing import Any

from crl_probe.probes.declaration import Probe, function_at
from crl_probe.probes.registry import samples_of
from crl_probe.render.by_level import level_charts, references_of
from crl_probe.render.charts import fold_flat
from crl_probe.render.page.content import Section, number_table
from crl_probe.render.page.views import View
from crl_probe.summary.estimates import estimate_by_level
from crl_probe.summary.fairness import OTHERS, OWN, unfair_words
from crl_probe.summary.findings import LevelFindings


def section_of(
    probe: Probe,
    result: Any,
    over_training: Any = None,
    problem_over_training: str = "",
    before: Any = None,
    shown_above: Collection[str] = (),
) -> Section:
    """The section of one probe's result.

    Args:
        probe: The probe.
        result: What it returned for the runs compared.
        over_training: What it returned for several checkpoints of each run, if it shows training.
        problem_over_training: Why it returned nothing for these.
        before: What it returned for the same agents before training.
        shown_above: Metrics whose charts the page has already.
    """
    estimates = estimate_by_level(samples_of(result))
    untrained = estimate_by_level(samples_of(before))
    references = references_of(probe, result)
    charted = [metric for metric in probe.charts if metric not in shown_above]
    drawn = [level_charts(estimates, charted, references, untrained)] if charted else []
    if probe.page:
        drawn.append(function_at(probe.page)(result, estimates, over_training))
    measured = {(estimate.metric, estimate.source) for estimate in estimates}
    notes = tuple(filter(None, (unfair_words(estimates), *probe.notes(result))))
    if problem_over_training:
        notes = (*notes, f"Training is not shown: {problem_over_training}")
    return Section(
        key=probe.name,
        title=probe.title,
        reading=probe.reading(result),
        finding=probe.finding(LevelFindings(estimates)),
        views=tuple(one for one in drawn if isinstance(one, View)),
        groups=tuple(fold_flat(one) for one in drawn if not isinstance(one, View)),
        tables=tuple(
            number_table(
                estimates,
                tuple((metric, table.source) for metric in table.metrics),
                table.heading,
                before=untrained,
                # Chance and the like are those of the whole set, and of no part of it.
                references={} if table.source in (OWN, OTHERS) else probe.references(result),
            )
            for table in probe.tables
            if any((metric, table.source) in measured for metric in table.metrics)
        ),
        paragraphs=notes,
        legend=probe.scale,
        metrics=probe.metrics,
    )


def missing_section(probe: Probe, reason: str) -> Section:
    """The section of a probe that gave nothing, and why."""
    return Section(probe.name, probe.title, "This part is missing.", problem=reason)
