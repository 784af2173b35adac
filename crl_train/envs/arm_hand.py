"""A hand without an arm that carries a cube from one bin to another.

Sizes, resets and thresholds are those of the environment of arXiv 2503.14858 (scaling-crl); ours observes the force of
the fingers, theirs a mean over other joints. See docs/environments.md.
"""

from typing import Any, Final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from crl_train.envs.arm import TABLES, ArmCube, Table
from crl_train.envs.arm_model import FINGER_START, OPEN, hand_model
from crl_train.envs.arm_table import FINGERS
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import hand_spec
from crl_train.envs.physics import Physics

HAND: Final = "hand"
START: Final = (0.0, 0.6, 0.2)  # metres, of the hand
STEP: Final = 0.2  # metres, that the hand is told to go along each axis at most
TABLE: Final = Table((-0.15, 0.6), 0.07, (0.17, 0.6), 0.005, TABLES["binpick_easy"].bins)
_DOFS_OF_SCALING_CRL: Final = 15  # that its mean is over, of which three are the hand's and the others have no force


class HandCube(ArmCube):
    """The hand takes the cube to its goal.

    State (11): position of the cube and of the hand, the hand's velocity, distance between the fingers, and 0.1 times
    the mean force of their motors, in m, s and N. Action in [-1, 1]^4: steps of the hand of ``STEP`` times each of the
    first three entries; the last closes the hand if positive, and opens it otherwise. Goal: x, y, z of the cube.
    """

    def __init__(self, spec: EnvSpec, physics: Physics, table: Table, wrong_mean: bool = False) -> None:
        """Put a hand over a table.

        Args:
            spec: The facts about it.
            physics: Its model.
            table: Where cube and goal are.
            wrong_mean: Whether the force is the mean over other joints, as in scaling-crl.
        """
        super().__init__(spec, physics, table)
        self._wrong_mean = wrong_mean

    def control_of(self, action: Float[Array, " action_dim"], physics_state: Any) -> Float[Array, " actuators"]:
        hand = self.physics.place_of_joint(f"{HAND}_x")
        told = physics_state.q[hand : hand + 3] + STEP * action[:3]
        return jnp.concatenate([told, jnp.full(2, jnp.where(action[3] > 0, 0.0, OPEN))])

    @property
    def start(self) -> Float[np.ndarray, " q"]:
        q = self.physics.start.copy()
        first = self.physics.place_of_joint(f"{HAND}_x")
        q[first : first + 3] = START
        for finger in FINGERS:
            q[self.physics.place_of_joint(finger)] = FINGER_START
        return q

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        velocity = physics_state.xd.vel[self.physics.link(HAND)]
        force = self._forces(physics_state, control)
        mean = force[:3].sum() / _DOFS_OF_SCALING_CRL if self._wrong_mean else force[3:].mean()
        return jnp.concatenate(
            [
                physics_state.q[:3],
                self._body(physics_state, HAND),
                velocity,
                self._distance(physics_state, FINGERS),
                0.1 * mean[None],
            ]
        )


def make_hand(reference: str | None = None, backend: str | None = None) -> HandCube:
    """The hand over two bins."""
    spec = hand_spec(reference, backend)
    return HandCube(spec, Physics.compiled(hand_model(TABLE.bins), spec), TABLE, wrong_mean=reference is not None)
