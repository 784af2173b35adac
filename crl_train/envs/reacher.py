"""An arm of two links in the plane whose fingertip reaches for a point.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl), and the model is brax's. Theirs has the goal in its model as a body. Ours has no such body, unless
``reference`` is set: the arm moves alike with and without it. See docs/environments.md.
"""

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import reacher_spec
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import Physics, asset, set_numeric
from crl_train.envs.placement import on_circle
from crl_train.envs.robot import Robot
from crl_train.envs.silence import silence

# Newton metres at full control. Spring and positional physics leave out the armature, which is most of the inertia.
GEARS: Final = {"spring": 25.0, "positional": 25.0, "generalized": 200.0, "mjx": 200.0}

START_NOISE: Final = 0.1  # radians of both joint angles, uniform either way around the outstretched arm
VELOCITY_NOISE: Final = 0.005  # radians a second, likewise
GOAL_RADIUS: Final = 0.2  # metres from the shoulder, at most
HEIGHT: Final = 0.01  # metres, of arm and goal

NUM_JOINTS: Final = 2
FOREARM: Final = "body1"  # the link with the fingertip
LINKS: Final = (0.1, 0.11)  # metres, from shoulder to elbow and from elbow to fingertip
ELBOW_LIMIT: Final = 3.0  # radians either way
REACH: Final = (
    float(np.sqrt(LINKS[0] ** 2 + LINKS[1] ** 2 + 2 * LINKS[0] * LINKS[1] * np.cos(ELBOW_LIMIT))),
    sum(LINKS),
)  # metres from the shoulder: 0.018 to 0.21
PLANE: Final = OpenPlane((-0.22, 0.22, -0.22, 0.22), start=(REACH[1], 0.0), ring=REACH)  # of landscapes


class Reacher(Robot):
    """The arm reaches until its fingertip is at the goal.

    State (10): cosines and sines of the angles of shoulder and elbow, then position and velocity of the fingertip, in m
    and s. Action in [-1, 1]^2: a torque of 25 Nm times each entry. Goal: (x, y, z) of the fingertip. An episode starts
    with both angles uniform in ±0.1 rad and their velocities in ±0.005 rad/s; its goal lies in a direction drawn
    uniformly, at a distance from the shoulder drawn uniformly up to 0.2 m, so not uniformly by area. It never ends by
    itself.

    With ``reference`` the velocity is theirs, wrong unless the forearm points along x: they leave the offset of the
    fingertip from the elbow unrotated. Two things still differ from scaling-crl's. With the versions it pins, its
    substeps are 0.01 s long, in which the springs of this model grow without bound: nothing is a number after 0.44 s.
    Here they take the 0.005 s that its code asks for. And the commanded goal stays at a height of 0.01 m, while the
    body at its goal sags by about 3 mm.
    """

    def __init__(self, spec: EnvSpec, physics: Physics, reference: str | None = None) -> None:
        """Set up an arm.

        Args:
            spec: The facts about it.
            physics: Its model, with a body at the goal if it follows a reference.
            reference: The trainer whose details it follows.
        """
        super().__init__(spec, physics, PLANE)
        self._reference = reference

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "3"]]:
        angles_key, velocity_key, radius_key, direction_key = jax.random.split(key, 4)
        noise = jax.random.uniform(angles_key, (NUM_JOINTS,), minval=-START_NOISE, maxval=START_NOISE)
        velocities = jax.random.uniform(velocity_key, (NUM_JOINTS,), minval=-VELOCITY_NOISE, maxval=VELOCITY_NOISE)
        goal = on_circle(direction_key, GOAL_RADIUS * jax.random.uniform(radius_key))
        q, qd = jnp.asarray(self.physics.start), jnp.zeros(self.physics.num_velocities)
        q, qd = q.at[:NUM_JOINTS].add(noise), qd.at[:NUM_JOINTS].set(velocities)
        return q.at[NUM_JOINTS:].set(goal[: len(q) - NUM_JOINTS]), qd, jnp.append(goal, HEIGHT)

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        with silence():
            from brax import kinematics, math

        x, xd = physics_state.x, physics_state.xd
        if self.physics.backend == "mjx" and self._reference is None:  # its poses are those of one substep earlier
            x, xd = kinematics.forward(self.physics.system, physics_state.q, physics_state.qd)
        forearm = self.physics.link(FOREARM)
        unrotated = jnp.array([LINKS[1], 0.0, 0.0])
        offset = math.rotate(unrotated, x.rot[forearm])
        lever = offset if self._reference is None else unrotated
        velocity = xd.vel[forearm] + jnp.cross(xd.ang[forearm], lever)
        angles = physics_state.q[:NUM_JOINTS]
        return jnp.concatenate([jnp.cos(angles), jnp.sin(angles), x.pos[forearm] + offset, velocity])

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        """Place the fingertip, with the arm at rest and its elbow bent counterclockwise, by 0 to 3 rad.

        Where the arm cannot reach, nearer than 0.018 m or farther than 0.21 m, the fingertip is in the same direction
        as near to the place as it can be.
        """
        xy = jnp.asarray(xy, dtype=jnp.float32)
        upper, fore = LINKS
        radius = jnp.clip(jnp.linalg.norm(xy, axis=-1), *REACH)
        elbow = jnp.arccos(jnp.clip((radius**2 - upper**2 - fore**2) / (2 * upper * fore), -1, 1))
        inside = jnp.arctan2(fore * jnp.sin(elbow), upper + fore * jnp.cos(elbow))
        shoulder = jnp.arctan2(xy[..., 1], xy[..., 0]) - inside
        x = upper * jnp.cos(shoulder) + fore * jnp.cos(shoulder + elbow)
        y = upper * jnp.sin(shoulder) + fore * jnp.sin(shoulder + elbow)
        angles, zero = jnp.stack([shoulder, elbow], axis=-1), jnp.zeros_like(x)
        rest = jnp.stack([x, y, zero + HEIGHT, zero, zero, zero], axis=-1)
        return jnp.concatenate([jnp.cos(angles), jnp.sin(angles), rest], axis=-1)


def make_reacher(reference: str | None = None, backend: str | None = None) -> Reacher:
    """The arm of two links: the goal is up to 0.2 m from its shoulder."""
    model = asset("reacher")
    if reference is None:
        model.delete(model.body("target"))
        # The model's own numbers less those of that body.
        set_numeric(model, "init_qpos", [0.0, 0.0])
        set_numeric(model, "constraint_stiffness", [1000.0, 1000.0])
        set_numeric(model, "constraint_vel_damping", [3.0, 3.0])
    spec = reacher_spec(reference, backend)
    for motor in model.actuators:
        motor.gear[0] = GEARS[spec.backend]
    return Reacher(spec, Physics.compiled(model, spec), reference)
