"""A humanoid that walks to a goal, in the open and in mazes.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl). Theirs has the goal in its model as a body, whose position, velocity and mass enter the state: the critic is
told the commanded goal even where it is asked about another one. Ours has no such body, unless ``reference`` is set.
See docs/environments.md.
"""

from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.envs import placement
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import humanoid_spec
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.options import FORMS_OF_MUJOCO
from crl_train.envs.physics import FEW_ITERATIONS, Physics, add_slide_target, asset, use_newton_solver
from crl_train.envs.placement import Placement
from crl_train.envs.reference_mazes import reference_maze
from crl_train.envs.robot import Robot, upright
from crl_train.envs.silence import silence

CELL_SIZE: Final = 2.0  # metres
GEARS: Final = (350.0,) * 11 + (100.0,) * 6  # newton metres for a control of 1, of spring and positional physics
CONTROL: Final = 0.4  # of an action of 1

START_HEIGHT: Final = 1.4  # metres
HEALTHY_HEIGHT: Final = (1.0, 2.0)  # metres; an episode ends when the torso leaves it
GOAL_RADII: Final = (1.0, 5.0)  # metres from the start, in the open
PLANE: Final = OpenPlane((-6.0, 6.0, -6.0, 6.0))  # of landscapes, in the open
GOAL_HEIGHT: Final = 1.25  # metres
BODY_RADIUS: Final = 0.25  # metres, of torso and shoulders


class Humanoid(Robot):
    """The humanoid walks until its torso is at the goal.

    State (246): position of the torso, orientation as a quaternion (w, x, y, z), 17 joint angles; the velocities of all
    of these; of each of 11 links the inertia about the centre of mass of the whole body (9 entries and the mass), and
    its share in the velocity of that centre with its angular velocity (6 entries); the torque on each degree of
    freedom. In m, rad, s, kg and N m. Action in [-1, 1]^17: 140 Nm times each entry for trunk and legs, 40 Nm for arms.
    Goal: (x, y, 1.25 m) of the torso. The episode ends when the torso is lower than 1 m or higher than 2 m.
    """

    def __init__(
        self, spec: EnvSpec, physics: Physics, place: Placement, floor: Maze | OpenPlane, has_target: bool = False
    ) -> None:
        """Put a humanoid somewhere.

        Args:
            spec: The facts about it.
            physics: Its model.
            place: Draws start and goal.
            floor: The maze whose walls the model has, or the plane that landscapes show.
            has_target: Whether the model has a body at the goal, as reference trainers have.
        """
        super().__init__(spec, physics, floor)
        self._place = place
        self._has_target = has_target
        self.is_translatable = not has_target  # whose mass enters inertias

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "3"]]:
        start, goal = self._place(key)
        q = jnp.asarray(self.physics.start).at[:2].set(start)
        if self._has_target:
            q = q.at[-2:].set(goal)
        return q, jnp.zeros(self.physics.num_velocities), jnp.append(goal, GOAL_HEIGHT)

    def control_of(self, action: Float[Array, " action_dim"], physics_state: Any) -> Float[Array, " actuators"]:
        return CONTROL * action

    def is_over(self, physics_state: Any) -> Bool[Array, ""]:
        lowest, highest = HEALTHY_HEIGHT
        height = physics_state.x.pos[0, 2]
        return (height < lowest) | (height > highest)

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        with silence():
            from brax import actuator
            from brax.base import Transform

        system, links = self.physics.system, self._inertia()
        centres = physics_state.x.vmap().do(links.transform)
        mass = jnp.sum(links.mass)
        centre = links.mass @ centres.pos / mass
        about_centre = centres.replace(pos=centres.pos - centre).vmap().do(links)
        inertias = jnp.concatenate([about_centre.i.reshape(len(links.mass), 9), links.mass[:, None]], axis=1)
        at_centres = Transform.create(pos=centres.pos - physics_state.x.pos).vmap().do(physics_state.xd)
        shares = jnp.concatenate([links.mass[:, None] * at_centres.vel / mass, at_centres.ang], axis=1)
        torques = actuator.to_tau(system, control, physics_state.q, physics_state.qd)
        return jnp.concatenate([physics_state.q, physics_state.qd, inertias.ravel(), shares.ravel(), torques])

    def _at_rest(self, orientation: Float[Array, "4"]) -> Float[Array, " state_dim"]:
        """The state of standing still at the origin."""
        q = jnp.asarray(self.physics.start).at[3:7].set(orientation)
        pose = self.physics.init(q, jnp.zeros(self.physics.num_velocities))
        return self.state_of(pose, jnp.zeros(self.action_dim))

    def _inertia(self) -> Any:
        """Mass and inertia of the links, as the physics takes them: some of brax's replace them by 1."""
        system = self.physics.system
        inertia = system.link.inertia
        if self.physics.backend not in ("spring", "positional"):
            return inertia
        diagonals = jax.vmap(jnp.diagonal)(inertia.i) ** (1 - system.spring_inertia_scale)
        return inertia.replace(i=jax.vmap(jnp.diag)(diagonals), mass=inertia.mass ** (1 - system.spring_mass_scale))

    def planar_state(
        self, xy: Float[Array | np.ndarray, "*batch 2"], heading: float = 0.0
    ) -> Float[Array, "*batch state_dim"]:
        # Compiled, because operation by operation it takes many seconds.
        rest = jax.jit(self._at_rest)(jnp.asarray(upright(heading)))
        xy = jnp.asarray(xy, dtype=jnp.float32)
        # Everything else is relative to the body.
        return jnp.concatenate([xy, jnp.broadcast_to(rest[2:], (*xy.shape[:-1], len(rest) - 2))], axis=-1)


def make_humanoid(reference: str | None = None, backend: str | None = None) -> Humanoid:
    """The humanoid in the open: the goal is 1 to 5 m from the start."""
    spec = humanoid_spec(reference=reference, backend=backend)
    physics = humanoid_physics(spec, reference is not None)
    return Humanoid(spec, physics, placement.around_start(*GOAL_RADII), PLANE, reference is not None)


def make_humanoid_maze(
    layout: str, maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> Humanoid:
    """The humanoid in a maze."""
    spec = humanoid_spec(layout, reference=reference, backend=backend)
    place = reference_maze(layout, maze, CELL_SIZE, BODY_RADIUS, reference)
    physics = humanoid_physics(spec, reference is not None, place)
    return Humanoid(spec, physics, placement.in_maze(place), place, reference is not None)


def humanoid_physics(
    spec: EnvSpec, has_target: bool = False, maze: Maze | None = None, all_walls: bool = False
) -> Physics:
    """Compile the model of a humanoid; arguments as of the class and of :meth:`Physics.compiled`."""
    model = asset("humanoid")
    # Everything but the floor is one of the body's geometries: all of them meet the floor, and none another.
    parts = [geometry.name for geometry in model.geoms if geometry.name != "floor"]
    for part in parts:
        model.geom(part).contype = 1
    if has_target:
        add_slide_target(model, (0.0, 0.0, GOAL_HEIGHT), "xy", radius=0.5, reach=20.0 if maze is None else 100.0)
    if spec.backend in ("spring", "positional"):
        for motor, gear in zip(model.actuators, GEARS, strict=True):
            motor.gear[0] = gear
    if spec.backend in FORMS_OF_MUJOCO:
        use_newton_solver(model, FEW_ITERATIONS.get(spec.backend))
    return Physics.compiled(model, spec, maze=maze, parts=parts, all_walls=all_walls)
