"""Figures for papers: PDF and SVG of every result in a report, drawn once and kept like the results themselves."""

import dataclasses
import functools
import hashlib
import importlib.metadata
import itertools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

import crl_probe
from crl_probe.runs import failures
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.failures import Failure, attempt
from crl_probe.runs.workers import map_calls
from crl_probe.store.cache import read_entry, write_entry
from crl_train.errors import ConfigError

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


@dataclasses.dataclass(frozen=True)
class DrawnFigure:
    """The files of one figure.

    Attributes:
        files: Bytes of each file by its ending; none of a result of which nothing is defined.
    """

    files: dict[str, np.ndarray]


def draw_figures(
    results: Mapping[str, Any], folder: Path, *, workers: int = 1, use_cache: bool = True
) -> Iterator[tuple[str, Failure | None]]:
    """Save the standard figure of every result in all formats.

    Figures that were drawn before are ready immediately. With several workers, drawing the others begins immediately,
    too, so that the caller may do other work meanwhile. A result of which nothing is defined has no figure, as it
    has no numbers. A figure that fails unexpectedly is left out, and the others are drawn.

    Args:
        results: By name of the files, without their ending.
        folder: Where files go.
        workers: Processes.
        use_cache: Whether figures are looked up and kept on disk.

    Returns:
        Each name with its failure, if it failed: when its files are there, or it has turned out to have none.

    Raises:
        OSError: If a file cannot be written.
    """
    entries = {name: _entry_of(result) for name, result in results.items()} if use_cache else {}
    stored = {name: read_entry(entry, DrawnFigure, "drawing a figure again") for name, entry in entries.items()}
    at_hand = {name: figure for name, figure in stored.items() if figure is not None}
    for name, figure in at_hand.items():
        _write(figure, folder, name)
    wanted = {name: result for name, result in results.items() if name not in at_hand}
    drawn = map_calls(attempt, [(_draw, result) for result in wanted.values()], workers)
    return _all_of(at_hand, wanted, drawn, folder, entries)


def _all_of(
    at_hand: Iterable[str],
    wanted: Iterable[str],
    drawn: Iterator[DrawnFigure | Failure],
    folder: Path,
    entries: Mapping[str, str],
) -> Iterator[tuple[str, Failure | None]]:
    for name in at_hand:
        yield name, None
    for name in wanted:
        try:
            figure = next(drawn)
        except ProbeError as error:  # a process was killed, and the rest of what was to be drawn is gone with it
            drawn = itertools.repeat(failures.failure_of(error))
            figure = next(drawn)
        if isinstance(figure, Failure):
            yield name, figure
            continue
        _write(figure, folder, name)
        if figure.files and name in entries:
            write_entry(entries[name], figure, "a figure")
        yield name, None


def _draw(result: Any) -> DrawnFigure:
    # Imported where something is drawn: matplotlib takes longer than copying all figures.
    from crl_probe.render.paper.figures import figure_of
    from crl_probe.render.paper.saving import rendered

    try:
        figure = figure_of(result)
    except ConfigError:  # nothing to draw
        return DrawnFigure({})
    return DrawnFigure({ending: np.frombuffer(rendered(figure, ending), np.uint8) for ending in ENDINGS})


def _write(figure: DrawnFigure, folder: Path, name: str) -> None:
    for ending, content in figure.files.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}{ending}").write_bytes(content.tobytes())


def _entry_of(result: Any) -> str:
    """Name of a result's figure in the cache; it says all that decides how it looks."""
    digest = hashlib.sha256(_drawing_code().encode())
    _add(result, digest)
    return f"figure-{digest.hexdigest()[:32]}"


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
