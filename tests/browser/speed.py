"""How long a reader waits: for the page, and for what answers to the mouse."""

import statistics

from tests.browser.visit import LANDSCAPE, bring

BARS = {"paint": 1500, "ready": 3000, "goal": 150, "hover": 50}  # milliseconds, on two cores
REPEATS = 3

# Frames are over when a message posted in them arrives: by then they are painted.
_TIMES = """async (view, act) => {
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(null);
  }));
  const timed = async (work) => {
    await painted();
    const started = performance.now();
    work();
    await painted();
    return performance.now() - started;
  };
  const times = [];
  for (const work of acts[act](view)) times.push(await timed(work));
  return times;
}"""

# Every goal on both scales, the first time that it is shown; then a way across the first panel.
_ACTS = """const acts = {
  goal(view) {
    const change = (key, k) => {
      const list = view.querySelector(`select[data-key=${key}]`);
      if (!list) return view.querySelectorAll(`input[data-key=${key}]`)[k].click();
      list.selectedIndex = k;
      list.dispatchEvent(new Event("input", { bubbles: true }));
    };
    const goals = view.querySelectorAll("input[data-key=goal], select[data-key=goal] option").length;
    return [1, 0].flatMap((scale) => Array.from({ length: goals }, (_, k) => () => {
      if (k === 0) change("scale", scale);
      change("goal", k);
    }));
  },
  hover(view) {
    const canvas = view.querySelector("canvas");
    const box = canvas.getBoundingClientRect();
    return Array.from({ length: 30 }, (_, k) => () => canvas.dispatchEvent(new PointerEvent("pointermove", {
      bubbles: true,
      pointerType: "mouse",
      clientX: box.left + ((k + 0.5) / 30) * box.width,
      clientY: box.top + ((k + 0.5) / 30) * box.height,
    })));
  },
};
"""


def waits(open_page, index) -> dict[str, float]:
    """Milliseconds until something is painted and all is ready, and after a goal was changed or a place pointed at.

    Args:
        open_page: What ``visit.opener`` gives.
        index: The page.
    """
    loads = [_load(open_page(index)) for _ in range(REPEATS)]
    view = bring(open_page(index), LANDSCAPE)
    answers = {
        act: statistics.median(view.evaluate(f"(view) => {{ {_ACTS} return ({_TIMES})(view, '{act}'); }}"))
        for act in ("goal", "hover")
    }
    return {name: statistics.median(load[name] for load in loads) for name in loads[0]} | answers


def _load(page):
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
    times = page.evaluate(
        """() => ({
          paint: performance.getEntriesByName("first-contentful-paint")[0].startTime,
          ready: performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd,
        })"""
    )
    page.close()
    return times
