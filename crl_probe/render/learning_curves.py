"""What training logged, over environment steps."""

import dataclasses
from collections.abc import Sequence
from typing import Final

from crl_probe.metrics import DEFINITIONS, MetricDefinition
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.render.axes import count_axis, value_axis
from crl_probe.render.charts import Chart, ChartGroup
from crl_probe.render.curves import CURVES_CAPTION, depth_entries, drawn_values, ends_text, run_lines
from crl_probe.summary.numbers import format_count

# What the trainer logs under a name of its own: retrieval on its own batches, from the logits of the loss.
_LOGGED: Final = {
    "categorical_accuracy": dataclasses.replace(DEFINITIONS["retrieval_accuracy"], title="Contrastive accuracy")
}
_X_TITLE: Final = "environment steps"


def learning_charts(result: LearningCurvesResult, columns: Sequence[str] | None = None) -> ChartGroup:
    """A chart for each logged metric; None takes all of them."""
    return ChartGroup(tuple(learning_chart(result, column) for column in columns or result.curves), CURVES_CAPTION)


def learning_chart(result: LearningCurvesResult, column: str) -> Chart:
    """One logged metric, such as ``eval/success_rate``, with one curve for each depth."""
    definition, curves = logged_definition(column), result.curves[column]
    lines = run_lines(
        result.runs, result.env_steps, curves, definition, lambda steps: f"{format_count(steps)} {_X_TITLE}"
    )
    return Chart(
        title=definition.title,
        x=count_axis(_X_TITLE, [float(step) for steps in result.env_steps for step in steps]),
        y=value_axis(definition, drawn_values(lines)),
        alt=f"{definition.title} over {_X_TITLE}: {ends_text(result.runs, curves, definition)}",
        lines=lines,
        legend=depth_entries(result.runs),
    )


def logged_definition(column: str) -> MetricDefinition:
    """What a logged metric is: by the name after the slash one of ours, else a number without a range."""
    name = column.rpartition("/")[2]
    known = {**DEFINITIONS, **_LOGGED}
    if name in known:
        return known[name]
    title = name.replace("_", " ").capitalize()
    return MetricDefinition(name, title, title, "", "", "", "logged by the trainer", "training")
