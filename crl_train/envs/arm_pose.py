"""Which joint angles put the arm's wrist at a place: inverse kinematics in closed form."""

from typing import Final

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# In the vertical plane through the base, where joints 3 and 5 at zero keep the arm, a vector is a complex number: its
# height is the real part and its distance outwards the imaginary one, so that a turn forward by an angle is a factor.
SHOULDER_HEIGHT: Final = 0.333  # metres
_UPPER_ARM: Final = 0.316 + 0.0825j  # from shoulder to elbow, with joint 2 at zero, metres
_FOREARM: Final = 0.384 - 0.0825j  # from elbow to joint 6, metres
_TO_WRIST: Final = 0.088  # from joint 6 to the wrist, metres

AT_REST: Final = {6: 1.52719, 7: 0.72435}
"""Where joints 6 and 7 come to rest when they are told the middle of their range, and what they always are; radians."""


def joints_at(wrist: Float[Array | np.ndarray, "*batch 3"]) -> Float[Array, "*batch 7"]:
    """Joint angles of the arm with its wrist at a place, elbow up, and joints 3, 5, 6 and 7 as they rest.

    Args:
        wrist: x, y, z of the last link, metres. Farther or nearer places than the arm reaches give its nearest pose.

    Example:
        >>> joints_at(np.array([0.0, 0.5, 0.3])).round(2).tolist()[0]  # joint 1 turns to the place  # doctest: +SKIP
        1.57
    """
    x, y, z = jnp.moveaxis(jnp.asarray(wrist, jnp.float32), -1, 0)
    hand = _FOREARM + _TO_WRIST * np.exp(1j * (np.pi / 2 - AT_REST[6]))
    first, second = abs(_UPPER_ARM), abs(hand)
    outwards, upwards = jnp.hypot(x, y), z - SHOULDER_HEIGHT
    distance = jnp.clip(jnp.hypot(outwards, upwards), abs(first - second), first + second)
    direction = jnp.arctan2(outwards, upwards)
    # Cosine theorem in the triangle of shoulder, elbow and wrist.
    at_shoulder = jnp.arccos(jnp.clip((first**2 + distance**2 - second**2) / (2 * first * distance), -1, 1))
    at_elbow = jnp.arccos(jnp.clip((first**2 + second**2 - distance**2) / (2 * first * second), -1, 1))
    joint2 = direction - at_shoulder - np.angle(_UPPER_ARM)
    forearm = direction - at_shoulder + jnp.pi - at_elbow - np.angle(hand)  # its angle from the vertical
    zero = jnp.zeros_like(joint2)
    joints = (jnp.arctan2(y, x), joint2, zero, joint2 - forearm, zero, zero + AT_REST[6], zero + AT_REST[7])
    return jnp.stack(joints, axis=-1)
