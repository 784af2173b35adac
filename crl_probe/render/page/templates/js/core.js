// The page's frame: data, colours, controls, tabs. Views are opened when they come near the screen.

/**
 * The element that a selector finds; the template has put it there.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T}
 */
function one(root, selector, kind) {
  const found = root.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

/**
 * All elements of a kind that a selector finds.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} kind
 * @returns {T[]}
 */
function all(root, selector, kind) {
  return [...root.querySelectorAll(selector)].flatMap((found) => (found instanceof kind ? [found] : []));
}

/**
 * The element around another that a selector finds.
 * @param {Element} element
 * @param {string} selector
 * @returns {HTMLElement}
 */
function around(element, selector) {
  const found = element.closest(selector);
  if (!(found instanceof HTMLElement)) throw new Error(`the page has no ${selector} around a ${element.tagName}`);
  return found;
}

/** @param {HTMLElement} element @param {string} key */
const dataOf = (element, key) => element.dataset[key] ?? "";

/** @param {HTMLCanvasElement} canvas @returns {Context} */
function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("this browser gives canvases no 2d context");
  return context;
}

/** @type {PageData} */
const data = JSON.parse(one(document, "#data", HTMLScriptElement).text);
/** @type {Views} */
const views = {}; // filled by the files below
const dark = matchMedia("(prefers-color-scheme: dark)");
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {string} name */
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// Paper is always light, and what goes there is painted at once: no further frame comes before it is printed.
let printing = false;
const isDark = () => dark.matches && !printing;

/** @param {boolean} value */
function setPrinting(value) {
  printing = value;
  document.documentElement.classList.toggle("printing", value);
}

/** @type {(() => void)[]} What must be painted again when colours change. */
const painters = [];
/** @param {() => void} callback */
const onTheme = (callback) => painters.push(callback);
const repaint = () => painters.forEach((callback) => callback());
dark.addEventListener("change", repaint);

const ARRAYS = { uint8: Uint8Array, uint16: Uint16Array, int32: Int32Array, float32: Float32Array };

/** @param {PackedArray} packed @returns {NumericArray<any>} */
function unpackArray({ dtype, shape, bytes }) {
  const text = atob(bytes);
  const buffer = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) buffer[i] = text.charCodeAt(i);
  return { shape, values: new ARRAYS[dtype](buffer.buffer) };
}

/**
 * Arrays are unpacked, everything else stays what it is.
 * @param {any} value parsed JSON
 * @returns {any}
 */
function unpack(value) {
  if (Array.isArray(value)) return value.map(unpack);
  if (value === null || typeof value !== "object") return value;
  if ("bytes" in value) return unpackArray(value);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, unpack(part)]));
}

/** @param {unknown} element @returns {element is Control} */
const isControl = (element) => element instanceof HTMLInputElement || element instanceof HTMLSelectElement;

/** @param {unknown} element @returns {element is Slider} */
const isSlider = (element) => element instanceof HTMLInputElement && element.type === "range";

/** @param {HTMLElement} root @param {string} selector */
const controlsOf = (root, selector) => [...root.querySelectorAll(selector)].filter(isControl);

/**
 * What the controls of a view say.
 * @param {HTMLElement} root
 */
function readControls(root) {
  /** @type {Choices} */
  const state = {};
  for (const input of controlsOf(root, "[data-key]")) {
    const key = dataOf(input, "key");
    if (isSlider(input)) {
      state[key] = sliderOption(input)[0];
    } else if (input instanceof HTMLSelectElement) {
      state[key] = input.value;
    } else if (input.type === "checkbox") {
      state[key] = input.checked ? input.value : "";
    } else if (input.checked) {
      state[key] = input.value;
    }
  }
  return state;
}

/** @param {HTMLInputElement} input */
const sliderOptions = (input) => data.views[dataOf(around(input, ".view"), "source")].sliders[dataOf(input, "key")];
/** @param {HTMLInputElement} input */
const sliderOption = (input) => sliderOptions(input)[Number(input.value)];

/** @param {HTMLElement} root @param {string} key @param {string} value */
function writeControl(root, key, value) {
  for (const input of controlsOf(root, `[data-key="${key}"]`)) {
    if (isSlider(input)) {
      input.value = String(sliderOptions(input).findIndex(([option]) => option === value));
      nameSlider(input);
    } else if (input instanceof HTMLInputElement) {
      input.checked = input.value === value; // pills and switches
    } else {
      input.value = value;
    }
  }
}

/** @param {HTMLInputElement} input */
function nameSlider(input) {
  const text = sliderOption(input)[1];
  input.setAttribute("aria-valuetext", text);
  one(around(input, ".slider"), "output", HTMLOutputElement).textContent = text;
}

/**
 * Play a slider from where it stands to its end, at the chosen speed; a second press pauses.
 * @param {HTMLButtonElement} button
 * @param {HTMLInputElement} input
 * @param {() => void} changed
 */
