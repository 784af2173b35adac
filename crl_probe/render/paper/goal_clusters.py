"""How much room embeddings give to what is near a goal, against depth."""

from matplotlib.axes import Axes

from crl_probe.probes.goal_clusters import PROBE, GoalClustersResult
from crl_probe.render.by_level import references_of
from crl_probe.render.paper.by_depth import plot_by_depth


def plot_goal_clusters(
    result: GoalClustersResult, ax: Axes | None = None, metric: str = "goal_resolution", *, legend: bool = True
) -> Axes:
    """Draw a spread around the goals against depth, on the shared set and on each agent's own episodes.

    Args:
        result: What the goal clusters probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``goal_resolution``, ``spread_ratio``, ``near_dimension``, …
        legend: Whether to explain open and filled markers.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric.
    """
    return plot_by_depth(result, metric, ax, references=references_of(PROBE, result).get(metric, ()), legend=legend)
