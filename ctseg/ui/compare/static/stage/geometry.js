// Where things lie: how a slice is turned, which pixel is under which point, what of it is shown at first. No DOM.

// An orientation is the matrix [a, b, c, d] from centred source to centred display coordinates.
const UPRIGHT = [1, 0, 0, 1];
const CHANGES = { left: [0, 1, -1, 0], right: [0, -1, 1, 0], mirror: [-1, 0, 0, 1], flip: [1, 0, 0, -1] };

function changed(turned, name) {
  const [e, f, g, h] = CHANGES[name];
  const [a, b, c, d] = turned;
  return [e * a + f * c, e * b + f * d, g * a + h * c, g * b + h * d];
}

// Size of a slice on the display, in units of its smaller pixel side.
function displaySize(slice, turned) {
  const wide = slice.width * slice.aspect[1];
  const high = slice.height * slice.aspect[0];
  return turned[0] !== 0 ? [wide, high] : [high, wide];
}

// From source pixels to the pixels of a canvas, as setTransform takes it.
function matrixOf(slice, view, width, height) {
  const [a, b, c, d] = view.turned;
  const [ay, ax] = slice.aspect;
  const [wide, high] = displaySize(slice, view.turned);
  const k = Math.min(width / wide, height / high) * view.zoom;
  const half = [(slice.width / 2) * ax, (slice.height / 2) * ay];
  // Moved by whole pixels, so that what is on the screen can be moved as it is.
  return [
    a * ax * k, c * ax * k, b * ay * k, d * ay * k,
    Math.round(width / 2 - (view.panX * wide + a * half[0] + b * half[1]) * k),
    Math.round(height / 2 - (view.panY * high + c * half[0] + d * half[1]) * k),
  ];
}

function applied([a, b, c, d, e, f], x, y) { return [a * x + c * y + e, b * x + d * y + f]; }

function inverted([a, b, c, d, e, f]) {
  const det = a * d - b * c;
  return [d / det, -b / det, -c / det, a / det, (c * f - d * e) / det, (b * e - a * f) / det];
}

// The longest round length that takes at most a third of the width.
function scaleBar(slice, pixelsPerSource, width) {
  if (!slice.spacing_mm) return null;
  const perMm = pixelsPerSource / (slice.spacing_mm[1] * slice.step);
  const mm = [500, 200, 100, 50, 20, 10, 5, 2, 1].find((length) => length * perMm <= width / 3);
  return mm ? { length: mm * perMm, words: mm >= 10 ? `${mm / 10} cm` : `${mm} mm` } : null;
}

// Zoom and position that show the body and leave out most of the air around it; the table does not count.
// The body is the largest connected piece on a coarse grid.
const BODY_GRID = 128;
const MAX_BODY_ZOOM = 2;

function bodyView({ width, height, pixels, intensity }) {
  const dense = intensity === "HU" ? -300 : 30;
  const step = Math.max(1, Math.ceil(Math.max(width, height) / BODY_GRID));
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const left = new Uint8Array(columns * rows);
  for (let v = 0; v < rows; v++) {
    for (let u = 0; u < columns; u++) left[v * columns + u] = pixels[v * step * width + u * step] > dense ? 1 : 0;
  }
  const [u0, v0, u1, v1] = largestPiece(left, columns, rows);
  const [x0, x1] = [u0 * step, Math.min(u1 * step, width)];
  const [y0, y1] = [v0 * step, Math.min(v1 * step, height)];
  const zoom = Math.min(0.94 * Math.min(width / (x1 - x0), height / (y1 - y0)), MAX_BODY_ZOOM);
  if (zoom <= 1.02) return { zoom: 1, panX: 0, panY: 0 };
  return { zoom, panX: (x0 + x1) / 2 / width - 0.5, panY: (y0 + y1) / 2 / height - 0.5 };
}

// Bounds [left, top, right, bottom) of the largest piece connected by edges, all where there is none; takes `left` to bits.
function largestPiece(left, columns, rows) {
  let best = { size: 0, bounds: [0, 0, columns, rows] };
  for (let from = 0; from < left.length; from++) {
    if (!left[from]) continue;
    const [piece, bounds] = [[from], [columns, rows, 0, 0]];
    left[from] = 0;
    for (let k = 0; k < piece.length; k++) {
      const [u, v] = [piece[k] % columns, Math.floor(piece[k] / columns)];
      Object.assign(bounds, [Math.min(bounds[0], u), Math.min(bounds[1], v), Math.max(bounds[2], u + 1), Math.max(bounds[3], v + 1)]);
      for (const [du, dv] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        const at = (v + dv) * columns + u + du;
        if (u + du < 0 || u + du >= columns || v + dv < 0 || v + dv >= rows || !left[at]) continue;
        left[at] = 0;
        piece.push(at);
      }
    }
    if (piece.length > best.size) best = { size: piece.length, bounds };
  }
  return best.bounds;
}
