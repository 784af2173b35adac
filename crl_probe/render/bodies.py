"""How bodies in motion are looked at: the same colours, camera and goal on the page and in films."""

import dataclasses
import math
from typing import Final

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.transform import Rotation

from crl_probe.probes.bodies import BodiesResult

YAW: Final = -1.1
"""Direction from what is looked at to the camera, about the vertical; radians from the x axis."""

LENS: Final = 1.5
"""Distance from the lens to its picture, in heights of the picture."""

ASPECT: Final = 1.15
"""Width of a picture over its height."""

_FAR: Final = 3.0  # sizes of its body that an agent covers where it is worth following
_NEAR_SIZES: Final = 5.5  # distance of the camera that follows, in sizes of a body
_ALL_REACHES, _ALL_SIZES = 2.1, 3.5  # distance of the camera that sees all, at least
_STEEP: Final = 0.8  # radians
_PIN_HEIGHT: Final = 1.2  # tolerances above the floor, of a goal that says no height


@dataclasses.dataclass(frozen=True)
class Stage:
    """The room that the bodies of a result take.

    Attributes:
        low: Lowest coordinates of any body's origin. (3,), metres.
        high: Highest. (3,), metres.
        size: Radius of a robot at its start, metres.
        reach: Radius on the floor of all that moves, metres.
        pitch: How far the camera is above the floor, seen from what it looks at; radians.
    """

    low: Float[np.ndarray, "3"]
    high: Float[np.ndarray, "3"]
    size: float
    reach: float
    pitch: float = 0.42

    @property
    def is_wide(self) -> bool:
        """Whether an agent goes so far that a camera should follow it."""
        return self.reach > _FAR * self.size

    @property
    def has_hidden_places(self) -> bool:
        """Whether walls hide what is behind them, as they do not from high above."""
        return self.pitch < _STEEP

    @property
    def near(self) -> float:
        """Distance of a camera that follows an agent, metres."""
        return _NEAR_SIZES * self.size

    @property
    def far(self) -> float:
        """Distance of a camera that sees all, metres."""
        return max(_ALL_REACHES * self.reach, _ALL_SIZES * self.size)

    def aim(self, first_body: Float[np.ndarray, "3"], *, follow: bool) -> Float[np.ndarray, "3"]:
        """What the camera looks at."""
        if follow:
            return np.array([first_body[0], first_body[1], max(0.8 * first_body[2], 0.0)])
        return (self.low + self.high) / 2


def stage_of(result: BodiesResult) -> Stage:
    """The room that the bodies take."""
    places = result.positions.reshape(-1, 3).astype(np.float64)
    low, high = places.min(axis=0), places.max(axis=0)
    high = np.maximum(high, low + 1e-6)
    moves = result.shapes.body >= 0
    body = result.shapes.body[moves]
    turns = Rotation.from_quat(result.rotations[0, 0, 0][body], scalar_first=True)
    first = result.positions[0, 0, 0][body] + turns.apply(result.shapes.position[moves])
    size = float((np.linalg.norm(first - first.mean(axis=0), axis=1) + result.shapes.size[moves].max(axis=1)).max())
    return Stage(low, high, size, float(np.linalg.norm(high[:2] - low[:2]) / 2 + size))


def takes_tint(result: BodiesResult) -> Bool[np.ndarray, " shapes"]:
    """Shapes that have the colour of their agent's level: what moves and has no colour of its own."""
    return np.isnan(result.shapes.colour).any(axis=1)


def pin_of(result: BodiesResult, pair: int) -> Float[np.ndarray, "3"]:
    """Where the goal of a pair is drawn: it may say no height, or nothing but one axis."""
    x, y, z = (float(part) for part in result.goals[pair])
    above = result.shapes.floor + _PIN_HEIGHT * result.tolerance
    return np.array([x, 0.0 if math.isnan(y) else y, above if math.isnan(z) else z])


def readout_of(result: BodiesResult, run: int, pair: int, frame: int) -> str:
    """What is written below a picture, as the page's script writes it."""
    arrival, taken = int(result.arrival[run, pair]), int(result.taken[run, pair])
    step = min(int(result.steps[frame]), taken)
    away = f"{result.distances[run, pair, frame]:.2f} m from the goal"
    if 0 < arrival <= step:
        return f"step {step} · {away} · reached it at step {arrival}"
    ended = step == taken and taken < result.steps[-1]
    return f"{'ended at ' if ended else ''}step {step} · {away}"
