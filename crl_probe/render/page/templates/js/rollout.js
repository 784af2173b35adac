// Rollouts: the same starts and goals for every agent, played side by side.

const TAIL = 16; // frames behind an agent that stand out from the rest of its path
const QUANTA = 65535; // a coordinate from one limit to the other
const STAR = 9; // CSS pixels from the middle of a goal's star that it covers, about
const LONGEST_GLIDE = 250; // longest time in milliseconds between two frames that agents glide from one to the other
/** @type {Record<string, number>} */
const FRAMES_BY = { ArrowLeft: -1, ArrowRight: 1 };

class RolloutView {
  /** @param {RolloutSource} source @param {Tools<RolloutState>} tools */
  constructor(source, tools) {
    this.source = source;
    this.tools = tools;
    this.state = tools.state;
    this.step = 0;
    this.frame = 0;
    /** @type {Glide | null} */
    this.glide = null;
    this.since = 0; // when this frame was chosen
    this.alone = false; // whether one pair is followed
    /** @type {number[]} */
    this.pairs = []; // those that are shown
    this.numPairs = source.goals.shape[0];
    this.frames = [...source.frames.values];
    this.panels = tools.panels.map((panel) => this.makePanel(panel));
  }

  /** @param {Panel} panel */
  makePanel(panel) {
    const mine = /** @type {RolloutPanel} */ ({ ...panel, run: -1, missing: "" });
    const backdrop = new Backdrop((context, plane) => this.paintBackdrop(context, plane, mine));
    mine.plane = new Plane(panel.canvas, this.source.limits, (context, plane) => {
      if (!this.pairs.length) return;
      backdrop.draw(context, plane, this.state.pair, mine.missing);
      if (mine.run < 0) return;
      const frame = this.drawnFrame();
      this.pairs.forEach((pair) => this.paintEpisode(context, plane, mine, pair, frame));
      if (frame < this.frame) plane.redraw();
    });
    this.listen(mine);
    return mine;
  }

  /** @param {RolloutState} state */
  update(state) {
    this.state = state;
    this.alone = state.pair !== "all";
    this.pairs = this.alone ? [Number(state.pair)] : [...Array(this.numPairs).keys()];
    this.step = Number(state.time);
    this.moveTo(this.frames.indexOf(this.step), performance.now());
    for (const panel of this.panels) {
      panel.run = runOf(this.source.runs, panel.depth, state);
      panel.missing = panel.run < 0 ? `no run with seed ${state.seed}` : "";
      panel.canvas.dataset.shown = `step ${this.step}`;
      panel.canvas.dataset.run = panel.run < 0 ? "" : this.source.runs[panel.run].name;
      say(panel.readout, panel.missing || this.readoutOf(panel.run));
      panel.plane.redraw();
    }
  }

  /**
   * A frame that soon follows the one before is glided to, in the time that lies between the two.
   * @param {number} frame
   * @param {number} now
   */
  moveTo(frame, now) {
    const gap = now - this.since;
    const glides = frame > this.frame && gap < LONGEST_GLIDE && !calm.matches;
    this.glide = glides ? { frame: this.frame, gap } : null;
    this.frame = frame;
    this.since = now;
  }

  drawnFrame() {
    if (!this.glide) return this.frame;
    const { frame, gap } = this.glide;
    const share = (performance.now() - this.since) / gap;
    return share < 1 ? frame + share * (this.frame - frame) : this.frame;
  }

  /** Step of arrival, infinite for never. @param {number} run @param {number} pair */
  arrivalOf(run, pair) {
    return rowOf(this.source.arrival, run)[pair] || Infinity;
  }

  /** @param {number} run */
  readoutOf(run) {
    const text = this.alone ? this.outcomeText(run, this.pairs[0]) : this.countText(run);
    return [text, otherStep(this.source.runs[run], this.state)].filter(Boolean).join(" · ");
  }

  /** @param {number} run */
  countText(run) {
    const there = this.pairs.filter((pair) => this.arrivalOf(run, pair) <= this.step).length;
    return `step ${this.step} · ${there} of ${this.numPairs} arrived`;
  }

  /** @param {number} run @param {number} pair */
  outcomeText(run, pair) {
    const arrival = this.arrivalOf(run, pair);
    const length = `path length ${rowOf(this.source.walked, run)[pair].toFixed(1)} m`;
    if (arrival <= this.step) return `reached its goal at step ${arrival} (${length})`;
    if (this.step === this.frames.at(-1)) return `did not reach its goal in ${this.step} steps (${length})`;
    return `step ${this.step} · on its way`;
  }

  // --- drawing ---

