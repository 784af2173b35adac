// The page's frame: data, colours, controls, tabs. Views are opened when they come near the screen.

const data = JSON.parse(document.getElementById("data").textContent);
const views = {}; // views[kind] = (root, source, tools) => ({ update(state) }), filled by the files below
const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Paper is always light, and what goes there is painted at once: no further frame comes before it is printed.
let printing = false;
const isDark = () => dark.matches && !printing;

// What must be painted again when colours change.
const painters = [];
const onTheme = (callback) => painters.push(callback);
const repaint = () => painters.forEach((callback) => callback());
dark.addEventListener("change", repaint);

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array };

// Arrays travel as base64 of their bytes; everything else is what it is.
function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if (!("bytes" in value)) return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, unpack(one)]));
  const text = atob(value.bytes);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return { shape: value.shape, values: new ARRAYS[value.dtype](bytes.buffer) };
}

// What the controls of a group say: { key: value }.
function readControls(root) {
  const state = {};
  for (const input of root.querySelectorAll("[data-key]")) {
    const { key } = input.dataset;
    if (input.type === "radio") {
      if (input.checked) state[key] = input.value;
    } else if (input.type === "checkbox") {
      state[key] = input.checked ? input.value : "";
    } else if (input.type === "range") {
      state[key] = sliderOptions(input)[input.value][0];
    } else {
      state[key] = input.value;
    }
  }
  return state;
}

const sliderOptions = (input) => data.views[input.closest(".view").dataset.source].sliders[input.dataset.key];

function writeControl(root, key, value) {
  for (const input of root.querySelectorAll(`[data-key="${key}"]`)) {
    if (input.type === "radio") input.checked = input.value === value;
    else if (input.type === "checkbox") input.checked = input.value === value;
    else if (input.type === "range") input.value = sliderOptions(input).findIndex(([one]) => one === value);
    else input.value = value;
    if (input.type === "range") nameSlider(input);
  }
}

function nameSlider(input) {
  const text = sliderOptions(input)[input.value][1];
  input.setAttribute("aria-valuetext", text);
  input.closest(".slider").querySelector("output").textContent = text;
}

// Play a slider from where it stands to its end, at the chosen speed; a second press pauses.
function playable(button, input, changed) {
  const options = sliderOptions(input);
  const speed = button.closest(".slider").querySelector(".speed");
  let frame = 0, place = 0, before = 0;
  const show = (playing) => {
    button.setAttribute("aria-pressed", playing);
    button.textContent = playing ? "Pause" : "Play";
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    show(false);
  };
  const tick = (now) => {
    place += ((now - before) / 1000 / Number(input.dataset.seconds)) * Number(speed.value) * (options.length - 1);
    before = now;
    const whole = Math.min(Math.floor(place), options.length - 1);
    if (whole !== Number(input.value)) {
      input.value = whole;
      nameSlider(input);
      changed();
    }
    if (whole === options.length - 1) stop();
    else frame = requestAnimationFrame(tick);
  };
  button.addEventListener("click", () => {
    if (frame) return stop();
    place = Number(input.value) < options.length - 1 ? Number(input.value) : 0;
    before = performance.now();
    show(true);
    frame = requestAnimationFrame(tick);
  });
  input.addEventListener("pointerdown", stop);
  input.addEventListener("keydown", stop);
}

// What the controls of a view say, in words: on paper they are not there.
function shownText(root) {
  const chosen = [...root.querySelectorAll(".control")].map((control) => {
    const title = control.querySelector("legend, label:not(.switch)");
    const value = control.querySelector("input:checked + span, option:checked, output");
    const text = control.querySelector("select[data-key]")?.selectedOptions[0].text ?? value?.textContent;
    return text && (title && !control.querySelector(".switch") ? `${title.textContent} ${text}` : text);
  });
  return chosen.filter(Boolean).join(" · ");
}

function openView(root) {
  if (root.dataset.open) return;
  root.dataset.open = "true";
  const { data: packed, start } = data.views[root.dataset.source];
  const source = unpack(packed);
  const state = { ...start };
  const panels = [...root.querySelectorAll("figure")].map((figure) => ({
    figure,
    canvas: figure.querySelector("canvas"),
    readout: figure.querySelector(".readout"),
    kind: figure.dataset.kind,
    depth: figure.dataset.depth,
  }));
  const update = () => {
    view.update(Object.assign(state, readControls(root)));
    root.querySelector(".shown").textContent = shownText(root);
  };
  const tools = {
    state,
    panels,
    status: root.querySelector(".status"),
    set(key, value) {
      writeControl(root, key, value);
      update();
    },
  };
  const view = views[root.dataset.view](root, source, tools);
  update();
  root.addEventListener("input", (event) => {
    if (event.target.type === "range") nameSlider(event.target);
    if (event.target.dataset.key) update();
  });
  for (const button of root.querySelectorAll(".play")) {
    playable(button, button.closest(".slider").querySelector("input"), update);
  }
}

// What is far down the page is made when it comes near, so that the first screen is there at once.
const nearing = new IntersectionObserver(
  (entries) =>
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      nearing.unobserve(target);
      openView(target);
    }),
  { rootMargin: "600px 0px" },
);
const openAll = () => document.querySelectorAll(".view").forEach(openView);
