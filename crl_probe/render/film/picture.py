"""Pictures as arrays: what is written on them, and how several become one."""

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np
from jaxtyping import UInt8

from crl_probe.render.matplotlib_import import import_matplotlib

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

Picture = UInt8[np.ndarray, "_ _ 3"]

_GAP: Final = 10  # pixels between pictures
_INK, _SOFT, _PAPER = "#1b1f27", "#565d69", (251, 251, 249)
_BLOCK: Final = 2  # sizes are multiples of it, as films need


def labelled(image: Picture, title: str, words: str) -> Picture:
    """A picture with its agent above it and its moment below it."""
    from PIL import Image, ImageDraw

    height, width, _ = image.shape
    large, small = round(0.04 * width), round(0.033 * width)
    top, bottom = 2 * large, round(2.2 * small)
    canvas = Image.new("RGB", (width, top + height + bottom), _PAPER)
    canvas.paste(Image.fromarray(image), (0, top))
    draw = ImageDraw.Draw(canvas)
    draw.text((0.4 * large, top / 2), title, fill=_INK, font=_font(large), anchor="lm")
    draw.text((0.4 * large, top + height + bottom / 2), words, fill=_SOFT, font=_font(small), anchor="lm")
    return np.asarray(canvas)


@functools.cache
def _font(size: int) -> "FreeTypeFont":
    """The font of the paper figures, which matplotlib brings along."""
    from PIL import ImageFont

    import_matplotlib()
    from matplotlib import font_manager

    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), size)


def side_by_side(images: Sequence[Picture], columns: int) -> Picture:
    """Pictures in rows, with gaps, on paper of an even size."""
    rows = math.ceil(len(images) / columns)
    height, width, _ = images[0].shape
    whole = np.empty((rows * height + (rows - 1) * _GAP, columns * width + (columns - 1) * _GAP, 3), np.uint8)
    whole[:] = _PAPER
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        top, left = row * (height + _GAP), column * (width + _GAP)
        whole[top : top + height, left : left + width] = image
    odd = [(0, -side % _BLOCK) for side in whole.shape[:2]]
    return np.pad(whole, (*odd, (0, 0)), mode="edge")
