// Tabs, contents, downloads, following a training run; then everything is opened as it comes near the screen.

const tabs = [...document.querySelectorAll("[role=tab]")];
const parts = [...document.querySelectorAll(".part")];

function showPart(index) {
  tabs.forEach((tab, i) => {
    tab.setAttribute("aria-selected", i === index);
    tab.tabIndex = i === index ? 0 : -1;
  });
  parts.forEach((part, i) => {
    part.hidden = i !== index;
  });
}

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => showPart(i));
  tab.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = (i + move + tabs.length) % tabs.length;
    showPart(next);
    tabs[next].focus();
  });
});

// A link into a part that is not shown opens it first.
function showTarget() {
  const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  const index = target ? parts.findIndex((part) => part.contains(target)) : -1;
  if (index < 0) return;
  showPart(index);
  target.scrollIntoView();
}
addEventListener("hashchange", showTarget);

// The contents mark the section that is being read.
const sections = [...document.querySelectorAll(".sections > section")];
const targetOf = (link) => link.getAttribute("href").slice(1);
const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [targetOf(link), link]));
const near = new Set();
const reading = new IntersectionObserver(
  (entries) => {
    entries.forEach(({ target, isIntersecting }) => near[isIntersecting ? "add" : "delete"](target));
    const current = sections.find((section) => near.has(section));
    links.forEach((link, id) => {
      if (current && id === current.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  },
  { rootMargin: "-20% 0px -70% 0px" },
);
sections.forEach((section) => reading.observe(section));

const TYPES = { csv: "text/csv", json: "application/json", tex: "application/x-tex" };
for (const button of document.querySelectorAll(".download")) {
  button.addEventListener("click", () => {
    const name = button.dataset.file;
    const blob = new Blob([data.downloads[name]], { type: `${TYPES[name.split(".").pop()]};charset=utf-8` });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
}

for (const button of document.querySelectorAll(".copy")) {
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // Pages opened from disk may not be allowed to: select the text, so that the keyboard can.
      getSelection().selectAllChildren(source);
      said = "Selected: press Ctrl+C";
    }
    button.textContent = said;
    setTimeout(() => (button.textContent = "Copy"), 2500);
  });
}

// While training is followed, the page loads itself again, but not under the hands of someone who is using it.
const every = 1000 * Number(document.body.dataset.reload || 0);
if (every) {
  let touched = 0;
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    addEventListener(kind, () => (touched = performance.now()), { passive: true });
  }
  setInterval(() => {
    const idle = performance.now() - touched > every / 2;
    if (document.getElementById("follow").checked && !document.hidden && idle) location.reload();
  }, every);
}

// On paper everything is there, unfolded, in ink on white.
addEventListener("beforeprint", () => {
  printing = true;
  document.documentElement.classList.add("printing");
  document.querySelectorAll("details").forEach((details) => (details.open = true));
  openAll();
  repaint();
});
addEventListener("afterprint", () => {
  printing = false;
  document.documentElement.classList.remove("printing");
  repaint();
});

if (tabs.length) showPart(0);
showTarget();
document.querySelectorAll(".view").forEach((element) => nearing.observe(element));
