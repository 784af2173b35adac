"""Success at reaching goals: the only definitions of these numbers, in plain NumPy.

Everything here takes one array: the distance to the commanded goal after every step of every episode.
Steps count from 1, so column 0 is the distance after the first step. A goal is reached strictly below the
tolerance. The trainer's evaluation and the probes both call these functions, so a name means one thing.
"""

import numpy as np
from jaxtyping import Bool, Float, Integer

from crl_train.errors import ConfigError

Distances = Float[np.ndarray, "episodes steps"]


def _reached(distances: Distances, tolerance: float) -> Bool[np.ndarray, "episodes steps"]:
    if distances.ndim != 2 or distances.size == 0:
        raise ConfigError(
            f"distances has shape {distances.shape}: success needs at least one episode of one step. "
            f"Pass an array (episodes, steps)."
        )
    if not np.isfinite(distances).all():
        bad = int(np.count_nonzero(~np.isfinite(distances).all(axis=1)))
        raise ConfigError(
            f"distances is not finite in {bad} of {len(distances)} episodes: success is undefined there. "
            f"Look for a simulation that diverged."
        )
    if not tolerance > 0:
        raise ConfigError(f"tolerance={tolerance} is not usable: a distance counts as reached below a positive bound.")
    return distances < tolerance


def success_rate(distances: Distances, tolerance: float) -> float:
    """Share of episodes that are within tolerance of the goal after at least one step.

    Args:
        distances: Distance to the commanded goal after each step. (episodes, steps), environment's unit.
        tolerance: Distance below which the goal counts as reached. Same unit, > 0.

    Returns:
        A share in [0, 1].

    Raises:
        ConfigError: (a ValueError) If distances is empty or not finite, or tolerance is not positive.

    Example:
        >>> success_rate(np.array([[3.0, 0.1, 2.0], [3.0, 2.0, 1.0]]), tolerance=0.5)
        0.5

    Source: JaxGCRL's ``episode_success_any``, arXiv 2408.11052.
    """
    return float(_reached(distances, tolerance).any(axis=1).mean())


def final_success_rate(distances: Distances, tolerance: float) -> float:
    """Share of episodes that are within tolerance after the last step: arrived, and stayed.

    Args and Raises: as :func:`success_rate`. Returns a share in [0, 1].

    Example:
        >>> final_success_rate(np.array([[3.0, 0.1, 2.0], [3.0, 2.0, 0.4]]), tolerance=0.5)
        0.5

    Source: OGBench's success at the end of the episode, arXiv 2410.20092.
    """
    return float(_reached(distances, tolerance)[:, -1].mean())


def steps_at_goal(distances: Distances, tolerance: float) -> Integer[np.ndarray, " episodes"]:
    """Number of steps within tolerance, for every episode. Args and Raises: as :func:`success_rate`.

    Example:
        >>> steps_at_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0]]), tolerance=0.5)
        array([2, 0])

    Source: the per-episode value of the headline metric of arXiv 2503.14858.
    """
    return _reached(distances, tolerance).sum(axis=1)


def time_at_goal(distances: Distances, tolerance: float) -> float:
    """Mean number of steps per episode within tolerance of the goal.

    Args and Raises: as :func:`success_rate`. Returns steps, between 0 and the episode's length.

    Example:
        >>> time_at_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 0.4]]), tolerance=0.5)
        1.5

    Source: the headline metric of arXiv 2503.14858 (its code logs it as ``episode_success``).
    """
    return float(steps_at_goal(distances, tolerance).mean())


def time_at_goal_share(distances: Distances, tolerance: float) -> float:
    """:func:`time_at_goal` divided by the episode's length, so that tasks compare. Returns a share in [0, 1].

    Args and Raises: as :func:`success_rate`.

    Example:
        >>> time_at_goal_share(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 0.4]]), tolerance=0.5)
        0.5

    Source: arXiv 2503.14858, normalised by the length of an episode.
    """
    return time_at_goal(distances, tolerance) / distances.shape[1]


def first_arrival(distances: Distances, tolerance: float) -> Integer[np.ndarray, " episodes"]:
    """Number of steps taken when the goal is first reached, for every episode; 0 where it never is.

    Args and Raises: as :func:`success_rate`. Arrival after the first step counts as 1.

    Example:
        >>> first_arrival(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0]]), tolerance=0.5)
        array([2, 0])

    Source: ours.
    """
    reached = _reached(distances, tolerance)
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1, 0)


def time_to_goal(distances: Distances, tolerance: float) -> float | None:
    """Median over successful episodes of the steps taken to reach the goal for the first time.

    Only episodes that succeed are counted, so an agent that reaches nothing but the nearest goals looks fast:
    read it beside :func:`success_rate`.

    Args and Raises: as :func:`success_rate`. Returns steps, or None if no episode succeeded.

    Example:
        >>> time_to_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0], [0.3, 0.2, 0.1]]), tolerance=0.5)
        1.5

    Source: ours.
    """
    arrivals = first_arrival(distances, tolerance)
    successful = arrivals[arrivals > 0]
    return float(np.median(successful)) if successful.size else None


def final_distance(distances: Distances) -> float:
    """Mean distance to the commanded goal after the last step, in the environment's unit.

    Raises:
        ConfigError: (a ValueError) If distances is empty or not finite.

    Example:
        >>> final_distance(np.array([[3.0, 0.5], [3.0, 1.5]]))
        1.0

    Source: ours.
    """
    _reached(distances, tolerance=1.0)
    return float(distances[:, -1].mean())


def summarise_success(distances: Distances, tolerance: float) -> dict[str, float | None]:
    """Every number of this module under its own name; ``time_to_goal`` is None if no episode succeeded.

    Args and Raises: as :func:`success_rate`.

    Example:
        >>> summary = summarise_success(np.array([[3.0, 2.0], [3.0, 1.0]]), tolerance=0.5)
        >>> summary["success_rate"], summary["time_to_goal"], summary["final_distance"]
        (0.0, None, 1.5)

    Source: ours.
    """
    return {
        "success_rate": success_rate(distances, tolerance),
        "final_success_rate": final_success_rate(distances, tolerance),
        "time_at_goal": time_at_goal(distances, tolerance),
        "time_at_goal_share": time_at_goal_share(distances, tolerance),
        "time_to_goal": time_to_goal(distances, tolerance),
        "final_distance": final_distance(distances),
    }
