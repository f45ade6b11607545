// The image of a pane without what lies over it, on a canvas of its own below the pane's. While one pans it is larger than
// the pane and only moved, which costs no painting; what panning uncovers beyond it is painted a margin at a time.

// Pixels that are whole are copied where others would be blended.
const OPAQUE = { alpha: false };
const MARGIN_PX = 128;

class Backing {
  constructor() {
    this.canvas = make("canvas", { class: "ct-under", "aria-hidden": "true" });
    Object.assign(this, { facts: [], matrix: null, size: [0, 0], margin: 0, moved: [0, 0] });
  }

  // Shows it in a place of so many pixels of the screen. `facts` are all that the image depends on beside the matrix, of
  // which the last two, whole numbers, move it. Where it is made for the pixels of the screen, such as outlines, it is not
  // `movable`. `paint` fills a context, whose transform says where the image begins.
  show(size, dense, matrix, facts, movable, paint) {
    const same = size.every((each, k) => each === this.size[k]) && facts.length === this.facts.length
      && facts.every((each, k) => each === this.facts[k]) && matrix.every((each, k) => k > 3 || each === this.matrix[k]);
    const by = same ? [matrix[4] - this.matrix[4], matrix[5] - this.matrix[5]] : [0, 0];
    Object.assign(this, { size, facts, matrix, dense });
    if (!same || (!movable && (by[0] || by[1]))) this.whole(0, paint);
    else if (by[0] || by[1]) this.move(by, paint);
  }

  move(by, paint) {
    const room = Math.round(MARGIN_PX * this.dense);
    const moved = this.moved.map((each, k) => each + by[k]);
    if (this.margin && moved.every((each) => Math.abs(each) <= this.margin)) this.lay(moved);
    else if (this.margin && moved.every((each) => Math.abs(each) <= 2 * this.margin)) this.centre(moved, paint);
    else this.whole(room, paint);
  }

  whole(margin, paint) {
    const [width, height] = this.size.map((each) => each + 2 * margin);
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    this.margin = margin;
    this.fill([0, 0, width, height], paint);
    this.lay([0, 0]);
  }

  // What is there goes back to the middle, and only what comes in at the edges is painted.
  centre([dx, dy], paint) {
    const { width, height } = this.canvas;
    const context = this.canvas.getContext("2d", OPAQUE);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.canvas, dx, dy);
    if (dx) this.fill([dx > 0 ? 0 : width + dx, 0, Math.abs(dx), height], paint);
    if (dy) this.fill([0, dy > 0 ? 0 : height + dy, width, Math.abs(dy)], paint);
    this.lay([0, 0]);
  }

  // Sizes and places are those of the screen's own pixels.
  lay(moved) {
    this.moved = moved;
    const { canvas, dense, margin } = this;
    // At rest it fills its place as what lies over it does, also where that is no whole number of pixels.
    if (!margin) return void Object.assign(canvas.style, { width: "100%", height: "100%", transform: "none" });
    const [x, y] = moved.map((each) => `${(each - margin) / dense}px`);
    return void Object.assign(canvas.style, { width: `${canvas.width / dense}px`, height: `${canvas.height / dense}px`, transform: `translate(${x}, ${y})` });
  }

  fill([x, y, wide, high], paint) {
    const context = this.canvas.getContext("2d", OPAQUE);
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(x, y, wide, high);
    context.clip();
    context.translate(this.margin, this.margin);
    paint(context, [x - this.margin, y - this.margin, wide, high]);
    context.restore();
  }
}