function playable(button, input, changed) {
  const options = sliderOptions(input);
  const speed = one(around(button, ".slider"), ".speed", HTMLSelectElement);
  let frame = 0, place = 0, before = 0;
  /** @param {boolean} playing */
  const show = (playing) => {
    button.setAttribute("aria-pressed", String(playing));
    button.textContent = playing ? "Pause" : "Play";
  };
  const stop = () => {
    cancelAnimationFrame(frame);
    frame = 0;
    show(false);
  };
  /** @param {number} now */
  const tick = (now) => {
    const seconds = Number(dataOf(input, "seconds"));
    place += ((now - before) / 1000 / seconds) * Number(speed.value) * (options.length - 1);
    before = now;
    const whole = Math.min(Math.floor(place), options.length - 1);
    if (whole !== Number(input.value)) {
      input.value = String(whole);
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

/**
 * What the controls of a view say, in words: on paper they are not there.
 * @param {HTMLElement} root
 */
function shownText(root) {
  const chosen = all(root, ".control", HTMLElement).map((control) => {
    const title = control.querySelector("legend, label:not(.switch)");
    const list = control.querySelector("select[data-key]");
    const value = control.querySelector("input:checked + span, option:checked, output");
    const text = list instanceof HTMLSelectElement ? list.selectedOptions[0].text : value?.textContent;
    return text && (title && !control.querySelector(".switch") ? `${title.textContent} ${text}` : text);
  });
  return chosen.filter(Boolean).join(" · ");
}

// What a view shows stands in the address behind its place, as in #landscape-1-view-1?goal=2&seed=1.
function address() {
  const [id, choices = ""] = location.hash.slice(1).split("?");
  try {
    return [decodeURIComponent(id), choices];
  } catch {
    return ["", ""]; // no address of ours
  }
}

/** @param {HTMLElement} root */
function chosenInAddress(root) {
  const [id, choices] = address();
  return id === root.id ? [...new URLSearchParams(choices)].filter(([key, value]) => isOffered(root, key, value)) : [];
}

/** @param {HTMLElement} root @param {string} key @param {string} value */
function isOffered(root, key, value) {
  return controlsOf(root, `[data-key="${CSS.escape(key)}"]`).some((input) => {
    if (isSlider(input)) return sliderOptions(input).some(([option]) => option === value);
    return input instanceof HTMLSelectElement ? [...input.options].some((option) => option.value === value) : input.value === value;
  });
}

/**
 * Put what differs from the start into the address, so that the view can be sent.
 * @param {HTMLElement} root
 * @param {Record<string, string>} start
 */
function writeAddress(root, start) {
  const chosen = Object.entries(readControls(root)).filter(([key, value]) => value !== start[key]);
  const choices = String(new URLSearchParams(chosen));
  history.replaceState(null, "", choices ? `#${root.id}?${choices}` : `#${root.id}`);
}

/** @param {HTMLElement} figure @returns {Panel} */
function panelOf(figure) {
  return {
    canvas: one(figure, "canvas", HTMLCanvasElement),
    readout: one(figure, ".readout", HTMLElement),
    kind: dataOf(figure, "kind"),
    depth: dataOf(figure, "depth"),
    scores: all(figure, ".map[data-title]", HTMLElement),
  };
}

/** @param {HTMLElement} root */
function openView(root) {
  if (root.dataset.open) return;
  root.dataset.open = "true";
  const packed = data.views[dataOf(root, "source")];
  const update = () => {
    view.update(Object.assign(tools.state, readControls(root)));
    one(root, ".shown", HTMLElement).textContent = shownText(root);
  };
  const changed = () => {
    update();
    writeAddress(root, packed.start);
  };
  /** @type {Tools<any>} */
  const tools = {
    state: { ...packed.start },
    panels: all(root, "figure", HTMLElement).map(panelOf),
    status: one(root, ".status", HTMLElement),
    set(key, value) {
      writeControl(root, key, value);
      changed();
    },
  };
  /** @type {OpenView<any, any> | undefined} Python writes for each kind the source and state that it takes. */
  const opener = views[/** @type {keyof Views} */ (dataOf(root, "view"))];
  if (!opener) throw new Error(`no script draws views of kind ${dataOf(root, "view")}`);
  for (const [key, value] of chosenInAddress(root)) writeControl(root, key, value);
  const view = opener(root, unpack(packed.data), tools);
  update();
  root.addEventListener("input", ({ target }) => {
    if (isSlider(target)) nameSlider(target);
    if (isControl(target) && target.dataset.key) changed();
  });
  for (const button of all(root, ".play", HTMLButtonElement)) {
    playable(button, one(around(button, ".slider"), "input", HTMLInputElement), update);
  }
}

const openable = () => all(document, ".view", HTMLElement);
const openAll = () => openable().forEach(openView);
// What is far down the page is made when it comes near, so that the first screen shows immediately.
const nearing = new IntersectionObserver(
  (entries) =>
    entries.filter((entry) => entry.isIntersecting).forEach(({ target }) => {
      nearing.unobserve(target);
      if (target instanceof HTMLElement) openView(target);
    }),
  { rootMargin: "600px 0px" },
);
