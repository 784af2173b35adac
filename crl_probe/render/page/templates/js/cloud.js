// States as points in one panel: a thread joins those of an episode, numbered stars are goals.

const STATE = 2.7; // radius in CSS pixels
const REACH = 12; // how near to a state a pointer must be, in CSS pixels
const FAINT = 0.1; // what is left of the others while one episode is followed
/** @type {Placing} */
const PIXELS = { x: (x) => x, y: (y) => y }; // a plane whose unit is the CSS pixel

/**
 * Coordinates from their 16 bits: three for each row, the third is 0 where there are two.
 * @param {Projections} projections
 * @param {number} index of the projection
 */
function unpackPoints({ shares, limits }, index) {
  const [, rows, dims] = shares.shape;
  const points = new Float32Array(3 * rows);
  for (let d = 0; d < dims; d++) {
    const [low, high] = limits.values.subarray(2 * (index * dims + d));
    const step = (high - low) / 65535;
    for (let row = 0; row < rows; row++) {
      points[3 * row + d] = low + step * shares.values[(index * rows + row) * dims + d];
    }
  }
  return points;
}

/**
 * What is shown of a projection: its limits, and in two dimensions room for marks at the edge. A ball has such room.
 * @param {Projections} projections
 * @param {number} index of the projection
 * @returns {Limits}
 */
function frameOf({ limits }, index) {
  const dims = limits.shape[1];
  const [xMin, xMax, yMin, yMax] = limits.values.subarray(2 * index * dims);
  const rim = dims === 2 ? 0.05 * Math.max(xMax - xMin, yMax - yMin) : 0;
  return [xMin - rim, xMax + rim, yMin - rim, yMax + rim];
}

/**
 * Turn by yaw about the upright axis, then by pitch about the one to the right; z points at the reader.
 * @param {Angles} angles
 * @returns {(x: number, y: number, z: number) => Point3}
 */
function turner({ yaw, pitch }) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return (x, y, z) => {
    const near = cy * z - sy * x;
    return [cy * x + sy * z, cp * y - sp * near, sp * y + cp * near];
  };
}

class Cloud {
  /** @param {HTMLCanvasElement} canvas @param {Scene} scene what all panels share @param {Maze | null} maze */
  constructor(canvas, scene, maze) {
    this.canvas = canvas;
    this.scene = scene;
    this.idle = ""; // the panel's text while nothing is pointed at
    this.solid = false; // whether the projection has three dimensions
    this.version = 0;
    /** @type {Float32Array | null} Coordinates that are shown, between an origin and a target. */
    this.points = null;
    /** @type {Float32Array} */
    this.origin = new Float32Array(0);
    /** @type {Float32Array} */
    this.target = this.origin;
    // Of each row: place on the canvas, and nearness to the reader from -1 to 1.
    this.px = this.py = this.near = new Float32Array(0);
    this.floor = new Backdrop((context, plane) => drawWalls(context, plane, maze));
    this.states = new Backdrop((context) => this.paintStates(context));
    this.plane = new Plane(canvas, [0, 1, 0, 1], (context, plane) => this.paint(context, plane));
  }

  /**
   * Show these points. If gliding, start from those shown so far; move() takes them to the new ones.
   * @param {Float32Array} points
   * @param {Limits} frame
   */
  aim(points, frame, { solid = false, gliding = false } = {}) {
    this.solid = solid;
    this.target = points;
    this.origin = gliding && this.points ? this.points : points;
    this.points = Float32Array.from(this.origin);
    if (String(frame) !== String(this.plane.limits)) {
      this.plane.limits = frame;
      this.plane.fit();
    }
    this.refresh();
  }

  /** @param {number} share of the way */
  move(share) {
    if (!this.points || this.origin === this.target) return;
    this.points = this.target.map((to, k) => this.origin[k] + share * (to - this.origin[k]));
    this.refresh();
  }

  clear() {
    this.points = null;
    this.plane.redraw();
  }

  /** Paint all states anew; plane.redraw() alone is enough where only what is followed has changed. */
  refresh() {
    this.version += 1;
    this.plane.redraw();
  }

