"""Films show bodies where they are, through the camera of the page, with or without a graphics card."""

import ctypes.util
import dataclasses
import io
import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from crl_probe.evidence.body_motion import BOX, SPHERE, WORLD, BodyShapes
from crl_probe.probes.bodies import BodiesResult
from crl_probe.render.bodies import ASPECT, LENS, YAW, pin_of, readout_of, stage_of, takes_tint
from crl_probe.render.film import offscreen
from crl_probe.render.film.film import FilmSettings, pictures_of, save_film
from crl_probe.render.film.scene import Scene
from crl_probe.runs.errors import ProbeError
from crl_probe.runs.run_info import run_infos
from crl_train.errors import ConfigError
from tests.crl_probe.fakes import FakeRun

FRAMES = 6
SMALL = FilmSettings(width=160)


def ball_that_rolls(runs=2, pairs=1, tolerance=0.2):
    """A ball with a radius of 0.5 m that goes 3 m along x beside a wall; the goal is at the end of its way."""
    agents = [FakeRun(depth=4 * 4**i, seed=i) for i in range(runs)]
    positions = np.zeros((runs, pairs, FRAMES, 1, 3), np.float32)
    positions[..., 0, 0] = np.linspace(0, 3, FRAMES)
    positions[..., 2] = 0.5
    rotations = np.zeros((runs, pairs, FRAMES, 1, 4), np.float32)
    rotations[..., 0] = 1
    away = np.broadcast_to(np.linspace(3, 0, FRAMES, dtype=np.float32), (runs, pairs, FRAMES))
    return BodiesResult(
        runs=run_infos(agents),
        shapes=BodyShapes(
            kind=np.array([SPHERE, BOX]),
            body=np.array([0, WORLD]),
            size=np.array([[0.5, 0, 0], [2, 0.1, 0.3]], np.float32),
            position=np.array([[0, 0, 0], [1.5, 3, 0.3]], np.float32),
            rotation=np.array([[1, 0, 0, 0]] * 2, np.float32),
            colour=np.array([[np.nan] * 4, [0.6, 0.6, 0.7, 1]], np.float32),
        ),
        steps=np.arange(0, 10 * FRAMES, 10)[:FRAMES],
        seconds=0.05,
        way=np.full(pairs, 3.0),
        goals=np.tile(np.array([3, 2, np.nan], np.float32), (pairs, 1)),
        tolerance=tolerance,
        positions=positions,
        rotations=rotations,
        distances=away.copy(),
        arrival=np.tile(np.array([50] + [0] * (runs - 1))[:, None], (1, pairs)),
        taken=np.full((runs, pairs), 50),
        drift=np.zeros(runs),
    )


@pytest.fixture(scope="module")
def result():
    made = ball_that_rolls()
    try:
        next(pictures_of(made, SMALL, [0]))
    except ProbeError as error:
        pytest.skip(str(error))
    return made


def on_picture(place, stage, first, width, *, follow):
    """Column and row of a place, by the formulas of the page's script."""
    height = round(width / ASPECT)
    x, y, z = np.asarray(place, float) - stage.aim(first, follow=follow)
    out = math.cos(YAW) * x + math.sin(YAW) * y
    right = math.cos(YAW) * y - math.sin(YAW) * x
    up = math.cos(stage.pitch) * z - math.sin(stage.pitch) * out
    away = (stage.near if follow else stage.far) - (math.cos(stage.pitch) * out + math.sin(stage.pitch) * z)
    return width / 2 + LENS * height * right / away, height / 2 - LENS * height * up / away


