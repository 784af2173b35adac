// Bodies in motion: solids painted from far to near, looked at from one place in all panels.

const SPHERE = 0, CAPSULE = 1, BOX = 2;
const NEAREST = 0.05; // shares of the camera's distance: what is nearer is not drawn
const TURN = 0.008; // radians for each CSS pixel that is dragged
const STEEP = 1.45; // radians, of the steepest look down
/** @type {Record<string, number>} */
const ZOOMS = { "+": 1.2, "=": 1.2, "-": 1 / 1.2 };
/** @type {Record<string, [yaw: number, pitch: number]>} */
const TURNS = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
// Corners of a box by the signs of their coordinates, and its faces by the numbers of their corners.
const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => [k & 1 ? 1 : -1, k & 2 ? 1 : -1, k & 4 ? 1 : -1]);
const FACES = [[0, 2, 3, 1], [4, 5, 7, 6], [0, 1, 5, 4], [2, 6, 7, 3], [0, 4, 6, 2], [1, 3, 7, 5]];
// A capsule from its dark rim to the light from above on it: share of its width, of its light, and how far up.
const ROUND = [[1, 0.58, 0], [0.88, 0.76, 0.02], [0.7, 0.92, 0.06], [0.46, 1.02, 0.11], [0.2, 1.1, 0.16]];
/** @type {Point3} */
const LIGHT = [0.35, -0.45, 0.82];

/** @param {Quaternion} q @param {ArrayLike<number>} v @returns {Point3} */
function rotate([w, x, y, z], v) {
  const [tx, ty, tz] = [2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])];
  return [
    v[0] + w * tx + y * tz - z * ty,
    v[1] + w * ty + z * tx - x * tz,
    v[2] + w * tz + x * ty - y * tx,
  ];
}

/** @param {Quaternion} a @param {ArrayLike<number>} b @returns {Quaternion} */
function times([w, x, y, z], b) {
  return [
    w * b[0] - x * b[1] - y * b[2] - z * b[3],
    w * b[1] + x * b[0] + y * b[3] - z * b[2],
    w * b[2] - x * b[3] + y * b[0] + z * b[1],
    w * b[3] + x * b[2] - y * b[1] + z * b[0],
  ];
}

/** A colour of ours, darker or lighter. @param {string} colour @param {number} share of its light */
function shaded(colour, share) {
  const parts = colour.match(/\d+/g) ?? [];
  return `rgb(${parts.map((part) => Math.min(255, Math.round(Number(part) * share))).join(" ")})`;
}

class BodiesView {
  /** @param {BodiesSource} source @param {Tools<BodiesState>} tools */
  constructor(source, tools) {
    this.source = source;
    this.state = tools.state;
    /** @type {Camera} */
    this.camera = { yaw: source.lens.yaw, pitch: source.lens.pitch, zoom: 1 };
    this.frames = [...source.frames.values];
    this.frame = 0;
    this.panels = tools.panels.map((panel) => this.makePanel(panel));
  }

  /** @param {Panel} panel */
  makePanel(panel) {
    const mine = /** @type {BodiesPanel & { plane: Plane }} */ ({ ...panel, run: -1, missing: "" });
    mine.plane = new Plane(panel.canvas, [0, 1, 0, 1], (context, plane) => this.paint(context, plane, mine));
    this.listen(panel.canvas);
    return mine;
  }

  /** @param {BodiesState} state */
  update(state) {
    this.state = state;
    this.frame = Math.max(this.frames.indexOf(Number(state.time)), 0);
    for (const panel of this.panels) {
      panel.run = runOf(this.source.runs, panel.depth, state);
      panel.missing = panel.run < 0 ? `no run with seed ${state.seed}` : "";
      panel.canvas.dataset.shown = `step ${state.time}`;
      panel.canvas.dataset.run = panel.run < 0 ? "" : this.source.runs[panel.run].name;
      say(panel.readout, panel.missing || this.readoutOf(panel.run));
    }
    this.redraw();
  }

  redraw() {
    for (const panel of this.panels) {
      panel.canvas.dataset.camera = [this.camera.yaw, this.camera.pitch, this.camera.zoom].map((part) => part.toFixed(2)).join(" ");
      panel.plane.redraw();
    }
  }

  /** @param {number} run */
  readoutOf(run) {
    const pair = Number(this.state.pair);
    const [arrival, taken] = [this.source.arrival, this.source.taken].map((of) => rowOf(of, run)[pair]);
    const step = Math.min(this.frames[this.frame], taken);
    const away = `${rowOf(this.source.distances, run, pair)[this.frame].toFixed(2)} ${this.source.unit} from the goal`;
    if (arrival && arrival <= step) return `step ${step} · ${away} · reached it at step ${arrival}`;
    const over = step === taken && taken < (this.frames.at(-1) ?? 0);
    return over ? `ended at step ${step} · ${away}` : `step ${step} · ${away}`;
  }

