// The shared episodes on the map and in every embedding space: one is followed in all panels at once.

const GLIDE = 250; // milliseconds from one checkpoint to the next
/** @type {Record<string, Point>} */
const ARROW_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class TrajectoryView {
  /** @param {HTMLElement} root @param {TrajectorySource} source @param {Tools<TrajectoryState>} tools */
  constructor(root, source, tools) {
    this.source = source;
    this.tools = tools;
    this.hint = tools.status.textContent ?? "";
    this.state = tools.state;
    /** @type {Partial<TrajectoryState>} */
    this.shown = {};
    this.gliding = 0; // handle of the next frame
    this.active = 0; // the panel that was last pointed at
    /** @type {Scene} */
    this.scene = { ...episodesOf(source), colours: [], followed: -1, mark: -1, angles: { yaw: -0.5, pitch: 0.35 } };
    this.clouds = tools.panels.map((panel) => {
      return new Cloud(panel.canvas, this.scene, panel.kind === "map" ? source.maze : null);
    });
    this.legend = document.createElement("p");
    this.legend.className = "legend";
    one(root, ".panels", HTMLElement).after(this.legend);
    this.clouds.forEach((cloud, i) => {
      this.listenToPointer(cloud, i);
      cloud.canvas.addEventListener("keydown", (event) => this.steer(event, i));
    });
  }

  /** @param {TrajectoryState} state */
  update(state) {
    const before = this.shown;
    this.state = this.shown = { ...state };
    /** @param {...keyof TrajectoryState} keys */
    const kept = (...keys) => keys.every((key) => before[key] === state[key]);
    if (!kept("colour")) this.paint();
    if (!kept("seed", "space", "step")) this.show(kept("seed", "space") && !calm.matches);
    const { episode, mark } = this.scene;
    const left = !kept("episode") && mark >= 0 && episode[mark] !== this.picked();
    this.look(left ? -1 : mark);
  }

  paint() {
    this.scene.colours = colourings[this.state.colour](this.source);
    this.legend.replaceChildren(...legends[this.state.colour](this.source));
    for (const cloud of this.clouds) cloud.refresh();
  }

  /** @param {boolean} gliding */
  show(gliding) {
    cancelAnimationFrame(this.gliding);
    this.clouds.forEach((cloud, i) => {
      if (this.tools.panels[i].kind === "depth") this.showRun(cloud, this.tools.panels[i], gliding);
      else if (!cloud.points) cloud.aim(unpackPoints(this.source.places, 0), this.source.limits);
    });
    if (gliding) this.glide();
  }

  /** @param {Cloud} cloud @param {Panel} panel @param {boolean} gliding */
  showRun(cloud, { canvas, depth }, gliding) {
    const { state, source } = this;
    const k = runOf(source.runs, depth, state);
    const solid = state.space === "solid";
    const run = source.runs[k];
    canvas.dataset.run = run ? run.name : "";
    canvas.style.cursor = solid ? "grab" : "";
    cloud.idle = run
      ? [run.said[state.space], otherStep(run, state)].filter(Boolean).join(" · ")
      : `no run with seed ${state.seed}`;
    if (!run) return cloud.clear();
    const space = source.spaces[state.space];
    cloud.aim(unpackPoints(space, k), frameOf(space, k), { solid, gliding });
  }

  glide() {
    const begun = performance.now();
    /** @param {number} now */
    const tick = (now) => {
      const share = Math.min(1, Math.max(0, (now - begun) / GLIDE));
      for (const cloud of this.clouds) cloud.move(share * share * (3 - 2 * share));
      if (share < 1) this.gliding = requestAnimationFrame(tick);
    };
    this.gliding = requestAnimationFrame(tick);
  }

  /** @param {number} yaw @param {number} pitch */
  turn(yaw, pitch) {
    this.scene.angles = { yaw, pitch: Math.max(-Math.PI / 2, Math.min(Math.PI / 2, pitch)) };
    for (const cloud of this.clouds.filter(({ solid }) => solid)) cloud.refresh();
  }

  picked() {
    return Number(this.state.episode || 0) - 1;
  }

  /** Mark a state and follow its episode; with none, the picked episode. @param {number} mark */
  look(mark) {
    this.scene.mark = mark;
    this.scene.followed = mark < 0 ? this.picked() : this.scene.episode[mark];
    for (const { plane } of this.clouds) plane.redraw();
    this.describe();
  }

  /** @param {number} episode @param {number} mark */
  pick(episode, mark) {
    this.scene.mark = mark;
    this.tools.set("episode", episode < 0 ? "" : String(episode + 1));
  }

  describe() {
    const { source, state, hint } = this;
    const { mark, followed } = this.scene;
    const text = mark < 0 ? "" : stateText(source, mark);
    const step = "step" in state ? ` · ${state.step} env steps` : "";
    this.tools.panels.forEach(({ canvas, readout }, i) => {
      canvas.dataset.shown = `seed ${state.seed} · ${source.spaces[state.space].text} · ${state.colour}${step}`;
      canvas.dataset.picked = followed < 0 ? "" : String(followed + 1);
      say(readout, text && i === this.active ? text : this.clouds[i].idle);
    });
    if (text) say(this.tools.status, `${text} · ${source.actors[source.actor.values[mark]].text} acted`);
    else say(this.tools.status, followed < 0 ? hint : source.episodes[followed]);
  }

  /**
   * Hovering follows an episode, a click keeps it, and dragging turns all 3-D projections.
   * @param {Cloud} cloud
   * @param {number} i
   */
  listenToPointer(cloud, i) {
    const { canvas } = cloud;
    /** @type {(Angles & { x: number, y: number, dragged: boolean }) | null} Where a drag began. */
    let grip = null;
    canvas.addEventListener("pointerdown", ({ clientX, clientY }) => {
      grip = { x: clientX, y: clientY, ...this.scene.angles, dragged: false };
    });
    canvas.addEventListener("pointermove", (event) => {
      this.active = i;
      if (!grip || !event.buttons || !cloud.solid) return this.look(cloud.nearest(event, this.picked()));
      const [right, down] = [event.clientX - grip.x, event.clientY - grip.y];
      if (!grip.dragged && Math.hypot(right, down) < 4) return;
      if (!grip.dragged) canvas.setPointerCapture(event.pointerId);
      grip.dragged = true;
      const angle = Math.PI / canvas.clientWidth; // half a turn from side to side
      this.turn(grip.yaw + angle * right, grip.pitch + angle * down);
    });
    canvas.addEventListener("pointerleave", () => this.look(-1));
    canvas.addEventListener("pointercancel", () => this.look(-1));
    canvas.addEventListener("click", (event) => {
      if (grip?.dragged) return;
      this.active = i;
      const row = cloud.nearest(event, this.picked());
      this.pick(row < 0 ? -1 : this.scene.episode[row], row);
    });
  }

  /**
   * Left and right step along the followed episode, up and down change it; with shift they turn the 3-D projections.
   * @param {KeyboardEvent} event
   * @param {number} i
   */
  steer(event, i) {
    this.active = i;
    if (event.key === "Escape") return this.pick(-1, -1);
    if (!(event.key in ARROW_KEYS) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const [along, across] = ARROW_KEYS[event.key];
    const { first, last, followed, mark, angles } = this.scene;
    if (event.shiftKey) return this.turn(angles.yaw + 0.15 * along, angles.pitch + 0.15 * across);
    const next = followed < 0 ? 0 : (followed + across + first.length) % first.length;
    if (next !== followed || mark < 0) return this.pick(next, along < 0 ? last[next] : first[next]);
    this.pick(next, Math.max(first[next], Math.min(last[next], mark + along)));
  }
}

/** @param {TrajectorySource} source @returns {Episodes} */
function episodesOf({ episode: { values: episode }, episodes }) {
  const rows = episodes.map((_, k) => [episode.indexOf(k), episode.lastIndexOf(k)]);
  return { episode, first: rows.map(([first]) => first), last: rows.map(([, last]) => last) };
}

/** @param {TrajectorySource} source @param {number} row */
function stateText({ episode, time, distance }, row) {
  const metres = distance.values[row];
  const far = `${metres.toFixed(metres < 1 ? 2 : 1)} m to its goal`;
  return `episode ${episode.values[row] + 1}, step ${time.values[row]} · ${far}`;
}

/** @param {NumericArray} array */
function largest({ values }) {
  let most = 1e-9;
  for (const value of values) most = Math.max(most, value);
  return most;
}

/** @type {Record<TrajectoryState["colour"], (source: TrajectorySource) => string[]>} The colour of each state. */
const colourings = {
  distance({ distance }) {
    const most = largest(distance);
    return Array.from(distance.values, (metres) => colourAt(1 - metres / most));
  },
  // Most episodes are short and a few are long: early steps get the larger part of the scale.
  time({ time }) {
    const most = Math.log1p(largest(time));
    return Array.from(time.values, (step) => colourAt(Math.log1p(step) / most));
  },
  episode: ({ episode, episode_colours: set }) => Array.from(episode.values, (k) => set[k % set.length]),
  actor: ({ actor, actors, depth_colours: of }) => Array.from(actor.values, (k) => of[actors[k].depth]),
};

/** @type {Record<TrajectoryState["colour"], (source: TrajectorySource) => HTMLElement[]>} What explains the colours. */
const legends = {
  distance({ distance }) {
    const most = largest(distance);
    return ramp(`${most.toFixed(most < 10 ? 1 : 0)} m from its episode's goal`, "at the goal");
  },
  time: ({ time }) => ramp("step 0 of its episode", `step ${largest(time).toFixed(0)}, on a logarithmic scale`),
  episode: ({ episode_colours: set }) => [piece(`a colour for each episode; ${set.length} colours repeat`)],
  actor: ({ depth_colours: of }) => [
    piece("episodes of"),
    ...Object.entries(of).flatMap(([depth, colour]) => [piece("●", { colour }), piece(depth)]),
  ],
};

/** @param {string} from @param {string} to */
const ramp = (from, to) => [piece(from), piece("", { name: "ramp" }), piece(to)];

/** @param {string} text */
function piece(text, { name = "", colour = "" } = {}) {
  const element = document.createElement("span");
  element.textContent = text;
  element.className = name;
  element.style.color = colour;
  return element;
}

views.trajectory = (root, source, tools) => new TrajectoryView(root, source, tools);
