"""One metric against depth: the aggregate with its 95 % interval, and every seed as a dot."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from matplotlib.axes import Axes

from crl_probe.probes.samples import MetricSamples
from crl_probe.render.by_level import level_chart
from crl_probe.render.charts import Chart, Reference
from crl_probe.render.paper._checks import one_of
from crl_probe.render.paper.charts import draw_chart
from crl_probe.render.paper.style import axes_for
from crl_probe.runs.run_info import RunInfo
from crl_probe.summary.estimates import estimate_by_level


@runtime_checkable
class HasSamples(Protocol):
    """A result that holds numbers about agents."""

    @property
    def runs(self) -> tuple[RunInfo, ...]:
        """The agents."""

    def samples(self) -> tuple[MetricSamples, ...]:
        """The numbers."""


def plot_by_depth(
    result: HasSamples,
    metric: str,
    ax: Axes | None = None,
    *,
    part: str | None = None,
    references: Sequence[Reference] = (),
    legend: bool = True,
) -> Axes:
    """Draw one metric against depth.

    A large marker is the aggregate of a depth, its bar the 95 % interval, a dot one seed. The axis says what the
    interval is over: with one seed it is over that agent's own samples.

    Args:
        result: What a probe returned.
        metric: A metric of it, as in ``crl_probe.metrics``.
        ax: Axes to draw on; None makes a figure of one column.
        part: A part that the metric is about, such as ``phi``; None draws all side by side.
        references: Levels to draw lines at; none draws the metric's chance level, if it has one.
        legend: Whether to explain open and filled markers and the line.

    Returns:
        The axes.

    Raises:
        ConfigError: If the result has no such metric or part.
    """
    chart = depth_chart(result, metric, part, references)
    with axes_for(ax) as axes:
        draw_chart(axes, chart, legend=legend)
        return axes


def depth_chart(
    result: HasSamples, metric: str, part: str | None = None, references: Sequence[Reference] = ()
) -> Chart:
    """What :func:`plot_by_depth` draws.

    Raises:
        ConfigError: If the result has no such metric or part.
    """
    samples = result.samples()
    one_of("metric", metric, dict.fromkeys(entry.metric for entry in samples))
    samples = tuple(entry for entry in samples if entry.metric == metric)
    if part is not None:
        one_of("part", part, dict.fromkeys(entry.part for entry in samples))
        samples = tuple(entry for entry in samples if entry.part == part)
    return level_chart(estimate_by_level(samples), references)
