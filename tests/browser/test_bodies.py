"""Bodies in motion: they move when played, and all pictures turn together under the reader's hand."""

import pytest

from tests.browser import reports
from tests.browser.visit import bring, changed, opener, pictures, told

BODIES = ".view[data-view=bodies]"


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    index = reports.arms(tmp_path_factory.mktemp("arms")).index
    with opener(browser) as open_page:
        yield open_page(index)


@pytest.fixture
def view(page):
    return bring(page, BODIES)


def cameras(view):
    return set(told(view, "camera"))


def test_play_moves_the_bodies(view):
    slider, button = view.locator("input[data-key=time]"), view.locator(".play")
    handle = slider.element_handle()
    before = pictures(view)
    button.click()
    view.page.wait_for_function("(slider) => slider.value > 2 && slider.value < slider.max", arg=handle)
    button.click()
    assert changed(before, pictures(view)) == [True] * 2
    step = view.locator("output").first.text_content()
    assert told(view, "shown") == [f"step {step}"] * 2
    assert all("from the goal" in text for text in view.locator(".readout").all_text_contents())


def test_a_drag_turns_all_pictures_and_keys_come_nearer(view):
    before, (camera,) = pictures(view), cameras(view)
    box = view.locator("canvas").first.bounding_box()
    mouse = view.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] / 2 + 80, box["y"] + box["height"] / 2 + 20, steps=4)
    mouse.up()
    assert changed(before, pictures(view)) == [True] * 2
    (turned,) = cameras(view)  # one for both
    assert turned != camera
    view.locator("canvas").last.focus()
    view.page.keyboard.press("+")
    view.page.keyboard.press("ArrowLeft")
    (nearer,) = cameras(view)
    assert float(nearer.split()[2]) > float(turned.split()[2])
    assert nearer.split()[0] != turned.split()[0]


def test_another_pair_has_another_goal(view):
    before = pictures(view)
    view.locator("input[data-key=pair]").nth(0).check()
    assert changed(before, pictures(view)) == [True] * 2


@pytest.mark.parametrize("width", [400, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_its_width(view, width, scheme, pictures_folder):
    page = view.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    view.screenshot(path=pictures_folder / f"bodies-{width}-{scheme}.png")
