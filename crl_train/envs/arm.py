"""A Franka arm that reaches, grasps, pushes a cube and carries it from one bin to another.

Sizes, resets and thresholds are those of the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052
(jaxgcrl); where these have a defect, ours is right unless ``reference`` is set. See docs/environments.md.
"""

import dataclasses
import functools
from collections.abc import Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from crl_train.envs.arm_model import (
    FINGER_REACH,
    FINGER_START,
    FINGERTIPS,
    NUM_JOINTS,
    OPEN,
    START,
    WRIST,
    arm_model,
)
from crl_train.envs.arm_pose import joints_at
from crl_train.envs.arm_table import CUBE_DROP, CUBE_HALF, FINGERS, Bin
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.facts import arm_spec
from crl_train.envs.open_plane import OpenPlane
from crl_train.envs.physics import Physics
from crl_train.envs.robot import Robot

FINGER_REACH_OF_JAXGCRL: Final = 0.05  # metres

# Of joints 1, 2, 4 and 6, radians: what their motors are told at -1 and at 1. The others are held.
LOWEST: Final = (0.3491, 0.0, -3.0718, 2.3562)
HIGHEST: Final = (2.7925, 1.48353, -0.0698, 3.7525)
HELD: Final = {3: 0.0, 5: 0.0, 7: 1.4487}
MOVED: Final = (1, 2, 4, 6)

REACH_CENTRE: Final = (0.0, 0.5, 0.3)  # metres, of the goals of the wrist
REACH_HALF: Final = 0.2  # metres, uniform either way along each axis
START_WRIST: Final = (0.0, 0.678)  # metres, x and y
GRASP_NOISE: Final = 0.3
TIP_OFFSET: Final = 0.0375  # metres, of each fingertip from the cube
OPENNESS: Final = 0.075  # metres between the fingertips
GRASPED: Final = (0.05, 0.02)  # metres: of the middle of the tips from the cube, and of their distance from OPENNESS
PLANE_MARGIN: Final = 0.03  # metres around where starts and goals are, in landscapes


@dataclasses.dataclass(frozen=True)
class Table:
    """Where the cube starts and where it shall go: uniform in squares.

    Attributes:
        cube: Centre of the cube's square, metres.
        cube_half: Half its side.
        goal: Centre of the goal's square.
        goal_half: Half its side.
        bins: Around them; empty for none.
    """

    cube: tuple[float, float]
    cube_half: float
    goal: tuple[float, float]
    goal_half: float
    bins: tuple[Bin, ...] = ()


_EASY_BINS: Final = (Bin((-0.17, 0.6), 0.14), Bin((0.17, 0.6), 0.14))
_HARD_BINS: Final = (Bin((-0.3, 0.6), 0.19), Bin((0.3, 0.6), 0.19))
TABLES: Final[Mapping[str, Table]] = {
    "push_easy": Table((-0.1, 0.6), 0.1, (0.1, 0.6), 0.1),
    "push_hard": Table((-0.25, 0.65), 0.25, (0.25, 0.65), 0.25),
    "binpick_easy": Table((-0.15, 0.6), 0.09, (0.17, 0.6), 0.09, _EASY_BINS),
    "binpick_hard": Table((-0.3, 0.6), 0.15, (0.3, 0.6), 0.15, _HARD_BINS),
}
BINPICK_EASY_OF_JAXGCRL: Final = dataclasses.replace(TABLES["binpick_easy"], cube_half=0.07, goal_half=0.005)