  // --- geometry ---

  /** Where a body is. @param {number} run @param {number} body @returns {{ at: Point3, turn: Quaternion }} */
  poseOf(run, body) {
    const { positions, rotations, low, high } = this.source;
    const place = rowOf(positions, run, Number(this.state.pair), this.frame, body);
    const turned = rowOf(rotations, run, Number(this.state.pair), this.frame, body);
    /** @param {number} axis */
    const along = (axis) => low.values[axis] + (place[axis] / QUANTA) * (high.values[axis] - low.values[axis]);
    const turn = [...turned].map((part) => (2 * part) / QUANTA - 1);
    const length = Math.hypot(...turn) || 1;
    return { at: [along(0), along(1), along(2)], turn: /** @type {Quaternion} */ (turn.map((part) => part / length)) };
  }

  /** The middle of what is looked at, and how far the camera is from it. @param {number} run */
  aimOf(run) {
    const { low, high, lens } = this.source;
    if (this.state.camera === "all") {
      const middle = [0, 1, 2].map((axis) => (low.values[axis] + high.values[axis]) / 2);
      return { middle: /** @type {Point3} */ (middle), distance: lens.far / this.camera.zoom };
    }
    const { at } = this.poseOf(run, 0);
    return { middle: /** @type {Point3} */ ([at[0], at[1], Math.max(at[2] * 0.8, 0)]), distance: lens.near / this.camera.zoom };
  }

  /** From places in the world to places on a canvas. @param {Plane} plane @param {number} run */
  lensOf(plane, run) {
    const { yaw, pitch } = this.camera;
    const { middle, distance } = this.aimOf(run);
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    const scale = this.source.lens.length * plane.height;
    /** Right, up, and away from the reader. @param {ArrayLike<number>} p @returns {Point3} */
    const seen = (p) => {
      const [x, y, z] = [p[0] - middle[0], p[1] - middle[1], p[2] - middle[2]];
      const out = cy * x + sy * y; // towards the camera, on the floor
      return [cy * y - sy * x, cp * z - sp * out, distance - (cp * out + sp * z)];
    };
    const nearest = NEAREST * distance;
    /** @param {Point3} p */
    const onCanvas = ([right, up, depth]) => /** @type {Point} */ ([
      plane.width / 2 + (scale * right) / depth,
      plane.height / 2 - (scale * up) / depth,
    ]);
    return { seen, onCanvas, nearest, scale, middle, distance };
  }

  // --- drawing ---

  /** @param {Context} context @param {Plane} plane @param {BodiesPanel} panel */
  paint(context, plane, { run, depth, missing }) {
    if (missing || run < 0) return drawMissing(context, plane, missing);
    const lens = this.lensOf(plane, run);
    context.save();
    context.lineCap = context.lineJoin = "round";
    this.paintFloor(context, lens);
    const solids = [...this.solidsOf(lens, run, this.source.tints[depth]), ...this.goalOf(lens)];
    context.fillStyle = context.strokeStyle = css("--shadow"); // opaque, so that shadows do not add up
    for (const { shadow } of solids) shadow?.(context);
    for (const solid of solids.sort((a, b) => b.depth - a.depth)) solid.draw(context);
    context.restore();
  }

  /** A grid of squares around what is looked at. @param {Context} context @param {ReturnType<BodiesView["lensOf"]>} lens */
  paintFloor(context, { seen, onCanvas, nearest, middle, distance }) {
    const square = 10 ** Math.floor(Math.log10(distance / 2));
    const count = Math.min(Math.ceil(distance / square), 24);
    const [x0, y0] = [Math.round(middle[0] / square), Math.round(middle[1] / square)];
    context.strokeStyle = css("--soft");
    context.lineWidth = 1;
    /** @param {number} i @param {boolean} alongX */
    const line = (i, alongX) => {
      context.globalAlpha = 0.3 * (1 - Math.abs(i) / (count + 1));
      context.beginPath();
      let pen = false;
      for (let k = -count; k <= count; k++) {
        const place = alongX ? [(x0 + k) * square, (y0 + i) * square, this.source.floor] : [(x0 + i) * square, (y0 + k) * square, this.source.floor];
        const point = seen(place);
        if (point[2] > nearest) context[pen ? "lineTo" : "moveTo"](...onCanvas(point));
        pen = point[2] > nearest;
      }
      context.stroke();
    };
    for (let i = -count; i <= count; i++) [true, false].forEach((alongX) => line(i, alongX));
    context.globalAlpha = 1;
  }

