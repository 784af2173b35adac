"""Moves of point clouds that keep their shape, for the tests of what such moves must not change."""

import numpy as np


def random_rotation(generator: np.random.Generator, dim: int) -> np.ndarray:
    """An orthogonal matrix, reflections included."""
    return np.linalg.qr(generator.normal(size=(dim, dim)))[0]


def moved(points: np.ndarray, generator: np.random.Generator, scale: float, offset: float) -> np.ndarray:
    """The points rotated at random, scaled and shifted."""
    return scale * points @ random_rotation(generator, points.shape[1]) + offset
