"""How often agents reach the goal, against depth."""

from matplotlib.axes import Axes

from crl_probe.probes.success import SuccessResult
from crl_probe.render.paper.by_depth import plot_by_depth


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
