"""Figures to files: PDF, SVG or PNG, the same bytes for the same figure."""

import io
import os
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.typing import RcKeyType

from crl_probe.render.paper.fitting import FONT
from crl_train.atomic_file import write_atomically
from crl_train.errors import ConfigError
from crl_train.local_path import local_path

_RESOLUTION = 300  # dots per inch of pictures inside a file, and of PNG files
# Without dates, and without the version of matplotlib, a file changes only with what it shows.
_METADATA: dict[str, dict[str, Any]] = {
    ".pdf": {"Creator": "crl-probe", "Producer": None, "CreationDate": None},
    ".svg": {"Creator": "crl-probe", "Date": None},
    ".png": {"Software": None},
}
_FILES: dict[RcKeyType, Any] = {
    "pdf.fonttype": 42,  # whole TrueType outlines: text stays text, as publishers ask
    "pdf.use14corefonts": False,
    "pdf.compression": 6,
    "svg.fonttype": "none",
    "svg.hashsalt": "crl-probe",
    "svg.image_inline": True,
}
# Where text stays text, a reader without the font should see one as wide, and not one with serifs.
_STAND_INS = (f"'{FONT}'".encode(), f"'{FONT}', Verdana, sans-serif".encode())


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file whose ending says how.

    The file appears whole or not at all, and the same result gives the same bytes. Fonts are embedded in PDF files;
    text in SVG files stays text that an editor can change.

    Args:
        figure: A matplotlib figure.
        path: File to write, ending in ``.pdf``, ``.svg`` or ``.png``; missing folders above it are made.

    Raises:
        ConfigError: If the path has another ending, or is a URL.
        OSError: If the file cannot be written.

    Example:
        >>> save_figure(figure_of(result), "figures/success.pdf")          # doctest: +SKIP
    """
    place = local_path(path, "figure file")
    ending = place.suffix.lower()
    if ending not in _METADATA:
        raise ConfigError(
            f"figure file {place.name!r} is not usable: its ending says the format, .pdf, .svg or .png. Rename it."
        )
    content = rendered(figure, ending)
    write_atomically(place, lambda file: file.write(content))


def rendered(figure: Figure, ending: str) -> bytes:
    """The bytes of a figure's file.

    Args:
        figure: A matplotlib figure.
        ending: ``.pdf``, ``.svg`` or ``.png``.
    """
    content = io.BytesIO()
    with matplotlib.rc_context(_FILES):
        figure.savefig(content, format=ending[1:], dpi=_RESOLUTION, metadata=_METADATA[ending])
    return content.getvalue().replace(*_STAND_INS) if ending == ".svg" else content.getvalue()
