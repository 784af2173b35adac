"""Embedding trajectories: an episode that is picked in one panel, by any means, stands out in all."""

import numpy as np
import pytest

from tests.browser import reports
from tests.browser.visit import (
    TRAJECTORY,
    bring,
    changed,
    choose,
    limits_of,
    pictures,
    place_on,
    point_away,
    start_over,
    told,
)


@pytest.fixture
def view(shared_page):
    view = bring(shared_page, TRAJECTORY)
    start_over(view)
    return view


@pytest.fixture(scope="module")
def lonely(results):
    """The shared state that is farthest from all other episodes: its place, and the number of its episode."""
    result = results["embedding_trajectory"]
    gaps = np.linalg.norm(result.positions[:, None, :2] - result.positions[:, :2], axis=-1)
    gaps[result.episode[:, None] == result.episode] = np.inf
    row = int(np.argmax(gaps.min(axis=1)))
    _, numbers = np.unique(result.episode, return_inverse=True)
    return result.positions[row], str(numbers[row] + 1)


def picked_from_list(view):
    return view.locator("select[data-key=episode]").input_value()


def test_pointing_follows_an_episode_and_a_click_keeps_it(view, results, lonely):
    place, episode = lonely
    mouse = view.page.mouse
    before = pictures(view)
    assert told(view, "picked") == [""] * 3
    point = place_on(view.locator("canvas").first, limits_of(results["embedding_trajectory"]), place)

    mouse.move(*point)
    assert told(view, "picked") == [episode] * 3
    assert changed(before, pictures(view)) == [True] * 3
    point_away(view)
    assert told(view, "picked") == [""] * 3
    assert changed(before, pictures(view)) == [False] * 3

    mouse.click(*point)
    point_away(view)
    assert told(view, "picked") == [episode] * 3
    assert changed(before, pictures(view)) == [True] * 3
    assert picked_from_list(view) == episode
    assert view.locator(".status").text_content().startswith(f"episode {episode} ")

    view.locator("canvas").first.focus()
    view.page.keyboard.press("Escape")
    assert told(view, "picked") == [""] * 3
    assert picked_from_list(view) == ""
    assert changed(before, pictures(view)) == [False] * 3


def test_an_episode_is_picked_in_an_embedding_too(view):
    box = view.locator("canvas").last.bounding_box()
    shares = np.linspace(0.1, 0.9, 12)
    for x, y in ((x, y) for x in shares for y in shares):
        view.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if told(view, "picked")[0]:
            break
    episode = told(view, "picked")[0]
    assert episode
    view.page.mouse.down()
    view.page.mouse.up()
    assert told(view, "picked") == [episode] * 3
    assert picked_from_list(view) == episode


def test_an_episode_is_followed_by_list_and_by_keyboard(view):
    choose(view, "episode", "2")
    assert told(view, "picked") == ["2"] * 3
    view.locator("canvas").nth(2).focus()
    view.page.keyboard.press("ArrowRight")
    first = view.locator(".status").text_content()
    assert first.startswith("episode 2, step ")
    view.page.keyboard.press("ArrowRight")
    second = view.locator(".status").text_content()
    assert second.startswith("episode 2, step ")
    assert second != first
    view.page.keyboard.press("ArrowDown")
    assert told(view, "picked") == ["3"] * 3


@pytest.mark.parametrize(
    ("key", "value", "acts_on_map"),
    [("colour", "time", True), ("colour", "episode", True), ("colour", "actor", True), ("seed", "1", False)],
)
def test_colours_and_seeds_act_on_every_embedding(view, key, value, acts_on_map):
    before = pictures(view)
    legend = view.locator(".legend").text_content()
    choose(view, key, value)
    assert changed(before, pictures(view)) == [acts_on_map, True, True]
    assert (view.locator(".legend").text_content() != legend) == acts_on_map


def test_dragging_in_space_turns_every_embedding(view):
    choose(view, "space", "solid")
    before = pictures(view)
    mouse, box = view.page.mouse, view.locator("canvas").nth(1).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse.move(x, y)
    mouse.down()
    mouse.move(x + 70, y + 20, steps=4)
    mouse.up()
    point_away(view)
    assert changed(before, pictures(view)) == [False, True, True]
    assert told(view, "picked") == [""] * 3  # a drag is no click


@pytest.mark.slow
def test_umap_is_drawn_and_followed(open_page, tmp_path):
    view = bring(open_page(reports.with_umap(tmp_path).index), TRAJECTORY)
    before = pictures(view)
    choose(view, "episode", "1")
    assert told(view, "picked") == ["1"] * 3
    assert changed(before, pictures(view)) == [True] * 3
