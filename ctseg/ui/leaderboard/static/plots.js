// Labels beside their points, where neither other labels nor points lie; done again whenever the width changes.

const GAP = 7;

function candidates(width, height) {
  const middle = -width / 2;
  const up = -height / 2;
  return [
    [GAP, up], [-GAP - width, up], [middle, -GAP - height], [middle, GAP],
    [GAP, -GAP - height], [GAP, GAP], [-GAP - width, -GAP - height], [-GAP - width, GAP],
    [GAP * 2, -GAP * 2 - height], [GAP * 2, GAP * 2], [-GAP * 2 - width, -GAP * 2 - height], [-GAP * 2 - width, GAP * 2],
    [middle, -GAP * 2.5 - height], [middle, GAP * 2.5], [middle, -GAP * 4.5 - height], [middle, GAP * 4.5],
  ];
}

const overlap = (a, b) =>
  Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) * Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

function arrange(area) {
  const frame = area.getBoundingClientRect();
  if (!frame.width) return;
  const points = [...area.querySelectorAll(".pl-point")];
  // The words at the dashed lines are as much in the way as a point.
  const words = [...area.querySelectorAll(".pl-ceiling-x small, .pl-ceiling-y small")];
  const taken = [...points, ...words].map((each) => {
    const box = each.getBoundingClientRect();
    return { left: box.left - frame.left, right: box.right - frame.left, top: box.top - frame.top, bottom: box.bottom - frame.top };
  });
  const labels = [...area.querySelectorAll(".pl-label")];
  labels.forEach((label, number) => {
    const x = (taken[number].left + taken[number].right) / 2;
    const y = (taken[number].top + taken[number].bottom) / 2;
    const { offsetWidth: width, offsetHeight: height } = label;
    let best = null;
    for (const [dx, dy] of candidates(width, height)) {
      const box = { left: x + dx, right: x + dx + width, top: y + dy, bottom: y + dy + height };
      const outside = Math.max(0, -box.left) + Math.max(0, box.right - frame.width - 8) + Math.max(0, -box.top - 4) + Math.max(0, box.bottom - frame.height);
      const cost = outside * 40 + taken.reduce((sum, other) => sum + overlap(box, other), 0);
      if (!best || cost < best.cost) best = { cost, dx, dy, box };
      if (cost === 0) break;
    }
    label.style.transform = `translate(${best.dx}px, ${best.dy}px)`;
    taken.push(best.box);
  });
}

const resized = new ResizeObserver((entries) => entries.forEach((entry) => arrange(entry.target)));
function watchAreas() {
  resized.disconnect();
  for (const area of element.querySelectorAll(".pl-area")) resized.observe(area);
}
new MutationObserver(watchAreas).observe(element, { childList: true, subtree: true });
watchAreas();
