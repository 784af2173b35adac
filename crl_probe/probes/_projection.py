"""Projections of several embedding spaces: onto the plane by UMAP or PCA, and onto three principal components.

The second kind is linear and Procrustes-aligned to the first space: it adds no distortion and no false gaps.
Differences in all other directions are lost.
"""

import warnings
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from crl_probe.metrics.rounding import has_spread
from crl_probe.runs.errors import ProbeError
from crl_probe.store.compiled_umap import import_umap

METHODS = {"aligned": "AlignedUMAP", "umap": "UMAP", "pca": "PCA"}
NEIGHBOURS = 15
DIMENSIONS = 3
_LARGEST = 1e16  # entry of an embedding: squared distances in a million dimensions are below the largest float32, 3e38


def draw(
    spaces: Sequence[Float[np.ndarray, "rows repr_dim"]], points: int, method: str, seed: int, epochs: int
) -> list[Float[np.ndarray, "rows 2"]]:
    """Project the same rows of several embedding spaces onto the plane.

    A space in which the points differ by no more than rounding has a projection of zeros: a picture of it would be one
    of the rounding.

    Args:
        spaces: One for each agent, rows in the same order: the points, and then others that are drawn among them.
        points: Number of points.
        method: A key of ``METHODS``; ``aligned`` gives each point about the same position in all projections.
        seed: Seeds UMAP.
        epochs: Epochs of the UMAP optimisation.

    Raises:
        ProbeError: If embeddings are not finite, so large that their squares overflow, or too few.

    Source: UMAP, arXiv 1802.03426; umap-learn's AlignedUMAP with identity relations.
    """
    if not all(np.isfinite(space).all() for space in spaces):
        raise ProbeError(
            "embeddings are not finite: they cannot be projected. A checkpoint holds NaN weights; leave its run out."
        )
    largest = max(float(np.abs(space).max()) for space in spaces)
    if largest > _LARGEST:
        raise ProbeError(
            f"embeddings are as large as {largest:.0e}: their squared distances overflow in single precision, in which "
            f"projections are made. A checkpoint has diverged; leave its run out."
        )
    if len(spaces[0]) <= 2 * NEIGHBOURS:
        raise ProbeError(
            f"{len(spaces[0])} points are too few for a projection: it needs more than {2 * NEIGHBOURS}. "
            "Record more or longer episodes, or set more points."
        )
    projections = np.zeros((len(spaces), len(spaces[0]), 2), dtype=np.float32)
    spread_out = [place for place, space in enumerate(spaces) if has_spread(space[:points])]
    if spread_out:
        projections[spread_out] = _projected([spaces[place] for place in spread_out], method, seed, epochs)
    return list(projections)


def _projected(
    spaces: Sequence[Float[np.ndarray, "rows repr_dim"]], method: str, seed: int, epochs: int
) -> list[Float[np.ndarray, "rows 2"]]:
    if method == "pca":
        from sklearn.decomposition import PCA

        return [PCA(2).fit_transform(space) for space in spaces]
    umap = import_umap()
    options = {
        "n_neighbors": NEIGHBOURS,
        "n_components": 2,
        "min_dist": 0.1,
        "n_epochs": epochs,
        "random_state": seed,
        # Separate episodes give a graph of several components. Spectral initialisation can fail on it, PCA cannot.
        "init": "pca",
    }
    with warnings.catch_warnings():
        # A seeded UMAP runs on one thread and warns about it. We want the seed, for reproducible projections.
        warnings.filterwarnings("ignore", message="n_jobs value .* overridden", category=UserWarning)
        # AlignedUMAP ignores `init`: it uses spectral initialisation, and a seeded random one if that fails.
        warnings.filterwarnings("ignore", message="Spectral initialisation failed", category=UserWarning)
        if method == "umap" or len(spaces) == 1:
            return [umap.UMAP(**options).fit_transform(space) for space in spaces]
        identity = {i: i for i in range(len(spaces[0]))}
        # A window of 2 links each space to its two neighbours; a wider one takes longer and aligns no better.
        aligned = umap.AlignedUMAP(**options, alignment_window_size=2).fit(
            list(spaces), relations=[identity] * (len(spaces) - 1)
        )
        return list(aligned.embeddings_)


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