class Arm(Robot):
    """What the tasks of the arm share: how it is controlled, where it starts, and what of it is seen.

    Action in [-1, 1]^4: joints 1, 2, 4 and 6 are told an angle between ``LOWEST`` and ``HIGHEST``; their motors pull
    weaker than they are damped by their own stiffness, so that joint 4 rests at 0.571 and joint 6 at half of what it is
    told. Where there is a hand, a fifth entry closes it if positive, and opens it otherwise. The arm starts at rest in
    one pose, at a height of 0.37 m. No episode ends by itself.
    """

    def control_of(self, action: Float[Array, " action_dim"], physics_state: Any) -> Float[Array, " actuators"]:
        lowest, highest = jnp.array(LOWEST), jnp.array(HIGHEST)
        told = dict(zip(MOVED, lowest + (action[:4] + 1) / 2 * (highest - lowest), strict=True))
        joints = jnp.stack([told.get(joint, jnp.float32(HELD.get(joint, 0.0))) for joint in range(1, NUM_JOINTS + 1)])
        if self.action_dim == 4:
            return joints
        return jnp.concatenate([joints, jnp.full(2, jnp.where(action[4] > 0, 0.0, OPEN))])

    @functools.cached_property
    def start(self) -> Float[np.ndarray, " q"]:
        """Generalized positions of the arm at the start, with the cube, where there is one, above its place."""
        q = self.physics.start.copy()
        first = self.physics.place_of_joint("joint1")
        q[first : first + NUM_JOINTS] = START
        for finger in FINGERS if self.action_dim == 5 else ():
            q[self.physics.place_of_joint(finger)] = FINGER_START
        return q

    def state_of(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " state_dim"]:
        first = self.physics.place_of_joint("joint1")
        parts = {
            "joints": lambda: physics_state.q[first : first + NUM_JOINTS],
            "wrist": lambda: self._body(physics_state, WRIST),
            "wrist_velocity": lambda: physics_state.xd.vel[self.physics.link(WRIST)],
            "cube": lambda: physics_state.q[:3],
            "finger_distance": lambda: self._distance(physics_state, FINGERS),
            "grasp": lambda: jnp.concatenate(
                [*(self._body(physics_state, tip) for tip in FINGERTIPS), self._distance(physics_state, FINGERTIPS)]
            ),
            "effort": lambda: self._effort(physics_state, control),
        }
        return jnp.concatenate([parts[name]() for name in self.spec.layout.segments])

    def _body(self, physics_state: Any, name: str) -> Float[Array, "3"]:
        return physics_state.x.pos[self.physics.link(name)]

    def _distance(self, physics_state: Any, bodies: tuple[str, str]) -> Float[Array, "1"]:
        first, second = (self._body(physics_state, name) for name in bodies)
        return jnp.linalg.norm(first - second)[None]

    def _effort(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, "1"]:
        """What jaxgcrl calls the force of the gripper: of pushing and carrying a mean of the arm's torques over 19.

        Of grasping, it is the mean of the fingers' forces. Both times 0.1.
        """
        force = self._forces(physics_state, control)
        of_hand = force[NUM_JOINTS:].mean() if "grasp" in self.spec.layout.segments else force[:NUM_JOINTS].sum() / 19
        return 0.1 * of_hand[None]

    def _forces(self, physics_state: Any, control: Float[Array, " actuators"]) -> Float[Array, " actuators"]:
        """What each motor pulls with in a state."""
        model = self.physics.system.mj_model
        joints = model.actuator_trnid[:, 0]
        q, qd = physics_state.q[model.jnt_qposadr[joints]], physics_state.qd[model.jnt_dofadr[joints]]
        told = jnp.clip(control, *jnp.asarray(model.actuator_ctrlrange.T))
        bias = jnp.asarray(model.actuator_biasprm)
        force = jnp.asarray(model.actuator_gainprm[:, 0]) * told + bias[:, 1] * q + bias[:, 2] * qd
        return jnp.clip(force, *jnp.asarray(model.actuator_forcerange.T))

    @functools.cached_property
    def at_rest(self) -> Float[np.ndarray, " state_dim"]:
        """The state of the arm where it starts, at rest."""
        # Compiled, because operation by operation it takes many seconds.
        q, qd = jnp.asarray(self.start), jnp.zeros(self.physics.num_velocities)
        with jax.ensure_compile_time_eval():
            state, _ = self.split_observation(jax.jit(self.begin)(q, qd, jnp.zeros(self.goal_dim)).obs)
        return np.asarray(state)


