// What benchmarks/stage.py runs in the page: each returns times in ms on the page's own clock.
(() => {
  const compare = () => window.ctsegStage.compare;
  const frame = () => new Promise((next) => requestAnimationFrame(next));
  const pause = (ms) => new Promise((next) => setTimeout(next, ms));

  // Resolves with the time of the first frame on which it holds, null after `limit` ms.
  async function when(holds, from, limit = 20000) {
    while (performance.now() - from < limit) {
      await frame();
      if (holds()) return performance.now() - from;
    }
    return null;
  }

  function wheel(by) {
    const canvas = compare().stage.panes.get("slice").canvas;
    canvas.dispatchEvent(new WheelEvent("wheel", { deltaY: 100 * by, bubbles: true, cancelable: true }));
  }

  const done = (method) => !!compare().stage.panes.get(method)?.result;

  async function scrolls(method, count) {
    const times = { slice: [], [method]: [] };
    for (let k = 0; k < count; k++) {
      const next = compare().series.index + 1;
      const from = performance.now();
      wheel(1);
      times.slice.push(await when(() => compare().series.index === next, from));
      times[method].push(await when(() => compare().series.index === next && done(method), from));
      await pause(300);
    }
    return times;
  }

  async function slides(method, count) {
    const range = document.querySelector(".ct-trees input[type=range]");
    // As a hand does: it comes near before it draws.
    range.closest(".ct-trees").dispatchEvent(new PointerEvent("pointerenter"));
    await pause(500);
    const times = [];
    for (let k = 0; k < count; k++) {
      const before = compare().stage.panes.get(method).result;
      const from = performance.now();
      range.value = Number(range.value) + (k % 2 ? 120 : -120);
      range.dispatchEvent(new Event("input"));
      times.push(await when(() => compare().stage.panes.get(method).result !== before, from));
      await pause(100);
    }
    return times;
  }

  async function pressed(methods) {
    const plan = compare().runs.plan;
    const from = performance.now();
    document.querySelector("#compare").click();
    return when(() => compare().runs.plan !== plan && methods.some(done), from, 60000);
  }

  // As a visitor who looks for something: steps, short rests, and a result that is waited for at the end.
  async function wanders(method, steps, every) {
    const { wire } = compare();
    const counts = { asked: 0, finished: 0 };
    const ask = wire.ask.bind(wire);
    wire.ask = (name, ...rest) => { counts.asked += name === "run"; return ask(name, ...rest); };
    const { runs } = compare();
    const finished = runs.finished.bind(runs);
    runs.finished = (...results) => { counts.finished += results.length; return finished(...results); };
    let slowest = 0;
    for (let k = 0; k < steps; k++) {
      const next = compare().series.index + 1;
      const from = performance.now();
      wheel(1);
      slowest = Math.max(slowest, (await when(() => compare().series.index >= next, from)) ?? Infinity);
      await pause(every);
    }
    const from = performance.now();
    // What takes a second and more here waits for the button, and is no wait.
    const held = () => compare().stage.panes.get(method)?.note.textContent.startsWith("Press Compare");
    const result = await when(() => done(method) || held(), from, 60000);
    return { slice: slowest, result: held() ? null : result, held: !!held(), ...counts };
  }

  // Moves without a rest and tells the frames that were drawn.
  async function frames(move, ms) {
    const start = performance.now();
    let count = 0;
    while (performance.now() - start < ms) {
      move(20 * Math.sin(count / 7), 14 * Math.cos(count / 9));
      await frame();
      count += 1;
    }
    return (1000 * count) / (performance.now() - start);
  }

  async function pans(ms) {
    const { stage } = compare();
    const [pane] = stage.layout.shown();
    stage.zoomAt(pane, null, 2);
    await pause(300);
    return { panes: stage.layout.shown().length, rate: await frames((dx, dy) => stage.pan(pane, dx, dy), ms) };
  }

  // Gradio's ImageSlider: the document's own mouse moves drag every one that was pressed.
  async function pansSliders(ms) {
    const images = [...document.querySelectorAll(".gradio-container img")].filter((one) => one.clientWidth > 100);
    const at = (one) => { const box = one.getBoundingClientRect(); return { clientX: box.left + box.width / 3, clientY: box.top + box.height / 2, bubbles: true, cancelable: true }; };
    for (const one of images) for (let k = 0; k < 14; k++) one.dispatchEvent(new WheelEvent("wheel", { ...at(one), deltaY: -100 }));
    await pause(300);
    for (const one of images) one.dispatchEvent(new MouseEvent("mousedown", at(one)));
    const before = images.map((one) => getComputedStyle(one).transform).join();
    let [x, y] = [at(images[0]).clientX, at(images[0]).clientY];
    const rate = await frames((dx, dy) => {
      [x, y] = [x + dx, y + dy];
      document.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
    }, ms);
    return { panes: images.length, rate, moved: images.map((one) => getComputedStyle(one).transform).join() !== before };
  }

  window.stageBench = { scrolls, slides, pressed, wanders, pans, pansSliders };
})();
