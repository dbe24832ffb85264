// The bench: EM by hand. em.js computes, rows.js reads and draws data, bench-data.js holds the book's; D3 draws.
(() => {
  "use strict";
  const place = document.getElementById("bench");
  if (!place || !globalThis.d3 || !globalThis.EM || !globalThis.BENCH) return;
  const MOST_ROUNDS = 10000, MOST_KEPT = 4, SHOWN_ROWS = 300000, SPARE_ROWS = 6, SHOWN_ERRORS = 20, LONGEST_LINK = 30000;
  const W = 640, H = 400, M = { left: 84, right: 12, top: 12, bottom: 58 };
  const METHODS = { em: "EM", accelerated: "accelerated EM", newton: "Newton" };
  const DASHES = ["7 4", "2 4", "11 4 2 4", "4 2"];
  const REPORT = {
    interior: () => "Report the estimates with their standard errors; they are below once a run has arrived.",
    binomial_limit: ({ mean }) => `Report one common probability, ${show(mean)}, and that the rows vary no more than luck makes them.`,
    two_point: ({ mean }) => `Report that every row is all successes or none, and the share of rows that are all successes, ${show(mean)}.`,
    all_zero: () => `Report that there was no success in ${many(table.trials, "trial")}. The data give no estimate of the spread.`,
    all_full: () => `Report that there was no failure in ${many(table.trials, "trial")}. The data give no estimate of the spread.`,
    not_identified: ({ mean }) => `Report the mean, ${show(mean)}, and nothing of the concentration.`,
  };
  let data, table, judged, pairs, view, walk, at, opened, kept = [], timer = null, sorted = { by: null, down: false }, truthSeen = false;

  // ---- small helpers
  function h(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== false && value != null) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child != null));
    return element;
  }
  const show = (value, digits = 6) =>
    !Number.isFinite(value) ? (Number.isNaN(value) ? "not determined" : value > 0 ? "∞" : "−∞") : String(Number(value.toPrecision(digits))).replace("-", "−");
  // A button that can't be used now says so and keeps the focus, which a disabled one would lose.
  const resting = {};
  const button = (id, words, act) => h("button", { type: "button", id: `bench-${id}`, class: "bench-button", onclick: () => (resting[id] ? say(resting[id]) : act()) }, words);
  function rest(id, why) {
    resting[id] = why;
    get(id).setAttribute("aria-disabled", String(Boolean(why)));
  }
  const many = (count, one, more = `${one}s`) => `${count} ${count === 1 ? one : more}`;
  const get = (id) => document.getElementById(`bench-${id}`);
  const put = (id, ...children) => get(id).replaceChildren(...children);
  let saying = null;
  function say(words) { // one sentence when things have come to rest, not one for each
    clearTimeout(saying);
    saying = setTimeout(() => put("said", words), 350);
  }
  function slider(id, label, min, max, step, value, act) {
    const input = h("input", { type: "range", id: `bench-${id}`, min, max, step, value, oninput: act });
    return h("label", { class: "bench-slider" }, h("span", {}, label), input, h("output", { id: `bench-${id}-said` }));
  }
  function save(name, text) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
    h("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
  }
  async function copy(text, what) {
    let done = true;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const area = h("textarea", {}, text), focused = document.activeElement;
      place.append(area);
      area.select();
      done = document.execCommand("copy");
      area.remove();
      focused.focus();
    }
    say(done ? `${what} copied.` : `The browser does not let this page copy. ${what} not copied.`);
  }

  // ---- the page
  function build() {
    const box = (id, title, ...children) => h("section", { class: `bench-box bench-in-${id}`, "aria-labelledby": `bench-${id}-title` }, h("h2", { id: `bench-${id}-title` }, title), ...children);
    const number = (id, label) => h("label", {}, label, " ", h("input", { id: `bench-${id}`, type: "text", inputmode: "decimal", size: 9, autocomplete: "off", onchange: typeStart }));
    const choose = h("select", { id: "bench-data", onchange: () => chooseData(get("data").value) }, ...BENCH.sets.map((set) => h("option", { value: set.key }, set.title)), h("option", { value: "drawn" }, "Drawn from a truth"), h("option", { value: "own", disabled: true }, "Your own data"));
    const method = h("select", { id: "bench-method", onchange: () => (restart(walk.start), say(`${METHODS[walk.method]}, from the start.`)) }, ...Object.entries(METHODS).map(([key, words]) => h("option", { value: key }, words)));
    const live = h(
      "div",
      { class: "bench-live" },
      box(
        "data-box", "Data",
        h("label", { class: "bench-choice" }, "Data ", choose),
        h("p", { id: "bench-rows" }),
        h("details", { id: "bench-draw-box" }, h("summary", {}, "Draw data from a truth"),
          slider("players", "Players", 1, 500, 1, 100, drawData), slider("trials", "Trials each", 1, 500, 1, 50, drawData),
          slider("mean-true", "True mean", 0.01, 0.99, 0.01, 0.26, drawData), slider("s-true", "True concentration", -0.5, 4, 0.05, 2.3, drawData),
          slider("seed", "Seed", 1, 200, 1, 1, drawData), h("div", { class: "bench-buttons" }, button("draw", "Draw", drawData), button("uncover", "Uncover the truth", uncover)), h("p", { id: "bench-truth" })),
        h("details", { id: "bench-own-box" }, h("summary", {}, "Bring your own data"),
          h("p", { id: "bench-own-help" }, "Two or three columns: successes, trials and, if you like, how often such a row occurs. Commas, tabs, semicolons or spaces part them. Your data stay on this page."),
          h("label", { for: "bench-own" }, "Your rows"), h("textarea", { id: "bench-own", rows: 6, spellcheck: "false", "aria-describedby": "bench-own-help" }),
          button("use", "Use these rows", () => useOwn(get("own").value)),
          h("label", { class: "bench-file" }, "Or open a file ", h("input", { type: "file", id: "bench-file", accept: ".csv,.tsv,.txt,text/*", onchange: openFile, onclick: (event) => (event.target.value = "") })),
          h("div", { id: "bench-errors", role: "alert" })),
        h("p", { id: "bench-status" }), h("p", { id: "bench-report" })),
      box(
        "hill-box", "The hill",
        h("p", { class: "bench-small", id: "bench-hill-help" }, "Click, or drag the point, to start there. Arrow keys move it; with Shift they take small steps."),
        h("div", { id: "bench-hill" }),
        h("div", { class: "bench-buttons" }, button("in", "Closer", () => zoom(0.5)), button("out", "Further", () => zoom(2)), button("all", "Whole hill", () => (look(), sayView())))),
      box(
        "step-box", "Step",
        h("label", { class: "bench-choice" }, "Method ", method),
        h("div", { class: "bench-buttons" }, button("e", "E-step", () => (stop(), eStep())), button("m", "M-step", () => (stop(), round())), button("round", "One round", () => (stop(), round())), button("back", "Back", back), button("run", "Run to the end", run), button("reset", "Reset", reset), button("slow", "Slow motion", slow)),
        h("p", { id: "bench-said", role: "status", "aria-live": "polite" }),
        h("div", { class: "bench-scroll", tabindex: 0, role: "region", "aria-label": "Numbers of this step" }, h("table", { id: "bench-numbers" }), h("table", { id: "bench-averages" })),
        h("p", { id: "bench-end" })),
      box(
        "start-box", "Start",
        h("div", { class: "bench-buttons" }, number("alpha", "α"), number("beta", "β")), h("p", { id: "bench-start-error", role: "alert" }),
        slider("mean", "Mean at the start", 0.001, 0.999, 0.001, 0.5, slideStart), slider("s", "Concentration at the start", -1, 5, 0.01, 0.3, slideStart)),
      box("posteriors-box", "The E-step: posteriors and their average", h("div", { id: "bench-posteriors" }), h("p", { class: "bench-small", id: "bench-posteriors-said" })),
      box("strip-box", "Round by round", h("div", { id: "bench-strip" }), button("trace", "Download the trace", () => save("bench-trace.csv", traceCsv()))),
      box("estimates-box", "What the data say", h("p", { id: "bench-missing" }), h("div", { class: "bench-scroll", tabindex: 0, role: "region", "aria-label": "Estimates" }, h("table", { id: "bench-estimates" }))),
      box("compare-box", "Compare runs", h("div", { class: "bench-buttons" }, button("keep", "Keep this run", keepThis), button("methods", "Compare the three methods from here", compareMethods), button("clear", "Clear", () => { kept = []; drawKept(); say("No run is kept."); })),
        h("div", { class: "bench-scroll", tabindex: 0, role: "region", "aria-label": "Runs kept" }, h("table", { id: "bench-kept" }))),
      box("shrink-box", "Shrunken averages", h("p", { class: "bench-small", id: "bench-shrink-said" }), h("div", { class: "bench-buttons" }, button("copy-table", "Copy the table", () => copy(shrinkRows().map((row) => row.join("\t") + "\n").join(""), "Table")), button("save-table", "Download the table", () => save("bench-shrunken.csv", Rows.csv(shrinkRows())))),
        h("div", { class: "bench-scroll bench-tall", tabindex: 0, role: "region", "aria-label": "Table of shrunken averages" }, h("table", { id: "bench-shrink" }))),
      box("take-box", "Take it with you", h("p", {}, "The same in Python:"), h("pre", { id: "bench-python", tabindex: 0 }), h("div", { class: "bench-buttons" }, button("copy-python", "Copy the Python", () => copy(python(), "Python")), button("save-rows", "Download the rows", () => save("bench-rows.csv", rowsCsv())), button("copy-link", "Copy a link to this step", () => copy(get("link").value, "Link"))),
        h("label", { for: "bench-link" }, "A link that brings back data, start and step"), h("input", { id: "bench-link", type: "text", readonly: true }), h("p", { class: "bench-small", id: "bench-link-said" })),
    );
    place.append(live);
    place.classList.add("bench-here");
    buildHill();
    buildShrink();
  }

  // ---- data
  function chooseData(key) {
    if (key === "drawn") return drawData();
    if (key === "own") return;
    const set = BENCH.sets.find((one) => one.key === key);
    setData({ ...set });
  }
  const drawn = () => ({ players: +get("players").value, trials: +get("trials").value, mean: +get("mean-true").value, concentration: 10 ** +get("s-true").value, seed: +get("seed").value });
  function drawData() {
    const truth = drawn();
    setData({ key: "drawn", title: "Drawn from a truth", row: "player", ...Rows.draw(truth), truth, labels: null, python: "" });
  }
  function uncover() {
    if (data.key !== "drawn") return say("Draw data first: only then is there a truth to uncover.");
    truthSeen = true;
    const { mean, concentration } = data.truth;
    put("truth", `The truth: mean ${show(mean)}, concentration ${show(concentration)}, so α = ${show(mean * concentration)} and β = ${show((1 - mean) * concentration)}. It is the cross on the hill.`);
    say(get("truth").textContent);
    drawPoint();
  }
  function useOwn(text) {
    const read = Rows.parse(text);
    if (read.errors) {
      const more = read.errors.length - SHOWN_ERRORS;
      put("errors", h("p", {}, `These rows can't be used, and nothing was changed. ${read.errors.length === 1 ? "One thing is" : `${read.errors.length} things are`} wrong:`), h("ul", {}, ...read.errors.slice(0, SHOWN_ERRORS).map((words) => h("li", {}, words)), more > 0 ? h("li", {}, `and ${more} more`) : null));
      return;
    }
    put("errors");
    setData({ key: "own", title: "Your own data", row: "row", ...read, labels: null, python: "" });
  }
  async function openFile() {
    const file = get("file").files[0];
    if (!file) return;
    let text;
    try {
      text = Rows.decode(new Uint8Array(await file.arrayBuffer()));
    } catch {
      return put("errors", h("p", {}, "The file can't be read. Nothing was changed."));
    }
    get("own").value = text.length < 200000 ? text : "";
    useOwn(text);
  }
  function setData(given) {
    stop();
    data = given;
    kept = [];
    truthSeen = false;
    sorted = { by: null, down: false };
    // Rows that are alike are counted and drawn once.
    const seen = new Map();
    for (let i = 0; i < data.n.length; i++) {
      const x = data.x[i], n = data.n[i], count = data.counts ? data.counts[i] : 1, key = x + n * 2097152;
      if (!n || !count) continue;
      const pair = seen.get(key);
      if (pair) pair.count += count;
      else seen.set(key, { x, n, count });
    }
    pairs = [...seen.values()].sort((one, other) => one.x / one.n - other.x / other.n || one.n - other.n);
    table = EM.tabulate(...["x", "n", "count"].map((key) => pairs.map((pair) => pair[key])));
    judged = EM.judge(table);
    get("data").value = data.key;
    get("data").querySelector("[value=own]").disabled = data.key !== "own";
    const all = data.counts ? data.counts.reduce((one, other) => one + other, 0) : data.n.length;
    const empty = all - table.size;
    put("rows", `${many(all, "row")}, ${many(table.successes, "success", "successes")} in ${many(table.trials, "trial")}. ${empty ? `${empty} without a trial ${empty === 1 ? "says nothing and is" : "say nothing and are"} left out of the fit. ` : ""}${data.note || ""}`);
    put("status", h("strong", {}, judged.status.replace("_", " ")), ": ", BENCH.why[judged.status] || "The likelihood has a maximum.");
    put("report", REPORT[judged.status](judged));
    put("truth", data.key === "drawn" ? "The truth is covered." : "");
    for (const [id, words] of [["players", (v) => v], ["trials", (v) => v], ["mean-true", (v) => v], ["s-true", (v) => show(10 ** v, 3)], ["seed", (v) => v]]) sliderSays(id, words(+get(id).value));
    const first = !walk;
    restart([1, 1], true);
    if (!first) say(`${data.title}: ${get("rows").textContent} ${get("status").textContent}`);
    drawKept();
  }
  function sliderSays(id, words) {
    put(`${id}-said`, String(words));
    get(id).setAttribute("aria-valuetext", words);
  }

  // ---- the walk
  function restart(start, newView = false) {
    stop();
    put("start-error");
    for (const id of ["alpha", "beta"]) get(id).setAttribute("aria-invalid", "false");
    const method = get("method").value;
    const steps = EM.rounds(table, start, method, judged.status);
    walk = { start, method, steps, rows: [steps.next().value], done: false };
    at = 0;
    opened = false;
    if (newView) look();
    else render();
  }
  const params = () => walk.rows[at].params;
  function advance() {
    if (at + 1 < walk.rows.length) return ++at, true;
    if (walk.done) return false;
    const next = walk.rows.length > MOST_ROUNDS ? { done: true } : walk.steps.next();
    if (next.done) return (walk.done = true), false;
    walk.rows.push(next.value);
    if (next.value.converged) walk.done = true;
    at++;
    return true;
  }
  function eStep() {
    opened = true;
    render();
    const [a, b] = handedOn();
    say(`E-step of round ${at + 1}: the averages handed on are ${show(a)} and ${show(b)}.`);
  }
  function round() {
    const moved = advance();
    opened = false;
    render();
    if (moved) sayRound();
    else say("This run has come to its end.");
    return moved;
  }
  function sayRound() {
    const { params: [a, b], value } = walk.rows[at];
    say(`Round ${at}: α = ${show(a)}, β = ${show(b)}, log-likelihood ${show(value, 9)}${at ? `, ${show(Math.max(value - walk.rows[at - 1].value, 0), 3)} gained` : ""}.`);
  }
  function finish() {
    while (advance());
  }
  function run() {
    stop();
    opened = false;
    finish();
    render();
    sayRound();
  }
  function back() {
    stop();
    if (opened) opened = false;
    else if (at) at--;
    render();
    sayRound();
  }
  function reset() {
    stop();
    at = 0;
    opened = false;
    render();
    say("Back at the start.");
  }
  function stop() {
    clearInterval(timer);
    timer = null;
    const slowly = get("slow");
    if (slowly) slowly.textContent = "Slow motion";
  }
  function slow() {
    if (timer) return stop();
    get("slow").textContent = "Stop";
    timer = setInterval(() => {
      if (walk.method === "em" && !opened) eStep();
      else if (!round()) stop();
    }, 900);
  }
  const handedOn = () => EM.eStep(table, params()).map((part, i) => part + EM.priorStats(params())[i]);

  // ---- starts
  const within = (part) => part >= 1e-9 && part <= 1e9;
  const possible = (start) => start.every(within) && within(start[0] + start[1]);
  function typeStart() {
    const read = (id) => (/^\s*\+?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(get(id).value) ? Number(get(id).value) : NaN);
    const start = [read("alpha"), read("beta")];
    const bad = ["alpha", "beta"].filter((id, i) => !within(start[i]));
    if (!possible(start)) {
      for (const id of ["alpha", "beta"]) get(id).setAttribute("aria-invalid", String(!bad.length || bad.includes(id)));
      return put("start-error", bad.map((id) => `${id === "alpha" ? "α" : "β"} = ${get(id).value.trim() || "nothing"} must be a number from 1e-9 to 1e9.`).join(" ") || "α + β must be at most 1e9.");
    }
    restart(start, !inView(start));
    sayRound();
  }
  function slideStart() {
    const mean = +get("mean").value, s = 10 ** +get("s").value;
    const start = [mean * s, (1 - mean) * s];
    restart(start, !inView(start));
  }

  // ---- the hill
  const svg = {};
  let xScale, yScale;
  function buildHill() {
    const root = d3.select(get("hill")).append("svg").attr("viewBox", `0 0 ${W} ${H}`).attr("class", "bench-hill");
    root.attr("role", "group").attr("aria-label", "The log-likelihood as a hill over mean and concentration");
    root.append("clipPath").attr("id", "bench-clip").append("rect").attr("x", M.left).attr("y", M.top).attr("width", W - M.left - M.right).attr("height", H - M.top - M.bottom);
    root.append("rect").attr("class", "bench-ground").attr("x", M.left).attr("y", M.top).attr("width", W - M.left - M.right).attr("height", H - M.top - M.bottom)
      .on("click", (event) => startAt(d3.pointer(event)));
    const inside = root.append("g").attr("clip-path", "url(#bench-clip)").style("pointer-events", "none");
    svg.bands = inside.append("g").attr("class", "bench-bands");
    svg.kept = inside.append("g");
    svg.path = inside.append("path").attr("class", "bench-path");
    svg.dots = inside.append("g");
    svg.top = inside.append("g");
    svg.truth = inside.append("path").attr("class", "bench-truth");
    svg.x = root.append("g").attr("class", "bench-axis").attr("transform", `translate(0 ${H - M.bottom})`);
    svg.y = root.append("g").attr("class", "bench-axis").attr("transform", `translate(${M.left} 0)`);
    root.append("text").attr("class", "bench-label").attr("x", (W + M.left) / 2).attr("y", H - 4).text("mean α / (α + β)");
    root.append("text").attr("class", "bench-label").attr("transform", `translate(18 ${H / 2 - 20}) rotate(-90)`).text("concentration α + β");
    svg.point = root.append("g").attr("class", "bench-point").attr("tabindex", 0).attr("role", "application").attr("id", "bench-point")
      .attr("aria-label", "The point on the hill: arrow keys move the start").attr("aria-describedby", "bench-hill-help");
    svg.point.append("circle").attr("class", "bench-reach").attr("r", 24);
    svg.point.append("circle").attr("class", "bench-mark").attr("r", 8);
    svg.point.call(d3.drag().container(root.node()).on("drag", (event) => startAt([event.x, event.y])));
    svg.point.on("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const size = event.shiftKey ? 1 : 12, [x, y] = spot(params());
      startAt([x + way[0] * size, y + way[1] * size]);
      sayRound();
    });
  }
  const middle = ([a, b]) => [a / (a + b), a + b];
  const spot = (point) => { const [mean, s] = middle(point); return [xScale(mean), yScale(s)]; };
  function startAt([px, py]) {
    const inside = (value, low, high) => Math.min(Math.max(value, low), high);
    const mean = xScale.invert(inside(px, M.left + 1, W - M.right - 1)), s = yScale.invert(inside(py, M.top + 1, H - M.bottom - 1));
    restart([mean * s, (1 - mean) * s]);
  }
  function inView(start) {
    const [mean, s] = middle(start), [x, y] = [view.mean, view.s];
    return mean > x[0] && mean < x[1] && s > y[0] && s < y[1];
  }
  function look() { // the whole hill: the rows' averages, the top and the start, with room around them
    const averages = pairs.map(({ x, n }) => (x + 0.5) / (n + 1)), top = judged.status === "interior" ? middle(judged.params) : [judged.mean, 100];
    const [mean, s] = middle(walk.start);
    const low = Math.min(d3.quantile(averages, 0.05), top[0], mean), high = Math.max(d3.quantile(averages, 0.95), top[0], mean);
    const room = Math.max(0.12 * (high - low), 0.02);
    const floor = Math.max(Math.min(0.7, top[1] / 8, s / 2), 1e-10), roof = Math.max(1000, top[1] * 8, s * 3);
    setView([Math.max(low - room, 0.001), Math.min(high + room, 0.999)], [floor, roof]);
  }
  function zoom(factor) {
    const [mean, s] = middle(params()), half = ((view.mean[1] - view.mean[0]) / 2) * factor, wide = (Math.log(view.s[1] / view.s[0]) / 2) * factor;
    setView([Math.max(mean - half, 1e-6), Math.min(mean + half, 1 - 1e-6)], [Math.max(s * Math.exp(-wide), 1e-10), Math.min(s * Math.exp(wide), 1e12)]);
    sayView();
  }
  const sayView = () => say(`The hill shows means from ${view.mean.map((end) => show(end, 3)).join(" to ")}, and concentrations from ${view.s.map((end) => show(end, 3)).join(" to ")}.`);
  function setView(mean, s) {
    view = { mean, s };
    xScale = d3.scaleLinear(mean, [M.left, W - M.right]);
    yScale = d3.scaleLog(s, [H - M.bottom, M.top]);
    svg.x.call(d3.axisBottom(xScale).ticks(6));
    svg.y.call(d3.axisLeft(yScale).ticks(5, "~g"));
    const fine = Math.min(1, Math.sqrt(3e6 / (table.j.length * 1800))), nx = Math.max(Math.round(50 * fine), 14), ny = Math.max(Math.round(36 * fine), 10);
    const wide = W - M.left - M.right, tall = H - M.top - M.bottom, heights = [];
    for (let j = 0; j < ny; j++)
      for (let i = 0; i < nx; i++) {
        const m = xScale.invert(M.left + ((i + 0.5) / nx) * wide), k = yScale.invert(M.top + ((j + 0.5) / ny) * tall);
        heights.push(EM.logLikelihood(table, [m * k, (1 - m) * k]));
      }
    const top = Math.max(judged.logLikelihood, d3.max(heights)), depth = top - d3.min(heights);
    const drops = [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000, 1e4, 1e5, 1e6].filter((drop) => drop < depth).slice(-10).reverse();
    const toPixels = d3.geoTransform({ point(x, y) { this.stream.point(M.left + (x / nx) * wide, M.top + (y / ny) * tall); } });
    const contours = d3.contours().size([nx, ny]).thresholds(drops.map((drop) => top - drop))(heights);
    svg.bands.selectAll("path").data(contours).join("path").attr("d", d3.geoPath(toPixels));
    render();
  }
  const cross = (x, y, r = 8) => `M${x - r} ${y}H${x + r}M${x} ${y - r}V${y + r}`;
  const line = (rows) => {
    const thin = Math.ceil(rows.length / 2000);
    return "M" + rows.filter((_, k) => k < 100 || k % thin === 0 || k === rows.length - 1).map((row) => spot(row.params).map((value) => Math.max(-1e4, Math.min(1e4, value)).toFixed(1)).join(" ")).join("L");
  };
  function drawPoint() {
    const rows = walk.rows.slice(0, at + 1);
    svg.path.attr("d", line(rows));
    svg.dots.selectAll("circle").data(rows.slice(0, 60)).join("circle").attr("class", "bench-dot").attr("r", 3).attr("cx", (row) => spot(row.params)[0]).attr("cy", (row) => spot(row.params)[1]);
    const [x, y] = spot(params());
    const inside = (value, low, high) => Math.min(Math.max(value, low), high);
    svg.point.attr("transform", `translate(${inside(x, M.left, W - M.right)} ${inside(y, M.top, H - M.bottom)})`);
    svg.truth.attr("d", truthSeen ? cross(...spot([data.truth.mean * data.truth.concentration, (1 - data.truth.mean) * data.truth.concentration])) : "");
    svg.kept.selectAll("path").data(kept).join("path").attr("class", (_, i) => `bench-kept-${i}`).attr("fill", "none").attr("stroke-dasharray", (_, i) => DASHES[i]).attr("d", (one) => line(one.rows));
  }

  // ---- what is shown of a step
  function render() {
    drawPoint();
    drawNumbers();
    drawPosteriors();
    drawStrip();
    drawEstimates();
    drawShrink();
    put("python", python());
    get("link").value = link();
    const [mean, s] = middle(walk.start);
    for (const [id, value] of [["alpha", walk.start[0]], ["beta", walk.start[1]]]) if (document.activeElement !== get(id)) get(id).value = Number(value.toPrecision(6));
    if (document.activeElement !== get("mean")) get("mean").value = mean;
    if (document.activeElement !== get("s")) get("s").value = Math.log10(s);
    sliderSays("mean", show(mean, 4));
    sliderSays("s", show(s, 4));
    const ended = walk.done && at === walk.rows.length - 1;
    const end = ended && "This run has come to its end.", whole = walk.method !== "em" && "Only plain EM is taken apart into its E-step and its M-step.";
    rest("e", end || whole || (opened && "The E-step is done: the M-step is next."));
    rest("m", end || whole || (!opened && "Take the E-step first."));
    for (const id of ["round", "run", "slow"]) rest(id, end);
    for (const id of ["back", "reset"]) rest(id, !at && !opened && "This is the start.");
  }
  function fill(id, caption, head, rows) {
    put(id, h("caption", {}, caption), h("thead", {}, h("tr", {}, ...head.map((words) => h("th", { scope: "col" }, words)))), h("tbody", {}, ...rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), ...rest.map((cell) => h("td", {}, cell))))));
  }
  function drawNumbers() {
    const [a, b] = params(), own = EM.priorStats(params()), handed = handedOn();
    const before = at ? walk.rows[at - 1].value : NaN;
    fill("numbers", `Round ${at}${opened ? ", after the E-step" : ""}`, ["number", "value"], [
      ["α", show(a, 8)], ["β", show(b, 8)], ["mean", show(a / (a + b), 8)], ["concentration", show(a + b, 8)],
      ["log-likelihood", show(walk.rows[at].value, 10)], ["gained by this round", at ? show(Math.max(walk.rows[at].value - before, 0), 4) : "–"],
    ]);
    const averages = [["the prior's", ...own], ["handed on by the E-step", ...(opened ? handed : ["–", "–"])]];
    if (walk.method === "em" && at && !opened) {
      const last = walk.rows[at - 1].params, growth = EM.eStep(table, last);
      averages[1] = ["the M-step was to match", ...EM.priorStats(last).map((part, i) => part + growth[i])];
    }
    fill("averages", "The two averages", ["average", "of\u00a0log\u00a0Z", "of\u00a0log(1\u00a0−\u00a0Z)"], averages.map(([name, ...both]) => [name, ...both.map((part) => (typeof part === "string" ? part : show(part, 9)))]));
    let words = "";
    const { value, converged } = walk.rows[at], short = judged.logLikelihood - value;
    if (walk.done && at === walk.rows.length - 1) {
      if (converged && short < 1e-6 * (1 + Math.abs(value))) words = `Arrived at the maximum in ${many(at, "round")}.`;
      else if (judged.status === "not_identified") words = `Arrived in ${many(at, "round")} at a ridge: with this mean, every concentration is as likely.`;
      else if (judged.status !== "interior") words = `There is nowhere to arrive: stopped after ${many(at, "round")}, ${show(Math.max(short, 0), 3)} below the height that is never reached.`;
      else {
        const off = (k) => Math.hypot(...walk.rows[k].params.map((part, i) => Math.log(part / judged.params[i]))), nearer = at > 0 && off(at) < off(at - 1);
        words = `Stopped after ${many(at, "round")}, ${show(Math.max(short, 0), 3)} below the maximum, which is near α = ${show(judged.params[0])}, β = ${show(judged.params[1])}. ${nearer ? "This run was on its way there, but the bench goes no further." : "This run was heading elsewhere."}`;
      }
    }
    put("end", words);
  }
  function drawPosteriors() {
    const w = W, tall = 256, floor = 200, [a, b] = params();
    let root = d3.select(get("posteriors")).select("svg");
    if (root.empty()) {
      root = d3.select(get("posteriors")).append("svg").attr("viewBox", `0 0 ${w} ${tall}`).attr("role", "img").attr("aria-labelledby", "bench-posteriors-said");
      root.append("g").attr("class", "bench-some");
      root.append("path").attr("class", "bench-average");
      root.append("path").attr("class", "bench-prior");
      root.append("g").attr("class", "bench-axis").attr("transform", `translate(0 ${floor})`);
      root.append("text").attr("class", "bench-label").attr("x", w / 2).attr("y", tall - 6).text("success probability z");
    }
    const x = d3.scaleLinear(view.mean, [28, w - 28]), zs = d3.range(121).map((k) => view.mean[0] + ((k + 0.5) / 121) * (view.mean[1] - view.mean[0]));
    const picked = (most) => (pairs.length <= most ? pairs : d3.range(most).map((k) => pairs[Math.floor(((k + 0.5) * pairs.length) / most)]));
    const logs = zs.map(Math.log), others = zs.map((z) => Math.log1p(-z));
    const beta = (p, q) => { const c = EM.logGamma(p + q) - EM.logGamma(p) - EM.logGamma(q); return logs.map((log, k) => Math.exp(c + (p - 1) * log + (q - 1) * others[k])); };
    const density = ({ x: hits, n }) => beta(a + hits, b + n - hits);
    const prior = beta(a, b), some = opened ? picked(18).map(density) : [], average = zs.map(() => 0);
    if (opened) {
      const group = picked(300), all = d3.sum(group, (pair) => pair.count);
      for (const pair of group) density(pair).forEach((value, k) => (average[k] += (value * pair.count) / all));
    }
    const highest = Math.max(d3.max(prior), d3.max(average)) * 1.6 || 1, y = (value) => floor - (Math.min(value / highest, 1.05)) * (floor - 8);
    const path = (values) => "M" + values.map((value, k) => `${x(zs[k]).toFixed(1)} ${y(value).toFixed(1)}`).join("L");
    root.select(".bench-some").selectAll("path").data(some).join("path").attr("d", path);
    root.select(".bench-average").attr("d", opened ? path(average) : null);
    root.select(".bench-prior").attr("d", path(prior));
    root.select(".bench-axis").call(d3.axisBottom(x).ticks(6));
    put("posteriors-said", opened ? `Thin: posteriors of ${some.length} of the ${data.row === "row" ? "rows" : "rows, each a " + data.row}. Thick and dotted: the average of ${pairs.length > 300 ? "300" : "all"} posteriors. Dashed: the prior. The M-step moves the prior towards that average.` : "Dashed: the prior. Take the E-step to see the posteriors and their average.");
  }
  function drawStrip() {
    const w = W, tall = 232, rows = walk.rows.slice(0, at + 1), gains = rows.slice(1).map((row, k) => row.value - rows[k].value);
    const thin = Math.ceil(at / 600), drawn = (k) => k % thin === 0 || k === at; // more would fall on the same pixels
    let root = d3.select(get("strip")).select("svg");
    if (root.empty()) {
      root = d3.select(get("strip")).append("svg").attr("viewBox", `0 0 ${w} ${tall}`).attr("role", "img").attr("aria-label", "Above, the log-likelihood of each round; below, how much each round gained, on a logarithmic scale");
      root.append("path").attr("class", "bench-path");
      root.append("path").attr("class", "bench-gains");
      root.append("g").attr("class", "bench-axis bench-up").attr("transform", "translate(94 0)");
      root.append("g").attr("class", "bench-axis bench-down").attr("transform", "translate(94 0)");
      root.append("g").attr("class", "bench-axis bench-rounds").attr("transform", `translate(0 ${tall - 32})`);
      root.append("text").attr("class", "bench-label").attr("x", w - 8).attr("y", 90).style("text-anchor", "end").text("log-likelihood");
      root.append("text").attr("class", "bench-label").attr("x", w - 8).attr("y", 124).style("text-anchor", "end").text("gain of each round");
    }
    const x = d3.scaleLinear([0, Math.max(at, 1)], [100, w - 14]), extent = d3.extent(rows, (row) => row.value);
    extent[0] = Math.min(extent[0], extent[1] - 1e-4 * Math.max(1, Math.abs(extent[1])));
    const up = d3.scaleLinear(extent, [95, 10]), positive = gains.filter((gain) => gain > 0);
    const down = d3.scaleLog([Math.max(d3.min(positive) || 1, 1e-14) / 2, (d3.max(positive) || 1) * 2], [tall - 36, 120]).nice();
    const powers = d3.ticks(...down.domain().map(Math.log10), 3).filter(Number.isInteger).map((power) => 10 ** power);
    root.select(".bench-path").attr("d", "M" + rows.map((row, k) => (drawn(k) ? `${x(k).toFixed(1)} ${up(row.value).toFixed(1)}` : "")).filter(Boolean).join("L"));
    root.select(".bench-gains").attr("d", gains.map((gain, k) => (gain > 1e-14 && drawn(k + 1) ? `M${x(k + 1).toFixed(1)} ${tall - 36}V${down(gain).toFixed(1)}` : "")).join("") || null);
    root.select(".bench-up").call(d3.axisLeft(up).ticks(3, "f"));
    root.select(".bench-down").call(d3.axisLeft(down).tickValues(positive.length ? powers : []).tickFormat(d3.format("~g")));
    root.select(".bench-rounds").call(d3.axisBottom(x).ticks(Math.min(at || 1, 8)).tickFormat(d3.format("d")));
  }
  function drawEstimates() {
    if (judged.status !== "interior") {
      put("missing", "There is no maximum inside, so there is no rate at which EM would arrive, and no standard error of a concentration.");
      return put("estimates");
    }
    judged.info ||= EM.information(table, judged.params);
    const { missing, perDigit, se } = judged.info;
    put("missing", `At the maximum ${show(100 * missing, 5)} % of the information is missing, in the direction where most is. EM needs ${show(perDigit, 4)} rounds there for each further digit.`);
    if (!(walk.rows[at].converged && judged.logLikelihood - walk.rows[at].value < 1e-6 * (1 + Math.abs(judged.logLikelihood)))) return put("estimates");
    const [a, b] = params();
    const rows = [["α", a, se && se.alpha], ["β", b, se && se.beta], ["mean", a / (a + b), se && se.mean], ["log of the concentration", Math.log(a + b), se && se.logConcentration]];
    fill("estimates", "Estimates with standard errors", ["parameter", "estimate", "standard error"], rows.map(([name, value, error]) => [name, show(value, 7), error ? show(error, 5) : "none"]));
  }

  // ---- runs side by side
  function keep(start, method) {
    const rows = [];
    for (const row of EM.rounds(table, start, method, judged.status)) {
      rows.push(row);
      if (row.converged || rows.length > MOST_ROUNDS) break;
    }
    kept.push({ start, method, rows });
    drawKept();
  }
  function keepThis() {
    keep(walk.start, walk.method);
    say(`Run ${"ABCD"[kept.length - 1]} is kept: ${kept.at(-1).rows.length - 1} rounds.`);
  }
  function compareMethods() {
    if (kept.length > 1) kept = [];
    const first = kept.length;
    for (const method of Object.keys(METHODS)) keep(walk.start, method);
    say(`Rounds from here: ${kept.slice(first).map(({ method, rows }) => `${METHODS[method]} ${rows.length - 1}`).join(", ")}.`);
  }
  function runName(i, converged) { // with the look of its path
    const name = h("span", {}, `${"ABCD"[i]}${converged ? "" : " (did not arrive)"}`);
    d3.select(name).append("svg").attr("class", "bench-sample").attr("viewBox", "0 0 40 10").attr("aria-hidden", "true").append("path").attr("class", `bench-kept-${i}`).attr("stroke-dasharray", DASHES[i]).attr("d", "M0 5H40");
    return name;
  }
  function drawKept() {
    const head = ["run", "method", "start (α, β)", "rounds", "α", "β", "log-likelihood", "below the top"];
    fill("kept", kept.length ? "Runs kept; Newton's rounds are its steps" : "No run is kept yet", head, kept.map(({ start, method, rows }, i) => {
      const { params: [a, b], value, converged } = rows[rows.length - 1];
      return [runName(i, converged), METHODS[method], start.map((part) => show(part, 4)).join(", "), String(rows.length - 1), show(a), show(b), show(value, 9), show(Math.max(judged.logLikelihood - value, 0), 2)];
    }));
    get("kept").tHead.hidden = !kept.length;
    rest("clear", !kept.length && "No run is kept.");
    rest("keep", kept.length === MOST_KEPT && "Four runs are kept already: clear them first.");
    drawPoint();
  }

  // ---- tables, files, Python, links
  const HEAD = ["row", "successes", "trials", "count", "raw", "shrunken"];
  function shrunken(i) {
    const [a, b] = params();
    return [data.labels ? data.labels[i] : i + 1, data.x[i], data.n[i], data.counts ? data.counts[i] : 1, data.n[i] ? data.x[i] / data.n[i] : NaN, (a + data.x[i]) / (a + b + data.n[i])];
  }
  // What a column is sorted by, as numbers.
  function keysOf(column) {
    if (column === 0) {
      if (!data.labels) return null;
      const places = d3.range(data.n.length).sort((i, j) => data.labels[i].localeCompare(data.labels[j])), ranks = new Float64Array(places.length);
      places.forEach((i, rank) => (ranks[i] = rank));
      return ranks;
    }
    const [a, b] = params(), { x, n, counts } = data;
    const key = { 1: (i) => x[i], 2: (i) => n[i], 3: (i) => (counts ? counts[i] : 1), 4: (i) => (n[i] ? x[i] / n[i] : -1), 5: (i) => (a + x[i]) / (a + b + n[i]) }[column];
    return Float64Array.from(n, (_, i) => key(i));
  }
  // The rows at places `from` to `to` of the sorted table. Only these are put in order, for there may be many others.
  function sortedRows(from, to) {
    const { by, down } = sorted;
    if (by === null) return d3.range(from, to);
    const places = d3.range(data.n.length);
    const keys = by === 5 ? keysOf(5) : (sorted.keys ??= keysOf(by)), way = down ? -1 : 1; // by === 5: they move with the prior
    const compare = keys ? (i, j) => way * (keys[i] - keys[j]) || i - j : (i, j) => way * (i - j);
    const last = places.length - 1;
    if (from > 0) d3.quickselect(places, from, 0, last, compare);
    if (to <= last) d3.quickselect(places, to, from, last, compare);
    return places.slice(from, to).sort(compare);
  }
  const shrinkRows = () => [HEAD, ...sortedRows(0, data.n.length).map((i) => shrunken(i).map((value) => (Number.isNaN(value) ? "" : value)))];
  function buildShrink() {
    const head = HEAD.map((words, k) => h("th", { scope: "col" }, h("button", { type: "button", onclick: () => {
      sorted = { by: k, down: sorted.by === k && !sorted.down };
      drawShrink();
      say(`Sorted by ${words}, ${sorted.down ? "descending" : "ascending"}.`);
    } }, words)));
    put("shrink", h("caption", {}, "Raw and shrunken averages"), h("thead", {}, h("tr", { "aria-rowindex": 1 }, ...head)), h("tbody", { "aria-hidden": "true" }), h("tbody", { id: "bench-shrink-rows" }), h("tbody", { "aria-hidden": "true" }));
    const inSight = new ResizeObserver(drawShrink);
    inSight.observe(get("shrink").parentElement);
    get("shrink").parentElement.addEventListener("scroll", drawShrink);
  }
  function drawShrink() {
    const all = Math.min(data.n.length, SHOWN_ROWS), box = get("shrink").parentElement, tall = rowHeight();
    put("shrink-said", `With the prior of round ${at}.${all < data.n.length ? ` The first ${all} of ${data.n.length} rows are shown; copy or download has all.` : ""}`);
    get("shrink").setAttribute("aria-rowcount", all + 1);
    get("shrink").tHead.querySelectorAll("th").forEach((cell, k) => {
      const here = sorted.by === k;
      cell.setAttribute("aria-sort", here ? (sorted.down ? "descending" : "ascending") : "none");
      cell.firstChild.textContent = HEAD[k] + (here ? (sorted.down ? " ▼" : " ▲") : "");
    });
    const from = Math.max(Math.min(Math.floor(box.scrollTop / tall), all) - SPARE_ROWS, 0), to = Math.min(from + Math.ceil((box.clientHeight || 400) / tall) + 2 * SPARE_ROWS, all);
    const [before, , after] = get("shrink").tBodies;
    before.style.height = `${from * tall}px`;
    after.style.height = `${(all - to) * tall}px`;
    d3.select(get("shrink-rows")).selectAll("tr").data(sortedRows(from, to)).join("tr").attr("aria-rowindex", (_, k) => from + k + 2)
      .selectAll("th, td").data((i) => shrunken(i)).join((enter) => enter.append((_, k) => h(k ? "td" : "th", k ? {} : { scope: "row" })))
      .text((value, k) => (k < 4 ? value : Number.isNaN(value) ? "–" : value.toFixed(4)));
  }
  const rowHeight = () => 2 * parseFloat(getComputedStyle(document.documentElement).fontSize); // as bench.css has it
  const traceCsv = () => Rows.csv([["round", "alpha", "beta", "log_likelihood"], ...walk.rows.slice(0, at + 1).map(({ params: [a, b], value }, k) => [k, a, b, value])]);
  const rowsCsv = () => Rows.csv([["x", "n", "counts"], ...data.n.map((n, i) => [data.x[i], n, data.counts ? data.counts[i] : 1])]);
  function python() {
    const start = "init=bb.BetaParams(ALPHA, BETA)", fit = `fit = bb.fit_em(x, n, counts=counts, ${start})`;
    const list = (values) => `[${values.join(", ")}]`;
    let lines = `import betabin as bb\n${data.python}`;
    if (!data.python && data.n.length > 40) lines = `import numpy as np, betabin as bb\nx, n, counts = np.loadtxt("bench-rows.csv", delimiter=",", skiprows=1, dtype=int, ndmin=2).T\n${fit}`;
    else if (!data.python) lines = `import betabin as bb\nx, n, counts = ${list(data.x)}, ${list(data.n)}, ${data.counts ? list(data.counts) : "None"}\n${fit}`;
    if (walk.method === "newton") return lines.replace("fit_em", "fit_mle").replace(`, ${start}`, ""); // its start is its own
    return lines.replace(start, `init=bb.BetaParams(${list(walk.start).slice(1, -1)})${walk.method === "accelerated" ? ", accelerate=True" : ""}`);
  }
  function link() {
    const parts = new URLSearchParams({ data: data.key, alpha: walk.start[0], beta: walk.start[1], method: walk.method, round: at });
    if (opened) parts.set("e", "1");
    if (data.key === "drawn") parts.set("truth", Object.values(data.truth).join(" "));
    let words = "";
    if (data.key === "own") {
      const rows = (data.inLink ??= data.n.slice(0, LONGEST_LINK).map((n, i) => [data.x[i], n, ...(data.counts ? [data.counts[i]] : [])].join("_")).join("."));
      if (rows.length <= LONGEST_LINK) {
        parts.set("rows", rows);
        words = "The link holds your rows. Whoever has it can read them.";
      } else words = "Your rows are too many for a link: it brings back the start and the step alone.";
    }
    put("link-said", words);
    return `${location.href.split("#")[0]}#bench?${parts}`;
  }
  function open(hash) { // what a link brings back; a link that is damaged says so
    const parts = new URLSearchParams(hash.slice("#bench?".length)), key = parts.get("data");
    const start = ["alpha", "beta"].map((name) => Number(parts.get(name))), goal = Number(parts.get("round")), truth = (parts.get("truth") || "").split(" ").map(Number);
    const known = BENCH.sets.some((set) => set.key === key) || (key === "drawn" && truth.length === 5 && truth.every(Number.isFinite)) || (key === "own");
    const whole = Number.isInteger(goal) && goal >= 0 && goal <= MOST_ROUNDS && possible(start) && Object.hasOwn(METHODS, parts.get("method")), damaged = () => say("This link to the bench is damaged: nothing was changed.");
    if (!known || !whole) return damaged();
    if (key === "drawn") {
      const sliders = ["players", "trials", "mean-true", "s-true", "seed"].map(get), before = sliders.map((one) => one.value);
      sliders.forEach((one, k) => (one.value = k === 3 ? Math.log10(truth[k]) : truth[k]));
      // What no slider can be set to, this page never wrote.
      if (!Object.values(drawn()).every((value, k) => Math.abs(value - truth[k]) <= 1e-9 * value)) {
        sliders.forEach((one, k) => (one.value = before[k]));
        return damaged();
      }
      drawData();
    } else if (key === "own") {
      const text = (parts.get("rows") || "").replaceAll(".", "\n").replaceAll("_", ",");
      if (!text) {
        if (data.key !== "own") return say("This link does not hold its rows: bring them again, then open the link once more.");
      } else {
        if (Rows.parse(text).errors) return damaged();
        get("own").value = text;
        get("own-box").open = true;
        useOwn(text);
      }
    } else chooseData(key);
    get("method").value = parts.get("method");
    restart(start, !inView(start));
    while (at < goal && advance());
    opened = parts.get("e") === "1" && walk.method === "em" && !(walk.done && at === walk.rows.length - 1);
    render();
    sayRound();
  }

  build();
  chooseData(BENCH.sets[0].key);
  const follow = () => location.hash.startsWith("#bench?") && open(location.hash);
  follow();
  addEventListener("hashchange", follow);
})();
