// Tabs, contents, downloads, following a training run; then everything is opened as it comes near the screen.

/** @type {Record<string, number>} */
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };
const tabs = all(document, "[role=tab]", HTMLElement);
const parts = all(document, ".part", HTMLElement);

/** @param {number} index */
function showPart(index) {
  tabs.forEach((tab, i) => {
    tab.setAttribute("aria-selected", String(i === index));
    tab.tabIndex = i === index ? 0 : -1;
  });
  parts.forEach((part, i) => {
    part.hidden = i !== index;
  });
}

tabs.forEach((tab, i) => {
  tab.addEventListener("click", () => showPart(i));
  tab.addEventListener("keydown", (event) => {
    const by = STEPS[event.key];
    if (!by) return;
    const next = (i + by + tabs.length) % tabs.length;
    showPart(next);
    tabs[next].focus();
  });
});

// A link into a part that is not shown opens it first.
function showTarget() {
  const target = document.getElementById(address()[0]);
  if (!target) return;
  const index = parts.findIndex((part) => part.contains(target));
  if (index < 0) return;
  if (tabs.length) showPart(index);
  if (target.matches(".view")) openView(target);
  target.scrollIntoView();
}
addEventListener("hashchange", showTarget);

// The contents mark the section that is being read.
const sections = all(document, ".sections > section", HTMLElement);
const links = new Map(all(document, ".contents a", HTMLAnchorElement).map((link) => [link.hash.slice(1), link]));
const near = new Set();
const reading = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) near.add(target);
      else near.delete(target);
    }
    const current = sections.find((section) => near.has(section));
    links.forEach((link, id) => {
      if (current && id === current.id) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    });
  },
  { rootMargin: "-20% 0px -70% 0px" },
);
sections.forEach((section) => reading.observe(section));

/** @type {Record<string, string>} */
const TYPES = { csv: "text/csv", json: "application/json", tex: "application/x-tex" };
/** Give the reader a file. @param {string} name @param {string} text */
function save(name, text) {
  const type = TYPES[name.slice(name.lastIndexOf(".") + 1)];
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

for (const button of all(document, ".download", HTMLElement)) {
  button.addEventListener("click", () => save(dataOf(button, "file"), data.downloads[dataOf(button, "file")]));
}

/** The fields of a line of CSV; quotes stay, since only plain words are looked for. @param {string} line */
const fieldsOf = (line) => line.match(/("([^"]|"")*"|[^,]*)(?=,|$),?/g)?.map((field) => field.replace(/,$/, "")) ?? [];

// The numbers of one section, of the file that holds all.
for (const button of all(document, ".tools .csv", HTMLElement)) {
  button.addEventListener("click", () => {
    const [head, ...lines] = data.downloads["metrics.csv"].trimEnd().split("\n");
    const [metric, env] = ["metric", "env"].map((name) => fieldsOf(head).indexOf(name));
    const wanted = dataOf(button, "metrics").split(" ");
    const mine = lines.filter((line) => {
      const fields = fieldsOf(line);
      return fields[env] === dataOf(button, "env") && wanted.includes(fields[metric]);
    });
    save(dataOf(button, "file"), [head, ...mine, ""].join("\n"));
  });
}

for (const button of all(document, ".tools .code", HTMLElement)) {
  const lines = one(document, `#${button.getAttribute("aria-controls")}`, HTMLElement);
  button.addEventListener("click", () => {
    lines.hidden = !lines.hidden;
    button.setAttribute("aria-expanded", String(!lines.hidden));
  });
}

for (const button of all(document, ".copy", HTMLElement)) {
  button.addEventListener("click", async () => {
    const source = one(document, `#${dataOf(button, "copy")}`, HTMLElement);
    let said = "Copied";
    try {
      await navigator.clipboard.writeText(source.textContent ?? "");
    } catch {
      // Pages opened from disk may not be allowed to: select the text, so that the keyboard can.
      getSelection()?.selectAllChildren(source);
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
    if (one(document, "#follow", HTMLInputElement).checked && !document.hidden && idle) location.reload();
  }, every);
}

// On paper everything is there, unfolded, in ink on white.
addEventListener("beforeprint", () => {
  setPrinting(true);
  all(document, "details", HTMLDetailsElement).forEach((details) => (details.open = true));
  openAll();
  repaint();
});
addEventListener("afterprint", () => {
  setPrinting(false);
  repaint();
});

if (tabs.length) showPart(0);
showTarget();
openable().forEach((element) => nearing.observe(element));
