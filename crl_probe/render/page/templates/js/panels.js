// What the scripts of views share: rows of arrays, the run of a panel, layers and lines.

const GOAL_REACH = 14; // CSS pixels around a goal's star that count as the star

// The part of an array that its first indices point at.
function rowOf({ shape, values }, ...place) {
  const length = shape.slice(place.length).reduce((product, size) => product * size, 1);
  const row = place.reduce((sum, index, axis) => sum * shape[axis] + index, 0);
  return values.subarray(row * length, (row + 1) * length);
}

// The run of a depth that is shown: of the chosen seed, at the checkpoint nearest to the chosen step; -1 if none.
function runOf(runs, depth, { seed, step }) {
  const off = (i) => Math.abs(runs[i].step - Number(step ?? runs[i].step));
  const mine = [...runs.keys()].filter((i) => runs[i].depth === depth && runs[i].seed === seed);
  return mine.reduce((best, i) => (best < 0 || off(i) < off(best) ? i : best), -1);
}

// Where a run has no checkpoint at the chosen step: the step of the one that is shown.
function otherStep(run, { step = run.step }) {
  return Number(step) === run.step ? "" : `at ${run.step.toLocaleString("en")} env steps`;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text; // else a screen reader would say it again
}

// What changes seldom, painted once and laid under what moves.
class Backdrop {
  constructor(paint) {
    Object.assign(this, { paint, key: "", canvas: document.createElement("canvas") });
  }

  draw(context, plane, ...reasons) {
    const { width, height } = plane.canvas;
    const key = [width, height, isDark(), ...reasons].join("|");
    if (key !== this.key) {
      Object.assign(this.canvas, { width, height });
      const own = this.canvas.getContext("2d");
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

// A panel without anything to show says so.
function drawMissing(context, plane, text) {
  context.save();
  context.font = `15px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = "center";
  context.fillStyle = css("--ink");
  context.fillText(text, plane.width / 2, plane.height / 2);
  context.restore();
}

// Lines that stay readable on any colour: trace(context) makes the path, which is drawn dark and wide, then light.
function strokeHaloed(context, trace, width = 1.6, halo = 1) {
  context.save();
  context.lineCap = context.lineJoin = "round";
  context.beginPath();
  trace(context);
  context.lineWidth = width + 2 * halo;
  context.strokeStyle = css("--mark-line");
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = css("--mark");
  context.stroke();
  context.restore();
}
