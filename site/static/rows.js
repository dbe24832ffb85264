// The rows of the bench: read from text, drawn from a truth, written as CSV. No browser in it.
(function (root) {
  "use strict";
  const LARGEST = 1000000; // trials of a row
  const MOST = 2 ** 53; // rows, counts included
  const WHOLE = /^\+?\d+(\.0*)?(e\+?\d{1,3})?$/i;
  const ORDINALS = ["first", "second", "third"];
  const NAMES = { x: 0, successes: 0, hits: 0, n: 1, trials: 1, count: 2, counts: 2, rows: 2 };
  function cells(line) {
    const separator = ["\t", ";", ","].find((one) => line.includes(one));
    const parts = separator ? line.split(separator) : line.trim().split(/\s+/);
    return parts.map((part) => part.trim().replace(/^"(.*)"$/, "$1").trim());
  }
  function wrong(cell, column) {
    if (cell === "") return `the ${ORDINALS[column]} column is empty`;
    if (/^[-−–]\s*\d/.test(cell)) return `${cell} is negative`;
    if (!WHOLE.test(cell)) return `“${cell.length > 30 ? cell.slice(0, 29) + "…" : cell}” is not a whole number`;
    return null;
  }
  // Return { x, n, counts, note } or { errors }: each with its line and the rule. Nothing is left out in silence.
  function parse(text) {
    const errors = [], x = [], n = [], counts = [];
    let columns = 0, from = 0, order = [0, 1, 2], header = false, total = 0, tried = false;
    text.replace(/^\ufeff/, "").split(/\r\n|\r|\n/).forEach((line, at) => {
      if (!line.trim()) return;
      const parts = cells(line), say = (words) => errors.push(`line ${at + 1}: ${words}`);
      if (!columns && !header && parts.every((part) => /^[\p{L}_][^\d]*$/u.test(part))) {
        header = true;
        const found = parts.map((part) => NAMES[part.toLowerCase()]);
        if (parts.length <= 3 && found.every((one) => one !== undefined) && new Set(found).size === parts.length) order = found;
        return;
      }
      if (parts.length < 2 || parts.length > 3) {
        say(`${parts.length} ${parts.length === 1 ? "column" : "columns"} where two or three are wanted: successes, trials and perhaps a count`);
        return;
      }
      if (!columns) [columns, from] = [parts.length, at + 1];
      if (parts.length !== columns) return say(`${parts.length} columns, but line ${from} has ${columns}`);
      const fault = parts.map(wrong).find(Boolean);
      if (fault) return say(fault);
      const row = [0, 0, 1];
      parts.forEach((part, column) => (row[order[column]] = Number(part)));
      const [successes, trials, count] = row;
      if (!row.every(Number.isSafeInteger)) return say("a number is not whole, or larger than can be counted");
      if (trials > LARGEST) return say(`${trials} trials: this page takes at most ${LARGEST} in a row`);
      if (successes > trials) return say(`${successes} successes in ${trials} trials`);
      total += count;
      tried ||= trials > 0 && count > 0;
      x.push(successes);
      n.push(trials);
      counts.push(count);
    });
    if (!x.length && !errors.length) errors.push("there is no row: write successes and trials, such as 13, 50");
    else if (!errors.length && !tried) errors.push("no row has a trial: at least one must have");
    else if (total > MOST) errors.push("the counts add up to more than 2**53");
    if (errors.length) return { errors };
    const note = order.join() === "0,1,2".slice(0, 2 * order.length - 1) ? "" : "The columns were read by the names in the first line.";
    return { x, n, counts: columns === 3 ? counts : null, note };
  }
  // Numbers in (0, 1) from a seed, the same on every machine (Mulberry32).
  function random(seed) {
    let state = seed >>> 0;
    return () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
  }
  function normal(next) {
    return Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next());
  }
  // The logarithm of a gamma variate (Marsaglia and Tsang): it stays a number at the smallest shapes.
  function logGammaVariate(shape, next) {
    if (shape < 1) return logGammaVariate(shape + 1, next) + Math.log(next()) / shape;
    const d = shape - 1 / 3, c = 1 / Math.sqrt(9 * d);
    for (;;) {
      const z = normal(next), v = (1 + c * z) ** 3;
      if (v > 0 && Math.log(next()) < (z * z) / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
    }
  }
  // Rows drawn from the model, with the latent probabilities behind them.
  function draw({ players, trials, mean, concentration, seed }) {
    const next = random(seed), x = [], n = [], z = [];
    for (let i = 0; i < players; i++) {
      const hit = logGammaVariate(mean * concentration, next), miss = logGammaVariate((1 - mean) * concentration, next);
      const latent = 1 / (1 + Math.exp(miss - hit));
      let successes = 0;
      for (let k = 0; k < trials; k++) if (next() < latent) successes++;
      x.push(successes);
      n.push(trials);
      z.push(latent);
    }
    return { x, n, counts: null, z };
  }
  function csv(rows) {
    const quoted = (value) => (/[",\n]/.test(value) ? `"${String(value).replace(/"/g, '""')}"` : String(value));
    return rows.map((row) => row.map(quoted).join(",") + "\n").join("");
  }
  const Rows = { parse, draw, csv, LARGEST };
  root.Rows = Rows;
  if (typeof module === "object" && module.exports) module.exports = Rows;
})(typeof globalThis === "object" ? globalThis : this);
