"""The facts about an environment, and the named segments of its state; plain Python, so that listing them is quick."""

import dataclasses
from collections import Counter
from typing import Final

from crl_train.errors import ConfigError


class StateLayout:
    """Named, ordered segments of a state vector, so that indices are derived and never typed in.

    Example:
        >>> layout = StateLayout(position=2, velocity=2)
        >>> layout.dim, layout.indices("velocity")
        (4, (2, 3))
    """

    def __init__(self, **segments: int) -> None:
        for name, size in segments.items():
            if size < 1:
                raise ConfigError(f"state segment {name}={size} is not usable: a segment has at least one entry.")
        self.segments = dict(segments)

    @property
    def dim(self) -> int:
        """Number of entries of the whole state."""
        return sum(self.segments.values())

    def indices(self, name: str) -> tuple[int, ...]:
        """Positions of the named segment in the state.

        Raises:
            ConfigError: If there is no such segment.
        """
        if name not in self.segments:
            raise ConfigError(f"unknown state segment {name!r}: this state has {', '.join(self.segments)}.")
        start = 0
        for segment, size in self.segments.items():
            if segment == name:
                break
            start += size
        return tuple(range(start, start + self.segments[name]))


_FLOOR: Final = ("x", "y")


@dataclasses.dataclass(frozen=True)
class EnvSpec:
    """The facts about an environment that training and probing need.

    A goal of up to three entries is a position unless its axes are named otherwise.

    Attributes:
        name: Registered name, such as ``point_u_maze``.
        layout: Segments of the state.
        goal_segment: Name of the segment that holds the achieved goal.
        action_dim: Entries of an action, each in [-1, 1].
        tolerance: A goal counts as reached below this distance, in ``unit``, unless the environment overrides
            ``GoalEnv.success``.
        episode_length: Steps after which an episode is cut off.
        dt: Seconds simulated per step.
        unit: Unit of goals and distances.
        goal_axes: Names of the goal's entries. If not given: x, y, z as far as they go, and for more than three
            entries the segment's name with a number (``tips_0``).
        plane: The two goal axes that span the floor, in metres along world x and y. If not given: x and y if the goal
            has both, else None: the task has no floor plane (a cheetah's goal is a distance along x).
        backend: Physics pipeline of brax; empty where the environment moves by equations of its own.
        substeps: Steps of the physics in a step of the environment.
        fixed_starts: While training, each parallel environment goes back to its first start and goal for the whole
            run, as reference trainers do, instead of drawing new ones in every episode.

    Raises:
        ConfigError: If the goal segment is unknown, an axis is named twice, their number is not the goal's size, or
            the plane does not name two of them.

    Example:
        >>> spec = EnvSpec("reach", StateLayout(joints=7, hand=3), "hand", 4, tolerance=0.1, episode_length=50, dt=0.05)
        >>> spec.goal_axes, spec.plane
        (('x', 'y', 'z'), ('x', 'y'))
    """

    name: str
    layout: StateLayout
    goal_segment: str
    action_dim: int
    tolerance: float
    episode_length: int
    dt: float
    unit: str = "m"
    goal_axes: tuple[str, ...] = ()
    plane: tuple[str, str] | None = None
    backend: str = ""
    substeps: int = 1
    fixed_starts: bool = False

    def __post_init__(self) -> None:
        goal_dim = len(self.layout.indices(self.goal_segment))
        axes = self.goal_axes or _default_axes(self.goal_segment, goal_dim)
        if len(axes) != goal_dim:
            raise ConfigError(
                f"goal_axes={axes} of environment {self.name!r} is not usable: the goal segment {self.goal_segment!r} "
                f"has {goal_dim} entries, each of which needs one name."
            )
        if twice := [axis for axis, count in Counter(axes).items() if count > 1]:
            raise ConfigError(
                f"goal_axes={axes} of environment {self.name!r} is not usable: {twice[0]!r} names two entries. Give "
                "each its own name."
            )
        plane = self.plane or (_FLOOR if set(_FLOOR) <= set(axes) else None)
        if plane is not None and (len(set(plane)) != 2 or not set(plane) <= set(axes)):
            raise ConfigError(
                f"plane={plane} of environment {self.name!r} is not usable: it names two different goal axes, which "
                f"are {', '.join(axes)}."
            )
        object.__setattr__(self, "goal_axes", axes)
        object.__setattr__(self, "plane", plane)


def _default_axes(segment: str, goal_dim: int) -> tuple[str, ...]:
    if goal_dim <= 3:
        return ("x", "y", "z")[:goal_dim]
    return tuple(f"{segment}_{entry}" for entry in range(goal_dim))
