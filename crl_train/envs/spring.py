"""A substep of brax's spring physics, with the contacts of all links in a few large operations.

It computes what ``brax.spring.pipeline.step`` does, rounding aside. That tests every contact as one between two moving
links, with gathers and scatters that a CPU is slow at, and for a humanoid it takes as long as all the rest. Here the
floor is known to be the plane z = 0, on which spheres and the ends of capsules stand, and whatever belongs to a link is
taken to its contacts, and impulses back to it, by a product with a constant matrix.

Source: the spring pipeline of brax 0.14, whose contact impulses follow Heiden et al., Tiny Differentiable Simulator.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

if TYPE_CHECKING:
    import mujoco

FLOOR: Final = "floor"  # name of the plane in brax's models
_UP: Final = (0.0, 0.0, 1.0)
_LEAST_SLIP: Final = 1e-3  # metres per second, below which there is no friction

# Components of vectors, each an array of all contacts: operations on them fuse into one loop.
_Vector: TypeAlias = tuple[Any, Any, Any]


@dataclasses.dataclass(frozen=True, eq=False)
class FloorPoints:
    """Spheres and ends of capsules that can touch the floor.

    Attributes:
        links: Link of each. (points,)
        geometries: Geometry of each. (points,)
        places: Centre of each in the frame of its link, metres. (points, 3)
        radii: Metres. (points,)
        friction: Of each with the floor. (points,)
        plane: Geometry of the floor.
    """

    links: Int[np.ndarray, " points"]
    geometries: Int[np.ndarray, " points"]
    places: Float[np.ndarray, "points 3"]
    radii: Float[np.ndarray, " points"]
    friction: Float[np.ndarray, " points"]
    plane: int


def step(system: Any, floor: FloorPoints, state: Any, control: Float[Array, " actuators"]) -> Any:
    """Advance the state of brax's spring pipeline by one substep."""
    from brax import actuator, com, kinematics
    from brax.base import Motion
    from brax.spring import integrator, joints

    state = state.replace(i_inv=com.inv_inertia(system, state.x))
    force = joints.resolve(system, state, actuator.to_tau(system, control, state.q, state.qd))
    acceleration = Motion(
        vel=system.gravity + force.vel / state.mass[:, None],
        ang=jnp.sum(state.i_inv * force.ang[:, None, :], axis=-1),
    )
    state = state.replace(xd_i=state.xd_i + acceleration * system.opt.timestep)
    x_i, xd_i = integrator.integrate(system, state.x_i, state.xd_i, velocity_changes(system, floor, state))
    x, xd = com.to_world(system, x_i, xd_i)
    j, jd, a_p, a_c = kinematics.world_to_joint(system, x, xd)
    q, qd = kinematics.inverse(system, j, jd)
    return state.replace(x=x, xd=xd, x_i=x_i, xd_i=xd_i, j=j, jd=jd, a_p=a_p, a_c=a_c, q=q, qd=qd)


# --- contacts -------------------------------------------------------------------------------------------------------


def velocity_changes(system: Any, floor: FloorPoints, state: Any) -> Any:
    """What all contacts change of the links' velocities.

    Args:
        system: brax's form of the model, whose floor was taken.
        floor: What can touch it.
        state: Of the spring pipeline, before contacts.
    """
    from brax.base import Motion

    # brax takes one number for the inverse inertia of link l: entry l of the matrices of all links in one row.
    inverse_inertia = state.i_inv.reshape(-1)[: len(state.mass)]
    of_links = jnp.stack(
        [*state.x_i.pos.T, *state.xd_i.vel.T, *state.xd_i.ang.T, 1 / state.mass, inverse_inertia]
    )  # (11, links)
    total = _of_floor(system, floor, state, of_links) + _of_others(system, state, of_links)
    # The impulses of several contacts of a link are averaged.
    force, torque = jnp.split(total[:6] / (total[6] + 1e-8), 2)
    return Motion(vel=(force / state.mass).T, ang=jnp.sum(state.i_inv * torque.T[:, None, :], axis=-1))


