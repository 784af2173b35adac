"""Success at reaching goals: the only definitions of these numbers, in plain NumPy.

Everything here takes one array: the distance to the commanded goal after every step of every episode. Steps count
from 1, so column 0 is the distance after the first step. A goal is reached strictly below the tolerance, unless
``reached`` says for every step whether it was: environments may have a rule of their own. An episode that its
environment ended is over: steps that are not ``active`` count nothing, and its last active step is its last. The
trainer's evaluation and the probes both call these functions, so a name means one thing.
"""

import numpy as np
from jaxtyping import Bool, Float, Integer

from crl_train.array_likes import takes_array_likes
from crl_train.errors import ConfigError

array_likes = takes_array_likes(ConfigError)

Distances = Float[np.ndarray, "episodes steps"]
Flags = Bool[np.ndarray, "_episodes _steps"]  # the same shape, which is checked here


def _checked_distances(distances: Distances) -> Distances:
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
    return distances


def _checked_flags(name: str, flags: Flags, distances: Distances) -> Flags:
    if flags.shape != distances.shape or flags.dtype != bool:
        raise ConfigError(
            f"{name} has shape {flags.shape} and type {flags.dtype}: it says yes or no for every step of distances. "
            f"Pass a bool array {distances.shape}."
        )
    return flags


def _active_steps(distances: Distances, active: Flags | None) -> Bool[np.ndarray, "episodes steps"]:
    if active is None:
        return np.ones(_checked_distances(distances).shape, dtype=bool)
    taken = _checked_flags("active", active, _checked_distances(distances))
    if not taken[:, 0].all():
        raise ConfigError(
            f"active is False at the first step of {np.count_nonzero(~taken[:, 0])} of {len(taken)} episodes: an "
            "episode that was over before it began has no outcome. Leave those episodes out."
        )
    return taken


def _reached_steps(
    distances: Distances, tolerance: float | None, reached: Flags | None, active: Flags | None
) -> Bool[np.ndarray, "episodes steps"]:
    taken = _active_steps(distances, active)
    if reached is not None:
        return taken & _checked_flags("reached", reached, distances)
    if tolerance is None or not tolerance > 0:
        raise ConfigError(
            f"tolerance={tolerance} is not usable: a distance counts as reached below a positive bound. Give one, or "
            "reached for every step."
        )
    return taken & (distances < tolerance)


def _at_last_active_step(values: np.ndarray, taken: Bool[np.ndarray, "episodes steps"]) -> np.ndarray:
    last = taken.shape[1] - 1 - taken[:, ::-1].argmax(axis=1)
    return values[np.arange(len(values)), last]