@pytest.mark.parametrize("camera", ["follow", "all"])
def test_bodies_are_where_the_page_has_them(result, camera):
    settings = FilmSettings(width=320, camera=camera)
    stage = stage_of(result)
    band = 2 * round(0.04 * settings.width)  # above each picture
    for frame, picture in zip((0, FRAMES - 1), pictures_of(result, settings, (0, FRAMES - 1)), strict=True):
        left = picture[:, : settings.width].astype(int)
        # The ball has the colour of the shallowest level, an orange; the shaded rim of it is left out.
        rows, columns = np.nonzero((left[..., 0] > 150) & (left[..., 2] < 70))
        place = result.positions[0, 0, frame, 0]
        column, row = on_picture(place, stage, place, settings.width, follow=camera == "follow")
        # Light from above moves the brightest part up by less than the ball's radius on the picture.
        radius = on_picture(place + np.array([0, 0, 0.5]), stage, place, settings.width, follow=camera == "follow")
        tolerance = 0.4 * abs(radius[1] - row)
        assert abs(columns.mean() - column) < tolerance
        assert abs(rows.mean() - band - row) < tolerance


def test_agents_stand_side_by_side_and_pairs_below_each_other(result):
    one = next(pictures_of(ball_that_rolls(runs=1), SMALL, [0]))
    two = next(pictures_of(result, SMALL, [0]))
    many = next(pictures_of(ball_that_rolls(runs=5), SMALL, [0]))  # three and two
    pairs = next(pictures_of(ball_that_rolls(pairs=2), SMALL, [0]))
    height, width = one.shape[:2]
    gap = two.shape[1] - 2 * width
    assert 0 < gap < 30
    assert two.shape[0] == height
    assert many.shape[:2] == (2 * height + gap, 3 * width + 2 * gap)
    assert pairs.shape[:2] == (2 * height + gap, two.shape[1])


def test_a_film_lasts_as_long_as_the_simulation(result, tmp_path):
    save_film(result, tmp_path / "film.gif", FilmSettings(width=160, speed=0.5))
    with Image.open(tmp_path / "film.gif") as film:
        assert film.n_frames == FRAMES
        shown = []
        for frame in range(FRAMES):
            film.seek(frame)
            shown.append(film.info["duration"])
    # 50 steps of 0.05 s at half the speed are 5 s from the first moment to the last.
    assert sum(shown[:-1]) == pytest.approx(5_000, abs=10 * FRAMES)


def test_an_mp4_is_one_that_players_know(result, tmp_path):
    save_film(result, tmp_path / "film.mp4", SMALL)
    content = (tmp_path / "film.mp4").read_bytes()
    assert content[4:8] == b"ftyp"
    assert b"avc1" in content  # H.264
    assert content.index(b"moov") < content.index(b"mdat")  # plays while it loads


def test_a_still_shows_the_chosen_moment(result, tmp_path):
    save_film(result, tmp_path / "first.png", SMALL, frame=0)
    save_film(result, tmp_path / "last.png", SMALL)
    first, last = (np.asarray(Image.open(tmp_path / name)) for name in ("first.png", "last.png"))
    assert first.shape == last.shape
    assert (first != last).any()
    again = io.BytesIO()
    Image.fromarray(next(pictures_of(result, SMALL, [0]))).save(again, "PNG", optimize=True)
    assert again.getvalue() == (tmp_path / "first.png").read_bytes()


def test_walls_in_the_way_are_seen_through():
    behind = ball_that_rolls()
    moved = dataclasses.replace(behind.shapes, position=behind.shapes.position * np.array([[1, 1, 1], [1, -1, 1]]))
    for result, opacity in ((behind, 1.0), (dataclasses.replace(behind, shapes=moved), 0.3)):
        scene = Scene(result, stage_of(result), "#445dd0", 0, follow=True, size=(64, 64))
        scene.at(0, 0)
        assert scene.model.geom("shape1").rgba[3] == pytest.approx(opacity)
        assert scene.model.geom("shape0").rgba[3] == 1


def test_words_below_a_picture(result):
    assert readout_of(result, 0, 0, 0) == "step 0 · 3.00 m from the goal"
    assert readout_of(result, 0, 0, FRAMES - 1) == "step 50 · 0.00 m from the goal · reached it at step 50"
    ended = dataclasses.replace(result, taken=np.full((2, 1), 30))
    assert readout_of(ended, 1, 0, FRAMES - 1) == "ended at step 30 · 0.00 m from the goal"


