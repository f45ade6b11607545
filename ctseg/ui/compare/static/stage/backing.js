// The image of a pane without what lies over it: kept from frame to frame, and painted anew only where panning uncovers
// it. Scaling a slice is what a frame costs; copying pixels is nearly free. Nothing is moved within the sheet: where the
// image begins on it moves, and what goes over one edge goes on at the other.

// Pixels that are whole are copied where others would be blended.
const OPAQUE = { alpha: false };

const within = (value, size) => ((value % size) + size) % size;

class Backing {
  constructor() {
    this.canvas = canvasOf(1, 1);
    this.facts = [];
    this.matrix = null;
    this.at = [0, 0];
  }

  // Shows it on a canvas of its size. `facts` are all that the image depends on beside the matrix, of which the last two,
  // whole numbers, move it. Where it is made for the pixels of the screen, such as outlines, it is not `movable`.
  // `paint` fills a context with the image; the transform that it comes with says where the image begins.
  show(shown, matrix, facts, movable, paint) {
    const { width, height } = shown.canvas;
    const context = this.canvas.getContext("2d", OPAQUE);
    const same = this.canvas.width === width && this.canvas.height === height && facts.length === this.facts.length
      && facts.every((each, k) => each === this.facts[k]) && matrix.every((each, k) => k > 3 || each === this.matrix[k]);
    const [dx, dy] = same ? [matrix[4] - this.matrix[4], matrix[5] - this.matrix[5]] : [width, height];
    Object.assign(this, { facts, matrix });
    if (!same) Object.assign(this.canvas, { width, height });
    if (!same || (!movable && (dx || dy)) || Math.abs(dx) >= width || Math.abs(dy) >= height) {
      this.at = [0, 0];
      this.fill(context, [0, 0, width, height], paint);
    } else if (dx || dy) {
      this.at = [within(this.at[0] - dx, width), within(this.at[1] - dy, height)];
      if (dx) this.fill(context, [dx > 0 ? 0 : width + dx, 0, Math.abs(dx), height], paint);
      if (dy) this.fill(context, [0, dy > 0 ? 0 : height + dy, width, Math.abs(dy)], paint);
    }
    for (const [x, y, wide, high, left, top] of this.parts([0, 0, width, height])) {
      shown.drawImage(this.canvas, x + left, y + top, wide, high, x, y, wide, high);
    }
  }

  // A box of the image by the parts of the sheet that it lies on, each with where the image begins as seen from it.
  parts([x, y, wide, high]) {
    const { width, height } = this.canvas;
    const found = [];
    for (const left of [this.at[0], this.at[0] - width]) {
      for (const top of [this.at[1], this.at[1] - height]) {
        const [from, until] = [Math.max(x, -left), Math.min(x + wide, width - left)];
        const [above, below] = [Math.max(y, -top), Math.min(y + high, height - top)];
        if (from < until && above < below) found.push([from, above, until - from, below - above, left, top]);
      }
    }
    return found;
  }

  fill(context, box, paint) {
    for (const [x, y, wide, high, left, top] of this.parts(box)) {
      context.save();
      context.setTransform(1, 0, 0, 1, left, top);
      context.beginPath();
      context.rect(x, y, wide, high);
      context.clip();
      paint(context);
      context.restore();
    }
  }
}