@array_likes
def success_rate(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> float:
    """Share of episodes that are within tolerance of the goal after at least one step.

    Args:
        distances: Distance to the commanded goal after each step. (episodes, steps), environment's unit.
        tolerance: Distance below which the goal counts as reached. Same unit, > 0; None if ``reached`` is given.
        reached: Whether the goal is reached after each step. (episodes, steps), bool. If given, it decides and the
            tolerance does not.
        active: Whether each step was taken before the environment ended its episode. (episodes, steps), bool; all
            were if not given.

    Returns:
        A share in [0, 1].

    Raises:
        ConfigError: (a ValueError) If distances is empty or not finite, there is neither a positive tolerance nor
            ``reached``, the arrays differ in shape, or an episode has no active first step.

    Example:
        >>> success_rate(np.array([[3.0, 0.1, 2.0], [3.0, 2.0, 1.0]]), tolerance=0.5)
        0.5

    Source: JaxGCRL's ``episode_success_any``, arXiv 2408.11052.
    """
    return float(_reached_steps(distances, tolerance, reached, active).any(axis=1).mean())


@array_likes
def final_success_rate(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> float:
    """Share of episodes that are within tolerance after their last active step: arrived, and stayed.

    Args and Raises: as :func:`success_rate`. Returns a share in [0, 1].

    Example:
        >>> final_success_rate(np.array([[3.0, 0.1, 2.0], [3.0, 2.0, 0.4]]), tolerance=0.5)
        0.5

    Source: OGBench's success at the end of the episode, arXiv 2410.20092.
    """
    at_goal = _reached_steps(distances, tolerance, reached, active)
    return float(_at_last_active_step(at_goal, _active_steps(distances, active)).mean())


@array_likes
def steps_at_goal(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> Integer[np.ndarray, " episodes"]:
    """Number of steps within tolerance, for every episode. Args and Raises: as :func:`success_rate`.

    Example:
        >>> steps_at_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0]]), tolerance=0.5)
        array([2, 0])

    Source: the per-episode value of the headline metric of arXiv 2503.14858.
    """
    return _reached_steps(distances, tolerance, reached, active).sum(axis=1)


@array_likes
def time_at_goal(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> float:
    """Mean number of steps per episode within tolerance of the goal.

    Args and Raises: as :func:`success_rate`. Returns steps, between 0 and the episode's length.

    Example:
        >>> time_at_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 0.4]]), tolerance=0.5)
        1.5

    Source: the headline metric of arXiv 2503.14858 (its code logs it as ``episode_success``).
    """
    return float(steps_at_goal(distances, tolerance, reached=reached, active=active).mean())


@array_likes
def time_at_goal_share(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> float:
    """:func:`time_at_goal` divided by the episode's length, so that tasks compare. Returns a share in [0, 1].

    The length is that of the array, also where an environment ended an episode early: falling does not shorten it.

    Args and Raises: as :func:`success_rate`.

    Example:
        >>> time_at_goal_share(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 0.4]]), tolerance=0.5)
        0.5

    Source: arXiv 2503.14858, normalised by the length of an episode.
    """
    return time_at_goal(distances, tolerance, reached=reached, active=active) / distances.shape[1]


@array_likes
def first_arrival(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> Integer[np.ndarray, " episodes"]:
    """Number of steps taken when the goal is first reached, for every episode; 0 where it never is.

    Args and Raises: as :func:`success_rate`. Arrival after the first step counts as 1.

    Example:
        >>> first_arrival(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0]]), tolerance=0.5)
        array([2, 0])

    Source: ours.
    """
    at_goal = _reached_steps(distances, tolerance, reached, active)
    return np.where(at_goal.any(axis=1), at_goal.argmax(axis=1) + 1, 0)


@array_likes
def time_to_goal(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> float | None:
    """Median over successful episodes of the steps taken to reach the goal for the first time.

    Only episodes that succeed are counted, so an agent that reaches nothing but the nearest goals looks fast:
    read it beside :func:`success_rate`.

    Args and Raises: as :func:`success_rate`. Returns steps, or None if no episode succeeded.

    Example:
        >>> time_to_goal(np.array([[3.0, 0.1, 0.2], [3.0, 2.0, 1.0], [0.3, 0.2, 0.1]]), tolerance=0.5)
        1.5

    Source: ours.
    """
    arrivals = first_arrival(distances, tolerance, reached=reached, active=active)
    successful = arrivals[arrivals > 0]
    return float(np.median(successful)) if successful.size else None


@array_likes
def final_distance(distances: Distances, *, active: Flags | None = None) -> float:
    """Mean distance to the commanded goal after the last active step, in the environment's unit.

    Args: ``active`` as in :func:`success_rate`.

    Raises:
        ConfigError: (a ValueError) If distances is empty or not finite, or ``active`` is not usable.

    Example:
        >>> final_distance(np.array([[3.0, 0.5], [3.0, 1.5]]))
        1.0

    Source: ours.
    """
    return float(_at_last_active_step(distances, _active_steps(distances, active)).mean())


@array_likes
def summarise_success(
    distances: Distances, tolerance: float | None, *, reached: Flags | None = None, active: Flags | None = None
) -> dict[str, float | None]:
    """Every number of this module under its own name; ``time_to_goal`` is None if no episode succeeded.

    Args and Raises: as :func:`success_rate`.

    Example:
        >>> summary = summarise_success(np.array([[3.0, 2.0], [3.0, 1.0]]), tolerance=0.5)
        >>> summary["success_rate"], summary["time_to_goal"], summary["final_distance"]
        (0.0, None, 1.5)

    Source: ours.
    """
    return {
        "success_rate": success_rate(distances, tolerance, reached=reached, active=active),
        "final_success_rate": final_success_rate(distances, tolerance, reached=reached, active=active),
        "time_at_goal": time_at_goal(distances, tolerance, reached=reached, active=active),
        "time_at_goal_share": time_at_goal_share(distances, tolerance, reached=reached, active=active),
        "time_to_goal": time_to_goal(distances, tolerance, reached=reached, active=active),
        "final_distance": final_distance(distances, active=active),
    }
