"""The page as a whole: it draws what comes near, follows light and dark, prints, and gives its numbers away."""

import csv
import re

import pytest

from crl_probe.probes.registry import PROBES
from tests.browser.reports import ODD_NAMES
from tests.browser.visit import LANDSCAPE, bring, choose, listen, pictures, pixels, scroll_through, settle, told

COLOURED = 12  # different colours that a picture has at least; an empty one has one


def colours_in(picture):
    return set(map(tuple, pixels(picture).reshape(-1, 4)))


def test_what_a_page_should_not_do_is_heard(browser, tmp_path):
    index = tmp_path / "index.html"
    index.write_text("<script>console.error('one'); alert('two'); fetch('three.csv').catch(() => 0); four()</script>")
    page = browser.new_page()
    heard = listen(page, index.as_uri())
    page.goto(index.as_uri())
    page.wait_for_timeout(100)
    page.close()
    assert {"error: one", "dialog: two", f"request: {tmp_path.as_uri()}/three.csv"} <= set(heard)
    assert any("four is not defined" in said for said in heard)


def test_everything_is_drawn_when_it_comes_near(report, open_page):
    page = open_page(report.index)
    everything = page.locator(".view")
    opened = page.locator("[data-open]")
    assert opened.count() < everything.count()  # the first screen does not wait for the last
    scroll_through(page)
    assert opened.count() == everything.count()
    kinds = page.locator("[data-view]").evaluate_all("(all) => all.map((view) => view.dataset.view)")
    assert kinds == ["rollout", "landscape", "trajectory"]
    for kind in kinds:
        for picture in pictures(page.locator(f"[data-view={kind}]")):
            assert len(colours_in(picture)) >= COLOURED


def test_a_download_is_the_file_beside_the_page(report, shared_page):
    buttons = shared_page.locator(".download")
    names = buttons.evaluate_all("(all) => all.map((button) => button.dataset.file)")
    assert set(names) == {"metrics.json", "metrics.csv", "tables.tex"}
    for name, button in zip(names, buttons.all(), strict=True):
        with shared_page.expect_download() as download:
            button.click()
        assert download.value.suggested_filename == name
        assert download.value.path().read_bytes() == report.index.with_name(name).read_bytes()


def test_what_a_view_shows_can_be_sent(report, open_page):
    first = open_page(report.index)
    view = bring(first, LANDSCAPE)
    choose(view, "goal", "2")
    choose(view, "seed", "1")
    place = first.evaluate("location.hash")
    assert place == "#q_landscape-1-view-1?goal=2&seed=1"
    other = open_page(report.index)
    other.evaluate("(place) => { location.hash = place; location.reload(); }", place)
    other.wait_for_load_state()
    there = other.locator(LANDSCAPE)
    there.locator("canvas").first.wait_for()
    settle(other)
    assert told(there, "shown") == ["goal 3 · seed 1 · rank"] * 3
    # What is not offered is not chosen, and runs nothing.
    other.evaluate("location.hash = '#q_landscape-1-view-1?goal=99&x=<b>'; location.reload()")
    other.wait_for_load_state()
    other.locator(LANDSCAPE).locator("canvas").first.wait_for()
    settle(other)
    assert told(other.locator(LANDSCAPE), "shown") == ["goal 1 · seed 0 · rank"] * 3


def test_a_section_gives_its_numbers_and_its_lines_of_python(report, open_page):
    page = open_page(report.index)
    section = page.locator("#q_landscape-1")
    with page.expect_download() as download:
        section.locator(".tools .csv").click()
    assert download.value.suggested_filename == "q_landscape.csv"
    rows = list(csv.DictReader(download.value.path().read_text().splitlines()))
    every = list(csv.DictReader(report.index.with_name("metrics.csv").read_text().splitlines()))
    assert rows == [row for row in every if row["metric"] in PROBES["q_landscape"].metrics]
    assert rows
    choose(bring(page, LANDSCAPE), "goal", "1")
    section.locator(".tools .code").click()
    code = section.locator(".lines code").inner_text()
    assert ", goal=1)" in code
    compile(code, "lines", "exec")
    assert section.locator(".tools .code").get_attribute("aria-expanded") == "true"


# --- light and dark ------------------------------------------------------------------------------------------------


