// A canvas that shows a part of a plane: equal scales, y up, sharp on any screen.

class Plane {
  // paint(context, plane) draws in CSS pixels; it is called again whenever size or colours change.
  constructor(canvas, limits, paint) {
    Object.assign(this, { canvas, limits, paint, frame: 0 });
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => this.fit()).observe(canvas);
    onTheme(() => this.fit());
    this.fit();
  }

  fit() {
    const [xMin, xMax, yMin, yMax] = this.limits;
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    const ratio = Math.max(1, devicePixelRatio || 1);
    this.canvas.width = Math.round(this.width * ratio);
    this.canvas.height = Math.round(this.height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.scale = Math.min(this.width / (xMax - xMin), this.height / (yMax - yMin));
    this.left = (this.width - this.scale * (xMax - xMin)) / 2;
    this.bottom = this.height - (this.height - this.scale * (yMax - yMin)) / 2;
    this.redrawNow();
  }

  x(worldX) {
    return this.left + (worldX - this.limits[0]) * this.scale;
  }

  y(worldY) {
    return this.bottom - (worldY - this.limits[2]) * this.scale;
  }

  // Where in the plane a pointer is.
  world(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      this.limits[0] + (event.clientX - box.left - this.left) / this.scale,
      this.limits[2] + (this.bottom - (event.clientY - box.top)) / this.scale,
    ];
  }

  redraw() {
    if (printing) return this.redrawNow();
    this.frame ||= requestAnimationFrame(() => this.redrawNow());
  }

  redrawNow() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.context.clearRect(0, 0, this.width, this.height);
    if (this.width) this.paint(this.context, this);
  }
}

// The value scale: 256 colours, three bytes each.
const SCALE = unpack(data.scale).values;
const scaleEntry = (share) => 3 * Math.round(255 * Math.min(1, Math.max(0, share)));

function colourAt(share) {
  const k = scaleEntry(share);
  return `rgb(${SCALE[k]}, ${SCALE[k + 1]}, ${SCALE[k + 2]})`;
}

// A picture with one pixel a cell of an (nx, ny) grid, first index along x; shareOf(k) is NaN where nothing is drawn.
function fieldImage([nx, ny], shareOf) {
  const picture = document.createElement("canvas");
  picture.width = nx;
  picture.height = ny;
  const pixels = new ImageData(nx, ny);
  for (let i = 0; i < nx; i++) {
    for (let j = 0; j < ny; j++) {
      const share = shareOf(i * ny + j);
      if (Number.isNaN(share)) continue;
      const to = 4 * ((ny - 1 - j) * nx + i);
      const from = scaleEntry(share);
      pixels.data.set([SCALE[from], SCALE[from + 1], SCALE[from + 2], 255], to);
    }
  }
  picture.getContext("2d").putImageData(pixels, 0, 0);
  return picture;
}

// Lay a picture of cells over the plane; xs and ys are the centres of its cells.
function drawField(context, plane, picture, { xs, ys }) {
  const [left, right] = edges(xs.values).map((x) => plane.x(x));
  const [bottom, top] = edges(ys.values).map((y) => plane.y(y));
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, left, top, right - left, bottom - top);
}

function edges(centres) {
  const half = centres.length > 1 ? (centres[1] - centres[0]) / 2 : 0.5;
  return [centres[0] - half, centres[centres.length - 1] + half];
}

// Walls of a maze, whole cells without seams, out to the edge of what is shown.
function drawWalls(context, plane, maze) {
  if (!maze) return;
  const [nx, ny] = maze.free.shape;
  const half = [maze.xs, maze.ys].map(({ values }) => (values.length > 1 ? (values[1] - values[0]) / 2 : 0.5));
  const wallAt = (i, j) => i >= 0 && j >= 0 && i < nx && j < ny && !maze.free.values[i * ny + j];
  context.fillStyle = css("--wall");
  context.beginPath();
  for (let i = 0; i < nx; i++) {
    for (let j = 0; j < ny; j++) {
      if (!wallAt(i, j)) continue;
      const [x, y] = [maze.xs.values[i], maze.ys.values[j]];
      const left = plane.x(x - half[0]), top = plane.y(y + half[1]);
      // Half a pixel more towards the next wall closes the seam that smoothing would leave.
      const right = plane.x(x + half[0]) + (wallAt(i + 1, j) ? 0.5 : 0);
      const bottom = plane.y(y - half[1]) + (wallAt(i, j - 1) ? 0.5 : 0);
      context.rect(left, top, right - left, bottom - top);
    }
  }
  context.fill();
}

function drawStart(context, plane, worldX, worldY) {
  const [x, y] = [plane.x(worldX), plane.y(worldY)];
  for (const [width, colour] of [[5, css("--mark-line")], [2.5, css("--mark")]]) {
    context.beginPath();
    context.arc(x, y, 5.5, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}

// A star with its number; the chosen goal is larger, others are faint.
function drawGoal(context, plane, worldX, worldY, { label = "", chosen = true } = {}) {
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
  context.lineWidth = 3;
  context.strokeStyle = css("--mark-line");
  context.stroke();
  context.fillStyle = css("--mark");
  context.fill();
  context.restore();
  if (label) drawLabel(context, x + radius + 1, y - radius + 2, label, chosen);
}

// Text that stays readable on any colour.
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
