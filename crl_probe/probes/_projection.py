"""Principal components of several embedding spaces, Procrustes-aligned to those of the first space.

Unlike UMAP this projection is linear: it adds no distortion and no false gaps. Differences in all other directions are
lost.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from crl_probe.metrics.rounding import has_spread

DIMENSIONS = 3


def principal_projections(
    spaces: Sequence[Float[np.ndarray, "rows _"]], points: int
) -> tuple[Float[np.ndarray, "spaces rows 3"], Float[np.ndarray, " spaces"]]:
    """Project the same rows of several spaces onto the first three principal components of each.

    Projections are rotated, and mirrored if needed, so that the points are as close as possible to those of the first
    space (orthogonal Procrustes). They are scaled so that the root mean square distance of the points to their mean is
    1.

    Args:
        spaces: One for each agent, finite. The number of dimensions may differ; fewer than 3 are filled with zeros.
        points: The projection is fitted to this many first rows, and then applied to all rows.

    Returns:
        The projections, and the share of the points' variance that each explains. A space in which the points
        differ by no more than rounding has a projection of zeros and a share of NaN.

    Source: Schönemann 1966 for the alignment; scipy's ``orthogonal_procrustes``.
    """
    from scipy.linalg import orthogonal_procrustes

    components, explained = zip(*(_components(space, points) for space in spaces), strict=True)
    first = components[0][:points]
    aligned = [one @ orthogonal_procrustes(one[:points], first)[0] for one in components]
    return np.stack(aligned).astype(np.float32), np.array(explained)


def _components(space: Float[np.ndarray, "rows _"], points: int) -> tuple[Float[np.ndarray, "rows 3"], float]:
    if not has_spread(space[:points]):
        return np.zeros((len(space), DIMENSIONS)), float("nan")
    exact = space.astype(np.float64)
    centred = exact - exact[:points].mean(axis=0)
    _, singular, axes = np.linalg.svd(centred[:points], full_matrices=False)
    axes = axes[:DIMENSIONS]
    # The sign of an axis is arbitrary. It is fixed here, so that the same space gives the same projection everywhere.
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    scores = centred @ (axes * np.sign(largest)[:, None]).T
    kept = float((singular[:DIMENSIONS] ** 2).sum())
    scores /= np.sqrt(kept / points)
    return np.pad(scores, ((0, 0), (0, DIMENSIONS - len(axes)))), kept / float((singular**2).sum())
