// The image of a pane without what lies over it: kept from frame to frame, moved along while one pans, and painted
// anew only where that uncovers it. Scaling a slice is what a frame costs; moving pixels is nearly free.

class Backing {
  constructor() {
    this.canvas = canvasOf(1, 1);
    this.facts = [];
    this.matrix = null;
  }

  // `facts` are all that the image depends on beside the matrix, of which the last two, whole numbers, move it.
  // Where it is made for the pixels of the screen, such as outlines, it is not `movable`. `paint` fills the context.
  show(width, height, matrix, facts, movable, paint) {
    const context = this.canvas.getContext("2d");
    const same = this.canvas.width === width && this.canvas.height === height && facts.length === this.facts.length
      && facts.every((each, k) => each === this.facts[k]) && matrix.every((each, k) => k > 3 || each === this.matrix[k]);
    const [dx, dy] = same ? [matrix[4] - this.matrix[4], matrix[5] - this.matrix[5]] : [width, height];
    Object.assign(this, { facts, matrix });
    if (same && !dx && !dy) return this.canvas;
    if (!same) Object.assign(this.canvas, { width, height });
    if (!movable || Math.abs(dx) >= width || Math.abs(dy) >= height) this.within(context, [0, 0, width, height], paint);
    else this.move(context, dx, dy, paint);
    return this.canvas;
  }

  move(context, dx, dy, paint) {
    const { width, height } = this.canvas;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalCompositeOperation = "copy";
    context.drawImage(this.canvas, dx, dy);
    context.globalCompositeOperation = "source-over";
    if (dx) this.within(context, [dx > 0 ? 0 : width + dx, 0, Math.abs(dx), height], paint);
    if (dy) this.within(context, [0, dy > 0 ? 0 : height + dy, width, Math.abs(dy)], paint);
  }

  within(context, box, paint) {
    context.save();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.beginPath();
    context.rect(...box);
    context.clip();
    paint(context);
    context.restore();
  }
}
