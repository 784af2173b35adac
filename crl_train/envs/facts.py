"""The facts about every environment of the project, known without building one: sizes, tolerance, time, physics.

Source: the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052 (jaxgcrl); see docs/environments.md for
where ours differ.
"""

from collections.abc import Mapping
from typing import Any, Final

from crl_train.envs.env_spec import EnvSpec, StateLayout
from crl_train.envs.options import FORMS_OF_MUJOCO

EPISODE_LENGTH: Final = 1000  # steps, of every robot

# Tables called TIMING have, by physics, the seconds of a substep and the substeps of a step.


def _robot(
    name: str,
    segments: Mapping[str, int],
    timing: tuple[float, int],
    backend: str,
    reference: str | None,
    **facts: Any,
) -> EnvSpec:
    timestep, substeps = timing
    return EnvSpec(
        name=name,
        layout=StateLayout(**segments),
        episode_length=EPISODE_LENGTH,
        dt=timestep * substeps,
        substeps=substeps,
        backend=backend,
        fixed_starts=reference is not None,
        **facts,
    )


def _mujoco(reference: str | None) -> str:
    """MuJoCo itself, unless a reference trainer's form of it is to be reproduced."""
    return "mujoco" if reference is None else "mjx"


# --- point mazes ------------------------------------------------------------------------------------------

POINT_DT: Final = 0.125  # seconds
POINT_EPISODE_LENGTH: Final = 300  # steps; six times what the farthest goal of all mazes takes at full speed


def point_spec(layout: str, maze: str | None = None) -> EnvSpec:
    """The facts about a point maze; they are the same in every layout."""
    del maze
    return EnvSpec(
        name=f"point_{layout}",
        layout=StateLayout(position=2, velocity=2),
        goal_segment="position",
        action_dim=2,
        tolerance=0.5,
        episode_length=POINT_EPISODE_LENGTH,
        dt=POINT_DT,
    )


# --- reacher ----------------------------------------------------------------------------------------------

REACHER_TIMING: Final = {"spring": (0.005, 4), "positional": (0.005, 4), "generalized": (0.01, 2), "mjx": (0.01, 2)}
REACHER_SEGMENTS: Final = {"cosines": 2, "sines": 2, "tip": 3, "tip_velocity": 3}


def reacher_spec(reference: str | None = None, backend: str | None = None) -> EnvSpec:
    """The facts about a reacher."""
    backend = backend or ("generalized" if reference == "jaxgcrl" else "spring")
    timing = REACHER_TIMING[backend]
    return _robot(
        "reacher", REACHER_SEGMENTS, timing, backend, reference, goal_segment="tip", action_dim=2, tolerance=0.05
    )


# --- pusher -----------------------------------------------------------------------------------------------

PUSHER_TIMING: Final = dict.fromkeys(("generalized", "mujoco", "warp"), (0.01, 5))
PUSHER_SEGMENTS: Final = {"joints": 7, "tip": 3, "object": 3, "joint_velocities": 7}


def pusher_spec(kind: str, reference: str | None = None, backend: str | None = None) -> EnvSpec:
    """The facts about a pusher, ``easy`` or ``hard``."""
    backend = backend or "generalized"
    timing = PUSHER_TIMING[backend]
    return _robot(
        f"pusher_{kind}",
        PUSHER_SEGMENTS,
        timing,
        backend,
        reference,
        goal_segment="object",
        action_dim=7,
        tolerance=0.1,
    )


# --- cheetah ----------------------------------------------------------------------------------------------

CHEETAH_TIMING: Final = dict.fromkeys(FORMS_OF_MUJOCO, (0.01, 5))
CHEETAH_SEGMENTS: Final = {
    **{"position": 1, "height": 1, "pitch": 1, "joints": 6},
    **{"velocity": 1, "vertical_velocity": 1, "pitch_velocity": 1, "joint_velocities": 6},
}


def cheetah_spec(reference: str | None = None, backend: str | None = None) -> EnvSpec:
    """The facts about a cheetah."""
    backend = backend or _mujoco(reference)
    return _robot(
        "cheetah",
        CHEETAH_SEGMENTS,
        CHEETAH_TIMING[backend],
        backend,
        reference,
        goal_segment="position",
        goal_axes=("x",),
        action_dim=6,
        tolerance=0.5,
    )


# --- ant --------------------------------------------------------------------------------------------------

ANT_TIMING: Final = {
    **{"spring": (0.005, 10), "positional": (0.005, 10)},
    **dict.fromkeys(("generalized", *FORMS_OF_MUJOCO), (0.01, 5)),
}
ANT_SEGMENTS: Final = {
    **{"position": 2, "height": 1, "orientation": 4, "joints": 8},
    **{"velocity": 3, "angular_velocity": 3, "joint_velocities": 8},
}


def ant_spec(
    layout: str = "",
    config: str = "",
    maze: str | None = None,
    reference: str | None = None,
    backend: str | None = None,
    name: str = "ant",
) -> EnvSpec:
    """The facts about an ant, in the open or in a maze."""
    del maze
    backend = backend or "spring"
    parts = [name, layout, f"gen_{config}" if config else ""]
    return _robot(
        "_".join(part for part in parts if part),
        ANT_SEGMENTS,
        ANT_TIMING[backend],
        backend,
        reference,
        goal_segment="position",
        action_dim=8,
        tolerance=0.5,
    )


# --- ant with a ball --------------------------------------------------------------------------------------


