"""What training logged, over environment steps."""

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.curves import draw_curves
from crl_probe.render.paper.style import axes_for, short_count, show_zero


def plot_learning_curves(
    result: LearningCurvesResult, ax: Axes | None = None, column: str = "eval/success_rate", *, legend: bool = True
) -> Axes:
    """Draw a logged metric over environment steps: thin lines are seeds, strong ones their interquartile mean.

    Args:
        result: What the learning curves probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        column: A logged metric.
        legend: Whether to name the depths.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such column.
    """
    one_of("column", column, result.curves)
    with axes_for(ax) as axes:
        draw_curves(axes, result.runs, result.env_steps, result.curves[column], legend=legend)
        axes.set_xlabel("environment steps")
        axes.set_ylabel(_words(column))
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda steps, _: short_count(steps)))
        name = _name(column)
        show_zero(axes, DEFINITIONS[name].high if name in DEFINITIONS else None)
        return axes


def _words(column: str) -> str:
    name = _name(column)
    if name not in DEFINITIONS:
        return name.replace("_", " ").capitalize()
    definition = DEFINITIONS[name]
    return f"{definition.title} ({definition.unit})" if definition.unit else definition.title


def _name(column: str) -> str:
    return column.rpartition("/")[2]
