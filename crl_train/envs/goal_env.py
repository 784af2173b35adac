"""The contract of every goal-conditioned environment: what a state is made of, and where its goal lives.

An observation is the concatenation of the state and the commanded goal. Nothing else in the project
indexes into either: it asks the environment, so that no size or offset is ever typed twice.
"""

import abc
import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, overload

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.errors import ConfigError

if TYPE_CHECKING:
    from crl_train.envs.maze_geometry import Maze


@struct.dataclass
class EnvState:
    """One environment's physics, observation and bookkeeping; field for field brax's ``State``.

    The names are brax's so that its wrappers and renderers accept our environments, while environments
    without brax physics do not pay for importing it.

    Attributes:
        pipeline_state: The simulator's own state (the point mazes keep position and velocity here).
        obs: State followed by commanded goal. (state_dim + goal_dim,)
        reward: 1 where ``GoalEnv.success`` holds after the step, else 0. Scalar; no loss uses it.
        done: 1 if the environment ended the episode by itself (a fall, say); never for time. Scalar.
        metrics: Named scalars for wrappers that sum them over an episode.
        info: Whatever wrappers add.
    """

    pipeline_state: Any
    obs: Float[Array, "*batch observation_dim"]
    reward: Float[Array, "*batch"]
    done: Float[Array, "*batch"]
    metrics: dict[str, Array] = struct.field(default_factory=dict)
    info: dict[str, Any] = struct.field(default_factory=dict)


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
        backend: Physics pipeline of brax; None where the environment moves by equations of its own.
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
    backend: str | None = None
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


class GoalEnv(abc.ABC):
    """A single, unbatched environment with a commanded goal; pure functions of arrays, so it can be vmapped.

    Subclasses set ``spec`` (and ``maze`` where there is one) and write ``reset`` and ``step``.
    """

    spec: EnvSpec
    maze: "Maze | None" = None

    @abc.abstractmethod
    def reset(self, key: PRNGKeyArray) -> EnvState:
        """Draw a fresh start state and a fresh commanded goal; ``done`` is 0."""

    @abc.abstractmethod
    def step(self, env_state: EnvState, action: Float[Array, " action_dim"]) -> EnvState:
        """Advance by ``spec.dt`` seconds under one action; the commanded goal stays."""

    def success(
        self, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"]
    ) -> Bool[Array, "*batch"]:
        """Say whether a state has reached a goal: its distance is below the tolerance.

        Override it where reaching takes more than a distance. It must accept leading batch axes.

        Args:
            state: (*batch, state_dim).
            goal: Commanded goal. (*batch, goal_dim), in ``spec.unit``.
        Returns:
            (*batch,), bool.
        Source: arXiv 2503.14858, which counts the steps for which this holds.
        """
        return self.goal_distance(state, goal) < self.spec.tolerance

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        """Place the nominal state (at rest, upright) at positions of the plane, for landscapes.

        Raises:
            ConfigError: If the environment's task does not live in the plane.
        """
        raise ConfigError(f"environment {self.spec.name!r} is not planar: it has no nominal state at a position.")

    # --- derived, never overridden -------------------------------------------------------------------

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def state_dim(self) -> int:
        return self.spec.layout.dim

    @property
    def goal_indices(self) -> tuple[int, ...]:
        """Where the achieved goal stands in a state."""
        return self.spec.layout.indices(self.spec.goal_segment)

    @property
    def goal_dim(self) -> int:
        return len(self.goal_indices)

    @property
    def plane_indices(self) -> tuple[int, int] | None:
        """Where the two axes of the floor plane stand in a goal; None if the task has no such plane."""
        if self.spec.plane is None:
            return None
        first, second = self.spec.plane
        return self.spec.goal_axes.index(first), self.spec.goal_axes.index(second)

    @property
    def action_dim(self) -> int:
        return self.spec.action_dim

    # The three names that brax's own wrappers ask for.
    @property
    def observation_size(self) -> int:
        return self.state_dim + self.goal_dim

    @property
    def action_size(self) -> int:
        return self.spec.action_dim

    @property
    def unwrapped(self) -> "GoalEnv":
        return self

    def split_observation(
        self, observation: Float[Array, "*batch observation_dim"]
    ) -> tuple[Float[Array, "*batch state_dim"], Float[Array, "*batch goal_dim"]]:
        """Take an observation apart into state and commanded goal."""
        return observation[..., : self.state_dim], observation[..., self.state_dim :]

    def achieved_goal(self, state: Float[Array, "*batch state_dim"]) -> Float[Array, "*batch goal_dim"]:
        """What the state has reached, in the units of a goal."""
        return state[..., jnp.asarray(self.goal_indices)]

    @overload
    def in_plane(self, goals: Float[np.ndarray, "*batch goal_dim"]) -> Float[np.ndarray, "*batch 2"]: ...

    @overload
    def in_plane(self, goals: Float[Array, "*batch goal_dim"]) -> Float[Array, "*batch 2"]: ...

    def in_plane(self, goals: Float[Array | np.ndarray, "*batch goal_dim"]) -> Float[Array | np.ndarray, "*batch 2"]:
        """Project goals, commanded or achieved, onto the floor plane.

        Args:
            goals: (*batch, goal_dim), NumPy or JAX.
        Returns:
            Their coordinates along ``spec.plane``. (*batch, 2), of the same kind.
        Raises:
            ConfigError: If the task has no floor plane.

        Example:
            >>> env.in_plane(np.array([[4.0, 8.0, 1.25]]))  # of a humanoid, whose goals are (x, y, z)
            array([[4., 8.]])
        """
        if self.plane_indices is None:
            raise ConfigError(
                f"environment {self.name!r} has no floor plane: its goals are ({', '.join(self.spec.goal_axes)}). "
                "Choose an environment whose spec names a plane."
            )
        return goals[..., np.asarray(self.plane_indices)]

    def goal_distance(
        self, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"]
    ) -> Float[Array, "*batch"]:
        """Euclidean distance of the achieved goal to a goal, in ``spec.unit``."""
        return jnp.linalg.norm(self.achieved_goal(state) - goal, axis=-1)

    def observe(
        self, state: Float[Array, " state_dim"], goal: Float[Array, " goal_dim"]
    ) -> tuple[Float[Array, " observation_dim"], Float[Array, ""]]:
        """Observation and sparse reward of a state under a commanded goal."""
        return jnp.concatenate([state, goal]), self.success(state, goal).astype(jnp.float32)


def batched_reset(env: GoalEnv, key: PRNGKeyArray, num_envs: int) -> EnvState:
    """Reset ``num_envs`` independent copies; every leaf gains a leading axis."""
    return jax.vmap(env.reset)(jax.random.split(key, num_envs))
