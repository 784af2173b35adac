"""For every reader: narrow and wide, light and dark, by keyboard, and by the rules of axe-core."""

import pytest

from tests.browser.visit import (
    LANDSCAPE,
    ROLLOUT,
    bring,
    changed,
    keep_picture,
    opener,
    pictures,
    scroll_through,
    settle,
)

SIZES = {1440: 900, 800: 1000, 400: 800}  # widths and heights


@pytest.fixture(scope="module", params=SIZES)
def page(request, browser, report):
    """A page of some width that was scrolled to its end and back."""
    with opener(browser) as open_page:
        page = open_page(report.index, request.param, SIZES[request.param])
        scroll_through(page)
        yield page


@pytest.fixture(params=["light", "dark"])
def scheme(request, page):
    page.emulate_media(color_scheme=request.param)
    settle(page)
    return request.param


def test_it_fits_its_width(page, scheme, pictures_folder):
    name = f"{page.viewport_size['width']}-{scheme}"
    keep_picture(page, pictures_folder, f"first-{name}")
    keep_picture(page, pictures_folder, f"page-{name}", full_page=True)
    open_details(page)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0


def test_controls_stay_within_their_view_at_any_width(open_page, two_mazes):
    page = open_page(two_mazes.index)
    beyond = {}
    for width in range(360, 1441, 30):
        page.set_viewport_size({"width": width, "height": 800})
        parts = page.locator(".part:not([hidden]) .view").evaluate_all(
            """(views) => views.flatMap((view) => {
              const edge = view.getBoundingClientRect().right + 0.5;
              const parts = [...view.querySelectorAll(".control, .control > *")];
              return parts.filter((part) => part.getBoundingClientRect().right > edge).map((part) => part.className);
            })"""
        )
        beyond |= {width: parts} if parts else {}
    assert beyond == {}


def test_axe_finds_nothing_serious(page, scheme):
    assert serious_findings(page) == []


def test_axe_finds_nothing_serious_in_several_environments(page_of_two):
    assert serious_findings(page_of_two) == []


def serious_findings(page):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="no axe here: pip install -e '.[dev]'")
    open_details(page)
    texts = [
        f"{violation['impact']}: {violation['id']}: {node['target']}: {node['failureSummary']}"
        for violation in axe.Axe().run(page).response["violations"]
        for node in violation["nodes"]
    ]
    print("\n".join(texts))  # what is less than serious is worth knowing, too
    return [text for text in texts if text.startswith(("serious", "critical"))]


def open_details(page):
    page.evaluate("document.querySelectorAll('details').forEach((details) => (details.open = true))")
    settle(page)


# --- keyboard ------------------------------------------------------------------------------------------------------

KINDS = (".skip", ".contents a", ".scroll", "summary", "select", "canvas", ".play", ".copy", ".download")
PILLS = ("input[type=radio]", "input[type=checkbox]", "input[type=range]")


def test_tab_reaches_everything_in_reading_order(report, open_page):
    page = open_page(report.index)
    stops = []
    while len(stops) < 500:
        page.keyboard.press("Tab")
        # Its place in the document, and which kinds it is; the body has the focus after the last stop.
        place, kinds = page.evaluate(
            """(kinds) => {
              const focused = document.activeElement;
              const all = [...document.querySelectorAll("body, body *")];
              return [all.indexOf(focused), kinds.filter((kind) => focused.matches(kind))];
            }""",
            [*KINDS, *PILLS],
        )
        if place <= (stops[-1][0] if stops else 0):
            break
        stops.append((place, kinds))
    assert stops[0][1] == [".skip"]
    for kind in (*KINDS, "input[type=range]"):
        assert sum(kind in kinds for _, kinds in stops) == page.locator(f"{kind}:visible").count(), kind
    assert all(any(kind in kinds for _, kinds in stops) for kind in PILLS)


@pytest.mark.parametrize("kind", [*KINDS, *PILLS])
def test_the_focus_is_seen(still_page, kind):
    element = still_page.locator(f"{kind}:visible").first
    still_page.keyboard.press("Shift")  # rings are for those who use the keyboard
    element.focus()
    element.scroll_into_view_if_needed()
    settle(still_page)
    box = element.bounding_box()
    clip = {"x": box["x"] - 5, "y": box["y"] - 5, "width": box["width"] + 10, "height": box["height"] + 10}
    focused = still_page.screenshot(clip=clip)
    element.blur()
    settle(still_page)
    assert still_page.screenshot(clip=clip) != focused


@pytest.fixture(scope="module")
def still_page(browser, report):
    with opener(browser) as open_page:
        page = open_page(report.index, reduced_motion="reduce")  # scrolls at once
        scroll_through(page)
        yield page


def test_the_first_stop_skips_to_the_findings(still_page):
    still_page.locator(".skip").focus()
    still_page.keyboard.press("Enter")
    still_page.keyboard.press("Tab")
    assert still_page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_controls_work_by_keyboard(shared_page):
    view = bring(shared_page, LANDSCAPE)
    press = shared_page.keyboard.press
    before = pictures(view)
    view.locator("input[data-key=goal]:checked").focus()
    press("ArrowRight")
    assert view.locator("input[data-key=goal]:checked").input_value() == "1"
    second = pictures(view)
    assert changed(before, second) == [True] * 3
    view.locator("input[data-key=arrows]").focus()
    press("Space")
    assert changed(second, pictures(view)) == [True] * 3

    play = bring(shared_page, ROLLOUT).locator(".play")
    play.focus()
    for key, text in (("Enter", "Pause"), ("Space", "Play")):
        press(key)
        assert play.text_content() == text

    details = shared_page.locator("details").first
    details.locator("summary").focus()
    press("Enter")
    assert details.get_attribute("open") is not None