def _of_floor(
    system: Any, floor: FloorPoints, state: Any, of_links: Float[Array, "11 links"]
) -> Float[Array, "7 links"]:
    from brax import math

    num_links = of_links.shape[1]
    rotations = jax.vmap(math.quat_to_3x3)(state.x.rot).reshape(num_links, 9)
    frames = jnp.concatenate([state.x.pos, rotations], axis=1).T  # (12, links)
    onto_points = _onto(floor.links, num_links)
    side = _Side.of(_product(of_links, onto_points))
    origin, *rows = _threes(_product(frames, onto_points))
    centre = tuple(at + _dot(row, tuple(floor.places.T)) for at, row in zip(origin, rows, strict=True))
    distance = centre[2] - floor.radii
    place = (centre[0], centre[1], centre[2] - floor.radii - 0.5 * distance)
    elasticity = (system.elasticity[floor.geometries] + system.elasticity[floor.plane]) / 2
    force, touches = _impulses(system, (side,), place, _UP, distance, floor.friction, elasticity)
    return _product(_sums(side, place, force, touches), onto_points.T)


def _of_others(system: Any, state: Any, of_links: Float[Array, "11 links"]) -> Float[Array, "7 links"]:
    from brax import contact

    found = contact.get(system, state.x)
    if found is None:
        return jnp.zeros((7, of_links.shape[1]))
    place, normal = tuple(found.pos.T), tuple(-found.frame[:, 0].T)
    onto = [_onto(links, of_links.shape[1]) for links in found.link_idx]
    sides = [_Side.of(_product(of_links, matrix)) for matrix in onto]
    given = (found.dist, found.friction[:, 0], found.elasticity)
    force, touches = _impulses(system, tuple(sides), place, normal, *given)
    first, second = (
        _product(_sums(side, place, impulse, touches), matrix.T)
        for side, impulse, matrix in zip(sides, (force, _times(force, -1)), onto, strict=True)
    )
    return first + second


@dataclasses.dataclass(frozen=True)
class _Side:
    """One of the two bodies of all contacts."""

    centre: _Vector  # of mass
    velocity: _Vector
    spin: _Vector
    inverse_mass: Any
    inverse_inertia: Any

    @classmethod
    def of(cls, rows: Float[Array, "11 contacts"]) -> "_Side":
        centre, velocity, spin = _threes(rows[:9])
        return cls(centre, velocity, spin, rows[9], rows[10])

    def velocity_at(self, place: _Vector) -> _Vector:
        return _plus(self.velocity, _cross(self.spin, _minus(place, self.centre)))

    def yielding(self, place: _Vector, direction: _Vector) -> Any:
        """Speed that an impulse of 1 along a direction gives to the place along it."""
        lever = _cross(_minus(place, self.centre), direction)
        return self.inverse_mass + self.inverse_inertia * _dot(lever, lever)


def _impulses(
    system: Any,
    sides: tuple[_Side, ...],
    place: _Vector,
    normal: _Vector,
    distance: Any,
    friction: Any,
    elasticity: Any,
) -> tuple[_Vector, Any]:
    """Impulse on the first side, along the normal and against slipping, and whether there is one.

    The second side, if there is one, gets its opposite; else the first touches what stands still. ``normal`` points to
    the first side.
    """
    velocity = sides[0].velocity_at(place)
    if len(sides) == 2:
        velocity = _minus(velocity, sides[1].velocity_at(place))
    approach = _dot(normal, velocity)
    yielding = sum(side.yielding(place, normal) for side in sides)
    correction = system.baumgarte_erp / system.opt.timestep * distance
    impulse = (-(1 + elasticity) * approach - correction) / yielding
    slip = _minus(velocity, _times(normal, approach))
    speed = jnp.sqrt(_dot(slip, slip))
    direction = _times(slip, 1 / (1e-6 + speed))
    stopping = speed / sum(side.yielding(place, direction) for side in sides)
    drag = jnp.minimum(stopping, friction * impulse)
    touches = ((distance < 0) & (approach < 0) & (impulse > 0)).astype(jnp.float32)
    drags = touches * (speed > _LEAST_SLIP)
    return _minus(_times(normal, impulse * touches), _times(direction, drag * drags)), touches


