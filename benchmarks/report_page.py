"""Time that a report's page takes to load, to change the goal and to show a place. Give a report's folder, or none.

Without a folder, a report on analytic agents is made that is as large as one of three depths and three seeds. The page
is opened from disk in Chromium; each line ends in PASS or MISS for the limit beside it.
"""

import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1]))  # for the helpers of the browser tests

from tests.browser import reports, speed
from tests.browser.visit import CHROMIUM, launch, opener

LARGEST = 10.0  # MB
WAITS = {
    "paint": "first paint",
    "ready": "whole document loaded",
    "goal": "change of goal in every landscape",
    "hover": "pointing at a place",
}


def say(what: str, value: float, bar: float, unit: str) -> None:
    print(f"{what}: {value:.1f} {unit} (bar {bar:g}) {'PASS' if value <= bar else 'MISS'}", flush=True)


def main() -> None:
    """Print the size of the page and all times."""
    if CHROMIUM is None:
        return print("no Chromium was found: the page is timed in a browser. Install chromium.")
    with tempfile.TemporaryDirectory() as folder:
        index = Path(sys.argv[1], "index.html") if len(sys.argv) > 1 else reports.full_size(Path(folder)).index
        with launch() as browser, opener(browser) as open_page:
            times = speed.waits(open_page, index.resolve())
        say("size of the page", index.stat().st_size / 1e6, LARGEST, "MB")
    for name, text in WAITS.items():
        say(text, times[name], speed.BARS[name], "ms")


if __name__ == "__main__":
    main()
