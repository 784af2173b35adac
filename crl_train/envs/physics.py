"""Rigid-body physics: one of brax's pipelines, or MuJoCo itself, steps a MuJoCo model that was edited in memory.

brax ships the robots' models. A family of environments takes one with :func:`asset`, edits it through MuJoCo's model
API, and gives it to :class:`Physics`.
"""

import dataclasses
import functools
import importlib
import importlib.resources
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from crl_train.envs import spring
from crl_train.envs.env_spec import EnvSpec
from crl_train.envs.maze_geometry import Maze
from crl_train.envs.silence import silence
from crl_train.envs.simulations import Simulations
from crl_train.envs.walls import NearbyWalls, add_all_walls, add_nearby_walls
from crl_train.envs.warp import Warp

if TYPE_CHECKING:
    import mujoco

_PIPELINES: Final = {
    "spring": "brax.spring.pipeline",
    "generalized": "brax.generalized.pipeline",
    "positional": "brax.positional.pipeline",
    "mjx": "brax.mjx.pipeline",
}

_SIMULATIONS: Final[Mapping[str, type[Simulations] | type[Warp]]] = {"mujoco": Simulations, "warp": Warp}

OBJECT_COLOUR: Final = (0.9, 0.45, 0.1, 1.0)
"""Red, green, blue and opacity of what a robot is to move, in models of ours: physics does not see it, people do."""


def asset(name: str) -> "mujoco.MjSpec":
    """A model that brax ships, such as ``ant``, to be edited. Bodies without a joint are part of their parent."""
    with silence():
        import mujoco
        from brax.io import mjcf

        text = importlib.resources.files("brax").joinpath(f"envs/assets/{name}.xml").read_text()
        # MuJoCo warns of this attribute; the family that needs it sets the total mass itself.
        text = re.sub(r'settotalmass="[^"]*"', "", mjcf.fuse_bodies(text))
        return mujoco.MjSpec.from_string(text)


def add_slide_target(
    spec: "mujoco.MjSpec", position: tuple[float, float, float], axes: str, radius: float, reach: float
) -> None:
    """Add the body that a reference trainer moves to the goal: a ball of 1 kg on slides, which touches nothing.

    Our own environments have none: where the goal is does not change how a robot moves.

    Args:
        spec: The model.
        position: Of the body with its slides at 0, metres.
        axes: Its slides in order, such as ``xy``.
        radius: Of the ball, metres.
        reach: The slides go this far either way, metres.
    """
    import mujoco

    body = add_sliding_body(spec, "target", position, axes, (-reach, reach))
    body.add_geom(
        name="target", type=mujoco.mjtGeom.mjGEOM_SPHERE, size=[radius, 0, 0], mass=1.0, contype=0, conaffinity=0
    )


def add_sliding_body(
    spec: "mujoco.MjSpec",
    name: str,
    position: tuple[float, float, float],
    axes: str,
    reach: tuple[float, float],
    armature: float = 0.0,
) -> "mujoco.MjsBody":
    """Add a body without geometries that slides freely along some axes.

    Args:
        spec: The model.
        name: Of the body; its joints are called ``<name>_<axis>``.
        position: With its slides at 0, metres.
        axes: Its slides in order, such as ``xy``.
        reach: Lowest and highest position of each slide, metres.
        armature: Mass that each slide adds, kilograms.
    """
    import mujoco

    body = spec.worldbody.add_body(name=name, pos=position)
    for axis in axes:
        body.add_joint(
            name=f"{name}_{axis}",
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[float(axis == one) for one in "xyz"],
            range=list(reach),
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            armature=armature,
            damping=0.0,
            stiffness=0.0,
        )
    return body


FEW_ITERATIONS: Final = {"mjx": (1, 4)}
"""What the reference trainers let MuJoCo XLA make of most robots; MuJoCo itself solves to the end."""


def use_newton_solver(spec: "mujoco.MjSpec", iterations: tuple[int, int] | None) -> None:
    """Set up MuJoCo's solver as the reference trainers do.

    Args:
        spec: The model.
        iterations: Of the solver, and of each line search; None leaves those of the model.
    """
    import mujoco

    spec.option.solver = mujoco.mjtSolver.mjSOL_NEWTON
    spec.option.disableflags = mujoco.mjtDisableBit.mjDSBL_EULERDAMP
    if iterations is not None:
        spec.option.iterations, spec.option.ls_iterations = iterations


def set_numeric(spec: "mujoco.MjSpec", name: str, values: list[float]) -> None:
    """Set one of brax's own numbers in a model, such as ``init_qpos``."""
    for numeric in spec.numerics:
        if numeric.name == name:
            spec.delete(numeric)
    spec.add_numeric(name=name, data=values, size=len(values))