def _sums(side: _Side, place: _Vector, force: _Vector, touches: Any) -> Float[Array, "7 contacts"]:
    """What is added up for each link: impulse, angular impulse, number of contacts."""
    return jnp.stack([*force, *_cross(_minus(place, side.centre), force), touches])


def _onto(links: Int[Array | np.ndarray, " contacts"], num_links: int) -> Float[Array, "links contacts"]:
    """The matrix that takes numbers of links to their contacts; zeros for what stands still, whose index is -1."""
    return (jnp.arange(num_links)[:, None] == links).astype(jnp.float32)


def _product(a: Float[Array, "n k"], b: Float[Array, "k m"]) -> Float[Array, "n m"]:
    return jnp.matmul(a, b, precision=jax.lax.Precision.HIGHEST)  # accelerators would round to 10 bits


def _threes(rows: Any) -> list[_Vector]:
    return [(rows[start], rows[start + 1], rows[start + 2]) for start in range(0, len(rows), 3)]


def _dot(a: _Vector, b: _Vector) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: _Vector, b: _Vector) -> _Vector:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _plus(a: _Vector, b: _Vector) -> _Vector:
    return a[0] + b[0], a[1] + b[1], a[2] + b[2]


def _minus(a: _Vector, b: _Vector) -> _Vector:
    return a[0] - b[0], a[1] - b[1], a[2] - b[2]


def _times(a: _Vector, factor: Any) -> _Vector:
    return a[0] * factor, a[1] * factor, a[2] * factor


# --- of a model -----------------------------------------------------------------------------------------------------


def take_floor(model: "mujoco.MjModel") -> FloorPoints | None:
    """Find what of a compiled model can touch the floor, and let the floor meet nothing from then on.

    Returns:
        None, and the model as it was, if the model has no floor at z = 0, nothing or something else than spheres and
        capsules can touch it, or it moves in air or water.
    """
    import mujoco

    plane = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_GEOM, FLOOR)
    if model.opt.density > 0 or model.opt.viscosity > 0:
        return None
    if plane < 0 or np.any(model.geom_pos[plane]) or np.any(model.geom_quat[plane] != (1, 0, 0, 0)):
        return None
    meets = (model.geom_contype & model.geom_conaffinity[plane]) | (model.geom_contype[plane] & model.geom_conaffinity)
    geometries, places = [], []
    for geometry in np.flatnonzero((meets != 0) & (model.geom_bodyid > 0)):
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[geometry])
        half = model.geom_size[geometry, 1] * rotation.reshape(3, 3)[:, 2]
        kind = mujoco.mjtGeom(model.geom_type[geometry])
        if kind not in (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE):
            return None
        for offset in (half, -half) if kind == mujoco.mjtGeom.mjGEOM_CAPSULE else (np.zeros(3),):
            geometries.append(geometry)
            places.append(model.geom_pos[geometry] + offset)
    if not geometries or np.any(model.geom_priority[geometries] != model.geom_priority[plane]):
        return None
    model.geom_contype[plane] = model.geom_conaffinity[plane] = 0
    return FloorPoints(
        links=model.geom_bodyid[geometries] - 1,  # brax counts links without the world
        geometries=np.array(geometries),
        places=np.array(places, dtype=np.float32),
        radii=model.geom_size[geometries, 0].astype(np.float32),
        friction=np.maximum(model.geom_friction[geometries, 0], model.geom_friction[plane, 0]).astype(np.float32),
        plane=plane,
    )
