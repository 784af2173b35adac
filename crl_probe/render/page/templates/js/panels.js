// What the scripts of views share: rows of arrays, the run of a panel, layers and lines.

const GOAL_REACH = 14; // CSS pixels around a goal's star that count as the star

/**
 * The part of an array that its first indices point at.
 * @template {TypedArray} T
 * @param {NumericArray<T>} array
 * @param {...number} place
 */
function rowOf({ shape, values }, ...place) {
  const length = shape.slice(place.length).reduce((product, size) => product * size, 1);
  const row = place.reduce((sum, index, axis) => sum * shape[axis] + index, 0);
  return /** @type {T} */ (values.subarray(row * length, (row + 1) * length));
}

/**
 * The run of a depth that is shown: of the chosen seed, at the checkpoint nearest to the chosen step; -1 if none.
 * @param {Run[]} runs
 * @param {string} depth
 * @param {RunChoice} choice
 */
function runOf(runs, depth, { seed, step }) {
  /** @param {number} i */
  const off = (i) => Math.abs(runs[i].step - Number(step ?? runs[i].step));
  const mine = [...runs.keys()].filter((i) => runs[i].depth === depth && runs[i].seed === seed);
  return mine.reduce((best, i) => (best < 0 || off(i) < off(best) ? i : best), -1);
}

/**
 * Where a run has no checkpoint at the chosen step: the step of the one that is shown.
 * @param {Run} run
 * @param {RunChoice} choice
 */
function otherStep(run, { step = String(run.step) }) {
  return Number(step) === run.step ? "" : `at ${run.step.toLocaleString("en")} env steps`;
}

/** @param {HTMLElement} element @param {string} text */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text; // else a screen reader would say it again
}

// What changes seldom, painted once and laid under what moves.
class Backdrop {
  /** @param {Paint} paint */
  constructor(paint) {
    this.paint = paint;
    this.key = "";
    this.canvas = document.createElement("canvas");
  }

  /**
   * @param {Context} context
   * @param {Plane} plane
   * @param {...(string | number)} reasons painted anew when one of these changes
   */
  draw(context, plane, ...reasons) {
    const { width, height } = plane.canvas;
    const key = [width, height, isDark(), ...reasons].join("|");
    if (key !== this.key) {
      Object.assign(this.canvas, { width, height });
      const own = contextOf(this.canvas);
      own.setTransform(context.getTransform());
      this.paint(own, plane);
      this.key = key;
    }
    context.save();
    context.resetTransform(); // a pixel on a pixel: nothing is blurred
    context.drawImage(this.canvas, 0, 0);
    context.restore();
  }
}

/** A panel without anything to show says so. @param {Context} context @param {Plane} plane @param {string} text */
function drawMissing(context, plane, text) {
  context.save();
  context.font = `15px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.fillStyle = css("--ink");
  context.fillText(text, plane.width / 2, plane.height / 2);
  context.restore();
}

/**
 * Lines that stay readable on any colour: drawn dark and wide, then light.
 * @param {Context} context
 * @param {() => void} trace makes the path
 */
function strokeHaloed(context, trace, width = 1.6, halo = 1) {
  context.save();
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  trace();
  strokeTwice(context, [width + 2 * halo, css("--mark-line")], [width, css("--mark")]);
  context.restore();
}
