"""The depth lens: what the head can already read after the first blocks."""

from matplotlib.axes import Axes

from crl_probe.probes.depth_lens import DepthLensResult
from crl_probe.render.depth_lens import LENS_AXES, Over, lens_chart, lens_curves
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.charts import draw_chart
from crl_probe.render.paper.style import axes_for


def plot_depth_lens(
    result: DepthLensResult,
    ax: Axes | None = None,
    metric: str = "retrieval_accuracy",
    *,
    over: Over = "share",
    legend: bool = True,
) -> Axes:
    """Draw what the head reads after the first blocks, one curve for each depth.

    Thin lines are seeds, strong ones their aggregate in the band of its 95 % interval. A ring marks where a seed first
    reaches 90 % of its full network.

    Args:
        result: What the depth lens probe returned.
        ax: Axes to draw on; None makes a figure of one column.
        metric: ``retrieval_accuracy`` or ``geodesic_rank``.
        over: ``share`` of the blocks, which sets all depths side by side, or their number, ``blocks``.
        legend: Whether to name the depths.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or axis.
    """
    one_of("metric", metric, lens_curves(result))
    one_of("over", over, LENS_AXES)
    with axes_for(ax) as axes:
        draw_chart(axes, lens_chart(result, metric, over), legend=legend)
        return axes
