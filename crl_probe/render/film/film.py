"""Films: pictures of all agents side by side, moment by moment, with what they are and how far they have come."""

import contextlib
import dataclasses
import io
import itertools
import math
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from crl_probe.probes.bodies import BodiesResult
from crl_probe.render.bodies import ASPECT, readout_of, stage_of
from crl_probe.render.film.offscreen import drawing
from crl_probe.render.film.picture import Picture, labelled, side_by_side
from crl_probe.render.film.scene import Scene
from crl_probe.render.palette import depth_colours
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.progress import ProgressListener, silent
from crl_probe.runs.run_info import levels_in_order
from crl_train.atomic_file import write_atomically
from crl_train.errors import ConfigError

ENDINGS: Final = (".mp4", ".gif", ".png")
_MOST_COLUMNS: Final = 4
_QUALITY: Final = "20"  # rate factor of x264: a small loss that is not seen


@dataclasses.dataclass(frozen=True)
class FilmSettings:
    """How a film looks.

    Attributes:
        width: Of each agent's picture, pixels.
        speed: Times as fast as in the simulation.
        camera: ``follow`` the agent, look at ``all`` of the room, or ``auto``: follow where agents go far.
    """

    width: int = 480
    speed: float = 1.0
    camera: str = "auto"

    def __post_init__(self) -> None:
        if not 64 <= self.width <= 1920:
            raise ConfigError(f"width={self.width} is not usable: a picture is 64 to 1,920 pixels wide. Use 480.")
        if not (math.isfinite(self.speed) and self.speed > 0):
            raise ConfigError(f"speed={self.speed} is not usable: it is a positive number. Use 1.")
        if self.camera not in ("auto", "follow", "all"):
            raise ConfigError(f"camera={self.camera!r} is not usable: it is auto, follow or all.")


def save_film(
    result: BodiesResult,
    path: Path,
    settings: FilmSettings | None = None,
    *,
    frame: int = -1,
    progress: ProgressListener = silent,
) -> None:
    """Write bodies in motion to a file whose ending says how: ``.mp4`` and ``.gif`` move, ``.png`` is one moment.

    Columns are agents and rows are pairs of start and goal; of one pair, agents fill rows of up to four.

    Args:
        result: Where all bodies are.
        path: File to write.
        settings: How it looks.
        frame: The moment that a ``.png`` shows, as an index; the last if not given.
        progress: Receives progress reports.

    Raises:
        ConfigError: If the path has another ending.
        ProbeError: If this machine has no OpenGL that works without a screen.
        OSError: If the file cannot be written.

    Example:
        >>> save_film(study.results["bodies"], Path("arms.mp4"))         # doctest: +SKIP
    """
    settings = settings or FilmSettings()
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise ConfigError(f"file {path.name!r} is not usable: a film ends in {', '.join(ENDINGS)}. Rename it.")
    moments = [range(len(result.steps))[frame]] if ending == ".png" else list(range(len(result.steps)))
    pictures = _reported(pictures_of(result, settings, moments), len(moments), progress)
    seconds = max(float(result.steps[-1]) * result.seconds / settings.speed, 1e-3)
    rate = max(len(result.steps) - 1, 1) / seconds
    encode = {".mp4": _mp4, ".gif": _gif, ".png": _png}[ending]
    content = encode(pictures, rate)
    write_atomically(path, lambda file: file.write(content))


def pictures_of(result: BodiesResult, settings: FilmSettings, moments: Iterable[int]) -> Iterator[Picture]:
    """One picture of all agents for each of these moments, given as indices of ``result.steps``."""
    stage = stage_of(result)
    levels = levels_in_order(result.runs)
    tints = depth_colours(levels)
    size = (settings.width, round(settings.width / ASPECT))
    follow = stage.is_wide if settings.camera == "auto" else settings.camera == "follow"
    panels = [(run, pair) for pair in range(len(result.way)) for run in _in_order(result, levels)]
    scenes = {
        (level, pair): Scene(result, stage, tints[level], pair, follow=follow, size=size)
        for level in levels
        for pair in range(len(result.way))
    }
    with drawing([scene.model for scene in scenes.values()], *size) as canvases:
        drawn = dict(zip(scenes, zip(scenes.values(), canvases, strict=True), strict=True))
        for frame in moments:
            images = []
            for run, pair in panels:
                info = result.runs[run]
                scene, canvas = drawn[info.level, pair]
                image = canvas.draw(*scene.at(run, frame))
                images.append(labelled(image, f"{info.level} · seed {info.seed}", readout_of(result, run, pair, frame)))
            yield side_by_side(images, columns=_columns(result))


def _in_order(result: BodiesResult, levels: Sequence[str]) -> list[int]:
    return sorted(
        range(len(result.runs)), key=lambda run: (levels.index(result.runs[run].level), result.runs[run].seed)
    )


def _columns(result: BodiesResult) -> int:
    runs = len(result.runs)
    if len(result.way) > 1 or runs <= _MOST_COLUMNS:
        return runs
    return math.ceil(runs / math.ceil(runs / _MOST_COLUMNS))


def _reported(pictures: Iterator[Picture], count: int, progress: ProgressListener) -> Iterator[Picture]:
    for done, picture in enumerate(pictures):
        progress("drawing moments", done, count)
        yield picture


def _mp4(pictures: Iterator[Picture], rate: float) -> bytes:
    """H.264, which every browser and slide program plays."""
    import imageio_ffmpeg

    first = next(pictures)
    size = f"{first.shape[1]}x{first.shape[0]}"
    taken = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", f"{rate:.6f}", "-i", "-"]
    # Colours and order as all players know them; the index first, so that a film plays while it loads.
    made = ["-c:v", "libx264", "-crf", _QUALITY, "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    with tempfile.TemporaryDirectory() as folder:
        place, log = Path(folder) / "film.mp4", Path(folder) / "log"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *taken, *made, str(place)]
        with log.open("wb") as errors, subprocess.Popen(command, stdin=subprocess.PIPE, stderr=errors) as encoder:
            assert encoder.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # what it ended of stands in the log
                for picture in itertools.chain([first], pictures):
                    encoder.stdin.write(picture.tobytes())
        if encoder.returncode:
            raise ProbeError(
                f"the film cannot be encoded: {log.read_text(errors='replace').strip() or 'no reason given'}"
            )
        return place.read_bytes()


def _gif(pictures: Iterator[Picture], rate: float) -> bytes:
    """A GIF that repeats, with one palette: dots of dithering would change from picture to picture."""
    from PIL import Image

    first = next(pictures)
    palette = Image.fromarray(first).quantize(256)
    flat = [
        Image.fromarray(picture).quantize(palette=palette, dither=Image.Dither.NONE)
        for picture in itertools.chain([first], pictures)
    ]
    content = io.BytesIO()
    flat[0].save(content, "GIF", save_all=True, append_images=flat[1:], duration=round(1000 / rate), loop=0)
    return content.getvalue()


def _png(pictures: Iterator[Picture], rate: float) -> bytes:
    from PIL import Image

    del rate  # there is one picture
    content = io.BytesIO()
    Image.fromarray(next(pictures)).save(content, "PNG", optimize=True)
    return content.getvalue()
