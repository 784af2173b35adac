// The free cells of a grid: landscapes have numbers for these alone, in the order of the grid.
class FreeCells {
  /** @param {Maze} maze */
  constructor({ xs, ys, free }) {
    const [nx, ny] = free.shape;
    this.shape = [nx, ny];
    this.xs = xs.values;
    this.ys = ys.values;
    this.spacing = this.xs[1] - this.xs[0];
    this.places = [...free.values.keys()].filter((k) => free.values[k]); // index into the grid, of each free cell
    this.numbers = new Int32Array(nx * ny).fill(-1); // the inverse; -1 in walls
    this.places.forEach((k, cell) => (this.numbers[k] = cell));
  }

  /** @param {number} cell */
  column(cell) {
    return Math.floor(this.places[cell] / this.shape[1]);
  }

  /** @param {number} cell */
  row(cell) {
    return this.places[cell] % this.shape[1];
  }

  /** Centre of a cell. @param {number} cell @returns {Point} */
  centre(cell) {
    return [this.xs[this.column(cell)], this.ys[this.row(cell)]];
  }

  /** The free cell in a column and row, or -1. @param {number} i @param {number} j */
  find(i, j) {
    return i >= 0 && j >= 0 && i < this.shape[0] && j < this.shape[1] ? this.numbers[i * this.shape[1] + j] : -1;
  }

  /** The free cell at a place in the plane, or -1. @param {Iterable<number>} place */
  at([x, y]) {
    return this.find(Math.round((x - this.xs[0]) / this.spacing), Math.round((y - this.ys[0]) / this.spacing));
  }

  /**
   * The next free cell in a direction, beyond walls if need be; the same one at the edge.
   * @param {number} cell
   * @param {Point} direction
   */
  beyond(cell, [right, up]) {
    let [i, j] = [this.column(cell) + right, this.row(cell) + up];
    for (; i >= 0 && j >= 0 && i < this.shape[0] && j < this.shape[1]; i += right, j += up) {
      if (this.find(i, j) >= 0) return this.find(i, j);
    }
    return cell;
  }

  /** @param {(cell: number) => number} shareOf */
  image(shareOf) {
    return fieldImage(this.shape, (k) => (this.numbers[k] < 0 ? NaN : shareOf(this.numbers[k])));
  }
}

/**
 * The cells on the path of steepest ascent, up to where it stops, at most `steps` steps.
 * @param {number} cell
 * @param {Cells} climb
 */
function pathFrom(cell, climb, steps = climb.length) {
  const path = [cell];
  for (let at = cell; path.length <= steps && climb[at] !== at; ) path.push((at = climb[at]));
  return path;
}