  /** @param {ReturnType<BodiesView["lensOf"]>} lens @param {number} run @param {string} tint @returns {Solid[]} */
  solidsOf(lens, run, tint) {
    const { kinds, bodies, sizes, places, turns, colours } = this.source;
    /** @type {Map<number, { at: Point3, turn: Quaternion }>} */
    const poses = new Map([[-1, { at: [0, 0, 0], turn: [1, 0, 0, 0] }]]);
    return [...kinds.values].flatMap((kind, i) => {
      const body = bodies.values[i];
      const pose = poses.get(body) ?? this.poseOf(run, body);
      poses.set(body, pose);
      const offset = rotate(pose.turn, rowOf(places, i));
      /** @type {Point3} */
      const at = [pose.at[0] + offset[0], pose.at[1] + offset[1], pose.at[2] + offset[2]];
      const turn = times(pose.turn, rowOf(turns, i));
      const size = rowOf(sizes, i);
      const middle = lens.seen(at);
      if (middle[2] < lens.nearest) return [];
      const colour = colours[i] || tint;
      const draw = kind === SPHERE
        ? this.ball(lens, middle, size[0], colour)
        : kind === CAPSULE
          ? this.capsule(lens, at, turn, size, colour)
          : this.box(lens, at, turn, size, colour, body < 0 && middle[2] < lens.distance);
      const shadow = body < 0 ? undefined : this.shadow(lens, kind, at, turn, size);
      return [{ depth: middle[2], draw, shadow }];
    });
  }

  /**
   * What a solid shades of the floor, under a light from straight above.
   * @param {ReturnType<BodiesView["lensOf"]>} lens
   * @param {number} kind
   * @param {Point3} at
   * @param {Quaternion} turn
   * @param {Float32Array} size
   */
  shadow({ seen, onCanvas, nearest, scale }, kind, at, turn, size) {
    /** @param {number[]} offset */
    const below = (offset) => seen([at[0] + offset[0], at[1] + offset[1], this.source.floor]);
    const corners = kind === BOX
      ? CORNERS.map((signs) => rotate(turn, signs.map((sign, k) => sign * size[k])))
      : [1, -1].map((sign) => rotate(turn, [0, 0, kind === CAPSULE ? sign * size[1] : 0]));
    const places = corners.map(below);
    return (/** @type {Context} */ context) => {
      if (places.some((place) => place[2] < nearest)) return;
      // What is round on the floor is flat on the picture: lines are drawn upright and pressed together.
      const flat = kind === BOX ? 1 : Math.sin(this.camera.pitch);
      const points = places.map(onCanvas).map(([x, y]) => /** @type {Point} */ ([x, y / flat]));
      context.save();
      context.scale(1, flat);
      context.lineWidth = kind === BOX ? 0.7 : (2 * scale * size[0]) / places[0][2];
      for (const outline of kind === BOX ? FACES.map((face) => face.map((k) => points[k])) : [points]) {
        context.beginPath();
        context.moveTo(...outline[0]);
        outline.forEach(([x, y]) => context.lineTo(x + 0.01, y));
        if (kind === BOX) context.fill();
        context.stroke();
      }
      context.restore();
    };
  }

  /** @param {ReturnType<BodiesView["lensOf"]>} lens @param {Point3} middle @param {number} radius @param {string} colour */
  ball({ onCanvas, scale }, middle, radius, colour) {
    const [x, y] = onCanvas(middle);
    const r = Math.max((scale * radius) / middle[2], 0.5);
    return (/** @type {Context} */ context) => {
      const light = context.createRadialGradient(x - 0.35 * r, y - 0.45 * r, 0.1 * r, x, y, r);
      light.addColorStop(0, shaded(colour, 1.25));
      light.addColorStop(0.6, colour);
      light.addColorStop(1, shaded(colour, 0.55));
      context.fillStyle = light;
      context.beginPath();
      context.arc(x, y, r, 0, 2 * Math.PI);
      context.fill();
    };
  }

  /** @param {ReturnType<BodiesView["lensOf"]>} lens @param {Point3} at @param {Quaternion} turn @param {Float32Array} size @param {string} colour */
  capsule({ seen, onCanvas, nearest, scale }, at, turn, size, colour) {
    const axis = rotate(turn, [0, 0, size[1]]);
    const ends = [1, -1].map((sign) => seen(at.map((part, k) => part + sign * axis[k])));
    const depth = Math.max((ends[0][2] + ends[1][2]) / 2, nearest);
    const width = Math.max((2 * scale * size[0]) / depth, 1);
    return (/** @type {Context} */ context) => {
      if (ends.some((end) => end[2] < nearest)) return;
      const [[x0, y0], [x1, y1]] = ends.map(onCanvas);
      for (const [share, light, rise] of ROUND) {
        context.strokeStyle = shaded(colour, light);
        context.lineWidth = share * width;
        context.beginPath();
        context.moveTo(x0, y0 - rise * width);
        context.lineTo(x1 + 0.01, y1 - rise * width);
        context.stroke();
      }
    };
  }