def test_a_goal_without_height_stands_above_the_floor(result):
    np.testing.assert_allclose(pin_of(result, 0), [3, 2, 1.2 * 0.2], rtol=1e-6)
    assert takes_tint(result).tolist() == [True, False]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"width": 63}, "width=63 is not usable: a picture is 64 to 1,920 pixels wide. Use 480."),
        ({"speed": 0.0}, "speed=0.0 is not usable: it is a positive number. Use 1."),
        ({"camera": "top"}, "camera='top' is not usable: it is auto, follow or all."),
    ],
)
def test_looks_that_cannot_be_are_refused(values, words):
    with pytest.raises(ConfigError) as error:
        FilmSettings(**values)
    assert str(error.value) == words


def test_another_ending_is_refused(result, tmp_path):
    with pytest.raises(ConfigError, match=r"^file 'film.avi' is not usable: a film ends in \.mp4, \.gif, \.png"):
        save_film(result, tmp_path / "film.avi")
    assert not list(tmp_path.iterdir())


def test_without_opengl_one_line_says_what_to_install(result, tmp_path, monkeypatch):
    def missing(name):
        raise ImportError(f"no {name} here.\nMore about it.")

    monkeypatch.setattr(offscreen.importlib, "import_module", missing)
    monkeypatch.setattr(offscreen, "_forget_platform", lambda name: None)
    with pytest.raises(ProbeError) as error:
        save_film(result, tmp_path / "film.png")
    line = str(error.value)
    assert "\n" not in line
    assert "apt-get install libegl1 libgl1-mesa-dri" in line
    assert "no mujoco.egl here" in line
    assert "--format html" in line
    assert not list(tmp_path.iterdir())


_DRAW = """
import numpy as np
from crl_probe.render.film.film import FilmSettings, pictures_of
from tests.crl_probe.render.test_film import ball_that_rolls
print(next(pictures_of(ball_that_rolls(), FilmSettings(width=160), [3])).std() > 5)
"""


def _unset():
    """The environment without what drawing in this process has put there."""
    return {name: value for name, value in os.environ.items() if name not in ("MUJOCO_GL", "PYOPENGL_PLATFORM")}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "library"), [("egl", "EGL"), ("osmesa", "OSMesa")])
def test_each_way_to_draw_without_a_screen(name, library):
    if ctypes.util.find_library(library) is None:
        pytest.skip(f"this machine has no {library}")
    drawn = subprocess.run(
        [sys.executable, "-c", _DRAW],
        env={**_unset(), "MUJOCO_GL": name},
        capture_output=True,
        text=True,
        check=False,
    )
    assert drawn.stdout.strip() == "True", drawn.stderr
    assert "Exception" not in drawn.stderr


@pytest.mark.slow
def test_osmesa_takes_over_where_egl_does_not_work():
    if ctypes.util.find_library("OSMesa") is None:
        pytest.skip("this machine has no OSMesa")
    broken = "import sys, types; sys.modules['mujoco.egl'] = None\n"
    drawn = subprocess.run(
        [sys.executable, "-c", broken + _DRAW], env=_unset(), capture_output=True, text=True, check=False
    )
    assert drawn.stdout.strip() == "True", drawn.stderr


def test_moments_come_one_by_one_and_look_alike_when_shown_again(result):
    """A long film is never whole in memory."""
    pictures = pictures_of(result, SMALL, itertools.cycle(range(FRAMES)))
    first, again = ([next(pictures).astype(int) for _ in range(FRAMES)] for _ in range(2))
    np.testing.assert_allclose(first, again, atol=2)  # rounding of colours
    assert all(np.abs(one - other).max() > 50 for one, other in itertools.pairwise(first))
