// Q-landscapes: the critic energy of every place for one goal, read in all panels under one crosshair.

const ARROWS_ALONG = 14; // arrows along the longer side of the maze
const HATCHING = 7; // CSS pixels between the lines over floor that no agent was seen on
/** @type {Record<string, Point>} */
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

class LandscapeView {
  /** @param {HTMLElement} root @param {LandscapeSource} source @param {Tools<LandscapeState>} tools */
  constructor(root, source, tools) {
    this.root = root;
    this.source = source;
    this.tools = tools;
    this.state = tools.state;
    this.cells = new FreeCells(source.maze);
    /** @type {Map<string, { image: HTMLCanvasElement, range: string }>} By what they show: going back costs nothing. */
    this.images = new Map();
    this.pointed = -1; // the cell under the crosshair
    this.hint = tools.status.textContent ?? "";
    this.goal = 0;
    this.goals = this.listGoals();
    this.panels = tools.panels.map((panel) => this.makePanel(panel));
  }

  /** @returns {Point[]} */
  listGoals() {
    const { values, shape } = this.source.goals;
    return Array.from({ length: shape[0] }, (_, j) => [values[2 * j], values[2 * j + 1]]);
  }

  /** @param {Panel} panel */
  makePanel(panel) {
    const mine = /** @type {LandscapePanel} */ ({ ...panel, shown: null });
    const backdrop = new Backdrop((context, plane) => this.paintBackdrop(context, plane, mine));
    mine.plane = new Plane(panel.canvas, this.source.maze.limits, (context, plane) => {
      if (!mine.shown) return;
      backdrop.draw(context, plane, mine.shown.key, this.goal, this.state.arrows);
      if (this.pointed >= 0) this.paintPointed(context, plane, "climb" in mine.shown ? mine.shown.climb : null);
    });
    this.listen(mine);
    return mine;
  }

  /** @param {LandscapeState} state */
  update(state) {
    this.state = state;
    this.goal = Number(state.goal);
    for (const panel of this.panels) {
      const shown = panel.kind === "map" ? this.reference() : this.landscape(panel.depth);
      panel.shown = shown;
      panel.canvas.dataset.shown = `goal ${this.goal + 1} · seed ${state.seed} · ${state.scale}`;
      panel.canvas.dataset.run = shown.name;
      this.tellScores(panel);
      panel.plane.redraw();
    }
    this.tell();
    this.writeCode();
  }

  /** The run and goal in the section's lines of Python: those of the last panel that has a run. */
  writeCode() {
    const run = this.panels.map(({ depth }) => runOf(this.source.runs, depth, this.state)).filter((i) => i >= 0).pop();
    const names = { run: run === undefined ? "0" : JSON.stringify(this.source.runs[run].name.replace(/@\d+$/, "")), goal: String(this.goal) };
    for (const [key, text] of Object.entries(names)) {
      for (const place of all(around(this.root, "section"), `[data-code="${key}"]`, HTMLElement)) say(place, text);
    }
  }

  // --- what a panel shows ---

  reference() {
    const { metres, nearness, way } = this.source;
    return this.withImage("map", {
      name: "",
      heights: rowOf(metres, this.goal).map((distance) => -distance),
      ranks: rowOf(nearness, this.goal),
      climb: rowOf(way, this.goal),
      note: "",
      rangeText: (low, high) => `geodesic distance ${(-high).toFixed(1)} to ${(-low).toFixed(1)} m`,
      text: (cell) => metresText(rowOf(metres, this.goal)[cell]),
    });
  }

  /** @param {string} depth @returns {DrawnField | MissingField} */
  landscape(depth) {
    const { runs, values, ranks, ascent } = this.source;
    const run = runOf(runs, depth, this.state);
    if (run < 0) return { key: `none ${this.state.seed}`, name: "", missing: `no run with seed ${this.state.seed}` };
    const heights = rowOf(values, run, this.goal);
    const own = rowOf(ranks, run, this.goal);
    return this.withImage(String(run), {
      name: runs[run].name,
      heights,
      ranks: own,
      climb: rowOf(ascent, run, this.goal),
      rangeText: (low, high) => `energy ${digits(low)} to ${digits(high)}`,
      text: (cell) => `energy ${digits(heights[cell])} · rank ${own[cell]} %`,
      note: otherStep(runs[run], this.state),
    });
  }

  /** @param {string} who @param {Field} field @returns {DrawnField} */
  withImage(who, field) {
    const { scale } = this.state;
    const key = `${who} ${this.goal} ${scale}`;
    const known = this.images.get(key) ?? this.drawn(field);
    this.images.set(key, known);
    return { ...field, key, image: known.image, range: scale === "rank" ? "" : known.range };
  }

