// The rows of the bench: read from text, drawn from a truth, written as CSV. No browser in it.
(function (root) {
  "use strict";
  const LARGEST = 1000000; // trials of a row
  const MOST = 2 ** 53; // rows, counts included
  const WHOLE = /^\+?\d+(\.0*|,0+)?(e\+?\d{1,3})?$/i;
  const GROUPED = /^[-+−–]?[1-9]\d{0,2}([.,'’\s]\d{3})+$/;
  const WORD = /^[\p{L}_]|\p{L}\p{L}/u;
  const MISSING = /^(na|n\/a|nan|null|none|nil|inf|infinity|missing|true|false)$/i;
  const ORDINALS = ["first", "second", "third"];
  const ROLES = ["successes", "trials", "counts"];
  const NAMES = [
    /^(x|k|h|hits?|success|successes|wins?|heads|boys|yes|made|tumou?rs?|events?|positives?)$/,
    /^(n|ab|at bats?|atbats?|trials?|total|size|sample size|attempts?|flips|shots|children|animals)$/,
    /^(counts?|rows|freq|frequency|frequencies|times|weights?|w|families|players|groups|how often)$/,
  ];
  const NOT_WANTED = /^(fail(ure)?s?|miss(es)?|loss(es)?|tails|girls|no|negatives?|n x|mean|rate|share|average|avg|proportion)$/;

  function cells(line) {
    const separator = ["\t", ";", ","].find((one) => line.replace(/"[^"]*"/g, "").includes(one));
    const parts = [""];
    let quoted = false;
    for (const letter of separator ? line : line.trim().replace(/\s+/g, " ")) {
      if (letter === '"') quoted = !quoted;
      else if (letter === (separator || " ") && !quoted) parts.push("");
      else parts[parts.length - 1] += letter;
    }
    // A quotation mark without its fellow is no quotation.
    return (quoted ? line.split(separator || /\s+/) : parts).map((part) => part.trim());
  }
  // What most lines are, read without much ado: whole numbers and one kind of separator. Return how many.
  function plain(line, row) {
    let columns = 0, digits = 0, value = 0, separator = 0;
    for (let i = 0; i < line.length; i++) {
      const code = line.charCodeAt(i);
      if (code >= 48 && code <= 57) {
        if (++digits > 9) return 0;
        value = 10 * value + code - 48;
      } else {
        if (!digits || columns === 2 || (separator && code !== separator) || !",;\t ".includes(line[i])) return 0;
        separator = code;
        row[columns++] = value;
        digits = value = 0;
      }
    }
    if (!digits) return 0;
    row[columns] = value;
    return columns + 1;
  }
  const brief = (cell) => `“${cell.length > 30 ? cell.slice(0, 29) + "…" : cell}”`;
  function wrong(cell, column) {
    if (cell === "") return `the ${ORDINALS[column]} column is empty`;
    if (/^[-−–]\s*\d/.test(cell)) return `${cell} is negative`;
    if (GROUPED.test(cell)) return `${brief(cell)} may mean thousands or decimals: write it without a separator`;
    if (!WHOLE.test(cell)) return `${brief(cell)} is not a whole number`;
    return null;
  }
  // Which column is which, by a header's words: [role of each column], or words on what is wrong with it.
  function roles(header) {
    const words = header.map((cell) => cell.toLowerCase().replace(/\(.*?\)/g, "").replace(/[^\p{L}]+/gu, " ").trim().replace(/^(number of|num|nr|no of|n|total) (?=..)/, ""));
    const named = words.map((word) => NAMES.findIndex((names) => names.test(word)));
    const known = named.filter((role) => role >= 0);
    const bad = words.findIndex((word, i) => NOT_WANTED.test(word) || (named[i] < 0 && header.length === 3 && known.length > 0 && (i === 2 || known.includes(i))));
    if (bad >= 0) return `the column ${brief(header[bad])} is none of successes, trials and counts: leave it out, or name it as one of them`;
    if (new Set(known).size < known.length) return `two columns are named as ${ROLES[known.find((role, i) => known.indexOf(role) < i)]}: ${header.map(brief).join(", ")}`;
    if (header.length === 2 && known.includes(2)) return `${brief(header[named.indexOf(2)])} are counts, but successes and trials are wanted first`;
    return named.map((role, i) => (role >= 0 ? role : known.includes(i) ? 1 - i : i));
  }
  // Return { x, n, counts, note } or { errors }: each with its line and the rule. Nothing is left out in silence.
  function parse(text) {
    const errors = [], x = [], n = [], counts = [];
    let columns = 0, from = 0, order = [0, 1, 2], header = null, headed = 0, spaced = false, straight = true, total = 0, tried = false, blank = 0, named = "";
    const read = (line, at) => {
      const parts = cells(line), say = (words) => errors.push(`line ${at + 1}: ${words}`);
      if (!columns && !header && !errors.length && parts.every((part) => (WORD.test(part) && !MISSING.test(part)) || part === "") && parts.some(Boolean)) {
        header = parts;
        spaced = !/[\t;,]/.test(line);
        headed = at + 1;
        return;
      }
      if (parts.length < 2 || parts.length > 3) {
        say(`${parts.length} ${parts.length === 1 ? "column" : "columns"} where two or three are wanted: successes, trials and perhaps a count`);
        return;
      }
      if (!columns) {
        [columns, from] = [parts.length, at + 1];
        // Words parted by spaces alone need not be columns: “hits at bats”.
        if (spaced && header.length > columns) header = header.join(" ").replace(/at bats/i, "at-bats").split(" ");
        const found = !header || (spaced && header.length !== columns) ? order : header.length === columns ? roles(header) : `the header has ${header.length} columns, but line ${from} has ${columns}`;
        if (typeof found === "string") errors.push(`line ${headed}: ${found}`);
        else order = found;
        straight = order.every((role, i) => role === i);
      }
      if (parts.length !== columns) return say(`${parts.length} columns, but line ${from} has ${columns}`);
      const fault = parts.map(wrong).find(Boolean);
      if (fault) return say(fault);
      const [first, second, third] = parts.map((part) => Number(part.replace(",", ".")));
      take(first, second, third, at);
    };
    const take = (first, second, third, at) => {
      const row = columns === 3 ? [first, second, third] : [first, second];
      const [successes, trials, count = 1] = straight ? row : row.map((_, role) => row[order.indexOf(role)]);
      const say = (words) => errors.push(`line ${at + 1}: ${words}`);
      if (!(Number.isSafeInteger(successes) && Number.isSafeInteger(trials) && Number.isSafeInteger(count))) return say("a number is not whole, or larger than can be counted");
      if (trials > LARGEST) return say(`${trials} trials: this page takes at most ${LARGEST} in a row`);
      if (successes > trials) return say(`${successes} ${successes === 1 ? "success" : "successes"} in ${trials} ${trials === 1 ? "trial" : "trials"}`);
      total += count;
      tried ||= trials > 0 && count > 0;
      x.push(successes);
      n.push(trials);
      counts.push(count);
    };
    const row = [0, 0, 0];
    if (text.includes("\0")) return { errors: ["this is not text: save the table as CSV, or copy its cells"] };
    text.replace(/^\ufeff/, "").split(text.includes("\r") ? /\r\n|\r|\n/ : "\n").forEach((line, at) => {
      if (columns && plain(line, row) === columns) take(row[0], row[1], row[2], at);
      else if (!/[^\s,;]/.test(line)) blank += /[\t,;]/.test(line);
      else if (at === 0 && /^sep=.?$/i.test(line)) named = "The first line names the separator. ";
      else read(line, at);
    });
    if (!x.length && !errors.length) errors.push("there is no row: write successes and trials, such as 13, 50");
    else if (!errors.length && !tried) errors.push("no row has a trial: at least one must have");
    else if (total > MOST) errors.push("the counts add up to more than 2**53");
    if (errors.length) return { errors };
    const title = header ? `Line ${headed} was read as a header, the columns as ${order.slice(0, columns).map((role) => ROLES[role]).join(", ")}: ${header.map(brief).join(", ")}. ` : "";
    const note = (named + title + (blank ? `${blank} ${blank === 1 ? "line holds" : "lines hold"} nothing but separators.` : "")).trim();
    return { x, n, counts: columns === 3 ? counts : null, note };
  }
  // Bytes as text; Excel's “Unicode text” is UTF-16, and its first two bytes say so.
  function decode(bytes) {
    const mark = bytes[0] * 256 + bytes[1];
    return new TextDecoder({ 0xfffe: "utf-16le", 0xfeff: "utf-16be" }[mark] || "utf-8").decode(bytes);
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
  const Rows = { parse, decode, draw, csv, LARGEST };
  root.Rows = Rows;
  if (typeof module === "object" && module.exports) module.exports = Rows;
})(typeof globalThis === "object" ? globalThis : this);
