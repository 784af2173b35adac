"""The facts about every environment of the project, known without building one: sizes, tolerance, time.

Sources: the environments of arXiv 2503.14858 (scaling-crl) and arXiv 2408.11052 (jaxgcrl); see docs/environments.md.
"""

from typing import Final

from crl_train.envs.env_spec import EnvSpec, StateLayout

EPISODE_LENGTH: Final = 1000  # steps, of every robot

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


# --- ant --------------------------------------------------------------------------------------------------

# Seconds of a substep, and substeps of a control step, by physics.
ANT_TIMING: Final = {"spring": (0.005, 10), "positional": (0.005, 10), "generalized": (0.01, 5), "mjx": (0.01, 5)}
ANT_SEGMENTS: Final = {
    "position": 2,
    "height": 1,
    "orientation": 4,
    "joints": 8,
    "velocity": 3,
    "angular_velocity": 3,
    "joint_velocities": 8,
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
    parts = [name, layout, f"gen_{config}" if config else ""]
    timestep, num_frames = ANT_TIMING[backend or "spring"]
    return EnvSpec(
        name="_".join(part for part in parts if part),
        layout=StateLayout(**ANT_SEGMENTS),
        goal_segment="position",
        action_dim=8,
        tolerance=0.5,
        episode_length=EPISODE_LENGTH,
        dt=timestep * num_frames,
        backend=backend or "spring",
        fixed_starts=reference is not None,
    )


# --- humanoid ---------------------------------------------------------------------------------------------

HUMANOID_TIMING: Final = {
    "spring": (0.0015, 10),
    "positional": (0.0015, 10),
    "generalized": (0.003, 5),
    "mjx": (0.003, 5),
}
OPEN_FIELD_OF_SCALING_CRL: Final = (0.003, 10)  # with the versions it pins, its spring physics takes doubled substeps
HUMANOID_LINKS: Final = 11
HUMANOID_JOINTS: Final = 17


def humanoid_spec(
    layout: str = "", maze: str | None = None, reference: str | None = None, backend: str | None = None
) -> EnvSpec:
    """The facts about a humanoid, in the open or in a maze."""
    del maze
    timestep, num_frames = humanoid_timing(layout, reference, backend)
    target = int(reference is not None)  # one link, with two degrees of freedom
    links, joints = HUMANOID_LINKS + target, {"target": 2} if target else {}
    velocities = {"target_velocity": 2} if target else {}
    return EnvSpec(
        name=f"humanoid_{layout}" if layout else "humanoid",
        layout=StateLayout(
            **{"position": 3, "orientation": 4, "joints": HUMANOID_JOINTS, **joints},
            **{"velocity": 3, "angular_velocity": 3, "joint_velocities": HUMANOID_JOINTS, **velocities},
            **{"inertias": 10 * links, "centre_velocities": 6 * links, "torques": 6 + HUMANOID_JOINTS + 2 * target},
        ),
        goal_segment="position",
        action_dim=HUMANOID_JOINTS,
        tolerance=0.5,
        episode_length=EPISODE_LENGTH,
        dt=timestep * num_frames,
        backend=backend or "spring",
        fixed_starts=reference is not None,
    )


def humanoid_timing(layout: str, reference: str | None, backend: str | None) -> tuple[float, int]:
    if reference == "scaling-crl" and not layout and backend in (None, "spring"):
        return OPEN_FIELD_OF_SCALING_CRL
    return HUMANOID_TIMING[backend or "spring"]
