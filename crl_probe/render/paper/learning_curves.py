"""What training logged, over environment steps."""

from matplotlib.axes import Axes

from crl_probe.probes.learning_curves import LearningCurvesResult
from crl_probe.render.learning_curves import learning_chart
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.charts import draw_chart
from crl_probe.render.paper.style import axes_for


def plot_learning_curves(
    result: LearningCurvesResult, ax: Axes | None = None, column: str = "eval/success_rate", *, legend: bool = True
) -> Axes:
    """Draw a logged metric over environment steps: thin lines are seeds, strong ones their aggregate
    in the band of its 95 % interval.

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
        draw_chart(axes, learning_chart(result, column), legend=legend)
        return axes
