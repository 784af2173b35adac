"""``crl-probe render``: one file of agents in motion, or one line that says why there is none."""

import json
import re

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from crl_probe.cli import main
from crl_probe.cli import render as cli_render
from crl_probe.evidence.evidence import Evidence, EvidenceSettings
from crl_probe.render.film import offscreen
from crl_probe.runs.errors import ProbeError
from tests.crl_probe.fakes import FakeRun
from tests.crl_probe.robots import FakeArm

STEPS = 12


@pytest.fixture(scope="module")
def arms():
    return Evidence([FakeArm(depth=4), FakeArm(depth=64)], settings(), use_cache=False)


@pytest.fixture(scope="module")
def points():
    return Evidence([FakeRun(depth=4), FakeRun(depth=64)], settings(), use_cache=False)


def settings():
    return EvidenceSettings(episodes=6, episode_length=STEPS)


@pytest.fixture
def render(arms, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    return lambda *options, of=arms: invoked(monkeypatch, of, options)


def invoked(monkeypatch, evidence, options):
    given = {}

    def open_evidence(options, progress, **more):
        given.update(more)
        return [evidence]

    monkeypatch.setattr(cli_render, "open_evidence", open_evidence)
    result = CliRunner().invoke(main, ["render", "runs/*", *map(str, options)])
    result.given = given
    return result


@pytest.fixture
def opengl():
    try:
        offscreen._context(16, 16).free()
    except ProbeError as error:
        pytest.skip(str(error))


def refused(result):
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    return line.removeprefix("error: ")


def test_a_page_holds_the_view_alone(render, tmp_path):
    done = render("--pairs", 2, "--steps", STEPS)
    assert done.exit_code == 0, done.stderr
    assert done.given == {"episode_length": STEPS}
    assert done.stdout == "reports/arm_push_easy.html\n"
    page = (tmp_path / "reports/arm_push_easy.html").read_text()
    assert "<h1>Bodies in motion: arm_push_easy</h1>" in page
    assert page.count('class="group view"') == 1
    assert not re.search(r'(src|href)="(?!#)', page)  # it needs no other file
    data = json.loads(re.search(r'id="data">(.*?)</script>', page).group(1))
    (view,) = data["views"].values()
    assert view["data"]["positions"]["shape"][:3] == [2, 2, STEPS + 1]


def test_names_of_others_are_text(render, tmp_path, monkeypatch):
    name = "<script>alert(1)</script>"
    monkeypatch.setattr(cli_render, "command_line", lambda: f"crl-probe render '{name}'")
    odd = Evidence([FakeArm(depth=4), FakeArm(depth=64)], settings(), use_cache=False)
    odd.runs[0].name = name
    assert render("--out", "page.html", of=odd).exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert name not in page
    assert "&lt;script&gt;alert(1)" in page


def test_what_has_no_body_is_shown_as_paths(render, points, tmp_path):
    assert render("--out", "paths.html", of=points).exit_code == 0
    page = (tmp_path / "paths.html").read_text()
    assert 'data-view="rollout"' in page
    line = refused(render("--format", "gif", of=points))
    assert line == "--format gif is not usable: point_u_maze has no body to draw. Use html, which shows paths."


@pytest.mark.usefixtures("opengl")
def test_films_and_stills_end_as_they_are_called(render, tmp_path):
    small = ("--width", 64)
    assert render("--out", "film.mp4", *small).exit_code == 0
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"
    assert render("--format", "gif", *small, "--pairs", 2).stdout == "reports/arm_push_easy.gif\n"
    with Image.open(tmp_path / "reports/arm_push_easy.gif") as film:
        assert 2 <= film.n_frames <= STEPS + 1
    stills = []
    for step in (0, STEPS):
        done = render("--out", f"still{step}.png", "--at", step, *small)
        assert done.exit_code == 0, done.stderr
        stills.append(np.asarray(Image.open(tmp_path / f"still{step}.png")))
    assert (stills[0] != stills[1]).any()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            ("--out", "film.avi"),
            "--out 'film.avi' is not usable: its name must end in .html, .mp4, .gif, .png. Rename it.",
        ),
        (
            ("--out", "film.gif", "--format", "mp4"),
            "--out 'film.gif' is not usable: its name must end in .mp4. Rename it.",
        ),
        (("--step", "all"), "--step all is not usable: one checkpoint of each run is shown. Give its number."),
        (
            ("--at", "3", "--format", "gif"),
            "--at 3 is not usable: it chooses the moment of a png, and this is gif. Leave it out.",
        ),
        (
            ("--at", "13", "--format", "png"),
            "--at 13 is not usable: the episodes shown end at step 12. Choose one up to it.",
        ),
        (("--width", "9"), "width=9 is not usable: a picture is 64 to 1,920 pixels wide. Use 480."),
    ],
)
def test_options_that_do_not_fit_are_refused(render, tmp_path, options, line):
    assert refused(render(*options)) == line
    assert not list(tmp_path.iterdir())
