"""MuJoCo's renderer without a screen: an OpenGL context of EGL, of OSMesa, or of the system itself."""

import contextlib
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
from jaxtyping import UInt8

from crl_probe.runs.errors import ProbeError

# On Linux, by name of the module of mujoco that makes the context. EGL can use a graphics card, OSMesa needs none.
_LINUX: Final = ("egl", "osmesa")
_MISSING: Final = (
    "no picture can be drawn: MuJoCo's renderer needs EGL or OSMesa, and neither works here ({reasons}). Install one, "
    "on Debian or Ubuntu with `apt-get install libegl1 libgl1-mesa-dri`, or write --format html, which needs neither."
)


@contextlib.contextmanager
def drawing(models: Sequence[Any], width: int, height: int) -> Iterator[list["Canvas"]]:
    """What draws some models, from the first picture to the last.

    Args:
        models: Of ``mujoco.MjModel``, with room for the size in ``vis.global_.offwidth`` and ``offheight``.
        width: Of each picture, pixels.
        height: Likewise.

    Raises:
        ProbeError: If this machine has no OpenGL that works without a screen.
    """
    import mujoco

    with contextlib.ExitStack() as open_things:
        context = _context(width, height)
        open_things.callback(context.free)
        context.make_current()
        canvases = []
        for model in models:
            try:
                graphics = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_100)
            except mujoco.FatalError as error:
                raise ProbeError(_MISSING.format(reasons=error)) from error
            open_things.callback(graphics.free)
            canvases.append(Canvas(model, graphics, width, height))
        yield canvases


class Canvas:
    """Draws states of one model; made by :func:`drawing`."""

    def __init__(self, model: Any, graphics: Any, width: int, height: int) -> None:
        import mujoco

        self._model, self._graphics = model, graphics
        self._scene = mujoco.MjvScene(model, maxgeom=model.ngeom + 100)
        self._rectangle = mujoco.MjrRect(0, 0, width, height)
        self._pixels = np.empty((height, width, 3), np.uint8)

    def draw(self, data: Any, camera: Any) -> UInt8[np.ndarray, "height width 3"]:
        """The picture of one state from one place."""
        import mujoco

        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._graphics)
        mujoco.mjv_updateScene(self._model, data, mujoco.MjvOption(), None, camera, everything, self._scene)
        mujoco.mjr_render(self._rectangle, self._scene, self._graphics)
        mujoco.mjr_readPixels(self._pixels, None, self._rectangle, self._graphics)
        return self._pixels[::-1].copy()  # OpenGL's first row is the lowest


def _context(width: int, height: int) -> Any:
    """A context of the kind that MUJOCO_GL names, or of the first that works."""
    chosen = os.environ.get("MUJOCO_GL", "").strip().lower()
    modules = ("gl_context",) if sys.platform != "linux" else (chosen,) if chosen in _LINUX else _LINUX
    reasons = []
    for name in modules:
        try:
            return importlib.import_module(f"mujoco.{name}").GLContext(width, height)
        # What OpenGL's loader raises differs by what of a library is missing.
        except (ImportError, RuntimeError, AttributeError, OSError, TypeError) as error:
            reasons.append(f"{name}: {str(error).partition(chr(10))[0].rstrip('.')}")
            _forget_platform(name)
    raise ProbeError(_MISSING.format(reasons="; ".join(reasons)))


def _forget_platform(name: str) -> None:
    """Let another platform be tried: PyOpenGL keeps the first for good."""
    if os.environ.get("PYOPENGL_PLATFORM") == name:
        del os.environ["PYOPENGL_PLATFORM"]
    for module in [one for one in sys.modules if one.partition(".")[0] == "OpenGL" or one.startswith("mujoco.egl")]:
        del sys.modules[module]
