"""The Franka Panda of the arm tasks as a MuJoCo model without meshes, from tables of numbers.

The numbers are those that the environments of arXiv 2503.14858 simulate. Their files give the arm's joints a damping,
an armature and, on joints 1, 3, 5 and 7, limits, which are lost where bodies without a joint are joined with their
parent: the tasks are known without them, and so they are here. See docs/environments.md.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from crl_train.envs.arm_table import (
    CUBE,
    FINGERS,
    Bin,
    Triple,
    add_contacts,
    add_cube,
    add_pair,
    add_walls,
    table_model,
)

if TYPE_CHECKING:
    import mujoco

NUM_JOINTS: Final = 7
START: Final = (1.571, 0.742, 0.0, -1.571, 0.0, 3.054, 1.449)  # radians, of the joints
WRIST: Final = "link7"
FINGERTIPS: Final = ("left_fingertip", "right_fingertip")


@dataclasses.dataclass(frozen=True)
class _Link:
    """A link: where its joint is in its parent, and its inertia about its centre of mass (xx, yy, zz, xy, xz, yz)."""

    position: Triple
    rotation: tuple[float, float, float, float]
    mass: float
    centre: Triple
    inertia: tuple[float, float, float, float, float, float]


_LINKS: Final = (
    _Link((0.0, 0.0, 0.333), (1.0, 0.0, 0.0, 0.0), 4.970684, (0.003875, 0.002081, -0.04762),
          (0.70337, 0.70661, 0.009117, -0.000139, 0.006772, 0.019169)),
    _Link((0.0, 0.0, 0.0), (1.0, -1.0, 0.0, 0.0), 0.646926, (-0.003141, -0.02872, 0.003495),
          (0.007962, 0.02811, 0.025995, -0.003925, 0.010254, 0.000704)),
    _Link((0.0, -0.316, 0.0), (1.0, 1.0, 0.0, 0.0), 3.228604, (0.027518, 0.039252, -0.066502),
          (0.037242, 0.036155, 0.01083, -0.004761, -0.011396, -0.012805)),
    _Link((0.0825, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0), 3.587895, (-0.05317, 0.104419, 0.027454),
          (0.025853, 0.019552, 0.028323, 0.007796, -0.001332, 0.008641)),
    _Link((-0.0825, 0.384, 0.0), (1.0, -1.0, 0.0, 0.0), 1.225946, (-0.011953, 0.041065, -0.038437),
          (0.035549, 0.029474, 0.008627, -0.002117, -0.004037, 0.000229)),
    _Link((0.0, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0), 1.666555, (0.060149, -0.014117, -0.010517),
          (0.001964, 0.004354, 0.005433, 0.000109, -0.001158, 0.000341)),
    _Link((0.088, 0.0, 0.0), (1.0, 1.0, 0.0, 0.0), 0.735522, (0.010517, -0.004252, 0.061597),
          (0.012516, 0.010027, 0.004815, -0.000428, -0.001196, -0.000741)),
)  # fmt: skip

_LIMITS: Final = {2: (-1.7628, 1.7628), 4: (-3.0718, -0.0698), 6: (-0.0175, 3.7525)}  # radians, by joint
_NO_LIMIT: Final = (-2.8973, 2.8973)  # radians, of the controls of all other joints
# Of each motor: gain, stiffness (kp), damping (kv), and the largest force. Where gain and stiffness differ, a joint
# does not come to rest where it is told to.
_MOTORS: Final = (
    *((4500.0, 4500.0, 450.0, 87.0),) * 2,
    *((2000.0, 3500.0, 350.0, 87.0),) * 2,
    *((1000.0, 2000.0, 200.0, 12.0),) * 3,
)
FINGER_REACH: Final = 0.08  # metres, of each finger's slide; jaxgcrl has 0.05
FINGER_START: Final = 0.04
_FINGER_KP, _FINGER_KV, _FINGER_FORCE = 500.0, 50.0, 500.0
OPEN: Final = 255.0  # control of an open finger; 0 closes it
_FINGER_MASS: Final = 0.015
_FINGER_INERTIA: Final = (2.375e-6, 2.375e-6, 7.5e-7, 0.0, 0.0, 0.0)
# In the last link, which the hand is part of.
_HAND: Final = ((0.0, 0.0, 0.142), (0.65328, 0.65328, -0.27060, -0.27060), (0.04, 0.06))
_FINGER_PLACE: Final = (0.0, 0.0, 0.1654)
_FINGER_ROTATIONS: Final = ((0.92388, 0.0, 0.0, -0.38268), (0.38268, 0.0, 0.0, 0.92388))
_PAD: Final = ((0.0, 0.0055, 0.035), (0.015, 0.005, 0.04))  # in its finger: centre and half sizes
_FINGERTIP: Final = (0.0, 0.005, 0.07)

# Of the hand without an arm.
FINGER_REACH_OF_HAND: Final = 0.05  # metres
_HAND_MASS: Final = 0.87127
_HAND_INERTIA: Final = (0.0025843, 0.0006541, 0.0025843, 0.0, 0.0, 0.0)
_AROUND: Final = (  # centres and half sizes of the walls around its table
    ((0.0, 0.35, 0.15), (0.41, 0.01, 0.15)),
    ((0.0, 0.85, 0.15), (0.41, 0.01, 0.15)),
    ((-0.4, 0.6, 0.15), (0.01, 0.24, 0.15)),
    ((0.4, 0.6, 0.15), (0.01, 0.24, 0.15)),
)

_LOOKS: Final = {
    "link": (0.9, 0.9, 0.92, 1.0),
    "hand": (0.3, 0.3, 0.33, 1.0),
}


def arm_model(
    *, fingers: bool = True, fingertips: bool = False, cube: bool = True, bins: Sequence[Bin] = (), reach: float
) -> "mujoco.MjSpec":
    """The arm over its table.

    Args:
        fingers: Whether the hand has them.
        fingertips: Whether the tips are bodies of their own, whose places can be observed.
        cube: Whether there is a cube.
        bins: On the table.
        reach: How far each finger slides, metres.
    """
    spec = table_model(impratio=10.0 if bins else 1.0)
    if cube:
        add_cube(spec)
    walls = add_walls(spec, [wall for one in bins for wall in one.walls])
    last = _links(spec)
    add_capsule(last, "hand", *_HAND)
    if fingers:
        add_fingers(spec, last, _FINGER_PLACE, _FINGER_ROTATIONS, reach, fingertips=fingertips)
    add_contacts(spec, fingers=fingers, cube=cube, walls=walls)
    return spec


def hand_model(bins: Sequence[Bin]) -> "mujoco.MjSpec":
    """A hand that slides along the axes of the world, above a table with a cube and bins.

    Args:
        bins: On the table. Four tall walls around all of it stop the cube alone.
    """
    import mujoco

    spec = table_model(impratio=10.0)
    add_cube(spec)
    walls = add_walls(spec, [wall for one in bins for wall in one.walls])
    around = add_walls(spec, _AROUND, "around")
    # Upside down: its z axis points to the table, and the fingers open along x.
    hand = spec.worldbody.add_body(name="hand", quat=[0, -1, 1, 0], gravcomp=1)
    hand.explicitinertial, hand.mass, hand.ipos, hand.fullinertia = True, _HAND_MASS, (0, 0, 0.035), _HAND_INERTIA
    slides = {"x": ([0, -1, 0], (-0.4, 0.4)), "y": ([-1, 0, 0], (0.35, 0.85)), "z": ([0, 0, -1], (0.0, 0.3))}
    for name, (axis, limits) in slides.items():
        hand.add_joint(
            name=f"hand_{name}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=axis,
            range=limits,
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
        )
        _add_motor(spec, f"hand_{name}", 1000.0, 1000.0, 100.0, _NO_LIMIT, 87.0)
    add_capsule(hand, "hand", (0.0, 0.0, 0.035), (1.0, 1.0, 0.0, 0.0), _HAND[2])
    add_fingers(spec, hand, (0.0, 0.0, 0.0584), ((1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)), FINGER_REACH_OF_HAND)
    add_contacts(spec, fingers=True, cube=True, walls=walls)
    for wall in around:
        add_pair(spec, CUBE, wall)
    return spec


def _links(spec: "mujoco.MjSpec") -> "mujoco.MjsBody":
    """Add the seven links with their motors; the last one."""
    import mujoco

    body = spec.worldbody
    for number, (link, motor) in enumerate(zip(_LINKS, _MOTORS, strict=True), start=1):
        parent, name = body, f"joint{number}"
        body = parent.add_body(name=f"link{number}", pos=link.position, quat=link.rotation)
        body.explicitinertial, body.mass, body.ipos, body.fullinertia = True, link.mass, link.centre, link.inertia
        limit = _LIMITS.get(number)
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=[0, 0, 1],
            range=limit or [0, 0],
            limited=mujoco.mjtLimited.mjLIMITED_TRUE if limit else mujoco.mjtLimited.mjLIMITED_FALSE,
        )
        gain, kp, kv, force = motor
        _add_motor(spec, name, gain, kp, kv, limit or _NO_LIMIT, force)
        if any(link.position) and number > 1:
            _draw_bone(parent, f"bone{number}", link.position)
    _draw_bone(spec.worldbody, "base", _LINKS[0].position)
    _draw_bone(body, "flange", (0.0, 0.0, 0.107))
    return body


def _draw_bone(body: "mujoco.MjsBody", name: str, end: Sequence[float]) -> None:
    """Something to see between two joints; it touches nothing, and the inertia is given."""
    import mujoco

    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[0, 0, 0, *end],
        size=[0.055, 0, 0],
        contype=0,
        conaffinity=0,
        mass=0,
        rgba=_LOOKS["link"],
    )


def _add_motor(
    spec: "mujoco.MjSpec", joint: str, gain: float, kp: float, kv: float, controls: Sequence[float], force: float
) -> None:
    """A motor that pulls its joint with gain · control − kp · q − kv · q̇."""
    import mujoco

    true = mujoco.mjtLimited.mjLIMITED_TRUE
    actuator = spec.add_actuator(
        name=joint,
        target=joint,
        trntype=mujoco.mjtTrn.mjTRN_JOINT,
        biastype=mujoco.mjtBias.mjBIAS_AFFINE,
        ctrllimited=true,
        ctrlrange=list(controls),
        forcelimited=true,
        forcerange=[-force, force],
    )
    actuator.gainprm[0] = gain
    actuator.biasprm[:3] = 0.0, -kp, -kv


def add_capsule(
    body: "mujoco.MjsBody",
    name: str,
    position: Sequence[float],
    rotation: Sequence[float],
    size: tuple[float, float],
) -> None:
    """Add a capsule of some radius and half length, which touches what :func:`add_contacts` says."""
    import mujoco

    body.add_geom(
        name=name,
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        pos=position,
        quat=rotation,
        size=[*size, 0],
        contype=0,
        conaffinity=0,
        mass=0,
        rgba=_LOOKS["hand"],
    )


def add_fingers(
    spec: "mujoco.MjSpec",
    hand: "mujoco.MjsBody",
    place: Sequence[float],
    rotations: Sequence[Sequence[float]],
    reach: float,
    *,
    fingertips: bool = False,
) -> None:
    """Add both fingers, which slide apart along their own y axes and are held to slide alike.

    Args:
        spec: The model.
        hand: The body that has them.
        place: Of both, in the hand.
        rotations: Of each, in the hand.
        reach: How far each slides, metres.
        fingertips: Whether the tips are bodies of their own.
    """
    import mujoco

    true = mujoco.mjtLimited.mjLIMITED_TRUE
    for name, tip, rotation in zip(FINGERS, FINGERTIPS, rotations, strict=True):
        finger = hand.add_body(name=name, pos=place, quat=rotation)
        finger.explicitinertial, finger.mass, finger.fullinertia = True, _FINGER_MASS, _FINGER_INERTIA
        finger.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[0, 1, 0],
            range=[0, reach],
            limited=true,
            damping=5.0,
            armature=0.1,
        )
        centre, half = _PAD
        finger.add_geom(
            name=f"{name}_pad",
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=centre,
            size=half,
            contype=0,
            conaffinity=0,
            mass=0,
            rgba=_LOOKS["hand"],
        )
        if fingertips:
            # A hinge that does not turn: bodies without a joint are joined with their parent.
            body = finger.add_body(name=tip, pos=_FINGERTIP)
            body.add_joint(name=tip, axis=[0, 0, 1], range=[-1e-4, 1e-4], limited=true)
            body.add_geom(
                name=tip, type=mujoco.mjtGeom.mjGEOM_BOX, size=[0.005] * 3, mass=0.001, contype=0, conaffinity=0
            )
        _add_motor(spec, name, reach * _FINGER_KP / OPEN, _FINGER_KP, _FINGER_KV, (0.0, OPEN), _FINGER_FORCE)
    tie = spec.add_equality(type=mujoco.mjtEq.mjEQ_JOINT, name1=FINGERS[0], name2=FINGERS[1])
    tie.objtype = mujoco.mjtObj.mjOBJ_JOINT
    tie.data[:5] = 0, 1, 0, 0, 0
    tie.solref, tie.solimp[:3] = [0.005, 1], [0.95, 0.99, 0.001]
