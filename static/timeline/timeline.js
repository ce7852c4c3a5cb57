/* The timeline: bars of mentions over time, a stretch of time chosen by dragging, and playing through it.
 * It speaks Streamlit's component protocol by itself. Only dates and numbers come here. */
"use strict";

(() => {
  const HEIGHT = 96;
  const FLOOR = 76; // the bars' foot
  const STEP_MS = 1300;
  const SHORTEST_PX = 4; // a shorter drag is a click
  const DAY_MS = 86400000;
  const chart = document.getElementById("chart");
  const play = document.getElementById("play");
  const clear = document.getElementById("clear");
  const said = document.getElementById("said");
  let args = null;
  let scale = null;
  let drag = null;
  let timer = null;

  const tell = (type, rest) => parent.postMessage({ isStreamlitMessage: true, type, ...rest }, "*");
  const day = (iso) => Date.parse(`${iso}T00:00:00Z`);
  const iso = (ms) => new Date(ms).toISOString().slice(0, 10);
  const inWords = (ms, options) => new Intl.DateTimeFormat(args.locale, { timeZone: "UTC", ...options }).format(ms);
  const full = (ms) => inWords(ms, { day: "numeric", month: "long", year: "numeric" });

  function send(from, to) {
    const value = { from, to, at: Date.now() };
    tell("streamlit:setComponentValue", { value, dataType: "json" });
  }

  function barEnd(start) {
    const date = new Date(start);
    if (args.unit === "day") date.setUTCDate(date.getUTCDate() + 1);
    if (args.unit === "week") date.setUTCDate(date.getUTCDate() + 7);
    if (args.unit === "month") date.setUTCMonth(date.getUTCMonth() + 1);
    if (args.unit === "year") date.setUTCFullYear(date.getUTCFullYear() + 1);
    return date.getTime();
  }

  function element(name, attributes, text) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  function makeScale() {
    const width = Math.max(50, chart.clientWidth);
    const first = Math.min(day(args.first), ...args.bars.map(([start]) => day(start)));
    const last = Math.max(day(args.last) + DAY_MS, ...args.bars.map(([start]) => barEnd(day(start))));
    const share = (ms) => (ms - first) / (last - first);
    const flip = args.direction === "rtl";
    return {
      width, first, last,
      x: (ms) => (flip ? 1 - share(ms) : share(ms)) * width,
      ms: (x) => first + (flip ? 1 - x / width : x / width) * (last - first),
    };
  }

  function chosen() {
    return [args.from ? day(args.from) : null, args.to ? day(args.to) + DAY_MS : null];
  }

  function draw() {
    document.documentElement.dataset.look = args.look;
    document.documentElement.lang = args.language;
    document.body.dir = args.direction;
    scale = makeScale();
    chart.setAttribute("viewBox", `0 0 ${scale.width} ${HEIGHT}`);
    chart.setAttribute("aria-label", args.words.about);
    chart.replaceChildren();
    const most = Math.max(1, ...args.bars.map(([, n]) => n));
    const [from, to] = chosen();
    for (const [start, n] of args.bars) {
      const [a, b] = [scale.x(day(start)), scale.x(barEnd(day(start)))];
      const height = Math.max(1.5, (n / most) * (FLOOR - 8));
      const off = (from !== null && barEnd(day(start)) <= from) || (to !== null && day(start) >= to);
      const rect = element("rect", {
        class: off ? "off" : "n", x: Math.min(a, b) + 0.5, width: Math.max(1, Math.abs(b - a) - 1), y: FLOOR - height, height,
      });
      const options = args.unit === "year" ? { year: "numeric" } : args.unit === "month" ? { month: "long", year: "numeric" } : null;
      rect.append(element("title", {}, `${options ? inWords(day(start), options) : full(day(start))}: ${n.toLocaleString(args.locale)}`));
      chart.append(rect);
    }
    chart.append(element("line", { x1: 0, x2: scale.width, y1: FLOOR, y2: FLOOR }));
    drawAxis(most);
    state.brush = element("rect", { class: "brush", y: 0, height: FLOOR, visibility: "hidden" });
    chart.append(state.brush);
    if (from !== null || to !== null) showBrush(from ?? scale.first, to ?? scale.last);
    play.textContent = timer ? `⏸ ${args.words.stop}` : `⏵ ${args.words.play}`;
    play.setAttribute("aria-pressed", String(Boolean(timer)));
    clear.textContent = args.words.clear;
    clear.disabled = from === null && to === null;
    said.textContent = from !== null || to !== null ? `${full(from ?? scale.first)} – ${full((to ?? scale.last) - DAY_MS)}` : args.words.hint;
  }

  const state = { brush: null };

  function drawAxis(most) {
    const years = (scale.last - scale.first) / DAY_MS / 365;
    const room = Math.max(2, Math.floor(scale.width / 92));
    const options = years > 3 ? { year: "numeric" } : years > 0.4 ? { month: "short", year: "numeric" } : { day: "numeric", month: "short" };
    let before = "";
    for (let i = 0; i < room; i++) {
      const ms = scale.first + ((i + 0.5) / room) * (scale.last - scale.first);
      const text = inWords(ms, options);
      if (text !== before) chart.append(element("text", { x: scale.x(ms), y: HEIGHT - 5, "text-anchor": "middle" }, text));
      before = text;
    }
    const edge = args.direction === "rtl" ? scale.width - 2 : 2;
    chart.append(element("text", { x: edge, y: 10, "text-anchor": "start", direction: args.direction }, most.toLocaleString(args.locale)));
  }

  function showBrush(from, to) {
    const [a, b] = [scale.x(from), scale.x(to)];
    state.brush.setAttribute("x", Math.min(a, b));
    state.brush.setAttribute("width", Math.max(1, Math.abs(b - a)));
    state.brush.setAttribute("visibility", "visible");
  }

  const at = (event) => Math.min(scale.width, Math.max(0, event.clientX - chart.getBoundingClientRect().left));

  chart.addEventListener("pointerdown", (event) => {
    stop();
    drag = at(event);
    chart.setPointerCapture(event.pointerId);
  });
  chart.addEventListener("pointermove", (event) => {
    if (drag !== null) showBrush(scale.ms(drag), scale.ms(at(event)));
  });
  chart.addEventListener("pointerup", (event) => {
    if (drag === null) return;
    const [a, b] = [drag, at(event)].map((x) => scale.ms(x)).sort((x, y) => x - y);
    const short = Math.abs(drag - at(event)) < SHORTEST_PX;
    drag = null;
    if (!short) return send(iso(a), iso(Math.max(a, b - 1)));
    const bar = args.bars.find(([start]) => day(start) <= a && a < barEnd(day(start)));
    bar ? send(bar[0], iso(barEnd(day(bar[0])) - DAY_MS)) : draw();
  });
  clear.addEventListener("click", () => {
    stop();
    send(null, null);
  });

  // Playing moves a window of time (the chosen one, or a twelfth of all) from its place to the end, step by step.
  function stop() {
    clearInterval(timer);
    timer = null;
    if (args) draw();
  }

  play.addEventListener("click", () => {
    if (timer) return stop();
    const [from, to] = chosen();
    const some = from !== null || to !== null;
    const length = some ? (to ?? scale.last) - (from ?? scale.first) : Math.max(DAY_MS, (scale.last - scale.first) / 12);
    let start = some && (from ?? scale.first) + length < scale.last ? from ?? scale.first : scale.first - length;
    const step = () => {
      start += length;
      if (start >= scale.last) return stop();
      send(iso(start), iso(Math.min(scale.last, start + length) - 1));
    };
    timer = setInterval(step, STEP_MS);
    step();
    draw();
  });

  addEventListener("message", (event) => {
    if (event.data.type !== "streamlit:render") return;
    args = event.data.args;
    tell("streamlit:setFrameHeight", { height: document.querySelector("main").offsetHeight + 4 });
    draw();
  });
  addEventListener("resize", () => args && draw());
  tell("streamlit:componentReady", { apiVersion: 1 });
})();
