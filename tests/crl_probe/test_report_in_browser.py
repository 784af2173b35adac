"""The page in a real browser: figures draw, controls act on every panel, and nothing is fetched or complained about."""

import json
import re
import shutil
import subprocess

import pytest

from crl_probe.evidence import EvidenceSettings
from crl_probe.probes import embedding_trajectory
from crl_probe.report import ReportSettings, build_report
from tests.crl_probe.fakes import FakeRun

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the report is not tried in a browser"),
]

# Runs after the page's own script: waits for the figures, uses the controls, and leaves what it saw in the page.
_VISIT = """
<script>
window.complaints = [];
addEventListener("error", (event) => complaints.push(String(event.message)));
addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const isShownMap = (t) => t.type === "heatmap" && t.meta && t.visible !== false;
const shownGoals = (group) => [...group.querySelectorAll(".plot")].map((plot) =>
  plot.data.filter(isShownMap).map((t) => t.meta.goal + t.meta.scale));
// How many points are picked in each panel: the same in all its traces, shown or not, or the panel is at fault.
const picked = (group) => [...group.querySelectorAll(".plot")].map((plot) => {
  const counts = plot.data.filter((t) => t.customdata).map((t) => (t.selectedpoints ? t.selectedpoints.length : 0));
  return Math.min(...counts) === Math.max(...counts) ? counts[0] : -1;
});
(async () => {
  const plots = [...document.querySelectorAll(".plot")];
  for (let i = 0; i < 200 && !plots.every((p) => p.querySelector(".main-svg")); i++) await sleep(50);
  await sleep(300);
  const seen = { drawn: plots.every((p) => p.querySelector(".main-svg")) };
  const maps = document.querySelector("[id^=q_landscape-1-]");
  seen.before = shownGoals(maps);
  maps.querySelector("input[data-key=goal][value='1']").click();
  maps.querySelector("input[data-key=scale][value=raw]").click();
  await sleep(300);
  seen.after = shownGoals(maps);
  const ways = document.querySelector("[data-pick]");
  const episodes = [...ways.querySelectorAll(".plot")[1].data.find((t) => t.customdata).customdata];
  const times = (one) => episodes.filter((other) => other === one).length;
  const longest = episodes.reduce((best, one) => (times(one) > times(best) ? one : best));
  ways.querySelectorAll(".plot")[1].emit("plotly_click", { points: [{ customdata: longest }] });
  await sleep(300);
  seen.picked = picked(ways);
  ways.querySelectorAll(".plot")[0].emit("plotly_doubleclick");
  await sleep(300);
  seen.unpicked = picked(ways);
  seen.fetched = performance.getEntriesByType("resource").map((entry) => entry.name);
  seen.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  seen.ink = getComputedStyle(document.body).color;
  seen.axisInk = document.querySelector(".xtick text").style.fill;
  seen.complaints = complaints;
  const result = document.createElement("pre");
  result.id = "seen";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
})();
</script>
</body>
"""


def visit(page, profile, *flags):
    """Load the page with the visiting script added and return what it saw."""
    visited = page.with_name("visited.html")
    visited.write_text(page.read_text().replace("</body>", _VISIT))
    command = [
        CHROMIUM,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
        "--virtual-time-budget=60000",
        *flags,
        "--dump-dom",
        visited.as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=True)
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert found, f"the page did not finish: {done.stderr[-2000:]}"
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    few = EvidenceSettings(episodes=8, episode_length=80, points=400, paths=4, goals=2)
    settings = ReportSettings(few, fine_cells=15, use_cache=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedding_trajectory, "draw", lambda spaces, *_, **__: [space[:, :2] for space in spaces])
        folder = tmp_path_factory.mktemp("browser") / "report"
        return build_report([FakeRun(depth=4), FakeRun(depth=64)], folder, settings)


def test_figures_draw_and_controls_act_on_every_panel(page, tmp_path):
    seen = visit(page, tmp_path, "--window-size=1440,1200")
    assert seen["complaints"] == []
    assert seen["drawn"]
    assert seen["before"] == [["0rank"]] * 3
    assert seen["after"] == [["1raw"]] * 3
    assert all(count > 1 for count in seen["picked"])
    assert len(set(seen["picked"])) == 1
    assert seen["unpicked"] == [0, 0, 0]
    assert seen["fetched"] == []
    assert seen["overflow"] <= 0


def test_figures_take_the_colours_of_a_dark_page(page, tmp_path):
    light = visit(page, tmp_path / "light", "--window-size=800,1000")
    dark = visit(page, tmp_path / "dark", "--window-size=800,1000", "--blink-settings=preferredColorScheme=0")
    assert light["ink"] != dark["ink"]
    assert light["axisInk"] != dark["axisInk"]
    assert light["axisInk"] == light["ink"]
    assert dark["axisInk"] == dark["ink"]
