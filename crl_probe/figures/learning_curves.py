"""What training logged: one line for each run, coloured by depth."""

from crl_probe.figures.panels import FigureGroup, Panel
from crl_probe.figures.style import chart, depth_colours, faded
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.samples import depth_order

_TITLES = {
    "eval/success_rate": "Success rate",
    "eval/time_at_goal": "Time at goal, steps",
    "critic/categorical_accuracy": "Contrastive accuracy",
}


def learning_curve_panels(result: LearningCurvesResult) -> FigureGroup:
    """A panel for each logged metric."""
    labels = depth_order(result.runs)
    colours = depth_colours(labels)
    panels = []
    for name, curves in result.curves.items():
        figure = chart(x_title="environment steps")
        seen: set[str] = set()
        for run, steps, values in zip(result.runs, result.env_steps, curves, strict=True):
            figure.add_scatter(
                x=steps,
                y=values,
                mode="lines+markers" if len(steps) < 3 else "lines",
                line={"width": 2, "color": faded(colours[run.label], 0.85)},
                name=run.label,
                legendgroup=run.label,
                showlegend=run.label not in seen,
                hovertemplate=f"{run.label}, seed {run.seed}: %{{y:.3g}}<extra></extra>",
            )
            seen.add(run.label)
        figure.update_layout(
            showlegend=True,
            legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "bgcolor": "rgba(0,0,0,0)"},
            hovermode="x",
        )
        title = _TITLES.get(name, name)
        last = "; ".join(
            f"{run.name} ends at {values[-1]:.3g}"
            for run, values in zip(result.runs, curves, strict=True)
            if len(values)
        )
        panels.append(Panel(title, figure, alt=f"{title} over environment steps: {last}"))
    return FigureGroup(tuple(panels))
