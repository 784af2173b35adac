"""What moves: rollouts are played, paused and scrubbed; training is followed checkpoint by checkpoint."""

import pytest

from tests.browser.visit import (
    LANDSCAPE,
    ROLLOUT,
    TRAJECTORY,
    bring,
    changed,
    choose,
    limits_of,
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
    view = bring(shared_page, ROLLOUT)
    start_over(view)
    return view


@pytest.fixture(scope="module")
def result(results):
    return results["rollouts"]


def test_play_moves_the_agents_and_pause_stops_them(view):
    slider, button = view.locator("input[data-key=time]"), view.locator(".play")
    handle = slider.element_handle()
    end, before = int(slider.get_attribute("max")), pictures(view)
    assert int(slider.input_value()) == end
    button.click()
    assert button.text_content() == "Pause"
    view.page.wait_for_function("(slider) => slider.value > 2 && slider.value < slider.max", arg=handle)
    early, step = pictures(view), int(slider.input_value())
    view.page.wait_for_function("([slider, step]) => slider.value > step", arg=[handle, step])
    button.click()
    assert button.text_content() == "Play"
    stopped = int(slider.input_value())
    assert step < stopped < end
    late = pictures(view)
    assert changed(before, early) == [True] * 2
    assert changed(early, late) == [True] * 2
    view.page.wait_for_timeout(200)
    assert int(slider.input_value()) == stopped
    assert told(view, "shown") == [f"step {stopped}"] * 2


@pytest.mark.parametrize("step", [0, 12])
def test_the_slider_shows_the_agents_of_that_step(view, result, step):
    before = pictures(view)
    view.locator("input[data-key=time]").focus()
    view.page.keyboard.press("Home")
    for _ in range(step):
        view.page.keyboard.press("ArrowRight")
    assert told(view, "shown") == [f"step {step}"] * 2
    assert view.locator("output").text_content() == str(step)
    assert changed(before, pictures(view)) == [True] * 2
    arrival = result.arrival[[0, 2]]  # seed 0 of each depth
    there = ((arrival > 0) & (arrival <= step)).sum(axis=1)
    assert [numbers_in(text)[:3] for text in readouts(view)] == [[step, n, arrival.shape[1]] for n in there]


def test_one_pair_of_start_and_goal_is_followed(view, result):
    last = len(result.way) - 1
    before = pictures(view)
    choose(view, "pair", str(last))
    assert changed(before, pictures(view)) == [True] * 2
    for run, text in zip((0, 2), readouts(view), strict=True):
        arrival = result.arrival[run, last]
        assert numbers_in(text)[0] == (arrival or result.positions.shape[2] - 1)
        assert ("did not reach" in text) == (arrival == 0)
    view.locator("canvas").first.focus()
    view.page.keyboard.press("Escape")
    assert changed(before, pictures(view)) == [False] * 2
    view.page.keyboard.press("ArrowLeft")
    assert told(view, "shown") == ["step 59"] * 2


def test_a_goal_that_is_clicked_is_followed_until_the_next_click(view, result):
    canvas = view.locator("canvas").last
    point = place_on(canvas, limits_of(result), result.goals[0])
    pair = view.locator("select[data-key=pair]")
    view.page.mouse.click(*point)
    assert pair.input_value() in [str(k) for k, goal in enumerate(result.goals) if (goal == result.goals[0]).all()]
    view.page.mouse.click(*point)
    point_away(view)
    assert pair.input_value() == "all"


@pytest.mark.parametrize("selector", [LANDSCAPE, TRAJECTORY])
def test_training_is_followed_by_a_slider(page_of_two, selector):
    view = bring(page_of_two, selector)
    slider, words = view.locator("input[data-key=step]"), view.locator("output")
    assert words.text_content() == "10,000 env steps"
    slider.focus()
    last = pictures(view)
    seen = {last[1]}
    for steps in ("6,000", "2,000"):
        page_of_two.keyboard.press("ArrowLeft")
        assert words.text_content() == f"{steps} env steps"
        now = pictures(view)
        assert changed(last, now) == [False, True]  # the maze stays as it is
        seen.add(now[1])
    assert len(seen) == 3
    view.locator(".speed").select_option("4")
    view.locator(".play").click()
    page_of_two.wait_for_function("(slider) => slider.value === slider.max", arg=slider.element_handle())
    assert changed(last, pictures(view)) == [False, False]
