// Rollouts: the same starts and goals for every agent, played side by side.

const TAIL = 16; // frames behind an agent that stand out from the rest of its way
const QUANTA = 65535; // a coordinate from one limit to the other
const STAR = 9; // CSS pixels from the middle of a goal's star that it covers, about
const LONGEST_GLIDE = 250; // longest time in milliseconds between two frames that agents glide from one to the other

class RolloutView {
  constructor(source, tools) {
    Object.assign(this, { source, tools, state: tools.state, frame: 0, left: null, since: 0 });
    this.numPairs = source.goals.shape[0];
    this.frames = [...source.frames.values];
    this.panels = tools.panels.map((panel) => this.makePanel(panel));
  }

  makePanel(panel) {
    const mine = { ...panel, run: -1 };
    const backdrop = new Backdrop((context, plane) => this.paintBackdrop(context, plane, mine));
    mine.plane = new Plane(panel.canvas, this.source.limits, (context, plane) => {
      if (!this.pairs) return;
      backdrop.draw(context, plane, this.state.pair, mine.missing);
      if (mine.run < 0) return;
      const frame = this.drawnFrame();
      this.pairs.forEach((pair) => this.paintEpisode(context, plane, mine, pair, frame));
      if (frame < this.frame) plane.redraw();
    });
    this.listen(mine);
    return mine;
  }

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

  // A frame that soon follows the one before is glided to, in the time that lies between the two.
  moveTo(frame, now) {
    const gap = now - this.since;
    const glides = frame > this.frame && gap < LONGEST_GLIDE && !calm.matches;
    Object.assign(this, { left: glides ? { frame: this.frame, gap } : null, frame, since: now });
  }

  drawnFrame() {
    const share = this.left ? (performance.now() - this.since) / this.left.gap : 1;
    return share < 1 ? this.left.frame + share * (this.frame - this.left.frame) : this.frame;
  }

  arrivalOf(run, pair) {
    return rowOf(this.source.arrival, run)[pair] || Infinity;
  }

  readoutOf(run) {
    const told = this.alone ? this.fateOf(run, this.pairs[0]) : this.countText(run);
    return [told, otherStep(this.source.runs[run], this.state)].filter(Boolean).join(" · ");
  }

  countText(run) {
    const there = this.pairs.filter((pair) => this.arrivalOf(run, pair) <= this.step).length;
    return `step ${this.step} · ${there} of ${this.numPairs} arrived`;
  }

  fateOf(run, pair) {
    const arrival = this.arrivalOf(run, pair);
    const walked = `${rowOf(this.source.walked, run)[pair].toFixed(1)} m walked`;
    if (arrival <= this.step) return `reached its goal at step ${arrival} (after ${walked})`;
    if (this.step === this.frames.at(-1)) return `did not reach its goal in ${this.step} steps (${walked})`;
    return `step ${this.step} · on its way`;
  }

  // --- drawing ---

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
      drawNumber(context, plane.x(x), plane.y(y), pair + 1, plane.width);
    }
  }

  // The way so far and the agent at its end. What follows the arrival is no part of the way.
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
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (event.key === "Escape") this.tools.set("pair", "all");
      if (!by) return;
      event.preventDefault(); // the page stays where it is
      const frame = Math.min(Math.max(this.frame + by, 0), this.frames.length - 1);
      this.tools.set("time", String(this.frames[frame]));
    });
  }

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

// Where an agent is on the screen at a frame, or between two.
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

function strokePath(context, at, from, to, width, opacity) {
  context.beginPath();
  for (let frame = Math.max(0, Math.floor(from)); frame < to; frame++) context.lineTo(...at(frame));
  context.lineTo(...at(to));
  context.lineWidth = width;
  context.globalAlpha = opacity;
  context.stroke();
}

// The number of a goal beside its star, or below it where there is no room beside.
function drawNumber(context, x, y, number, width) {
  const fits = x < width - 26;
  context.save();
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = fits ? "left" : "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = css("--floor");
  context.fillStyle = css("--ink");
  const at = fits ? [number, x + 9, y - 6] : [number, x, y + 14];
  context.strokeText(...at);
  context.fillText(...at);
  context.restore();
}

function drawRing(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 1;
  context.strokeStyle = colour;
  context.stroke();
}

// How an agent fares shows in its shape and its colour: an open ring on its way, a filled one with a tick at the goal,
// a cross where the episode ended elsewhere.

function drawOnItsWay(context, x, y, colour, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = css("--card");
  context.fill();
  context.lineWidth = 2.2;
  context.strokeStyle = colour;
  context.stroke();
}

function drawReached(context, x, y, colour, radius) {
  const r = radius + 1;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.fillStyle = colour;
  context.fill();
  context.beginPath();
  context.moveTo(x - 0.5 * r, y);
  context.lineTo(x - 0.1 * r, y + 0.42 * r);
  context.lineTo(x + 0.5 * r, y - 0.42 * r);
  context.lineWidth = 0.28 * r;
  context.strokeStyle = css("--mark");
  context.stroke();
}

function drawMissed(context, x, y, colour, radius) {
  const r = 0.75 * radius;
  for (const [width, stroke] of [[4.5, css("--card")], [2.2, css("--ink")]]) {
    context.beginPath();
    context.moveTo(x - r, y - r), context.lineTo(x + r, y + r);
    context.moveTo(x - r, y + r), context.lineTo(x + r, y - r);
    context.lineWidth = width;
    context.strokeStyle = stroke;
    context.stroke();
  }
}

views.rollout = (root, source, tools) => new RolloutView(source, tools);
