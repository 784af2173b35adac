"""What training logged: one line for each run, coloured by depth."""

from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.render.page.curves import CURVES_CAPTION, run_curves
from crl_probe.render.page.panels import FigureGroup, Panel, depth_legend
from crl_probe.runs.run_info import labels_in_order

_TITLES = {
    "eval/success_rate": "Success rate",
    "eval/time_at_goal": "Time at goal",
    "critic/categorical_accuracy": "Contrastive accuracy",
}
_UNITS = {"eval/time_at_goal": "steps"}


def learning_curve_panels(result: LearningCurvesResult) -> FigureGroup:
    """A panel for each logged metric."""
    panels = []
    for name, curves in result.curves.items():
        figure = run_curves(result.runs, result.env_steps, curves, x_title="env steps")
        title = _TITLES.get(name, name)
        last = "; ".join(
            f"{run.name} ends at {values[-1]:.3g}"
            for run, values in zip(result.runs, curves, strict=True)
            if len(values)
        )
        panels.append(Panel(title, figure, alt=f"{title} over environment steps: {last}", unit=_UNITS.get(name, "")))
    return FigureGroup(tuple(panels), depth_legend(labels_in_order(result.runs)), CURVES_CAPTION)
