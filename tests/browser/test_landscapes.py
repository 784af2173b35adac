"""Landscapes: one control changes every panel, and what is read under the crosshair is what was measured."""

import numpy as np
import pytest

from crl_probe.probes.q_landscape import percentile_ranks
from crl_probe.render.page.views import maze_of
from tests.browser.visit import (
    LANDSCAPE,
    bring,
    changed,
    choose,
    numbers_in,
    pictures,
    place_on,
    point_away,
    readouts,
    start_over,
    told,
)


@pytest.fixture
def view(shared_page):
    view = bring(shared_page, LANDSCAPE)
    start_over(view)
    return view


@pytest.fixture(scope="module")
def result(results):
    return results["q_landscape"]


@pytest.fixture(scope="module")
def limits(result):
    return maze_of(result.xs, result.ys, result.free)["limits"]


def test_a_goal_changes_every_landscape(view):
    first = pictures(view)
    assert told(view, "shown") == ["goal 1 · seed 0 · rank"] * 3
    choose(view, "goal", "2")
    assert told(view, "shown") == ["goal 3 · seed 0 · rank"] * 3
    assert changed(first, pictures(view)) == [True] * 3
    choose(view, "goal", "0")
    assert changed(first, pictures(view)) == [False] * 3


@pytest.mark.parametrize(("panel", "goal"), [(0, 1), (1, 2)])
def test_a_star_that_is_clicked_is_the_goal(view, result, limits, panel, goal):
    view.page.mouse.click(*place_on(view.locator("canvas").nth(panel), limits, result.goals[goal]))
    assert told(view, "shown") == [f"goal {goal + 1} · seed 0 · rank"] * 3
    assert view.locator("input[data-key=goal]:checked").input_value() == str(goal)


def test_scale_seed_and_arrows_act_on_every_agent(view):
    before = pictures(view)
    # Geodesic distances have a scale and arrows, but no seed.
    for key, value, acts_on_map in (("scale", "energy", True), ("seed", "1", False), ("arrows", "on", True)):
        choose(view, key, value)
        after = pictures(view)
        assert changed(before, after) == [acts_on_map, True, True]
        before = after
    assert told(view, "shown") == ["goal 1 · seed 1 · energy"] * 3
    assert all(run.endswith("_s1") for run in told(view, "run")[1:])


def test_the_range_of_energies_is_that_of_the_landscape(view, result):
    choose(view, "scale", "energy")
    for run, text in zip((0, 2), readouts(view)[1:], strict=True):  # seed 0 of each depth
        energies = result.values[run, 0]
        assert numbers_in(text) == pytest.approx([np.nanmin(energies), np.nanmax(energies)], rel=0.006)


@pytest.mark.parametrize("goal", [0, 2])
def test_a_place_is_read_in_every_panel_at_once(view, result, limits, goal):
    choose(view, "goal", str(goal))
    free = np.argwhere(result.free)
    cell = tuple(free[len(free) // 3])
    place = result.xs[cell[0]], result.ys[cell[1]]
    metres = result.geodesic[goal][cell]
    before = pictures(view)
    for panel in range(3):
        view.page.mouse.move(*place_on(view.locator("canvas").nth(panel), limits, place))
        assert changed(before, pictures(view)) == [True] * 3
        reference, *agents = map(numbers_in, readouts(view))
        assert reference == [pytest.approx(metres, abs=0.051)]
        for run, numbers in zip((0, 2), agents, strict=True):
            energies = result.values[run, goal]
            rank = percentile_ranks(energies, result.free)[cell]
            assert numbers == [pytest.approx(energies[cell], rel=0.006), pytest.approx(rank, abs=0.51)]
        status = numbers_in(view.locator(".status").text_content())
        assert status == [*(pytest.approx(number, abs=0.051) for number in (*place, metres)), goal + 1]
    point_away(view)
    assert changed(before, pictures(view)) == [False] * 3
    assert readouts(view) == [""] * 3


def test_the_crosshair_moves_by_keyboard(view):
    before = pictures(view)
    hint = view.locator(".status").text_content()
    view.locator("canvas").nth(1).focus()
    height = view.page.evaluate("scrollY")
    places = []
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"):
        view.page.keyboard.press(key)
        assert changed(before, pictures(view)) == [True] * 3
        assert all(readouts(view))
        places.append(numbers_in(view.locator(".status").text_content())[:2])
    start, right, back, up, down = places
    assert right[0] > start[0]
    assert right[1] == start[1]
    assert back == start
    assert up != back
    assert down != up
    assert view.page.evaluate("scrollY") == height
    view.page.keyboard.press("Escape")
    assert changed(before, pictures(view)) == [False] * 3
    assert view.locator(".status").text_content() == hint
