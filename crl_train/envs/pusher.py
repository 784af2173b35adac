"""An arm that pushes an object over a table to a goal.

Sizes, resets and thresholds are those of the environment of arXiv 2408.11052 (jaxgcrl), and the model is brax's. That
of arXiv 2503.14858 (scaling-crl) raises an error while it is built, so there is none to follow. Where jaxgcrl's has a
defect, ours is right unless ``reference`` is set. See docs/environments.md.
"""

import functools
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import pusher_spec
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import Physics, asset
from crl_train.envs.robot import Robot
from crl_train.envs.silence import silence

ORIGIN: Final = (0.45, -0.05)  # metres, x and y of object and goal with their slides at 0
OBJECT_HEIGHT: Final = -0.275  # metres
GOAL_HEIGHT_OF_JAXGCRL: Final = -0.323  # metres; no object is ever there
OBJECT_SLIDES: Final = ((-0.3, -0.2), (0.0, 0.2))  # metres, lowest and highest, each y and x as the model has them
GOAL_SLIDES: Final = {"easy": ((-0.55, -0.2), (-0.25, 0.2)), "hard": ((-0.65, -0.55), (0.35, 0.45))}
LEAST_DISTANCE: Final = 0.17  # metres, of an object from its goal at the start
VELOCITY_NOISE: Final = 0.005  # radians a second of the arm's joints, uniform either way

NUM_JOINTS: Final = 7
OBJECT: Final = "object"
HAND: Final = "r_wrist_roll_link"
TIP: Final = (0.1, 0.0, 0.0)  # metres, in the frame of the hand: the middle between its two fingertips
WRIST: Final = "r_wrist_flex_link"  # where jaxgcrl takes the tip to be


class Pusher(Robot):
    """The arm pushes until the object is at the goal.

    State (20): 7 joint angles, position of the tip of the hand and of the object, 7 joint velocities, in m, rad and s.
    Action in [-1, 1]^7: a torque of 1 Nm times each entry. Goal: (x, y, -0.275 m) of the object. An episode starts with
    all joint angles 0, joint velocities uniform in ±0.005 rad/s and the object uniform in a rectangle of 0.4 m by
    0.3 m. The goal is uniform in one of the same size, 0.25 m on towards negative y, if easy, and in one of 1 m by 1 m
    if hard. An object closer to it than 0.17 m is moved straight away from it to this distance. No episode ends by
    itself.

    With ``reference`` the goal is 0.048 m lower than the object can be, the tip is the wrist, and an object close to
    its goal is instead moved away from (0.45, -0.05) by the factor that is missing, wherever that leads. Other than
    theirs, reward and success are those of the state after a step, not before it.
    """

    nominal_words = "the object at rest, with the arm where it starts,"

    def __init__(self, spec: EnvSpec, physics: Physics, kind: str, reference: str | None = None) -> None:
        """Set up an arm with an object.

        Args:
            spec: The facts about it.
            physics: Its model, with a body at the goal if it follows a reference.
            kind: Where goals are: ``easy`` or ``hard``.
            reference: The trainer whose details it follows.
        """
        super().__init__(spec, physics, _plane(GOAL_SLIDES[kind]))
        self._goals = GOAL_SLIDES[kind]
        self._reference = reference

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "3"]]:
        object_key, goal_key, velocity_key = jax.random.split(key, 3)
        goal = _within(goal_key, self._goals)
        thing = self._apart(_within(object_key, OBJECT_SLIDES), goal)
        velocities = jax.random.uniform(velocity_key, (NUM_JOINTS,), minval=-VELOCITY_NOISE, maxval=VELOCITY_NOISE)
        q, qd = jnp.asarray(self.physics.start), jnp.zeros(self.physics.num_velocities)
        slides = jnp.concatenate([thing, goal])[: len(q) - NUM_JOINTS]  # ours has none for the goal
        height = OBJECT_HEIGHT if self._reference is None else GOAL_HEIGHT_OF_JAXGCRL
        return (
            q.at[NUM_JOINTS:].set(slides),
            qd.at[:NUM_JOINTS].set(velocities),
            jnp.append(jnp.array(ORIGIN) + goal[::-1], height),
        )

    def _apart(self, thing: Float[Array, "2"], goal: Float[Array, "2"]) -> Float[Array, "2"]:
        """Move an object that is too close to its goal."""
        distance = jnp.linalg.norm(thing - goal)
        factor = jnp.where(distance < LEAST_DISTANCE, LEAST_DISTANCE / distance, 1)
        return goal + factor * (thing - goal) if self._reference is None else factor * thing

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        return self._state(physics_state.q, physics_state.qd, physics_state.x)

    def _state(self, q: Float[Array, " q"], qd: Float[Array, " qd"], x: Any) -> Float[Array, " state_dim"]:
        """The state of a pose whose links are at ``x``."""
        with silence():
            from brax import math

        if self._reference is None:
            hand = self.physics.link(HAND)
            tip = x.pos[hand] + math.rotate(jnp.array(TIP), x.rot[hand])
        else:
            tip = x.pos[self.physics.link(WRIST)]
        return jnp.concatenate([q[:NUM_JOINTS], tip, x.pos[self.physics.link(OBJECT)], qd[:NUM_JOINTS]])

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        """Place the object, with the arm at rest where it starts."""
        with silence():
            from brax import kinematics

        q, qd = jnp.asarray(self.physics.start), jnp.zeros(self.physics.num_velocities)
        # Compiled, because operation by operation it takes many seconds.
        x, _ = jax.jit(functools.partial(kinematics.forward, self.physics.system))(q, qd)
        rest = self._state(q, qd, x)
        xy = jnp.asarray(xy, dtype=jnp.float32)
        place = jnp.asarray(self.goal_indices[:2])
        return jnp.broadcast_to(rest, (*xy.shape[:-1], len(rest))).at[..., place].set(xy)


def _plane(goals: tuple[tuple[float, float], tuple[float, float]]) -> OpenPlane:
    """Where objects and goals can be at the start of an episode, for landscapes."""
    corners = np.array([*OBJECT_SLIDES, *goals])[:, ::-1] + ORIGIN
    (x_min, y_min), (x_max, y_max) = corners.min(axis=0).tolist(), corners.max(axis=0).tolist()
    start = (np.mean(OBJECT_SLIDES, axis=0)[::-1] + ORIGIN).tolist()
    return OpenPlane((x_min, x_max, y_min, y_max), start=(start[0], start[1]))


def _within(key: PRNGKeyArray, corners: tuple[tuple[float, float], tuple[float, float]]) -> Float[Array, "2"]:
    lowest, highest = (jnp.array(corner) for corner in corners)
    return jax.random.uniform(key, (2,), minval=lowest, maxval=highest)


def make_pusher(kind: str, reference: str | None = None, backend: str | None = None) -> Pusher:
    """The arm that pushes an object, to goals that are ``easy`` or ``hard``."""
    model = asset("pusher")
    if reference is None:
        model.delete(model.body("goal"))
    spec = pusher_spec(kind, reference, backend)
    return Pusher(spec, Physics.compiled(model, spec), kind, reference)