def colours_of(page):
    """Of paper, text, and the text of axes."""
    return page.evaluate(
        """() => {
          const { backgroundColor, color } = getComputedStyle(document.body);
          const [axis] = document.querySelectorAll(".chart text");
          return [backgroundColor, color, getComputedStyle(axis).fill];
        }"""
    )


def brightness(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3])) / 765


def test_light_and_dark_follow_the_reader(report, open_page):
    page = open_page(report.index, color_scheme="light")
    view = bring(page, LANDSCAPE)
    light, light_maps = colours_of(page), pictures(view)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "(before) => getComputedStyle(document.querySelector('.chart text')).fill !== before", arg=light[2]
    )
    dark, dark_maps = colours_of(page), pictures(view)
    assert [brightness(colour) > 0.5 for colour in light] == [True, False, False]
    assert [brightness(colour) > 0.5 for colour in dark] == [False, True, True]
    assert all(one != other for one, other in zip(light_maps, dark_maps, strict=True))
    page.emulate_media(color_scheme="light")
    page.wait_for_function(
        "(before) => getComputedStyle(document.querySelector('.chart text')).fill !== before", arg=dark[2]
    )
    assert colours_of(page) == light
    assert pictures(view) == light_maps


def test_a_page_that_opens_dark_is_dark(report, open_page):
    page = open_page(report.index, color_scheme="dark")
    page.locator(".chart text").first.wait_for()
    settle(page)
    assert [brightness(colour) > 0.5 for colour in colours_of(page)] == [False, True, True]


# --- print ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_prints_everything_in_ink_on_paper(report, open_page, pictures_folder, scheme):
    page = open_page(report.index, color_scheme=scheme)
    # What is not there when the page's own listener is done does not come onto the paper.
    page.evaluate(
        """() => addEventListener("beforeprint", () => {
          window.printed = [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL());
          const texts = ["body", ".chart text"].map((name) => getComputedStyle(document.querySelector(name)));
          window.inks = [texts[0].color, texts[1].fill];
        })"""
    )
    pdf = page.pdf(path=pictures_folder / f"printed-{scheme}.pdf", format="A4")
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) > 2
    assert page.locator(".view:not([data-open]), details:not([open])").count() == 0
    page.emulate_media(media="print")
    for selector in (".controls", ".contents", "button", "input", "select", ".status"):
        assert page.locator(f"{selector}:visible").count() == 0, selector
    assert [len(colours_in(picture)) >= COLOURED for picture in page.evaluate("printed")] == [True] * 8
    assert [brightness(colour) < 0.5 for colour in page.evaluate("inks")] == [True, True]


# --- several environments, any names -------------------------------------------------------------------------------


def test_names_are_text_wherever_they_stand(page_of_two):
    page = page_of_two
    first, second, title = ODD_NAMES
    assert page.title() == title
    assert page.locator("h1").text_content() == title
    assert title in page.locator("#command").text_content()
    for part, name in ((page.locator(".part").first, first), (page.locator(".part").last, second)):
        assert part.get_by_text(name).count() > 0
    scroll_through(page)
    assert page.locator("img, main script").count() == 0


def test_tabs_show_one_environment_at_a_time(page_of_two):
    page = page_of_two
    tabs, parts = page.get_by_role("tab"), page.locator(".part")
    assert tabs.all_text_contents() == ["point_u_maze", "point_u4_maze"]

    def shown():
        return [parts.nth(i).is_visible() for i in range(2)], [
            tabs.nth(i).get_attribute("aria-selected") for i in range(2)
        ]

    first, second = ([True, False], ["true", "false"]), ([False, True], ["false", "true"])
    assert shown() == first
    tabs.last.click()
    assert shown() == second
    for key, expected in (("ArrowRight", first), ("ArrowLeft", second), ("ArrowLeft", first)):
        page.keyboard.press(key)
        assert shown() == expected
        assert page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true"
    view = parts.last.locator("[data-view=landscape]")
    page.evaluate("(id) => (location.hash = id)", view.evaluate("(view) => view.closest('section').id"))
    page.wait_for_function("(view) => view.dataset.open", arg=view.element_handle())
    assert shown() == second
    assert set(told(view, "shown")) == {"goal 1 · seed 0 · rank"}
    assert all(len(colours_in(picture)) >= COLOURED for picture in pictures(view))