def ant_ball_spec(
    layout: str = "", maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> EnvSpec:
    """The facts about an ant with a ball, in the open or in a maze."""
    del maze
    backend = backend or "spring"
    # Theirs count the goal's entries one too low, but for jaxgcrl's in the open: a segment of just these entries.
    off_by_one = reference == "scaling-crl" or (reference == "jaxgcrl" and layout != "")
    segments = {"joint_velocities": 7, "goal_slice": 2, "ball_y": 1} if off_by_one else {"ball": 2}
    return _robot(
        f"ant_ball_{layout}" if layout else "ant_ball",
        {**ANT_SEGMENTS, **segments},
        ANT_TIMING[backend],
        backend,
        reference,
        goal_segment="goal_slice" if off_by_one else "ball",
        goal_axes=("joint_velocity", "ball_x") if off_by_one else (),  # no place, so that no probe draws one
        action_dim=8,
        tolerance=0.5,
    )


# --- simple mazes -----------------------------------------------------------------------------------------

SIMPLE_TIMING: Final = {"spring": (0.005, 10)}
SIMPLE_SEGMENTS: Final = {"position": 2, "velocity": 2}


def simple_spec(
    layout: str, maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> EnvSpec:
    """The facts about a simple maze; they are the same in every layout."""
    del maze
    backend = backend or "spring"
    timing = SIMPLE_TIMING[backend]
    return _robot(
        f"simple_{layout}",
        SIMPLE_SEGMENTS,
        timing,
        backend,
        reference,
        goal_segment="position",
        action_dim=2,
        tolerance=0.5,
    )


# --- humanoid ---------------------------------------------------------------------------------------------

HUMANOID_TIMING: Final = {
    **{"spring": (0.0015, 10), "positional": (0.0015, 10)},
    **dict.fromkeys(("generalized", *FORMS_OF_MUJOCO), (0.003, 5)),
}
# scaling-crl asks for half of it. With the versions it pins, its spring physics in the open field takes this.
HUMANOID_TIMING_OF_SCALING_CRL: Final = (0.003, 10)
HUMANOID_LINKS: Final = 11
HUMANOID_JOINTS: Final = 17


def humanoid_spec(
    layout: str = "", maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> EnvSpec:
    """The facts about a humanoid, in the open or in a maze."""
    del maze
    backend = backend or "spring"
    is_doubled = (reference, layout, backend) == ("scaling-crl", "", "spring")
    target = int(reference is not None)  # a link at the goal, with two degrees of freedom
    links, joints = HUMANOID_LINKS + target, HUMANOID_JOINTS
    segments = {
        **{"position": 3, "orientation": 4, "joints": joints, "target": 2 * target},
        **{"velocity": 3, "angular_velocity": 3, "joint_velocities": joints, "target_velocity": 2 * target},
        **{"inertias": 10 * links, "centre_velocities": 6 * links, "torques": 6 + joints + 2 * target},
    }
    return _robot(
        f"humanoid_{layout}" if layout else "humanoid",
        {name: size for name, size in segments.items() if size},
        HUMANOID_TIMING_OF_SCALING_CRL if is_doubled else HUMANOID_TIMING[backend],
        backend,
        reference,
        goal_segment="position",
        action_dim=joints,
        tolerance=0.5,
    )


def ant_push_spec(reference: str | None = None, backend: str | None = None) -> EnvSpec:
    """The facts about an ant that pushes a box out of its way."""
    backend = backend or _mujoco(reference)
    return _robot(
        "ant_push",
        {**ANT_SEGMENTS, "box": 2},
        ANT_TIMING[backend],
        backend,
        reference,
        goal_segment="position",
        action_dim=8,
        tolerance=0.5,
    )


# --- arm --------------------------------------------------------------------------------------------------

ARM_TIMING: Final = (0.002, 25)
_GRASP_AXES: Final = tuple(f"{side}_{axis}" for side in ("left", "right") for axis in "xyz")


def arm_spec(
    task: str, kind: str = "", noise: str = "", reference: str | None = None, backend: str | None = None
) -> EnvSpec:
    """The facts about an arm at a task: ``reach``, ``grasp``, ``push`` or ``binpick``, the latter two of a kind."""
    wrist = {"joints": 7, "wrist": 3, "wrist_velocity": 3}
    effort = {"effort": 1} if reference == "jaxgcrl" else {}
    segments, goal, tolerance = {
        "reach": (wrist, "wrist", 0.1),
        "grasp": ({"cube": 3, **wrist, "grasp": 7, **effort}, "grasp", 0.05),
    }.get(task, ({"cube": 3, **wrist, "finger_distance": 1, **effort}, "cube", 0.1))
    return _robot(
        "_".join(part for part in ("arm", task, kind, noise) if part),
        segments,
        ARM_TIMING,
        backend or _mujoco(reference),
        reference,
        goal_segment=goal,
        goal_axes=(*_GRASP_AXES, "opening") if goal == "grasp" else (),
        action_dim=4 if task == "reach" else 5,
        tolerance=tolerance,
    )


def hand_spec(reference: str | None = None, backend: str | None = None) -> EnvSpec:
    """The facts about a hand without an arm that carries a cube from one bin to another."""
    return _robot(
        "arm_binpick_easy_EEF",
        {"cube": 3, "hand": 3, "hand_velocity": 3, "finger_distance": 1, "force": 1},
        ARM_TIMING,
        backend or _mujoco(reference),
        reference,
        goal_segment="cube",
        action_dim=4,
        tolerance=0.1,
    )
