"""The contract of every goal-conditioned environment: what a state is made of, and where its goal lives.

An observation is the concatenation of the state and the commanded goal. Nothing else in the project
indexes into either: it asks the environment, so that no size or offset is ever typed twice.
"""

import abc
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, overload

import jax
import jax.numpy as jnp
import numpy as np
from flax import struct
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.device_mesh import by_device
from crl_train.envs.env_spec import EnvSpec, StateLayout
from crl_train.errors import ConfigError

__all__ = ["EnvSpec", "EnvState", "GoalEnv", "StateLayout", "batched_reset"]

if TYPE_CHECKING:
    from crl_train.envs.maze_geometry import Maze
    from crl_train.envs.open_plane import OpenPlane


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


class GoalEnv(abc.ABC):
    """A single, unbatched environment with a commanded goal; pure functions of arrays, so it can be vmapped.

    Subclasses set ``spec`` and write ``reset`` and ``step``. They set ``maze`` where there is one, and ``open_plane``
    where there is none but a nominal state at every place, of which ``nominal_words`` say what is there.
    ``is_translatable`` says that a state with another position in the plane is a state, too. ``compiler_options`` are
    XLA's, for programs that step the environment: see ``jit``.
    """

    spec: EnvSpec
    maze: "Maze | None" = None
    open_plane: "OpenPlane | None" = None
    is_translatable: bool = False
    nominal_words: str = "the agent at rest"
    compiler_options: Mapping[str, bool] = {}

    @abc.abstractmethod
    def reset(self, key: PRNGKeyArray) -> EnvState:
        """Draw a fresh start state and a fresh commanded goal; ``done`` is 0."""

    @abc.abstractmethod
    def step(self, env_state: EnvState, action: Float[Array, " action_dim"]) -> EnvState:
        """Advance by ``spec.dt`` seconds under one action; the commanded goal stays."""

    def jit(self, function: Callable[..., Any], **options: Any) -> Any:
        """``jax.jit`` of a function that steps this environment, with the options that its physics compiles best with.

        Args:
            function: What is compiled.
            options: As of ``jax.jit``.
        """
        return jax.jit(function, compiler_options=dict(self.compiler_options), **options)

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

        The achieved goal of the state is the position, as far as the body can be there.

        Raises:
            ConfigError: If the environment's task does not live in the plane.
        """
        raise ConfigError(f"environment {self.spec.name!r} is not planar: it has no nominal state at a position.")

    def moved_to(
        self, states: Float[Array | np.ndarray, "*batch state_dim"], xy: Float[Array | np.ndarray, "*batch 2"]
    ) -> Float[np.ndarray, "*batch state_dim"]:
        """Put states at other positions of the plane, with all else as it is.

        Args:
            states: (*batch, state_dim).
            xy: (*batch, 2), metres.
        Raises:
            ConfigError: If more than the position would have to change.
        """
        if not self.is_translatable:
            raise ConfigError(
                f"states of environment {self.name!r} cannot be moved: more than their position depends on it. Use the "
                "nominal state at rest."
            )
        assert self.plane_indices is not None, "positions of a plane can be set, so there is one"
        moved = np.array(states)
        moved[..., [self.goal_indices[index] for index in self.plane_indices]] = xy
        return moved

    @property
    def is_planar(self) -> bool:
        """Whether there is a nominal state at a position: the environment has a ``planar_state`` of its own."""
        return type(self).planar_state is not GoalEnv.planar_state

    # --- derived, never overridden -------------------------------------------------------------------

    @property
    def floor(self) -> "Maze | OpenPlane | None":
        """Where the nominal state can be placed; None if there is none, or nobody has said where."""
        return (self.maze or self.open_plane) if self.is_planar else None

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
    return by_device(jax.vmap(env.reset))(jax.random.split(key, num_envs))
