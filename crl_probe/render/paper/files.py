"""Figures for papers: PDF and SVG of every result in a report, drawn once and kept like the results themselves."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import logging
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

import crl_probe
from crl_probe.runs.workers import map_calls
from crl_probe.store.cache import cache_directory
from crl_train.atomic_file import write_atomically
from crl_train.errors import ConfigError

logger = logging.getLogger(__name__)

FOLDER: Final = "figures"
ENDINGS: Final = (".pdf", ".svg")
_DRAWN_WITH: Final = ("matplotlib", "numpy", "scipy")


def figure_name(probe: str, env: str = "") -> str:
    """Name of a figure's files, without their ending.

    Args:
        probe: Name of the probe.
        env: Its environment, where a report is about several.

    Example:
        >>> figure_name("success"), figure_name("success", "point_u_maze")
        ('success', 'point_u_maze_success')
    """
    return f"{env}_{probe}" if env else probe


def draw_figures(
    results: Mapping[str, Any], folder: Path, *, workers: int = 1, use_cache: bool = True
) -> Iterator[str]:
    """Save the standard figure of every result in all formats.

    Figures that were drawn before are ready immediately. With several workers, drawing the others begins immediately,
    too, so that the caller may do other work meanwhile. A result of which nothing is defined has no figure, as it
    has no numbers.

    Args:
        results: By name of the files, without their ending.
        folder: Where files go.
        workers: Processes.
        use_cache: Whether figures are looked up and kept on disk.

    Returns:
        The names one by one, each when its files are there or it has turned out to have none.

    Raises:
        OSError: If a file cannot be written.
        ProbeError: If a process was killed.
    """
    kept = {name: _kept_files(result) if use_cache else {} for name, result in results.items()}
    at_hand = {name: files for name, files in kept.items() if files and all(map(Path.is_file, files.values()))}
    for name, files in at_hand.items():
        folder.mkdir(parents=True, exist_ok=True)
        for ending, file in files.items():
            shutil.copyfile(file, folder / f"{name}{ending}")
    drawn = map_calls(
        _draw, [(name, result, folder) for name, result in results.items() if name not in at_hand], workers
    )
    return _all_of(at_hand, drawn, folder, kept)


def _all_of(
    at_hand: Mapping[str, Any], drawn: Iterator[str], folder: Path, kept: Mapping[str, Mapping[str, Path]]
) -> Iterator[str]:
    yield from at_hand
    for name in drawn:
        for ending, file in kept[name].items():
            _keep(folder / f"{name}{ending}", file)
        yield name


def _draw(name: str, result: Any, folder: Path) -> str:
    # Imported where something is drawn: matplotlib takes longer than copying all figures.
    from crl_probe.render.paper.figures import figure_of
    from crl_probe.render.paper.saving import save_figure

    try:
        figure = figure_of(result)
    except ConfigError:  # nothing to draw
        return name
    for ending in ENDINGS:
        save_figure(figure, folder / f"{name}{ending}")
    return name


def _keep(drawn: Path, file: Path) -> None:
    if not drawn.is_file():
        return
    try:
        write_atomically(file, lambda copy: copy.write(drawn.read_bytes()))
    except OSError as error:
        logger.warning("a figure is not cached: %s cannot be written (%s)", file, error)


def _kept_files(result: Any) -> dict[str, Path]:
    """Where the figure of a result is kept, by ending; the name says all that decides how it looks."""
    digest = hashlib.sha256(_drawing_code().encode())
    _add(result, digest)
    return {ending: cache_directory() / "results" / f"figure-{digest.hexdigest()[:32]}{ending}" for ending in ENDINGS}


def _add(value: Any, digest: Any) -> None:
    """Add a value to a hash: equal for a result that was computed and the same read from disk."""
    if isinstance(value, np.ndarray):
        digest.update(f"{value.dtype.str}{value.shape}".encode() + np.ascontiguousarray(value).tobytes())
    elif dataclasses.is_dataclass(value):
        digest.update(type(value).__name__.encode())
        _add([getattr(value, field.name) for field in dataclasses.fields(value)], digest)
    elif isinstance(value, Mapping):
        _add([part for item in value.items() for part in item], digest)
    elif isinstance(value, list | tuple):
        digest.update(f"[{len(value)}]".encode())
        for item in value:
            _add(item, digest)
    else:
        plain = value.item() if isinstance(value, np.generic) else value
        digest.update(f"{plain!r};".encode())


@functools.cache
def _drawing_code() -> str:
    """Hash of this package's code, any of which may change a figure, and of the libraries that draw."""
    digest = hashlib.sha256(repr([importlib.metadata.version(name) for name in _DRAWN_WITH]).encode())
    root = Path(str(crl_probe.__file__)).parent
    for source in sorted(root.rglob("*.py")):
        digest.update(source.relative_to(root).as_posix().encode() + b"\0" + source.read_bytes() + b"\0")
    return digest.hexdigest()
