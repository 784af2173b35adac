// Q-landscapes: what every agent thinks of every place for one goal, read under one crosshair.

const ARROWS_ALONG = 14; // arrows along the longer side of the maze
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

class LandscapeView {
  constructor(source, tools) {
    Object.assign(this, { source, tools, cells: new FreeCells(source.maze), state: tools.state });
    this.pictures = new Map(); // by what is shown in them, so that going back costs nothing
    this.pointed = -1; // the cell under the crosshair
    this.hint = tools.status.textContent;
    this.goals = this.listGoals();
    this.panels = tools.panels.map((panel) => this.makePanel(panel));
  }

  listGoals() {
    const { values, shape } = this.source.goals;
    return Array.from({ length: shape[0] }, (_, j) => values.subarray(2 * j, 2 * j + 2));
  }

  makePanel(panel) {
    const mine = { ...panel, shown: null };
    const backdrop = new Backdrop((context, plane) => this.paintBackdrop(context, plane, mine));
    mine.plane = new Plane(panel.canvas, this.source.maze.limits, (context, plane) => {
      if (!mine.shown) return;
      backdrop.draw(context, plane, mine.shown.key, this.goal, this.state.arrows);
      if (this.pointed >= 0) this.paintPointed(context, plane, mine.shown);
    });
    this.listen(mine);
    return mine;
  }

  update(state) {
    this.state = state;
    this.goal = Number(state.goal);
    for (const panel of this.panels) {
      panel.shown = panel.kind === "map" ? this.reference() : this.landscape(panel.depth);
      panel.canvas.dataset.shown = `goal ${this.goal + 1} · seed ${state.seed} · ${state.scale}`;
      panel.canvas.dataset.run = panel.shown.name;
      panel.plane.redraw();
    }
    this.tell();
  }

  // --- what a panel shows ---

  reference() {
    const { metres, nearness, way } = this.source;
    return this.withPicture("map", {
      name: "",
      heights: rowOf(metres, this.goal).map((one) => -one),
      ranks: rowOf(nearness, this.goal),
      climb: rowOf(way, this.goal),
      rangeText: (low, high) => `${(-high).toFixed(1)} to ${(-low).toFixed(1)} m on foot`,
      text: (cell) => metresText(rowOf(metres, this.goal)[cell]),
    });
  }

  landscape(depth) {
    const { runs, values, ranks, ascent } = this.source;
    const run = runOf(runs, depth, this.state);
    if (run < 0) return { key: `none ${this.state.seed}`, name: "", missing: `no run with seed ${this.state.seed}` };
    const heights = rowOf(values, run, this.goal);
    const own = rowOf(ranks, run, this.goal);
    return this.withPicture(String(run), {
      name: runs[run].name,
      heights,
      ranks: own,
      climb: rowOf(ascent, run, this.goal),
      rangeText: (low, high) => `energy ${digits(low)} to ${digits(high)}`,
      text: (cell) => `energy ${digits(heights[cell])} · rank ${own[cell]} %`,
      note: otherStep(runs[run], this.state),
    });
  }

  withPicture(who, shown) {
    const { scale } = this.state;
    const key = `${who} ${this.goal} ${scale}`;
    if (!this.pictures.has(key)) {
      const { heights, ranks } = shown;
      const [low, high] = rangeOf(heights);
      const share = { rank: (cell) => ranks[cell] / 100, energy: (cell) => (heights[cell] - low) / (high - low || 1) };
      this.pictures.set(key, { picture: this.cells.picture(share[scale]), range: shown.rangeText(low, high) });
    }
    const { picture, range } = this.pictures.get(key);
    return { note: "", ...shown, key, picture, range: scale === "rank" ? "" : range };
  }

  // --- drawing ---

  paintBackdrop(context, plane, { shown }) {
    const { maze, start } = this.source;
    if (shown.picture) drawField(context, plane, shown.picture, maze);
    drawWalls(context, plane, maze);
    if (shown.missing) return drawMissing(context, plane, shown.missing);
    if (this.state.arrows) this.paintArrows(context, plane, shown.climb);
    drawStart(context, plane, ...start.values);
    const order = [...this.goals.keys()].sort((a, b) => (a === this.goal) - (b === this.goal)); // the chosen one on top
    for (const j of order) {
      drawGoal(context, plane, ...this.goals[j], { label: String(j + 1), chosen: j === this.goal });
    }
  }

