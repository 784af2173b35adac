"""What an arm or a hand works on: a table with a cube and bins, and which parts of all touch."""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from crl_train.envs.physics import OBJECT_COLOUR

if TYPE_CHECKING:
    import mujoco

Triple = tuple[float, float, float]

CUBE: Final = "cube"
CUBE_HALF: Final = 0.03  # metres
CUBE_DROP: Final = 0.07  # metres; height of the cube at the start, from which it falls to the table
FINGERS: Final = ("left_finger", "right_finger")
_WALL_COLOUR: Final = (0.55, 0.6, 0.7, 0.6)


@dataclasses.dataclass(frozen=True)
class Bin:
    """A box without lid and floor on the table.

    Attributes:
        centre: x and y, metres.
        half: From the centre to the middle of a wall, metres.
    """

    centre: tuple[float, float]
    half: float

    @property
    def walls(self) -> list[tuple[Triple, Triple]]:
        """Centre and half sizes of each of the four walls, which are 66 mm high and 10 mm thick."""
        x, y = self.centre
        along = ((0.0, -self.half), (0.0, self.half))
        across = ((self.half, 0.0), (-self.half, 0.0))
        return [
            *(((x + dx, y + dy, 0.033), (self.half + 0.005, 0.005, 0.033)) for dx, dy in along),
            *(((x + dx, y + dy, 0.033), (0.005, self.half - 0.005, 0.033)) for dx, dy in across),
        ]


def table_model(impratio: float) -> "mujoco.MjSpec":
    """A table, and how contacts on it are solved."""
    import mujoco

    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.solver = mujoco.mjtSolver.mjSOL_NEWTON
    spec.option.iterations, spec.option.ls_iterations = 6, 12
    spec.option.impratio = impratio
    spec.worldbody.add_geom(
        name="table", type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1], pos=[0, 0.2, 0], contype=0, conaffinity=0
    )
    return spec


def add_cube(spec: "mujoco.MjSpec") -> None:
    """Add the cube, which falls freely; 0.216 kg, as water would have."""
    import mujoco

    body = spec.worldbody.add_body(name=CUBE, pos=[0, 0.6, CUBE_DROP])
    body.add_freejoint(name=CUBE)
    body.add_geom(
        name=CUBE,
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=[CUBE_HALF] * 3,
        density=1000,
        contype=0,
        conaffinity=0,
        rgba=OBJECT_COLOUR,
    )


def add_walls(spec: "mujoco.MjSpec", walls: Sequence[tuple[Triple, Triple]], name: str = "wall") -> list[str]:
    """Add boxes by their centres and half sizes; their names."""
    import mujoco

    names = [f"{name}_{number}" for number in range(len(walls))]
    for one, (centre, half) in zip(names, walls, strict=True):
        spec.worldbody.add_geom(
            name=one,
            type=mujoco.mjtGeom.mjGEOM_BOX,
            pos=centre,
            size=half,
            contype=0,
            conaffinity=0,
            rgba=_WALL_COLOUR,
        )
    return names


def add_contacts(spec: "mujoco.MjSpec", *, fingers: bool, cube: bool, walls: Sequence[str]) -> None:
    """Say which geometries touch: nothing else does."""
    pads = [f"{name}_pad" for name in FINGERS] if fingers else []
    movers = [*([CUBE] if cube else []), "hand", *pads]
    pairs = [("table", mover) for mover in movers]
    if cube:
        pairs += [(CUBE, mover) for mover in movers[1:]]
    if fingers:
        pairs.append((pads[0], pads[1]))
    pairs += [(mover, wall) for mover in movers for wall in walls]
    for first, second in pairs:
        add_pair(spec, first, second)


def add_pair(spec: "mujoco.MjSpec", first: str, second: str) -> None:
    """Let two geometries touch."""
    pair = spec.add_pair(name=f"{first}-{second}", geomname1=first, geomname2=second)
    pair.condim = 3
    pair.friction = [1, 1, 0.005, 0.0001, 0.0001]
