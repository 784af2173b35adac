"""A two-legged cheetah in the plane of x and z that runs to a goal ahead.

Sizes, resets and thresholds are those of the environment of arXiv 2408.11052 (jaxgcrl), and the model is brax's. Theirs
has the goal in its model as a body, which takes 0.63 kg of the 14 kg that the model is scaled to: its cheetah is 4.5 %
too light. Ours has no such body, unless ``reference`` is set. See docs/environments.md.
"""

from typing import Any, Final

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs.facts import cheetah_spec
from crl_train.envs.physics import Physics, add_slide_target, asset, set_numeric
from crl_train.envs.robot import Robot

TOTAL_MASS: Final = 14.0  # kilograms, of all bodies in the model

START_NOISE: Final = 0.1  # of every position, uniform either way, and standard deviation of every velocity
GOAL: Final = 5.0  # metres ahead of where the cheetah starts, but for the noise

NUM_MOTORS: Final = 6
NUM_COORDINATES: Final = 9  # of the cheetah: two slides and a hinge of the torso, and six hinges of the legs
# Of the spring physics, for each body of the model and the one at the goal.
ANG_DAMPING_WITH_TARGET: Final = (10.0, 2.0, 2.0, 2.0, 10.0, 2.0, 1.0, 1.0)


class Cheetah(Robot):
    """The cheetah runs along x until its torso is at the goal.

    State (18): x of the torso, its height above 0.7 m, its pitch, the angles of thigh, shin and foot of the back leg
    and of the front leg, and the velocities of all of these, in m, rad and s. Action in [-1, 1]^6: a torque of 120, 90,
    60, 120, 60 and 30 Nm times its entries. Goal: x of the torso, 5 m in every episode. An episode starts near the
    model's own pose, every position with uniform noise of ±0.1 and every velocity with normal noise of standard
    deviation 0.1. It never ends by itself.
    """

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "1"]]:
        noise_key, velocity_key = jax.random.split(key)
        noise = START_NOISE * jax.random.uniform(noise_key, (NUM_COORDINATES,), minval=-1, maxval=1)
        velocities = START_NOISE * jax.random.normal(velocity_key, (NUM_COORDINATES,))
        q, qd = jnp.asarray(self.physics.start), jnp.zeros(self.physics.num_velocities)
        q, qd = q.at[:NUM_COORDINATES].add(noise), qd.at[:NUM_COORDINATES].set(velocities)
        return q.at[NUM_COORDINATES:].set(GOAL), qd, jnp.array([GOAL])

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        return jnp.concatenate([physics_state.q[:NUM_COORDINATES], physics_state.qd[:NUM_COORDINATES]])


def make_cheetah(reference: str | None = None, backend: str | None = None) -> Cheetah:
    """The cheetah: its goal is 5 m ahead."""
    model = asset("half_cheetah")
    if reference is not None:
        add_slide_target(model, (0.0, 0.0, 0.01), "x", radius=0.9, reach=20.0)
        set_numeric(model, "constraint_ang_damping", list(ANG_DAMPING_WITH_TARGET))
    spec = cheetah_spec(reference, backend)
    return Cheetah(spec, Physics.compiled(model, spec, total_mass=TOTAL_MASS))