class ArmReach(Arm):
    """The wrist goes to a place.

    State (13): 7 joint angles, position and velocity of the last link, in rad, m and s. Goal: x, y, z of the last link,
    uniform in ±0.2 m around (0, 0.5, 0.3).
    """

    nominal_words = "the arm at rest, its elbow up and its last link 0.3 m above the table,"

    def __init__(self, spec: EnvSpec, physics: Physics) -> None:
        super().__init__(spec, physics, _around(((REACH_CENTRE[:2], REACH_HALF),), start=START_WRIST))

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "3"]]:
        goal = jnp.array(REACH_CENTRE) + jax.random.uniform(key, (3,), minval=-REACH_HALF, maxval=REACH_HALF)
        return jnp.asarray(self.start), jnp.zeros(self.physics.num_velocities), goal

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        """Hold the wrist at rest at a place, as high as the middle of all goals, with the elbow up."""
        xy = jnp.asarray(xy, dtype=jnp.float32)
        wrist = jnp.concatenate([xy, jnp.full((*xy.shape[:-1], 1), REACH_CENTRE[2])], axis=-1)
        return jnp.concatenate([joints_at(wrist), wrist, jnp.zeros_like(wrist)], axis=-1)


class ArmCube(Arm):
    """The cube goes to a place on the table, or in another bin.

    State (17): position of the cube, 7 joint angles, position and velocity of the last link, distance between the
    fingers, in m, rad and s; and, as in jaxgcrl, a mean of the motors' torques. Goal: x, y, z of the cube at rest.
    """

    nominal_words = "the cube at rest, with the arm where it starts,"

    def __init__(self, spec: EnvSpec, physics: Physics, table: Table, fits_bin: bool = True) -> None:
        """Put an arm at a table.

        Args:
            spec: The facts about it.
            physics: Its model.
            table: Where cube and goal are.
            fits_bin: Whether a cube drawn into the wall of a bin is moved out of it.
        """
        squares = ((table.cube, table.cube_half), (table.goal, table.goal_half))
        super().__init__(spec, physics, _around(squares, start=table.cube))
        self.table = table
        self._fits_bin = fits_bin

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "3"]]:
        cube_key, goal_key = jax.random.split(key)
        cube = _within(cube_key, self.table.cube, self.table.cube_half)
        if self.table.bins and self._fits_bin:
            first, room = self.table.bins[0], self.table.bins[0].half - 0.005 - CUBE_HALF
            centre = jnp.array(first.centre)
            cube = jnp.clip(cube, centre - room, centre + room)
        goal = _within(goal_key, self.table.goal, self.table.goal_half)
        q = jnp.asarray(self.start).at[:3].set(jnp.append(cube, CUBE_DROP))
        return q, jnp.zeros(self.physics.num_velocities), jnp.append(goal, CUBE_HALF)

    def planar_state(self, xy: Float[Array | np.ndarray, "*batch 2"]) -> Float[Array, "*batch state_dim"]:
        """Place the cube on the table, with the arm at rest where it starts."""
        xy = jnp.asarray(xy, dtype=jnp.float32)
        cube = jnp.concatenate([xy, jnp.full((*xy.shape[:-1], 1), CUBE_HALF)], axis=-1)
        rest = jnp.asarray(self.at_rest)
        return jnp.broadcast_to(rest, (*xy.shape[:-1], len(rest))).at[..., jnp.asarray(self.goal_indices)].set(cube)


