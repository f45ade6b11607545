// Browsers give a page threads only where it is isolated from others, which two headers say. A web server that does not
// send them is helped by a service worker of this folder: it adds them from the next load on, so the first one is done
// again at once, unless the visitor was quicker.
(() => {
  const { serviceWorker } = navigator;
  if (window.crossOriginIsolated || !serviceWorker || serviceWorker.controller) return;
  let touched = false;
  for (const name of ["pointerdown", "keydown", "drop"]) window.addEventListener(name, () => { touched = true; }, { capture: true, once: true });
  serviceWorker.addEventListener("controllerchange", () => { if (!touched) window.location.reload(); }, { once: true });
  serviceWorker.register("headers.js").catch(() => {}); // without it the page runs on one thread
})();
