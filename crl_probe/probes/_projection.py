"""The directions of most variance of several embedding spaces, turned onto those of the first space.

Unlike a UMAP such a picture bends nothing and makes up no gap; what lies across the three directions it does not show.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.linalg import orthogonal_procrustes

DIMENSIONS = 3


def principal_pictures(
    spaces: Sequence[Float[np.ndarray, "rows _"]], points: int
) -> tuple[Float[np.ndarray, "spaces rows 3"], Float[np.ndarray, " spaces"]]:
    """Picture the same rows of several spaces by the first three principal components of each.

    Components are turned, and mirrored if need be, so that the points lie as near as they can to those of the first
    space, and scaled so that the root-mean-square distance of the points to their mean is 1.

    Args:
        spaces: One for each agent, finite, of any number of dimensions; missing ones are filled with zeros.
        points: Only the first so many rows decide the picture; the others are projected into it.

    Returns:
        The pictures, and the share of the points' variance that each carries. A space in which all points are equal
        has a picture of zeros and a share of NaN.

    Source: Schönemann 1966 for the turning; scipy's ``orthogonal_procrustes``.
    """
    components, explained = zip(*(_components(space, points) for space in spaces), strict=True)
    first = components[0][:points]
    turned = [one @ orthogonal_procrustes(one[:points], first)[0] for one in components]
    return np.stack(turned).astype(np.float32), np.array(explained)


def _components(space: Float[np.ndarray, "rows _"], points: int) -> tuple[Float[np.ndarray, "rows 3"], float]:
    if not np.ptp(space[:points], axis=0).any():
        return np.zeros((len(space), DIMENSIONS)), float("nan")
    exact = space.astype(np.float64)
    centred = exact - exact[:points].mean(axis=0)
    _, singular, axes = np.linalg.svd(centred[:points], full_matrices=False)
    axes = axes[:DIMENSIONS]
    # Either sign is right; one is fixed, so that the same space gives the same picture everywhere.
    largest = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    scores = centred @ (axes * np.sign(largest)[:, None]).T
    kept = float((singular[:DIMENSIONS] ** 2).sum())
    scores /= np.sqrt(kept / points)
    return np.pad(scores, ((0, 0), (0, DIMENSIONS - len(axes)))), kept / float((singular**2).sum())
