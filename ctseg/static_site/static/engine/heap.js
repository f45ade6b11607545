// A binary heap of rows of numbers, the first column that differs decides. Moves as scikit-image's heap does, so
// that rows which tie in all that is compared leave it in the same order too.
export class Heap {
  constructor(compared) { Object.assign(this, { rows: [], compared }); }

  get size() { return this.rows.length; }

  before(a, b) {
    for (let k = 0; k < this.compared; k++) if (a[k] !== b[k]) return a[k] < b[k];
    return false;
  }

  push(row) {
    const { rows } = this;
    let at = rows.length;
    rows.push(row);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.before(row, rows[above])) break;
      rows[at] = rows[above];
      rows[(at = above)] = row;
    }
  }

  pop() {
    const { rows } = this;
    const [top, last] = [rows[0], rows.pop()];
    if (!rows.length) return top;
    rows[0] = last;
    for (let at = 0; ;) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if (left < rows.length && this.before(rows[left], rows[least])) least = left;
      if (right < rows.length && this.before(rows[right], rows[least])) least = right;
      if (least === at) return top;
      [rows[at], rows[least]] = [rows[least], rows[at]];
      at = least;
    }
  }
}