  /**
   * The state nearest to a pointer, or -1; states of the followed episode come first.
   * @param {MouseEvent} event
   * @param {number} followed
   */
  nearest(event, followed) {
    if (!this.points) return -1;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    /** @param {number} from @param {number} to */
    const among = (from, to) => {
      let [best, row] = [REACH, -1];
      for (let i = from; i < to; i++) {
        const gap = Math.hypot(this.px[i] - x, this.py[i] - y);
        if (gap < best) [best, row] = [gap, i];
      }
      return row;
    };
    const { first, last, episode } = this.scene;
    const near = followed < 0 ? -1 : among(first[followed], last[followed] + 1);
    return near < 0 ? among(0, episode.length) : near;
  }

  /** @type {Paint} */
  paint(context, plane) {
    if (!this.points) return drawMissing(context, plane, this.idle);
    this.project(plane, this.points);
    const { followed, mark } = this.scene;
    this.floor.draw(context, plane);
    context.save();
    context.globalAlpha = followed < 0 ? 1 : FAINT;
    this.states.draw(context, plane, this.version);
    context.restore();
    this.paintGoals(context);
    if (followed >= 0) this.paintEpisode(context, followed);
    if (mark >= 0) this.ring(context, mark, 8, 2);
  }

  /** @param {Plane} plane @param {Float32Array} points */
  project(plane, points) {
    const rows = points.length / 3;
    if (this.px.length !== rows) [this.px, this.py, this.near] = [0, 0, 0].map(() => new Float32Array(rows));
    const turn = this.solid ? turner(this.scene.angles) : (/** @type {Point3} */ ...point) => point;
    const reach = plane.limits[1];
    for (let i = 0; i < rows; i++) {
      const [x, y, z] = turn(points[3 * i], points[3 * i + 1], points[3 * i + 2]);
      this.px[i] = plane.x(x);
      this.py[i] = plane.y(y);
      this.near[i] = z / reach;
    }
  }

  /** @param {Context} context */
  paintStates(context) {
    const { episode, first, last, colours } = this.scene;
    context.strokeStyle = css("--soft");
    context.globalAlpha = 0.35;
    context.lineWidth = 0.8;
    context.beginPath();
    first.forEach((from, k) => this.thread(context, from, last[k]));
    context.stroke();
    const farToNear = [...episode.keys()].sort((i, j) => this.near[i] - this.near[j]);
    const rim = css("--mark-line"); // keeps bright colours apart from a bright floor
    for (const i of farToNear) {
      const depth = this.solid ? 0.65 + 0.35 * this.near[i] : 1;
      context.globalAlpha = 0.45 * depth;
      this.dot(context, i, STATE + 0.6, rim);
      context.globalAlpha = depth;
      this.dot(context, i, STATE, colours[i]);
    }
  }

  /** @param {Context} context */
  paintGoals(context) {
    for (let i = this.scene.episode.length; i < this.px.length; i++) {
      const label = String(i - this.scene.episode.length + 1);
      drawGoal(context, PIXELS, this.px[i], this.py[i], { label, chosen: false });
    }
  }

  /** The episode with a ring at its start and a full dot at its end. @param {Context} context @param {number} k */
  paintEpisode(context, k) {
    const [first, last] = [this.scene.first[k], this.scene.last[k]];
    const ink = css("--ink");
    context.lineJoin = context.lineCap = "round";
    context.beginPath();
    this.thread(context, first, last);
    strokeTwice(context, [5, css("--floor")], [1.8, ink]);
    for (let i = first; i <= last; i++) {
      this.dot(context, i, 4.6, ink);
      this.dot(context, i, 3.6, this.scene.colours[i]);
    }
    this.dot(context, last, 6, ink);
    this.ring(context, first, 5.5, 2.5);
  }

  /** @param {Context} context @param {number} first @param {number} last */
  thread(context, first, last) {
    context.moveTo(this.px[first], this.py[first]);
    for (let i = first + 1; i <= last; i++) context.lineTo(this.px[i], this.py[i]);
  }

  /** @param {Context} context @param {number} i @param {number} radius @param {string} colour */
  dot(context, i, radius, colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(this.px[i], this.py[i], radius * (this.solid ? 1 + 0.35 * this.near[i] : 1), 0, 2 * Math.PI);
    context.fill();
  }

  /** @param {Context} context @param {number} i @param {number} radius @param {number} width */
  ring(context, i, radius, width) {
    context.beginPath();
    context.arc(this.px[i], this.py[i], radius, 0, 2 * Math.PI);
    strokeTwice(context, [width + 2.5, css("--floor")], [width, css("--ink")]);
  }
}
