"""How often agents reach the goal: against depth, and which share of seeds is above each threshold."""

from matplotlib.axes import Axes

from crl_probe.metrics import DEFINITIONS
from crl_probe.probes.success import SuccessResult
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.by_depth import plot_by_depth
from crl_probe.render.paper.charts import draw_chart
from crl_probe.render.paper.style import axes_for
from crl_probe.render.performance_profile import METRIC, profile_chart
from crl_probe.summary.estimates import estimate_by_level


def plot_success(result: SuccessResult, ax: Axes | None = None, metric: str = "success_rate") -> Axes:
    """Draw a success metric against depth; see :func:`crl_probe.plots.plot_by_depth`.

    Args:
        result: What the success probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``success_rate``, ``time_at_goal``, ``final_distance``, …

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric.
    """
    return plot_by_depth(result, metric, ax)


def plot_performance_profile(
    result: SuccessResult, ax: Axes | None = None, metric: str = METRIC, *, legend: bool = True
) -> Axes:
    """Draw which share of seeds scores above each threshold, a line for each level.

    The legend has each level's optimality gap, the area between its profile and 1, with its interval over seeds.

    Args:
        result: What the success probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: A share of one: ``success_rate``, ``final_success_rate`` or ``time_at_goal_share``.
        legend: Whether to name the levels.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric.
    """
    estimates = estimate_by_level(result.samples())
    one_of("metric", metric, dict.fromkeys(e.metric for e in estimates if DEFINITIONS[e.metric].is_share))
    with axes_for(ax) as axes:
        draw_chart(axes, profile_chart([e for e in estimates if e.metric == metric]), legend=legend)
        return axes
