// States as points in one panel: a thread joins those of an episode, numbered stars are goals.

const STATE = 2.7; // radius in CSS pixels
const REACH = 12; // how near to a state a pointer must be, in CSS pixels
const FAINT = 0.1; // what is left of the others while one episode is followed
const PIXELS = { x: (x) => x, y: (y) => y }; // a plane whose unit is the CSS pixel

// Coordinates from their 16 bits: three for each row, the third is 0 where there are two.
function unpackPoints({ shares, limits }, picture) {
  const [, rows, dims] = shares.shape;
  const points = new Float32Array(3 * rows);
  for (let d = 0; d < dims; d++) {
    const [low, high] = limits.values.subarray(2 * (picture * dims + d));
    const step = (high - low) / 65535;
    for (let row = 0; row < rows; row++) {
      points[3 * row + d] = low + step * shares.values[(picture * rows + row) * dims + d];
    }
  }
  return points;
}

// What is shown of a picture: its limits, and in the plane room for marks at the edge; a ball has it nearly everywhere.
function frameOf({ limits }, picture) {
  const dims = limits.shape[1];
  const [xMin, xMax, yMin, yMax] = limits.values.subarray(2 * picture * dims);
  const rim = dims === 2 ? 0.05 * Math.max(xMax - xMin, yMax - yMin) : 0;
  return [xMin - rim, xMax + rim, yMin - rim, yMax + rim];
}

// Turn by yaw about the upright axis, then by pitch about the one to the right; z points at the reader.
function turner({ yaw, pitch }) {
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  return (x, y, z) => {
    const near = cy * z - sy * x;
    return [cy * x + sy * z, cp * y - sp * near, sp * y + cp * near];
  };
}

// One panel. The scene is what all panels share: { episode, first, last, colours, followed, mark, angles }. What can be
// told of the panel while nothing is pointed at is in `idle`.
class Cloud {
  constructor(canvas, scene, maze) {
    Object.assign(this, { canvas, scene, points: null, solid: false, idle: "", version: 0 });
    this.floor = new Backdrop((context, plane) => drawWalls(context, plane, maze));
    this.states = new Backdrop((context) => this.paintStates(context));
    this.plane = new Plane(canvas, [0, 1, 0, 1], (context, plane) => this.paint(context, plane));
  }

  // Show these points, coming from those shown so far if asked to glide there; move() takes them.
  aim(points, frame, { solid = false, gliding = false } = {}) {
    const known = this.points !== null;
    Object.assign(this, { solid, target: points, origin: gliding && known ? this.points : points });
    this.points = Float32Array.from(this.origin);
    if (String(frame) !== String(this.plane.limits)) {
      this.plane.limits = frame;
      this.plane.fit();
    }
    this.refresh();
  }

  move(share) {
    if (!this.points || this.origin === this.target) return;
    this.points = this.target.map((to, k) => this.origin[k] + share * (to - this.origin[k]));
    this.refresh();
  }

  clear() {
    this.points = null;
    this.plane.redraw();
  }

  // Paint all states anew; plane.redraw() alone is enough where only what is followed has changed.
  refresh() {
    this.version += 1;
    this.plane.redraw();
  }

  // The state nearest to a pointer, or -1; states of the followed episode come first.
  nearest(event, followed) {
    if (!this.points) return -1;
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
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

  paint(context, plane) {
    if (!this.points) return drawMissing(context, plane, this.idle);
    this.project(plane);
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

  // Where every row is on the canvas, and how near to the reader, from -1 to 1.
  project(plane) {
    const rows = this.points.length / 3;
    if (this.px?.length !== rows) [this.px, this.py, this.near] = [0, 0, 0].map(() => new Float32Array(rows));
    const turn = this.solid ? turner(this.scene.angles) : (...point) => point;
    const reach = plane.limits[1];
    for (let i = 0; i < rows; i++) {
      const [x, y, z] = turn(this.points[3 * i], this.points[3 * i + 1], this.points[3 * i + 2]);
      this.px[i] = plane.x(x);
      this.py[i] = plane.y(y);
      this.near[i] = z / reach;
    }
  }

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

  paintGoals(context) {
    for (let i = this.scene.episode.length; i < this.px.length; i++) {
      const label = String(i - this.scene.episode.length + 1);
      drawGoal(context, PIXELS, this.px[i], this.py[i], { label, chosen: false });
    }
  }

  // The episode with a ring at its start and a full dot at its end.
  paintEpisode(context, k) {
    const [first, last, ink] = [this.scene.first[k], this.scene.last[k], css("--ink")];
    context.lineJoin = context.lineCap = "round";
    for (const [width, colour] of [[5, css("--floor")], [1.8, ink]]) {
      context.lineWidth = width;
      context.strokeStyle = colour;
      context.beginPath();
      this.thread(context, first, last);
      context.stroke();
    }
    for (let i = first; i <= last; i++) {
      this.dot(context, i, 4.6, ink);
      this.dot(context, i, 3.6, this.scene.colours[i]);
    }
    this.dot(context, last, 6, ink);
    this.ring(context, first, 5.5, 2.5);
  }

  thread(context, first, last) {
    context.moveTo(this.px[first], this.py[first]);
    for (let i = first + 1; i <= last; i++) context.lineTo(this.px[i], this.py[i]);
  }

  dot(context, i, radius, colour) {
    context.fillStyle = colour;
    context.beginPath();
    context.arc(this.px[i], this.py[i], radius * (this.solid ? 1 + 0.35 * this.near[i] : 1), 0, 2 * Math.PI);
    context.fill();
  }

  ring(context, i, radius, width) {
    for (const [wide, colour] of [[width + 2.5, css("--floor")], [width, css("--ink")]]) {
      context.lineWidth = wide;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(this.px[i], this.py[i], radius, 0, 2 * Math.PI);
      context.stroke();
    }
  }
}
