// Marks on a plane: starts, goals and their numbers, arrows, agents.

/** @param {Context} context @param {Placing} plane @param {number} worldX @param {number} worldY */
function drawStart(context, plane, worldX, worldY) {
  const [x, y] = [plane.x(worldX), plane.y(worldY)];
  context.beginPath();
  context.arc(x, y, 5.5, 0, 2 * Math.PI);
  strokeTwice(context, [5, css("--mark-line")], [2.5, css("--mark")]);
}

/**
 * A star with its number; the chosen goal is larger, others are faint; one that no agent came near is hollow.
 * @param {Context} context
 * @param {Placing} plane
 * @param {number} worldX
 * @param {number} worldY
 */
function drawGoal(context, plane, worldX, worldY, { label = "", chosen = true, hollow = false } = {}) {
  const [x, y] = [plane.x(worldX), plane.y(worldY)];
  const radius = chosen ? 9.5 : 5.5;
  context.save();
  context.globalAlpha = chosen ? 1 : 0.75;
  context.beginPath();
  for (let k = 0; k < 10; k++) {
    const angle = (Math.PI * k) / 5 - Math.PI / 2;
    const r = k % 2 ? 0.45 * radius : radius;
    context.lineTo(x + r * Math.cos(angle), y + r * Math.sin(angle));
  }
  context.closePath();
  context.lineJoin = "round";
  if (hollow) {
    strokeTwice(context, [4.5, css("--mark-line")], [2, css("--mark")]);
  } else {
    strokeTwice(context, [3, css("--mark-line")]);
    context.fillStyle = css("--mark");
    context.fill();
  }
  context.restore();
  if (label) drawLabel(context, x + radius + 1, y - radius + 2, label, chosen);
}

/**
 * Text that stays readable on any colour.
 * @param {Context} context
 * @param {number} x
 * @param {number} y
 * @param {string} text
 */
function drawLabel(context, x, y, text, strong = true) {
  context.save();
  context.font = `${strong ? 600 : 400} 12px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = css("--mark-line");
  context.strokeText(text, x, y);
  context.fillStyle = css("--mark");
  context.fillText(text, x, y);
  context.restore();
}

/**
 * The number of a goal beside its star, or below it where there is no room beside.
 * @param {Context} context
 * @param {number} x
 * @param {number} y
 * @param {string} text
 * @param {number} width of the canvas
 */
function drawNumber(context, x, y, text, width) {
  const fits = x < width - 26;
  context.save();
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`;
  context.textAlign = fits ? "left" : "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 3;
  context.strokeStyle = css("--floor");
  context.fillStyle = css("--ink");
  const [left, top] = fits ? [x + 9, y - 6] : [x, y + 14];
  context.strokeText(text, left, top);
  context.fillText(text, left, top);
  context.restore();
}

/** @param {Context} context @param {number} x @param {number} y @param {number} radius @param {string} colour */
function drawRing(context, x, y, radius, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = 1;
  context.strokeStyle = colour;
  context.stroke();
}

// An agent's mark shows how its episode stands: an open ring on its way, a filled one with a tick at the goal, a cross
// where the episode ended elsewhere.
/** @typedef {(context: Context, x: number, y: number, colour: string, radius: number) => void} DrawAgent */

/** @type {DrawAgent} */
function drawOnItsWay(context, x, y, colour, radius) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = css("--card");
  context.fill();
  context.lineWidth = 2.2;
  context.strokeStyle = colour;
  context.stroke();
}

/** @type {DrawAgent} */
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

/** @type {DrawAgent} */
function drawMissed(context, x, y, _colour, radius) {
  const r = 0.75 * radius;
  context.beginPath();
  traceLine(context, x - r, y - r, x + r, y + r);
  traceLine(context, x - r, y + r, x + r, y - r);
  strokeTwice(context, [4.5, css("--card")], [2.2, css("--ink")]);
}

/**
 * An arrow around a point; the angle is that of the screen, whose y points down.
 * @param {Context} context
 * @param {number} x
 * @param {number} y
 * @param {number} angle
 * @param {number} length
 */
function traceArrow(context, x, y, angle, length) {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)].map((part) => (part * length) / 2);
  /** @param {number} turn */
  const barb = (turn) => [Math.cos(angle + turn), Math.sin(angle + turn)].map((part) => 0.4 * length * part);
  traceLine(context, x - dx, y - dy, x + dx, y + dy);
  for (const [bx, by] of [barb(0.55), barb(-0.55)]) traceLine(context, x + dx, y + dy, x + dx - bx, y + dy - by);
}
