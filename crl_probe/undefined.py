"""Numbers that are not defined for an agent: NaN in its results, left out of tables, and no reason to stop."""

from collections.abc import Callable

from crl_probe.metrics import MetricError


def or_nan(metric: Callable[..., float], *arguments: object) -> float:
    """``metric(*arguments)``, or NaN where the metric refuses them.

    Example:
        >>> import numpy as np
        >>> from crl_probe import metrics
        >>> or_nan(metrics.effective_rank, np.zeros((5, 2)))
        nan
    """
    try:
        return metric(*arguments)
    except MetricError:
        return float("nan")
