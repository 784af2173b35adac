"""An ant whose way to the goal is blocked by a box that it can push.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl); ours gives the box no velocity at the start, unless ``reference`` is set. See docs/environments.md.
"""

from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from crl_train.envs.ant import NUM_POSITIONS, NUM_VELOCITIES, START_NOISE, TORSO, Ant
from crl_train.envs.facts import ant_push_spec
from crl_train.envs.goal_env import GoalEnv
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import OBJECT_COLOUR, Physics, asset, set_numeric, use_newton_solver
from crl_train.envs.placement import Placement

if TYPE_CHECKING:
    import mujoco

# Of the boxes that stand: centre and half sizes along x and y, metres. All are 4 m high.
BOXES: Final = (
    ((-4.0, 20.0), (8.0, 8.0)),
    ((8.0, 24.0), (4.0, 4.0)),
    ((20.0, 20.0), (8.0, 8.0)),
    ((-8.0, 4.0), (4.0, 8.0)),
    ((24.0, 8.0), (4.0, 4.0)),
    ((20.0, -4.0), (8.0, 8.0)),
    ((0.0, -8.0), (12.0, 4.0)),
)
BOX_PLACE: Final = (8.0, 8.0, 2.0)  # metres, of the one that can be pushed; 0.2 m above the floor
BOX_HALF: Final = (3.6, 3.6, 1.8)
BOX_MASS: Final = 0.0002  # kilograms
GOALS: Final = ((16.0, 8.0), (8.0, 16.0))
GOAL_NOISE: Final = 2.0  # metres, uniform from 0 along both axes
START_HEIGHT: Final = 0.75  # metres
DENSITY: Final = 40.0  # of all parts of the ant; its own is 5


class AntPush(Ant):
    """The ant walks to a goal; State (31) is that of the ant and the place (x, y) of the box."""

    is_translatable = False  # where the box is decides where an ant can be

    @property
    def is_planar(self) -> bool:
        return False

    def planar_state(
        self, xy: Float[Array | np.ndarray, "*batch 2"], heading: float = 0.0
    ) -> Float[Array, "*batch state_dim"]:
        return GoalEnv.planar_state(self, xy)  # says that there is none

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "2"]]:
        ant_key, noise_key, velocity_key = jax.random.split(key, 3)
        q, qd, goal = super().draw(ant_key)
        slides = START_NOISE * jax.random.uniform(noise_key, (3,), minval=-1, maxval=1)
        velocities = jnp.zeros(3)
        if self._reference is not None:
            velocities = velocities.at[0].set(START_NOISE * jax.random.normal(velocity_key))
        return jnp.concatenate([q, slides]), jnp.concatenate([qd, velocities]), goal

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        q, qd = physics_state.q, physics_state.qd
        box = q[NUM_POSITIONS : NUM_POSITIONS + 2] + jnp.array(BOX_PLACE[:2])
        return jnp.concatenate([q[:NUM_POSITIONS], qd[:NUM_VELOCITIES], box])


def make_ant_push(reference: str | None = None, backend: str | None = None) -> AntPush:
    """The ant with a box in its way."""
    spec = ant_push_spec(reference, backend)
    plane = OpenPlane((-4.0, 20.0, -4.0, 20.0))
    return AntPush(spec, Physics.compiled(_model(), spec), _beyond_the_box(), plane, reference)


def _beyond_the_box() -> Placement:
    """Start at the origin, and a goal near one of the two places behind the box."""

    def place(key: PRNGKeyArray) -> tuple[Float[Array, "2"], Float[Array, "2"]]:
        which, noise = jax.random.split(key)
        goal = jax.random.choice(which, jnp.array(GOALS)) + jax.random.uniform(noise, (2,), maxval=GOAL_NOISE)
        return jnp.zeros(2), goal

    return place


def _model() -> "mujoco.MjSpec":
    import mujoco

    model = asset("ant")
    for geometry in model.geoms:
        geometry.density = DENSITY
        geometry.solimp[:3] = 0.995, 0.995, 0.01
    model.geom(TORSO).contype = 1
    (start,) = (list(numeric.data) for numeric in model.numerics if numeric.name == "init_qpos")
    start[2] = START_HEIGHT
    set_numeric(model, "init_qpos", [*start, 0.0, 0.0, 0.0])
    for number, ((x, y), (half_x, half_y)) in enumerate(BOXES):
        model.worldbody.add_geom(
            name=f"box_{number}",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=[x, y, 2],
            size=[half_x, half_y, 2],
            contype=0,
            conaffinity=1,
        )
    box = model.worldbody.add_body(name="box", pos=BOX_PLACE)
    for axis in "xyz":
        # The ant's own joints have limits, an armature and damping by default.
        box.add_joint(
            name=f"box_{axis}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[float(axis == one) for one in "xyz"],
            limited=mujoco.mjtLimited.mjLIMITED_FALSE,
            armature=0.0,
            damping=0.0,
        )
    box.add_geom(
        name="box",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=BOX_HALF,
        mass=BOX_MASS,
        contype=1,
        conaffinity=1,
        rgba=OBJECT_COLOUR,
    )
    use_newton_solver(model, (4, 8))
    return model
