"""How well critics tell a state-action's own future goal from others, against depth."""

from matplotlib.axes import Axes

from crl_probe.probes.retrieval import PROBE, RetrievalResult
from crl_probe.render.by_level import references_of
from crl_probe.render.paper.by_depth import plot_by_depth


def plot_retrieval(
    result: RetrievalResult, ax: Axes | None = None, metric: str = "retrieval_accuracy", *, legend: bool = True
) -> Axes:
    """Draw contrastive quality against depth, on the shared set and on each agent's own episodes.

    Args:
        result: What the retrieval probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``retrieval_accuracy`` or ``infonce_bound``.
        legend: Whether to explain open and filled markers.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric.
    """
    return plot_by_depth(result, metric, ax, references=references_of(PROBE, result).get(metric, ()), legend=legend)