  /** @param {Field} field */
  drawn({ heights, ranks, rangeText }) {
    const [low, high] = rangeOf(heights);
    /** @type {Record<string, (cell: number) => number>} */
    const shares = { rank: (cell) => ranks[cell] / 100, energy: (cell) => (heights[cell] - low) / (high - low || 1) };
    return { image: this.cells.image(shares[this.state.scale]), range: rangeText(low, high) };
  }

  // --- drawing ---

  /** @param {Context} context @param {Plane} plane @param {LandscapePanel} panel */
  paintBackdrop(context, plane, { shown }) {
    if (!shown) return;
    const { maze, start, goals_visited } = this.source;
    if ("image" in shown) drawField(context, plane, shown.image, maze);
    drawWalls(context, plane, maze);
    if ("image" in shown) this.paintUnvisited(context, plane);
    if ("missing" in shown) return drawMissing(context, plane, shown.missing);
    if (this.state.arrows) this.paintArrows(context, plane, shown.climb);
    drawStart(context, plane, start.values[0], start.values[1]);
    const others = [...this.goals.keys()].filter((j) => j !== this.goal);
    for (const j of [...others, this.goal]) {
      drawGoal(context, plane, ...this.goals[j], {
        label: String(j + 1),
        chosen: j === this.goal,
        hollow: !goals_visited.values[j],
      });
    }
  }

  /** Hatch the floor that no agent was seen on. @param {Context} context @param {Plane} plane */
  paintUnvisited(context, plane) {
    const half = (this.cells.spacing / 2) * plane.scale;
    context.save();
    context.beginPath();
    this.source.visited.values.forEach((visited, cell) => {
      const [x, y] = this.cells.centre(cell);
      if (!visited) context.rect(plane.x(x) - half, plane.y(y) - half, 2 * half, 2 * half);
    });
    context.clip();
    context.beginPath();
    for (let x = -plane.height; x < plane.width; x += HATCHING) traceLine(context, x, plane.height, x + plane.height, 0);
    context.globalAlpha = 0.55;
    strokeTwice(context, [2.2, css("--mark-line")], [0.9, css("--mark")]);
    context.restore();
  }

  /**
   * Arrows towards where a few steps of ascent lead, and a dot wherever ascent stops away from the goal.
   * @param {Context} context
   * @param {Plane} plane
   * @param {Cells} climb
   */
  paintArrows(context, plane, climb) {
    const { cells } = this;
    const stride = Math.max(1, Math.round(Math.max(...cells.shape) / ARROWS_ALONG));
    const length = 0.62 * stride * cells.spacing * plane.scale;
    /** @param {number} cell */
    const onLattice = (cell) => [cells.column(cell), cells.row(cell)].every((k) => k % stride === stride >> 1);
    strokeHaloed(context, () => {
      for (let cell = 0; cell < climb.length; cell++) {
        const path = onLattice(cell) ? pathFrom(cell, climb, stride) : [];
        if (path.length < 2) continue;
        const [[x, y], [toX, toY]] = [cell, path[path.length - 1]].map((end) => cells.centre(end));
        traceArrow(context, plane.x(x), plane.y(y), Math.atan2(y - toY, toX - x), length);
      }
    }, 1.2, 0.9);
    for (let cell = 0; cell < climb.length; cell++) {
      if (climb[cell] === cell && !this.isAtGoal(cell)) this.paintStop(context, plane, cell);
    }
  }

  /** @param {Context} context @param {Plane} plane @param {number} cell */
  paintStop(context, plane, cell) {
    const [x, y] = this.cells.centre(cell);
    context.beginPath();
    context.arc(plane.x(x), plane.y(y), 3.2, 0, 2 * Math.PI);
    context.fillStyle = css("--mark-line");
    context.fill();
    context.lineWidth = 1.4;
    context.strokeStyle = css("--mark");
    context.stroke();
  }

  /**
   * The crosshair, and with arrows on the path that ascent takes from there.
   * @param {Context} context
   * @param {Plane} plane
   * @param {Cells | null} climb
   */
  paintPointed(context, plane, climb) {
    const [x, y] = this.cells.centre(this.pointed);
    const half = Math.max(4, (this.cells.spacing * plane.scale) / 2 + 1);
    const [left, top] = [plane.x(x), plane.y(y)];
    context.save();
    context.globalAlpha = 0.7;
    strokeHaloed(context, () => {
      traceLine(context, 0, top, left - half, top);
      traceLine(context, left + half, top, plane.width, top);
      traceLine(context, left, 0, left, top - half);
      traceLine(context, left, top + half, left, plane.height);
    }, 0.8, 0.5);
    context.restore();
    strokeHaloed(context, () => context.rect(left - half, top - half, 2 * half, 2 * half));
    if (!this.state.arrows || !climb) return;
    const path = pathFrom(this.pointed, climb);
    strokeHaloed(context, () => {
      for (const cell of path) {
        const [px, py] = this.cells.centre(cell);
        context.lineTo(plane.x(px), plane.y(py));
      }
    }, 2.4);
    const end = path[path.length - 1];
    if (!this.isAtGoal(end)) this.paintStop(context, plane, end);
  }

