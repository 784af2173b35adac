// The free cells of a grid: landscapes have numbers for these alone, in the order of the grid.
class FreeCells {
  constructor({ xs, ys, free }) {
    const [nx, ny] = free.shape;
    Object.assign(this, { shape: [nx, ny], xs: xs.values, ys: ys.values, spacing: xs.values[1] - xs.values[0] });
    this.places = [...free.values.keys()].filter((k) => free.values[k]); // index into the grid, of each free cell
    this.numbers = new Int32Array(nx * ny).fill(-1); // the other way round; -1 in walls
    this.places.forEach((k, cell) => (this.numbers[k] = cell));
  }

  column(cell) {
    return Math.floor(this.places[cell] / this.shape[1]);
  }

  row(cell) {
    return this.places[cell] % this.shape[1];
  }

  // Centre of a cell.
  centre(cell) {
    return [this.xs[this.column(cell)], this.ys[this.row(cell)]];
  }

  // The free cell in a column and row, or -1.
  find(i, j) {
    return i >= 0 && j >= 0 && i < this.shape[0] && j < this.shape[1] ? this.numbers[i * this.shape[1] + j] : -1;
  }

  // The free cell at a place in the plane, or -1.
  at([x, y]) {
    return this.find(Math.round((x - this.xs[0]) / this.spacing), Math.round((y - this.ys[0]) / this.spacing));
  }

  // The next free cell in a direction, beyond walls if need be; the same one at the edge.
  beyond(cell, [right, up]) {
    let [i, j] = [this.column(cell) + right, this.row(cell) + up];
    for (; i >= 0 && j >= 0 && i < this.shape[0] && j < this.shape[1]; i += right, j += up) {
      if (this.find(i, j) >= 0) return this.find(i, j);
    }
    return cell;
  }

  picture(shareOf) {
    return fieldImage(this.shape, (k) => (this.numbers[k] < 0 ? NaN : shareOf(this.numbers[k])));
  }
}

// The cells on the way of steepest ascent, up to where it stops or after so many steps.
function pathFrom(cell, climb, steps = climb.length) {
  const path = [cell];
  for (; steps > 0 && climb[cell] !== cell; steps--) path.push((cell = climb[cell]));
  return path;
}