  // Arrows towards where a few steps of ascent lead, and a dot wherever ascent stops away from the goal.
  paintArrows(context, plane, climb) {
    const { cells } = this;
    const stride = Math.max(1, Math.round(Math.max(...cells.shape) / ARROWS_ALONG));
    const length = 0.62 * stride * cells.spacing * plane.scale;
    const onLattice = (cell) => [cells.column(cell), cells.row(cell)].every((k) => k % stride === stride >> 1);
    strokeHaloed(context, () => {
      for (let cell = 0; cell < climb.length; cell++) {
        const path = onLattice(cell) ? pathFrom(cell, climb, stride) : [];
        if (path.length < 2) continue;
        const [[x, y], [toX, toY]] = [path[0], path.at(-1)].map((one) => cells.centre(one));
        traceArrow(context, plane.x(x), plane.y(y), Math.atan2(y - toY, toX - x), length);
      }
    }, 1.2, 0.9);
    for (let cell = 0; cell < climb.length; cell++) {
      if (climb[cell] === cell && !this.isAtGoal(cell)) this.paintStop(context, plane, cell);
    }
  }

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

  // The crosshair, and with arrows on the way that ascent takes from there.
  paintPointed(context, plane, { climb }) {
    const [x, y] = this.cells.centre(this.pointed);
    const half = Math.max(4, (this.cells.spacing * plane.scale) / 2 + 1);
    const [left, top] = [plane.x(x), plane.y(y)];
    context.save();
    context.globalAlpha = 0.7;
    strokeHaloed(context, () => {
      context.moveTo(0, top), context.lineTo(left - half, top);
      context.moveTo(left + half, top), context.lineTo(plane.width, top);
      context.moveTo(left, 0), context.lineTo(left, top - half);
      context.moveTo(left, top + half), context.lineTo(left, plane.height);
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
    if (!this.isAtGoal(path.at(-1))) this.paintStop(context, plane, path.at(-1));
  }

  // As ascent success counts it: in the goal's cell or one beside it.
  isAtGoal(cell) {
    const [i, j] = rowOf(this.source.goal_cells, this.goal);
    return Math.max(Math.abs(this.cells.column(cell) - i), Math.abs(this.cells.row(cell) - j)) <= 1;
  }

  // --- telling ---

  tell() {
    for (const { readout, shown } of this.panels) say(readout, this.readoutOf(shown));
    say(this.tools.status, this.pointed < 0 ? this.hint : this.placeText());
  }

  readoutOf({ missing, note, range, text, climb }) {
    if (missing) return missing;
    if (this.pointed < 0) return [range, note].filter(Boolean).join(" · ");
    return [text(this.pointed), this.state.arrows && this.ascentText(climb)].filter(Boolean).join(" · ");
  }

  ascentText(climb) {
    const end = pathFrom(this.pointed, climb).at(-1);
    if (this.isAtGoal(end)) return "ascent ends at the goal";
    const short = rowOf(this.source.metres, this.goal)[end];
    return Number.isFinite(short) ? `ascent stops ${short.toFixed(1)} m short` : "ascent stops where no way leads on";
  }

  placeText() {
    const [x, y] = this.cells.centre(this.pointed);
    const way = rowOf(this.source.metres, this.goal)[this.pointed];
    const goal = `goal ${this.goal + 1}`;
    const far = Number.isFinite(way) ? `${way.toFixed(1)} m to ${goal} on foot` : `no way on foot to ${goal}`;
    return `x ${x.toFixed(1)} m, y ${y.toFixed(1)} m · ${far}`;
  }

  // --- pointing ---

  listen({ canvas, plane }) {
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

  point(cell) {
    if (cell === this.pointed) return;
    this.pointed = cell;
    this.tell();
    for (const { plane } of this.panels) plane.redraw();
  }

  goalNear(plane, event) {
    const [x, y] = plane.world(event);
    const far = this.goals.map((goal) => plane.scale * Math.hypot(goal[0] - x, goal[1] - y));
    const nearest = far.indexOf(Math.min(...far));
    return far[nearest] <= GOAL_REACH ? nearest : -1;
  }
}

// An arrow around a point; the angle is that of the screen, whose y points down.
function traceArrow(context, x, y, angle, length) {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((part) => (part * length) / 2);
  const barb = (turn) => [Math.cos(angle + turn), Math.sin(angle + turn)].map((part) => 0.4 * length * part);
  context.moveTo(x - dx, y - dy);
  context.lineTo(x + dx, y + dy);
  for (const [bx, by] of [barb(0.55), barb(-0.55)]) {
    context.moveTo(x + dx, y + dy);
    context.lineTo(x + dx - bx, y + dy - by);
  }
}

// Lowest and highest of the finite numbers.
function rangeOf(numbers) {
  const finite = numbers.filter(Number.isFinite);
  return [finite.reduce((a, b) => Math.min(a, b), Infinity), finite.reduce((a, b) => Math.max(a, b), -Infinity)];
}

const digits = (number) => (Math.abs(number) < 100 ? number.toPrecision(3) : number.toFixed(0));
const metresText = (metres) => (Number.isFinite(metres) ? `${metres.toFixed(1)} m on foot` : "no way on foot");

views.landscape = (root, source, tools) => new LandscapeView(source, tools);