class ArmGrasp(Arm):
    """The fingertips take the cube between them.

    State (23): position of the cube, 7 joint angles, position and velocity of the last link, positions of both
    fingertips and the distance between them, in m, rad and s. Goal (7): where the tips shall be, 37.5 mm beside the
    cube along x, and how far apart, 75 mm; it moves with the cube. It is reached where the middle of the tips is within
    50 mm of the cube, and their distance within 20 mm of 75 mm. The cube starts within ``noise`` of (0, 0.6).
    """

    def __init__(self, spec: EnvSpec, physics: Physics, noise: float, lags: bool = False) -> None:
        """Put an arm at a table.

        Args:
            spec: The facts about it.
            physics: Its model.
            noise: How far the cube starts from the middle along either axis at most, metres.
            lags: Whether the goal is where the cube was one step ago, as in the references.
        """
        super().__init__(spec, physics)
        self._noise = noise
        self._lags = lags

    def draw(self, key: PRNGKeyArray) -> tuple[Float[Array, " q"], Float[Array, " qd"], Float[Array, "7"]]:
        q = jnp.asarray(self.start).at[:3].set(jnp.append(_within(key, (0.0, 0.6), self._noise), CUBE_DROP))
        return q, jnp.zeros(self.physics.num_velocities), _tips_around(q[:3])

    def goal_after(
        self, goal: Float[Array, " goal_dim"], before: Float[Array, " state_dim"], state: Float[Array, " state_dim"]
    ) -> Float[Array, " goal_dim"]:
        return _tips_around((before if self._lags else state)[:3])

    def success(
        self, state: Float[Array, "*batch state_dim"], goal: Float[Array, "*batch goal_dim"]
    ) -> Bool[Array, "*batch"]:
        tips = self.achieved_goal(state)
        middle = (tips[..., :3] + tips[..., 3:6]) / 2
        nearness, fit = GRASPED
        near = jnp.linalg.norm(state[..., jnp.asarray(self.spec.layout.indices("cube"))] - middle, axis=-1) < nearness
        return near & (jnp.abs(tips[..., 6] - goal[..., 6]) < fit)


def make_arm_reach(reference: str | None = None, backend: str | None = None) -> ArmReach:
    """The arm alone, whose wrist goes to a place."""
    spec = arm_spec("reach", reference=reference, backend=backend)
    return ArmReach(spec, Physics.compiled(arm_model(fingers=False, cube=False, reach=FINGER_REACH), spec))


def make_arm_cube(task: str, kind: str, reference: str | None = None, backend: str | None = None) -> ArmCube:
    """The arm that brings a cube to its goal: ``push`` or ``binpick``, ``easy`` or ``hard``."""
    spec = arm_spec(task, kind, reference=reference, backend=backend)
    of_jaxgcrl = (task, kind, reference) == ("binpick", "easy", "jaxgcrl")
    table = BINPICK_EASY_OF_JAXGCRL if of_jaxgcrl else TABLES[f"{task}_{kind}"]
    model = arm_model(bins=table.bins, reach=_finger_reach(reference))
    return ArmCube(spec, Physics.compiled(model, spec), table, fits_bin=reference is None)


def make_arm_grasp(noise: str = "", reference: str | None = None, backend: str | None = None) -> ArmGrasp:
    """The arm that grasps a cube, which starts within ``noise`` metres of the middle."""
    spec = arm_spec("grasp", noise=noise, reference=reference, backend=backend)
    model = arm_model(fingertips=True, reach=_finger_reach(reference))
    noise_metres = float(noise) if noise else GRASP_NOISE
    return ArmGrasp(spec, Physics.compiled(model, spec), noise_metres, lags=reference is not None)


def _finger_reach(reference: str | None) -> float:
    return FINGER_REACH_OF_JAXGCRL if reference == "jaxgcrl" else FINGER_REACH


def _within(key: PRNGKeyArray, centre: tuple[float, float], half: float) -> Float[Array, "2"]:
    return jnp.array(centre) + jax.random.uniform(key, (2,), minval=-half, maxval=half)


def _tips_around(cube: Float[Array, "3"]) -> Float[Array, "7"]:
    offset = jnp.array([TIP_OFFSET, 0, 0])
    return jnp.concatenate([cube + offset, cube - offset, jnp.array([OPENNESS])])


def _around(squares: Sequence[tuple[tuple[float, float], float]], start: tuple[float, float]) -> OpenPlane:
    """The rectangle around squares, each given by its centre and half its side, for landscapes."""
    lowest = np.min([np.subtract(centre, half) for centre, half in squares], axis=0) - PLANE_MARGIN
    highest = np.max([np.add(centre, half) for centre, half in squares], axis=0) + PLANE_MARGIN
    return OpenPlane((float(lowest[0]), float(highest[0]), float(lowest[1]), float(highest[1])), start=start)
