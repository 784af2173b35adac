"""Bodies in motion as a model of MuJoCo's that only shows: what moves is put where a result has it."""

import math
from typing import Any, Final

import numpy as np
from jaxtyping import Float

from crl_probe.evidence.body_motion import BOX, CAPSULE, SPHERE, WORLD
from crl_probe.probes.bodies import BodiesResult
from crl_probe.render.bodies import LENS, YAW, Stage, pin_of, takes_tint
from crl_probe.render.palette import channels_of

_SKY, _HORIZON = (0.99, 0.99, 0.985), (0.90, 0.92, 0.95)
_FLOOR: Final = ((0.92, 0.93, 0.945), (0.86, 0.875, 0.90))  # of its squares
_GOAL: Final = (0.18, 0.36, 0.72)
_GOAL_BALL, _SEEN_THROUGH = 0.2, 0.3  # opacity: of what is within the tolerance, and of walls that are in the way
_PIN_SHARE: Final = 0.012  # radius of a goal's pin, in distances of the camera
_SAMPLES: Final = 4  # per pixel, so that edges are smooth
_SHADOW_SIZE: Final = 2048  # pixels
_SUNRAYS: Final = (-0.25, 0.3, -1.0)


class Scene:
    """The bodies of one run of a result for one pair of start and goal.

    Attributes:
        model: What :func:`crl_probe.render.film.offscreen.drawing` draws.
    """

    def __init__(
        self, result: BodiesResult, stage: Stage, tint: str, pair: int, *, follow: bool, size: tuple[int, int]
    ):
        import mujoco

        self._result, self._stage, self._pair, self._follow = result, stage, pair, follow
        distance = stage.near if follow else stage.far
        spec = mujoco.MjSpec()
        _furnish(spec, distance, size)
        _add_solids(spec, result, tint)
        _add_goal(spec, result, pair, _PIN_SHARE * distance)
        self.model = spec.compile()
        self._data = mujoco.MjData(self.model)
        self._camera = mujoco.MjvCamera()
        self._camera.distance = distance
        self._camera.azimuth, self._camera.elevation = math.degrees(YAW) + 180, -math.degrees(stage.pitch)
        self._walls = np.flatnonzero((result.shapes.kind == BOX) & (result.shapes.body == WORLD))
        self._wall_geoms = np.array([self.model.geom(f"shape{i}").id for i in self._walls], int)

    def at(self, run: int, frame: int) -> tuple[Any, Any]:
        """State and camera at one moment, as a canvas draws them."""
        import mujoco

        positions = self._result.positions[run, self._pair, frame]
        self._data.mocap_pos[:] = positions
        self._data.mocap_quat[:] = self._result.rotations[run, self._pair, frame]
        middle = self._camera.lookat = self._stage.aim(positions[0], follow=self._follow)
        # Shadows are drawn around where the light is, so it goes along with the camera.
        self.model.light_pos[0] = middle - self._camera.distance * np.array(_SUNRAYS)
        self._see_through_walls(middle)
        mujoco.mj_forward(self.model, self._data)
        return self._data, self._camera

    def _see_through_walls(self, middle: Float[np.ndarray, "3"]) -> None:
        pitch = self._stage.pitch
        towards = np.array([math.cos(pitch) * math.cos(YAW), math.cos(pitch) * math.sin(YAW), math.sin(pitch)])
        in_the_way = (self._result.shapes.position[self._walls] - middle) @ towards > 0
        hiding = in_the_way & self._stage.has_hidden_places
        self.model.geom_rgba[self._wall_geoms, 3] = np.where(hiding, _SEEN_THROUGH, 1.0)


def _furnish(spec: Any, distance: float, size: tuple[int, int]) -> None:
    """Light, floor and sky."""
    import mujoco

    spec.visual.global_.offwidth, spec.visual.global_.offheight = size
    spec.visual.global_.fovy = 2 * math.degrees(math.atan(0.5 / LENS))
    spec.visual.quality.offsamples, spec.visual.quality.shadowsize = _SAMPLES, _SHADOW_SIZE
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.38] * 3, [0.3] * 3
    spec.visual.headlight.specular = [0.05] * 3
    spec.visual.map.znear, spec.visual.map.zfar = 0.005, 60.0
    spec.stat.extent = distance
    sky = spec.add_texture(name="sky", type=mujoco.mjtTexture.mjTEXTURE_SKYBOX, width=128, height=768)
    sky.builtin, sky.rgb1, sky.rgb2 = mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, _SKY, _HORIZON
    tiles = spec.add_texture(name="tiles", type=mujoco.mjtTexture.mjTEXTURE_2D, width=512, height=512)
    tiles.builtin, (tiles.rgb1, tiles.rgb2) = mujoco.mjtBuiltin.mjBUILTIN_CHECKER, _FLOOR
    square = _round_number(distance / 5)
    floor = spec.add_material(name="floor", texrepeat=[0.5 / square] * 2, texuniform=True)
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "tiles"
    spec.worldbody.add_light(
        dir=_SUNRAYS,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=[0.45] * 3,
        specular=[0.1] * 3,
        castshadow=True,
    )


def _round_number(length: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above a length."""
    power = 10.0 ** math.floor(math.log10(length))
    return max(step * power for step in (1, 2, 5) if step * power <= length)


def _add_solids(spec: Any, result: BodiesResult, tint: str) -> None:
    """A body without physics for each that moves, and the shapes of all."""
    import mujoco

    kinds = {
        SPHERE: mujoco.mjtGeom.mjGEOM_SPHERE,
        CAPSULE: mujoco.mjtGeom.mjGEOM_CAPSULE,
        BOX: mujoco.mjtGeom.mjGEOM_BOX,
    }
    shapes, tinted = result.shapes, takes_tint(result)
    own = [*(channel / 255 for channel in channels_of(tint)), 1.0]
    spec.worldbody.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE, size=[0, 0, 1], pos=[0, 0, shapes.floor], material="floor"
    )
    bodies = [spec.worldbody.add_body(mocap=True) for _ in range(result.positions.shape[-2])]
    for i, body in enumerate(shapes.body.tolist()):
        (spec.worldbody if body == WORLD else bodies[body]).add_geom(
            name=f"shape{i}",
            type=kinds[int(shapes.kind[i])],
            size=shapes.size[i],
            pos=shapes.position[i],
            quat=shapes.rotation[i],
            rgba=own if tinted[i] else shapes.colour[i],
        )


def _add_goal(spec: Any, result: BodiesResult, pair: int, radius: float) -> None:
    """A pin, in the ball within which the goal counts as reached."""
    import mujoco

    pin = pin_of(result, pair)
    if np.isnan(pin).any():
        return
    foot = [*pin[:2], result.shapes.floor]
    sphere = mujoco.mjtGeom.mjGEOM_SPHERE
    spec.worldbody.add_geom(type=sphere, size=[radius, 0, 0], pos=pin, rgba=[*_GOAL, 1])
    spec.worldbody.add_geom(type=sphere, size=[result.tolerance, 0, 0], pos=pin, rgba=[*_GOAL, _GOAL_BALL])
    if pin[2] - foot[2] > radius:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CAPSULE, size=[radius / 3, 0, 0], fromto=[*foot, *pin], rgba=[0.1, 0.12, 0.16, 1]
        )
