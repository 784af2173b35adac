"""Charts: their numbers are read out at the pointer and by the keyboard, and their words are large enough."""

import pytest

from tests.browser.visit import settle

FIRST = "svg.chart >> nth=0"


@pytest.fixture
def chart(shared_page):
    """The first chart of the page, with nothing pointed at."""
    shared_page.mouse.move(2, 2)
    chart = shared_page.locator(FIRST)
    chart.scroll_into_view_if_needed()
    chart.evaluate("(chart) => chart.blur()")
    settle(shared_page)
    return chart


def tips(chart):
    return chart.locator("[data-tip]").evaluate_all("(all) => all.map((one) => one.dataset.tip)")


def said(page):
    tooltip = page.locator(".tooltip")
    return tooltip.text_content() if tooltip.is_visible() else None


def test_a_mark_that_is_pointed_at_tells_its_number(shared_page, chart):
    mark = chart.locator("[data-tip^='depth 64']")
    box = mark.locator("rect, polygon, circle").first.bounding_box()
    shared_page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert said(shared_page) == mark.get_attribute("data-tip")
    assert "[" in said(shared_page)
    assert chart.locator(".pointed").count() == 1
    shared_page.mouse.move(2, 2)
    assert said(shared_page) is None
    assert chart.locator(".pointed").count() == 0


def test_arrow_keys_go_through_all_numbers(shared_page, chart):
    expected = tips(chart)
    chart.focus()
    heard = []
    for _ in expected:
        shared_page.keyboard.press("ArrowRight")
        heard.append(said(shared_page))
    assert heard == expected
    shared_page.keyboard.press("ArrowRight")
    assert said(shared_page) == expected[0]
    shared_page.keyboard.press("ArrowLeft")
    assert said(shared_page) == expected[-1]
    shared_page.keyboard.press("Escape")
    assert said(shared_page) is None


@pytest.mark.parametrize("width", [1440, 800, 400])
def test_words_of_charts_can_be_read_and_stay_inside(report, open_page, width):
    page = open_page(report.index, width=width)
    sizes = page.locator("svg.chart").evaluate_all(
        """(all) => all.map((chart) => {
          const { left, right, width } = chart.getBoundingClientRect();
          const beyond = [...chart.querySelectorAll("text")].map((text) => text.getBoundingClientRect())
            .map((box) => Math.max(left - box.left, box.right - right));
          return [11.5 * width / chart.viewBox.baseVal.width, Math.max(...beyond)];
        })"""
    )
    assert sizes
    assert min(size for size, _ in sizes) >= 9.0
    assert max(beyond for _, beyond in sizes) <= 3.0