  /** As ascent success counts it: in the goal's cell or one beside it. @param {number} cell */
  isAtGoal(cell) {
    const [i, j] = rowOf(this.source.goal_cells, this.goal);
    return Math.max(Math.abs(this.cells.column(cell) - i), Math.abs(this.cells.row(cell) - j)) <= 1;
  }

  // --- texts ---

  tell() {
    for (const { readout, shown } of this.panels) if (shown) say(readout, this.readoutOf(shown));
    say(this.tools.status, this.pointed < 0 ? this.hint : this.placeText());
  }

  /** The scores of the map that is shown. @param {LandscapePanel} panel */
  tellScores({ scores, depth }) {
    const run = runOf(this.source.runs, depth, this.state);
    for (const cell of scores) {
      cell.textContent = run < 0 ? "" : this.source.scores[dataOf(cell, "title")][run][this.goal];
    }
  }

  /** @param {DrawnField | MissingField} shown */
  readoutOf(shown) {
    if ("missing" in shown) return shown.missing;
    if (this.pointed < 0) return [shown.range, shown.note].filter(Boolean).join(" · ");
    return [shown.text(this.pointed), this.state.arrows && this.ascentText(shown.climb)].filter(Boolean).join(" · ");
  }

  /** @param {Cells} climb */
  ascentText(climb) {
    const path = pathFrom(this.pointed, climb);
    const end = path[path.length - 1];
    if (this.isAtGoal(end)) return "ascent ends at the goal";
    const short = rowOf(this.source.metres, this.goal)[end];
    if (!Number.isFinite(short)) return "ascent stops where no path leads to the goal";
    return `ascent stops ${short.toFixed(1)} m short`;
  }

  placeText() {
    const [x, y] = this.cells.centre(this.pointed);
    const metres = rowOf(this.source.metres, this.goal)[this.pointed];
    const goal = `goal ${this.goal + 1}`;
    const far = Number.isFinite(metres) ? `geodesic distance ${metres.toFixed(1)} m to ${goal}` : `no path to ${goal}`;
    return `x ${minus(x.toFixed(1))} m, y ${minus(y.toFixed(1))} m · ${far}`;
  }

  // --- pointing ---

  /** @param {LandscapePanel} panel */
  listen({ canvas, plane }) {
    /** @param {PointerEvent} event */
    const follow = (event) => {
      canvas.style.cursor = this.goalNear(plane, event) < 0 ? "" : "pointer";
      this.point(this.cells.at(plane.world(event)));
    };
    canvas.addEventListener("pointermove", follow);
    canvas.addEventListener("pointerdown", follow);
    // A finger that is lifted leaves, too, but what it pointed at should stay to be read.
    canvas.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.point(-1));
    canvas.addEventListener("click", (event) => {
      const goal = this.goalNear(plane, event);
      if (goal >= 0) this.tools.set("goal", String(goal));
    });
    canvas.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.point(-1);
      if (!(event.key in MOVES)) return;
      event.preventDefault(); // the page stays where it is
      const start = Math.max(0, this.cells.at(this.source.start.values));
      this.point(this.pointed < 0 ? start : this.cells.beyond(this.pointed, MOVES[event.key]));
    });
  }

  /** @param {number} cell */
  point(cell) {
    if (cell === this.pointed) return;
    this.pointed = cell;
    this.tell();
    for (const { plane } of this.panels) plane.redraw();
  }

  /** @param {Plane} plane @param {MouseEvent} event */
  goalNear(plane, event) {
    const [x, y] = plane.world(event);
    const far = this.goals.map((goal) => plane.scale * Math.hypot(goal[0] - x, goal[1] - y));
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] <= GOAL_REACH ? nearest : -1;
  }
}

/** Lowest and highest of the finite numbers. @param {Float32Array} numbers */
function rangeOf(numbers) {
  const finite = numbers.filter(Number.isFinite);
  return [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
}

/** @param {number} number */
const digits = (number) => minus(Math.abs(number) < 100 ? number.toPrecision(3) : number.toFixed(0));
/** With a real minus sign. @param {string} text */
const minus = (text) => text.replace("-", "\u2212");
/** @param {number} metres */
const metresText = (metres) =>
  Number.isFinite(metres) ? `geodesic distance ${metres.toFixed(1)} m` : "no path to the goal";

views.landscape = (root, source, tools) => new LandscapeView(root, source, tools);
