"""What training logged: one line for each run, coloured by depth."""

from crl_probe.figures.curves import run_curves
from crl_probe.figures.panels import FigureGroup, Panel
from crl_probe.probes.learning_curves import LearningCurvesResult

_TITLES = {
    "eval/success_rate": "Success rate",
    "eval/time_at_goal": "Time at goal, steps",
    "critic/categorical_accuracy": "Contrastive accuracy",
}


def learning_curve_panels(result: LearningCurvesResult) -> FigureGroup:
    """A panel for each logged metric."""
    panels = []
    for name, curves in result.curves.items():
        figure = run_curves(result.runs, result.env_steps, curves, x_title="environment steps")
        title = _TITLES.get(name, name)
        last = "; ".join(
            f"{run.name} ends at {values[-1]:.3g}"
            for run, values in zip(result.runs, curves, strict=True)
            if len(values)
        )
        panels.append(Panel(title, figure, alt=f"{title} over environment steps: {last}"))
    return FigureGroup(tuple(panels))