  /** @param {Context} context @param {Plane} plane @param {RolloutPanel} panel */
  paintBackdrop(context, plane, { missing }) {
    const { maze, starts, goals, tolerance } = this.source;
    drawWalls(context, plane, maze);
    if (missing) return drawMissing(context, plane, missing);
    for (const pair of this.pairs) {
      const [x, y] = rowOf(starts, pair);
      // Starts of all pairs lie close together, so they get small rings.
      if (this.alone) drawStart(context, plane, x, y);
      else drawRing(context, plane.x(x), plane.y(y), 2.2, css("--soft"));
    }
    for (const pair of this.pairs) {
      const [x, y] = rowOf(goals, pair);
      const reach = tolerance * plane.scale;
      // Within this ring the goal counts as reached; a star that hides it stands for it.
      if (reach > STAR) drawRing(context, plane.x(x), plane.y(y), reach, css("--soft"));
      drawGoal(context, plane, x, y, { chosen: this.alone && reach <= STAR });
      drawNumber(context, plane.x(x), plane.y(y), String(pair + 1), plane.width);
    }
  }

  /**
   * The path so far and the agent at its end. What follows the arrival is no part of the path.
   * @param {Context} context
   * @param {Plane} plane
   * @param {RolloutPanel} panel
   * @param {number} pair
   * @param {number} frame
   */
  paintEpisode(context, plane, { run, depth }, pair, frame) {
    const at = pixels(plane, rowOf(this.source.paths, run, pair));
    const arrival = this.arrivalOf(run, pair);
    const arrivalFrame = this.frames.findIndex((step) => step >= arrival);
    const atGoal = arrivalFrame >= 0 && arrivalFrame <= frame;
    const end = atGoal ? arrivalFrame : frame;
    context.save();
    context.lineJoin = context.lineCap = "round";
    context.strokeStyle = this.source.colours[depth];
    strokePath(context, at, 0, end, this.alone ? 2.6 : 1.6, this.alone ? 1 : 0.45);
    if (this.alone && atGoal) strokePath(context, at, end, frame, 1.2, 0.45);
    if (!this.alone && !atGoal) {
      for (let part = 0; part < 4; part++) {
        strokePath(context, at, end - TAIL + part * (TAIL / 4), end, 2.2, 0.3);
      }
    }
    context.restore();
    const isOver = frame === this.frames.length - 1;
    const mark = atGoal ? drawReached : isOver ? drawMissed : drawOnItsWay;
    mark(context, ...at(frame), this.source.colours[depth], this.alone ? 6 : 4.5);
  }

  // --- pointing ---

  /** @param {RolloutPanel} panel */
  listen({ canvas, plane }) {
    canvas.style.cursor = "default";
    canvas.addEventListener("pointermove", (event) => {
      canvas.style.cursor = this.pairNear(plane, event) < 0 ? "default" : "pointer";
    });
    canvas.addEventListener("click", (event) => {
      const pair = this.pairNear(plane, event);
      if (this.alone) this.tools.set("pair", "all");
      else if (pair >= 0) this.tools.set("pair", String(pair));
    });
    canvas.addEventListener("keydown", (event) => {
      const by = FRAMES_BY[event.key];
      if (event.key === "Escape") this.tools.set("pair", "all");
      if (!by) return;
      event.preventDefault(); // the page stays where it is
      const frame = Math.min(Math.max(this.frame + by, 0), this.frames.length - 1);
      this.tools.set("time", String(this.frames[frame]));
    });
  }

  /** The shown pair whose goal is near a pointer, or -1. @param {Plane} plane @param {MouseEvent} event */
  pairNear(plane, event) {
    const [x, y] = plane.world(event);
    const far = this.pairs.map((pair) => {
      const [goalX, goalY] = rowOf(this.source.goals, pair);
      return plane.scale * Math.hypot(goalX - x, goalY - y);
    });
    const nearest = Math.min(...far);
    return nearest <= GOAL_REACH ? this.pairs[far.indexOf(nearest)] : -1;
  }
}

/**
 * Where an agent is on the screen at a frame, or between two.
 * @param {Plane} plane
 * @param {Uint16Array} path
 * @returns {(frame: number) => Point}
 */
function pixels(plane, path) {
  const [xMin, xMax, yMin, yMax] = plane.limits;
  const [width, height] = [xMax - xMin, yMax - yMin].map((size) => (size * plane.scale) / QUANTA);
  return (frame) => {
    const [before, after] = [2 * Math.floor(frame), 2 * Math.ceil(frame)];
    const share = frame - Math.floor(frame);
    const [x, y] = [0, 1].map((axis) => (1 - share) * path[before + axis] + share * path[after + axis]);
    return [plane.left + width * x, plane.bottom - height * y];
  };
}

/**
 * @param {Context} context
 * @param {(frame: number) => Point} at
 * @param {number} from
 * @param {number} to
 * @param {number} width
 * @param {number} opacity
 */
function strokePath(context, at, from, to, width, opacity) {
  context.beginPath();
  for (let frame = Math.max(0, Math.floor(from)); frame < to; frame++) context.lineTo(...at(frame));
  context.lineTo(...at(to));
  context.lineWidth = width;
  context.globalAlpha = opacity;
  context.stroke();
}

views.rollout = (_root, source, tools) => new RolloutView(source, tools);
