"""What a reader of a report waits for: the page, another goal, a place pointed at. Give a report's folder, or none.

Without one, a report on analytic agents is made that is as large as a study of three depths and three seeds. The page
is opened from disk in Chromium; each line ends in PASS or MISS against the bar beside it.
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # the tests know how to use a page

from tests.browser import reports, speed
from tests.browser.visit import CHROMIUM, launch, opener

LARGEST = 10.0  # MB
WAITS = {
    "paint": "first paint",
    "ready": "the whole document read",
    "goal": "another goal in every landscape",
    "hover": "a place pointed at",
}


def say(what: str, value: float, bar: float, unit: str) -> None:
    print(f"{what}: {value:.1f} {unit} (bar {bar:g}) {'PASS' if value <= bar else 'MISS'}", flush=True)


def main() -> None:
    """Print the size of the page, and every time."""
    if CHROMIUM is None:
        return print("no Chromium on this machine: a page is timed in a browser. Install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(sys.argv[1], "index.html") if len(sys.argv) > 1 else reports.full_size(Path(folder)).index
        with launch() as browser, opener(browser) as open_page:
            times = speed.waits(open_page, index.resolve())
        say("size of the page", index.stat().st_size / 1e6, LARGEST, "MB")
    for name, text in WAITS.items():
        say(text, times[name], speed.BARS[name], "ms")


if __name__ == "__main__":
    main()
