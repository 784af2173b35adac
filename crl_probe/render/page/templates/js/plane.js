// A canvas that shows a part of a plane: equal scales, y up, sharp on any screen.

class Plane {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Limits} limits
   * @param {Paint} paint draws in CSS pixels; it is called again whenever size or colours change
   */
  constructor(canvas, limits, paint) {
    this.canvas = canvas;
    this.limits = limits;
    this.paint = paint;
    this.context = contextOf(canvas);
    this.frame = 0;
    // In CSS pixels: size of the canvas, length of the plane's unit, place of its lower left corner.
    this.width = this.height = this.scale = this.left = this.bottom = 0;
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

  /** @param {number} worldX */
  x(worldX) {
    return this.left + (worldX - this.limits[0]) * this.scale;
  }

  /** @param {number} worldY */
  y(worldY) {
    return this.bottom - (worldY - this.limits[2]) * this.scale;
  }

  /** Where in the plane a pointer is. @param {MouseEvent} event @returns {Point} */
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
/** @type {Uint8Array} */
const SCALE = unpackArray(data.scale).values;
/** @param {number} share */
const scaleEntry = (share) => 3 * Math.round(255 * Math.min(1, Math.max(0, share)));

/** @param {number} share */
function colourAt(share) {
  const k = scaleEntry(share);
  return `rgb(${SCALE[k]}, ${SCALE[k + 1]}, ${SCALE[k + 2]})`;
}

/**
 * An image with one pixel a cell of an (nx, ny) grid, first index along x.
 * @param {number[]} shape
 * @param {(k: number) => number} shareOf NaN where nothing is drawn
 */
function fieldImage([nx, ny], shareOf) {
  const image = document.createElement("canvas");
  image.width = nx;
  image.height = ny;
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
  contextOf(image).putImageData(pixels, 0, 0);
  return image;
}

/**
 * Lay an image of cells over the plane; xs and ys are the centres of its cells.
 * @param {Context} context
 * @param {Plane} plane
 * @param {HTMLCanvasElement} image
 * @param {Maze} maze
 */
function drawField(context, plane, image, { xs, ys }) {
  const [left, right] = edges(xs.values).map((x) => plane.x(x));
  const [bottom, top] = edges(ys.values).map((y) => plane.y(y));
  context.imageSmoothingEnabled = false;
  context.drawImage(image, left, top, right - left, bottom - top);
}

/** @param {Float32Array} centres */
function edges(centres) {
  const half = centres.length > 1 ? (centres[1] - centres[0]) / 2 : 0.5;
  return [centres[0] - half, centres[centres.length - 1] + half];
}

/**
 * Walls of a maze, whole cells without seams, out to the edge of what is shown.
 * @param {Context} context
 * @param {Plane} plane
 * @param {Maze | null} maze
 */
function drawWalls(context, plane, maze) {
  if (!maze) return;
  const [nx, ny] = maze.free.shape;
  const half = [maze.xs, maze.ys].map(({ values }) => (values.length > 1 ? (values[1] - values[0]) / 2 : 0.5));
  /** @param {number} i @param {number} j */
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

/** @param {Context} context @param {number} x @param {number} y @param {number} toX @param {number} toY */
function traceLine(context, x, y, toX, toY) {
  context.moveTo(x, y);
  context.lineTo(toX, toY);
}

/**
 * Stroke the path in a wide line and then in a thin one on top.
 * @param {Context} context
 * @param {...[width: number, colour: string]} strokes
 */
function strokeTwice(context, ...strokes) {
  for (const [width, colour] of strokes) {
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
}
