"""What all robots share: physics, the commanded goal that stays, and the end of an episode when the robot falls."""

import abc
import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.goal_env import EnvState, GoalEnv
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import Physics


class Robot(GoalEnv):
    """A goal-conditioned environment whose dynamics are a physics model.

    Subclasses draw how an episode begins, and say what of the physics is the state.
    """

    # Physics is many small operations. XLA's newer way to write them as loops takes half as long again to compile, and
    # what it makes is no faster; on accelerators the option changes nothing. Measured in docs/performance.md.
    compiler_options: Mapping[str, bool] = MappingProxyType({"xla_cpu_use_fusion_emitters": False})

    def __init__(self, spec: EnvSpec, physics: Physics, floor: Maze | OpenPlane | None = None) -> None:
        self.spec = spec
        self.physics = physics
        if isinstance(floor, Maze):
            self.maze = floor
        else:
            self.open_plane = floor

    @abc.abstractmethod
    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, " goal_dim"]]:
        """Draw generalized positions and velocities of a start, and a commanded goal."""

    @abc.abstractmethod
    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        """The state that the agent sees.

        Args:
            physics_state: Of the physics.
            control: What the actuators were told last; zeros at a start.
        """

    def control_of(self, action: Float[Array, " action_dim"], physics_state: Any) -> Float[Array, " actuators"]:
        """What the actuators are told in a state of the physics; the action itself unless a robot scales it."""
        return action

    def goal_after(
        self, goal: Float[Array, " goal_dim"], before: Float[Array, " state_dim"], state: Float[Array, " state_dim"]
    ) -> Float[Array, " goal_dim"]:
        """The commanded goal after a step from one state to another; it stays unless it moves with something."""
        return goal

    def is_over(self, physics_state: Any) -> Bool[Array, ""]:
        """Whether the episode ends here, as by a fall."""
        return jnp.zeros((), dtype=bool)

    def reset(self, key: PRNGKeyArray) -> EnvState:
        return self.begin(*self.draw(key))

    def begin(self, q: Float[Array, " q"], qd: Float[Array, " qd"], goal: Float[Array, " goal_dim"]) -> EnvState:
        """The environment's state of a start and a commanded goal, as drawn or chosen."""
        physics_state = self.physics.init(q, qd)
        state = self.state_of(physics_state, self.control_of(jnp.zeros(self.action_dim), physics_state))
        observation, _ = self.observe(state, goal)
        return EnvState(pipeline_state=physics_state, obs=observation, reward=jnp.zeros(()), done=jnp.zeros(()))

    def step(self, env_state: EnvState, action: Float[Array, " action_dim"]) -> EnvState:
        control = self.control_of(jnp.clip(action, -1, 1), env_state.pipeline_state)
        physics_state = self.physics.step(env_state.pipeline_state, control)
        before, goal = self.split_observation(env_state.obs)
        state = self.state_of(physics_state, control)
        observation, reward = self.observe(state, self.goal_after(goal, before, state))
        done = (self.is_over(physics_state) | self.physics.has_failed(physics_state)).astype(jnp.float32)
        return dataclasses.replace(env_state, pipeline_state=physics_state, obs=observation, reward=reward, done=done)


def upright(heading: float) -> np.ndarray:
    """Quaternion (w, x, y, z) of a body that stands upright and faces ``heading``, radians from the x axis."""
    return np.array([np.cos(heading / 2), 0.0, 0.0, np.sin(heading / 2)], dtype=np.float32)