  /**
   * @param {ReturnType<BodiesView["lensOf"]>} lens
   * @param {Point3} at
   * @param {Quaternion} turn
   * @param {Float32Array} size
   * @param {string} colour
   * @param {boolean} inTheWay between the reader and what is looked at, and so seen through
   */
  box({ seen, onCanvas, nearest }, at, turn, size, colour, inTheWay) {
    const corners = CORNERS.map((signs) => {
      const offset = rotate(turn, signs.map((sign, k) => sign * size[k]));
      return /** @type {Point3} */ (at.map((part, k) => part + offset[k]));
    });
    const places = corners.map(seen);
    return (/** @type {Context} */ context) => {
      if (places.some((place) => place[2] < nearest)) return;
      const points = places.map(onCanvas);
      context.globalAlpha = inTheWay ? 0.3 : 1;
      for (const face of FACES) {
        const [a, b, c] = face.map((k) => points[k]);
        if ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) >= 0) continue; // its back
        const normal = face.reduce((sum, k) => sum.map((part, axis) => part + corners[k][axis] - at[axis]), [0, 0, 0]);
        const length = Math.hypot(...normal) || 1;
        const light = normal.reduce((sum, part, axis) => sum + (part / length) * LIGHT[axis], 0);
        context.fillStyle = context.strokeStyle = shaded(colour, 0.78 + 0.3 * light);
        context.lineWidth = 0.7;
        context.beginPath();
        face.forEach((k) => context.lineTo(...points[k]));
        context.closePath();
        context.fill();
        context.stroke();
      }
      context.globalAlpha = 1;
    };
  }

  /** A pin at the goal, in the ball within which it counts as reached. @param {ReturnType<BodiesView["lensOf"]>} lens @returns {Solid[]} */
  goalOf({ seen, onCanvas, nearest, scale }) {
    const [x, y, z] = rowOf(this.source.goals, Number(this.state.pair));
    if (Number.isNaN(x)) return [];
    const [top, foot] = [z, this.source.floor].map((up) => seen([x, y, up]));
    if (top[2] < nearest || foot[2] < nearest) return [];
    const draw = (/** @type {Context} */ context) => {
      const [at, below] = [top, foot].map(onCanvas);
      const r = (scale * this.source.tolerance) / top[2];
      context.fillStyle = css("--accent");
      context.globalAlpha = 0.16;
      context.beginPath();
      context.arc(at[0], at[1], r, 0, 2 * Math.PI);
      context.fill();
      context.globalAlpha = 1;
      context.beginPath();
      context.moveTo(...below);
      context.lineTo(...at);
      strokeTwice(context, [4, css("--floor")], [1.8, css("--ink")]);
      context.beginPath();
      context.arc(at[0], at[1], 4.5, 0, 2 * Math.PI);
      context.fill();
      strokeTwice(context, [1.6, css("--ink")]);
    };
    return [{ depth: top[2], draw }];
  }

  // --- the reader's hands ---

  /** @param {HTMLCanvasElement} canvas */
  listen(canvas) {
    canvas.style.cursor = "grab";
    canvas.style.touchAction = "pan-y"; // a finger that goes up and down scrolls the page
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      canvas.style.cursor = "grabbing";
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) this.turn(-TURN * event.movementX, TURN * event.movementY);
    });
    canvas.addEventListener("pointerup", () => (canvas.style.cursor = "grab"));
    canvas.addEventListener("keydown", (event) => {
      const [turn, zoom] = [TURNS[event.key], ZOOMS[event.key]];
      if (!turn && !zoom) return;
      event.preventDefault(); // the page stays where it is
      if (zoom) this.camera.zoom = Math.min(Math.max(this.camera.zoom * zoom, 0.2), 8);
      this.turn(...(turn ?? [0, 0]));
    });
  }

  /** @param {number} yaw @param {number} pitch */
  turn(yaw, pitch) {
    this.camera.yaw += yaw;
    this.camera.pitch = Math.min(Math.max(this.camera.pitch + pitch, 0.02), STEEP);
    this.redraw();
  }
}

views.bodies = (_root, source, tools) => new BodiesView(source, tools);
