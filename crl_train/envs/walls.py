"""Walls of a maze in a physics model: each part of a robot meets only those that it can touch.

A maze of 38 walls and a robot of 9 parts make 342 pairs to test in every substep, almost all of them far apart. A part
that fits into half a cell overlaps at most the four cells around it. So four boxes are kept for each part, and before
a substep they are put where the walls among those cells are: the contacts are those of the whole maze, since pairs
out of reach give none.
"""

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from crl_train.errors import ConfigError

if TYPE_CHECKING:
    import mujoco

    from crl_train.envs.maze_geometry import Maze

_BOXES: Final = 4  # cells around a point: two rows by two columns
_AWAY: Final = -1000.0  # metres; height of a box that stands for a free cell

# mjx shows a robot's links one substep late, so that a part is really this far from where the walls are looked for.
_LAG: Final = 0.1  # metres


def add_nearby_walls(spec: "mujoco.MjSpec", maze: "Maze", parts: Sequence[str]) -> None:
    """Add the boxes that :class:`NearbyWalls` moves about.

    Args:
        spec: The model.
        maze: Where the walls are. A wall is as wide as a cell and half as high.
        parts: Names of the geometries that touch walls.
    """
    for bit, part in enumerate(parts, start=1):
        geometry = spec.geom(part)
        # A bit of their own, by which this part meets its boxes and no other's.
        geometry.contype |= 1 << bit
        for place in range(_BOXES):
            _add_box(spec, maze, f"{part}_wall_{place}", (0.0, 0.0, _AWAY), contype=0, conaffinity=1 << bit)


def add_all_walls(spec: "mujoco.MjSpec", maze: "Maze", parts: Sequence[str]) -> None:
    """Add every wall in its place: the plain form, which the other one is compared with."""
    for part in parts:
        spec.geom(part).conaffinity |= 1
    for row, column in np.argwhere(maze.walls):
        x, y = float(row) * maze.cell_size, float(column) * maze.cell_size
        _add_box(spec, maze, f"wall_{row}_{column}", (x, y, maze.cell_size / 4), contype=1, conaffinity=1)


def _add_box(
    spec: "mujoco.MjSpec", maze: "Maze", name: str, position: tuple[float, float, float], **collides: int
) -> None:
    import mujoco

    half = maze.cell_size / 2
    spec.worldbody.add_geom(
        name=name, type=mujoco.mjtGeom.mjGEOM_BOX, pos=position, size=[half, half, half / 2], **collides
    )


@dataclasses.dataclass(frozen=True, eq=False)
class NearbyWalls:
    """Puts the boxes of :func:`add_nearby_walls` where the walls around a robot are.

    Attributes:
        cell_size: Width of a cell, metres.
        walls: True where a cell is solid, with a ring of free cells around the maze.
        parts: Indices of the geometries that touch walls. (parts,)
        boxes: Indices of the boxes of each. (parts, 4)
    """

    cell_size: float
    walls: Bool[np.ndarray, "rows columns"]
    parts: Int[np.ndarray, " parts"]
    boxes: Int[np.ndarray, "parts 4"]

    @classmethod
    def of_model(cls, model: "mujoco.MjModel", maze: "Maze", parts: Sequence[str]) -> "NearbyWalls":
        """Find parts and boxes in a compiled model.

        Raises:
            ConfigError: If a part does not fit into half a cell.
        """
        for part in parts:
            radius = float(model.geom_rbound[model.geom(part).id])
            if radius + _LAG > maze.cell_size / 2:
                raise ConfigError(
                    f"cell_size={maze.cell_size} of maze {maze.name!r} is not usable: {part} of the robot has a radius "
                    f"of {radius:.2f} m, and half a cell must hold it. Use {2 * (radius + _LAG):.1f} or more."
                )
        return cls(
            cell_size=maze.cell_size,
            walls=np.pad(maze.walls, 1),
            parts=np.array([model.geom(part).id for part in parts]),
            boxes=np.array([[model.geom(f"{part}_wall_{place}").id for place in range(_BOXES)] for part in parts]),
        )

    def around(self, system: Any, x: Any) -> Any:
        """The system with every box at a wall beside its part, or out of reach where the cell is free.

        Args:
            system: brax's form of the model.
            x: Poses of its links.
        """
        positions = system.geom_pos.at[self.boxes.ravel()].set(self._places(system, x).reshape(-1, 3))
        return system.replace(geom_pos=positions)

    def _places(self, system: Any, x: Any) -> Float[Array, "parts 4 3"]:
        from brax import math

        links = np.asarray(system.geom_bodyid)[self.parts] - 1  # brax counts links without the world
        centres = x.pos[links] + jax.vmap(math.rotate)(system.geom_pos[self.parts], x.rot[links])
        corner = jnp.floor(centres[:, :2] / self.cell_size).astype(jnp.int32)
        cells = corner[:, None] + jnp.array([(0, 0), (0, 1), (1, 0), (1, 1)])
        rows, columns = self.walls.shape
        # Cells count from -1 in the ring around the maze; whatever lies beyond is free as well.
        inside = jnp.clip(cells + 1, 0, jnp.array([rows - 1, columns - 1]))
        is_wall = jnp.asarray(self.walls)[inside[..., 0], inside[..., 1]]
        height = jnp.where(is_wall, self.cell_size / 4, _AWAY)
        return jnp.concatenate([cells * self.cell_size, height[..., None]], axis=-1)
