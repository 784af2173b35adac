"""How the browser tests look at a page and use it; everything that a page says or asks for is heard."""

import base64
import contextlib
import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from crl_probe.render.page.views import maze_of

# Debian's, or whatever the machine calls it: no browser is downloaded.
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox",)  # containers run everything as root, for whom the sandbox will not start

# The next frame; a window that the browser takes for hidden may never get one, and nothing else ends such a wait.
_FRAME = (
    "const frame = () => new Promise((done) => { requestAnimationFrame(() => setTimeout(done, 30)); "
    "setTimeout(done, 1000); });"
)

_PAINTS = """() => new Promise((done) => {
  requestAnimationFrame(() => requestAnimationFrame(() => done(true)));
  setTimeout(() => done(false), 8000);
})"""

WORRYING = ("error", "warning", "assert")  # kinds of console messages

LANDSCAPE, TRAJECTORY, ROLLOUT = (f"[data-view={kind}]" for kind in ("landscape", "trajectory", "rollout"))


@contextlib.contextmanager
def launch():
    """A browser without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def opener(browser):
    """A function that opens a page from disk, without any network; in the end, no page may have misbehaved."""
    opened = []

    def open_page(index, width=1440, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options)
        page = context.new_page()
        opened.append((context, listen(page, index.as_uri())))
        page.goto(index.as_uri())
        page.bring_to_front()
        if not page.evaluate(_PAINTS):
            pytest.skip("this Chromium paints no frames of the page: what it shows cannot be looked at")
        return page

    try:
        yield open_page
    finally:
        for context, _ in opened:
            context.close()
    assert [said for _, heard in opened for said in heard] == []


def listen(page, address):
    """A list that grows by everything a page should not do: complain, fetch, or open a dialog."""
    heard = []

    def on_dialog(dialog):
        heard.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda said: heard.append(f"{said.type}: {said.text}") if said.type in WORRYING else None)
    page.on("pageerror", lambda error: heard.append(f"error: {error}"))
    page.on("request", lambda request: heard.append(f"request: {request.url}") if request.url != address else None)
    page.on("dialog", on_dialog)
    return heard


def settle(page):
    """Wait until what has been asked for is painted."""
    page.evaluate(f"async () => {{ {_FRAME} await frame(); await frame(); }}")


def bring(page, selector):
    """Scroll to a view and wait until it is drawn; returns its locator."""
    view = page.locator(selector).first
    view.scroll_into_view_if_needed()
    page.wait_for_function("(view) => view.dataset.open", arg=view.element_handle(), polling=50)
    settle(page)
    return view


def start_over(view):
    """Put every control of a view back to where it was, and point at nothing."""
    view.evaluate(
        """(view) => {
          const controls = [...view.querySelectorAll("[data-key]")];
          for (const control of controls) {
            if (control.type === "range") control.value = control.defaultValue;
            else if (control.tagName === "SELECT") control.selectedIndex = 0;
            else control.checked = control.defaultChecked;
          }
          controls[0].dispatchEvent(new Event("input", { bubbles: true }));
        }"""
    )
    point_away(view)
    view.locator("canvas").first.focus()
    view.page.keyboard.press("Escape")
    settle(view.page)


def point_away(view):
    view.page.mouse.move(2, 2)


def scroll_through(page):
    """Read the page from top to bottom, as a person does, and wait for every view on the way."""
    page.evaluate(
        """async () => {
          FRAME
          for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) {
            scrollTo({ top: y, behavior: "instant" });
            await frame();
          }
        }""".replace("FRAME", _FRAME)
    )
    page.wait_for_function(
        """() => [...document.querySelectorAll(".view")]
          .every((view) => view.closest("[hidden]") || view.dataset.open)""",
        polling=50,
    )
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })")
    settle(page)


def pictures(view):
    """What every canvas of a view shows, as texts that are equal if the pixels are."""
    settle(view.page)
    return view.locator("canvas").evaluate_all("(all) => all.map((canvas) => canvas.toDataURL())")


def pixels(picture):
    """The pixels of such a text. (height, width, 4), 0 to 255"""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.partition(",")[2]))).convert("RGBA"))


def changed(before, after):
    """For each panel, whether its picture changed."""
    return [one != other for one, other in zip(before, after, strict=True)]


def told(view, key):
    """What the script writes on each canvas of a view under a name."""
    return view.locator("canvas").evaluate_all("(all, key) => all.map((canvas) => canvas.dataset[key])", key)


def readouts(view):
    return view.locator(".readout").all_text_contents()


def choose(view, key, value):
    """Use a control as a person does: press a pill, or pick from a list."""
    control = view.locator(f"select[data-key={key}]")
    if control.count():
        control.select_option(value)
    else:
        view.locator(f"input[data-key={key}][value='{value}']").check()
    settle(view.page)


def place_on(canvas, limits, place):
    """Where a place of the plane is on the screen; the plane is as large as fits the canvas, in its middle."""
    box = canvas.bounding_box()
    x_min, x_max, y_min, y_max = limits
    scale = min(box["width"] / (x_max - x_min), box["height"] / (y_max - y_min))
    x = box["x"] + box["width"] / 2 + scale * (place[0] - (x_min + x_max) / 2)
    y = box["y"] + box["height"] / 2 - scale * (place[1] - (y_min + y_max) / 2)
    return float(x), float(y)


def keep_picture(page, folder: Path, name: str, **options):
    """Save a screenshot for a person to look at."""
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=folder / f"{name}.png", **options)


def numbers_in(text):
    """The numbers of a text, but not those inside words."""
    return [float(number.replace("−", "-")) for number in re.findall(r"(?<![\w.])−?\d+(?:\.\d+)?", text)]


def limits_of(result):
    """What the map of a result with a maze shows: x from, x to, y from, y to."""
    return maze_of(result.map_xs, result.map_ys, result.map_free)["limits"]