@dataclasses.dataclass(frozen=True, eq=False)
class Physics:
    """A model and the pipeline that steps it.

    Attributes:
        system: brax's form of the model.
        backend: Name of the pipeline.
        substeps: Steps of the pipeline in a control step.
        walls: Moves the walls that can be touched to where they are; None where there is no maze.
        floor: What touches it in the project's own form of spring physics; None where brax's pipeline is used.
        simulations: Those of MuJoCo on the CPU or of MuJoCo Warp; None where a pipeline of brax steps the model.
    """

    system: Any
    backend: str
    substeps: int
    walls: NearbyWalls | None = None
    floor: spring.FloorPoints | None = None
    simulations: Simulations | Warp | None = None

    @classmethod
    def compiled(
        cls,
        model: "mujoco.MjSpec",
        spec: EnvSpec,
        *,
        maze: Maze | None = None,
        parts: Sequence[str] = (),
        all_walls: bool = False,
        total_mass: float | None = None,
    ) -> "Physics":
        """Compile a model.

        Args:
            model: The edited model, without walls.
            spec: Which pipeline steps it, and how finely.
            maze: Whose walls it meets.
            parts: Names of the geometries that meet them.
            all_walls: Whether every wall is kept in its place, which gives the same at many times the cost; MuJoCo
                itself always keeps them, and looks for contacts only where there can be some.
            total_mass: Scale all masses to this sum, kilograms.

        Raises:
            ConfigError: If a part is too large for the cells of the maze.
        """
        all_walls = all_walls or spec.backend in _SIMULATIONS
        if maze is not None:
            (add_all_walls if all_walls else add_nearby_walls)(model, maze, parts)
        model.option.timestep = spec.dt / spec.substeps
        with silence():
            import mujoco
            from brax.io import mjcf

            final = model.compile()
            if total_mass is not None:
                mujoco.mj_setTotalmass(final, total_mass)
                mujoco.mj_setConst(final, mujoco.MjData(final))
            walls = None if maze is None or all_walls else NearbyWalls.of_model(final, maze, parts)
            floor = spring.take_floor(final) if spec.backend == "spring" else None
            simulations = _SIMULATIONS[spec.backend](final, spec.substeps) if spec.backend in _SIMULATIONS else None
            # Whoever builds it may be in the middle of a trace: the system must consist of numbers all the same.
            with jax.ensure_compile_time_eval():
                system = mjcf.load_model(final)
        return cls(system, spec.backend, spec.substeps, walls, floor, simulations)

    @property
    def start(self) -> Float[np.ndarray, " q"]:
        """Generalized positions of the model's initial pose."""
        return np.asarray(self.system.init_q, dtype=np.float32)

    @property
    def num_velocities(self) -> int:
        """Generalized velocities."""
        return int(self.system.qd_size())

    def link(self, name: str) -> int:
        """Index of a body among the links."""
        return int(self.system.link_names.index(name))

    def place_of_joint(self, name: str) -> int:
        """Index of a joint's first generalized position."""
        return int(self.system.mj_model.joint(name).qposadr[0])

    def has_failed(self, state: Any) -> Bool[Array, ""]:
        """Whether the simulation diverged, where the backend can tell: it then stands still."""
        return state.failed if self.simulations is not None else jnp.zeros((), dtype=bool)

    def init(self, q: Float[Array, " q"], qd: Float[Array, " qd"]) -> Any:
        """The state of a pose and velocities; it has ``q``, ``qd`` and the links' poses ``x`` and velocities ``xd``."""
        return _init(self, q, qd)

    def step(self, state: Any, control: Float[Array, " actuators"]) -> Any:
        """Advance by a control step under one control."""
        return _step(self, state, control)

    @property
    def pipeline(self) -> ModuleType:
        """brax's module of the backend, where it is one of brax."""
        return importlib.import_module(_PIPELINES[self.backend])


# Jitted for the trace, which takes seconds: every program that has the same physics in it finds it there.


@functools.partial(jax.jit, static_argnums=0)
def _init(physics: Physics, q: Float[Array, " q"], qd: Float[Array, " qd"]) -> Any:
    if physics.simulations is not None:
        return physics.simulations.init(q, qd)
    return physics.pipeline.init(physics.system, q, qd)


@functools.partial(jax.jit, static_argnums=0)
def _step(physics: Physics, state: Any, control: Float[Array, " actuators"]) -> Any:
    if physics.simulations is not None:
        return physics.simulations.step(state, control)

    def substep(state: Any, _: None) -> tuple[Any, None]:
        system = physics.system if physics.walls is None else physics.walls.around(physics.system, state.x)
        if physics.floor is not None:
            return spring.step(system, physics.floor, state, control), None
        return physics.pipeline.step(system, state, control), None

    return jax.lax.scan(substep, state, None, physics.substeps)[0]
