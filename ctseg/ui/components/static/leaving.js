// A link that was followed is not taken back. The framework reloads its page two seconds after its stream has ended,
// also where the stream ended because the visitor leaves: with an answer that takes longer, the reload would win.
// So nothing of the page that repeats runs while it is left; after a minute, or when it is shown again, it goes on.
if (!window.ctsegLeaving) {
  const left = window.ctsegLeaving = { since: null };
  window.addEventListener("beforeunload", () => { left.since = performance.now(); });
  window.addEventListener("pageshow", () => { left.since = null; });
  const repeat = window.setInterval.bind(window);
  window.setInterval = (work, ...rest) => repeat(typeof work !== "function" ? work : (...given) => {
    if (left.since === null || performance.now() - left.since > 60000) work(...given);
  }, ...rest);
}
