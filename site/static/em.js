// The numerics of the bench: the beta-binomial likelihood and three ways up it. A classic script without
// a browser in it, so that it runs from disk, and under Node for its tests. Names and formulas are those
// of the package betabin, which it is tested against.
(function (root) {
  "use strict";
  const LEAST_GAIN = 1e-8; // without a maximum inside, a round that gains less ends the walk
  const MAX_STEP = 2, MAX_LEAP = 5; // in the logarithms of the parameters
  const DENSE = 4096, SHORT = 32, N_NODES = 12; // longer sums over trials are shortened
  const BERNOULLI = [1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6];
  // Polygamma functions, as differences that keep all their digits however small the step.
  function digammaGrowth(a, by) {
    const sum = exactSum();
    for (; Math.min(a, a + by) < 12; a++) sum.add(by / (a * (a + by)));
    const step = Math.log1p(by / a);
    [step, by / (2 * a * (a + by))].forEach(sum.add);
    BERNOULLI.forEach((b, i) => sum.add((-b / (2 * i + 2)) * a ** (-2 * i - 2) * Math.expm1((-2 * i - 2) * step)));
    return sum.total();
  }
  function trigammaDrop(a, by) {
    let sum = 0;
    for (; Math.min(a, a + by) < 12; a++) sum += (by * (2 * a + by)) / (a * (a + by)) ** 2;
    const step = Math.log1p(by / a);
    const drop = (k) => -(a ** -k) * Math.expm1(-k * step);
    return BERNOULLI.reduce((total, b, i) => total + b * drop(2 * i + 3), sum + drop(1) + drop(2) / 2);
  }
  function trigamma(a) {
    let sum = 0;
    for (; a < 12; a++) sum += 1 / (a * a);
    return BERNOULLI.reduce((total, b, i) => total + b * a ** (-2 * i - 3), sum + 1 / a + 1 / (2 * a * a));
  }
  function logGamma(a) {
    let shift = 0;
    for (; a < 12; a++) shift += Math.log(a);
    const start = (a - 0.5) * Math.log(a) - a + Math.log(2 * Math.PI) / 2 - shift;
    return BERNOULLI.reduce((sum, b, i) => sum + (b / ((2 * i + 2) * (2 * i + 1))) * a ** (-2 * i - 1), start);
  }
  // Gauss's rule for the sum over 0, 1, …, length - 1 (Golub and Welsch; Jacobi's rotations for the zeros).
  function gaussSumRule(length) {
    if (length <= SHORT) return Array.from({ length }, (_, i) => [i, 1]);
    const m = Array.from({ length: N_NODES }, () => new Float64Array(N_NODES));
    const first = new Float64Array(N_NODES);
    first[0] = 1;
    for (let k = 1; k < N_NODES; k++)
      m[k][k - 1] = m[k - 1][k] = Math.sqrt(((k / 2) ** 2 * (length ** 2 - k ** 2)) / (4 * k ** 2 - 1));
    for (let sweep = 0; sweep < 12; sweep++)
      for (let p = 0; p < N_NODES; p++)
        for (let q = p + 1; q < N_NODES; q++) {
          if (Math.abs(m[p][q]) < 1e-18 * length) continue;
          const angle = Math.atan2(2 * m[p][q], m[q][q] - m[p][p]) / 2;
          const [c, s] = [Math.cos(angle), Math.sin(angle)];
          for (let i = 0; i < N_NODES; i++) [m[p][i], m[q][i]] = [c * m[p][i] - s * m[q][i], s * m[p][i] + c * m[q][i]];
          for (const row of [...m, first]) [row[p], row[q]] = [c * row[p] - s * row[q], s * row[p] + c * row[q]];
        }
    return Array.from(first, (v, k) => [m[k][k] + (length - 1) / 2, length * v * v]);
  }
  // How often each value occurs, ascending.
  function histogram(values, counts) {
    const found = new Map();
    values.forEach((value, i) => counts[i] && found.set(value, (found.get(value) || 0) + counts[i]));
    return [...found].sort((one, other) => one[0] - other[0]);
  }
  // All rows, counted: what every likelihood, score and E-step is computed from. Rows without trials say nothing.
  function tabulate(x, n, counts) {
    counts = Array.from(n, (trials, i) => (trials ? (counts ? counts[i] : 1) : 0));
    const size = counts.reduce((one, other) => one + other, 0);
    if (!size) throw new RangeError("the data must hold a row with n >= 1 and count >= 1");
    const parts = { x: histogram(x, counts), y: histogram(Array.from(n, (trials, i) => trials - x[i]), counts), n: histogram(n, counts) };
    const stops = [...new Set(Object.values(parts).flat().map(([value]) => value))].sort((one, other) => one - other);
    const j = [], width = [], tails = { x: [], y: [], n: [] }, rules = {};
    const dense = stops[stops.length - 1] <= DENSE;
    const at = { x: 0, y: 0, n: 0 }, left = { x: size, y: size, n: size };
    let start = 0;
    for (const stop of stops) {
      for (const key in parts) // rows whose value is at least `stop`
        while (at[key] < parts[key].length && parts[key][at[key]][0] < stop) left[key] -= parts[key][at[key]++][1];
      while (start < stop) {
        const length = Math.min(stop - start, dense ? SHORT : Math.max(start, SHORT));
        for (const [offset, weight] of (rules[length] ??= gaussSumRule(length))) {
          j.push(start + offset);
          width.push(weight);
          for (const key in parts) tails[key].push(left[key]);
        }
        start += length;
      }
    }
    const total = (part) => part.reduce((sum, [value, count]) => sum + BigInt(value) * BigInt(count), 0n);
    const [successes, failures, trials] = [total(parts.x), total(parts.y), total(parts.n)];
    const table = { ...parts, size, j, width, tails, successes: Number(successes), failures: Number(failures), trials: Number(trials) };
    // Existence by exact whole numbers: in floats an exact 0 comes out as noise (eq-boundary-slope).
    const pairs = (part) => part.reduce((sum, [value, count]) => sum + BigInt(value) * BigInt(value - 1) * BigInt(count), 0n);
    table.excess = trials * (pairs(parts.x) * failures + pairs(parts.y) * successes) - successes * failures * pairs(parts.n);
    table.most = successes * failures * pairs(parts.n);
    return table;
  }
  // Neumaier's sum: as if in twice the digits.
  function exactSum() {
    let sum = 0, lost = 0;
    const add = (term) => {
      const next = sum + term;
      lost += Math.abs(sum) >= Math.abs(term) ? sum - next + term : term - next + sum;
      sum = next;
    };
    return { add, total: () => sum + lost };
  }
  function logLikelihoodAt(table, mu, nu, theta) {
    const middle = table.trials / table.size / Math.E;
    const unit = (1 + middle * theta) / (1 + middle);
    const { j, width, tails } = table;
    const sum = exactSum();
    for (let k = 0; k < j.length; k++) {
      const over = width[k], scale = (1 + j[k]) * unit;
      if (tails.x[k]) sum.add(over * tails.x[k] * Math.log((mu + j[k] * theta) / scale));
      if (tails.y[k]) sum.add(over * tails.y[k] * Math.log((nu + j[k] * theta) / scale));
      sum.add(-over * tails.n[k] * Math.log((1 + j[k] * theta) / scale));
    }
    return sum.total();
  }
  const logLikelihood = (table, [a, b]) => logLikelihoodAt(table, a / (a + b), b / (a + b), 1 / (a + b));
  // Gradient in (alpha, beta): one sum of differences, which has all its digits (eq-score).
  function score(table, [alpha, beta]) {
    const { j, width, tails } = table;
    const a = exactSum(), b = exactSum();
    for (let k = 0; k < j.length; k++) {
      const by = width[k] / (alpha + beta + j[k]), x = tails.x[k], y = tails.y[k], n = tails.n[k];
      a.add(by * (x * (beta / (alpha + j[k])) - (n - x)));
      b.add(by * (y * (alpha / (beta + j[k])) - (n - y)));
    }
    return [a.total(), b.total()];
  }
  const eStep = (table, params) => score(table, params).map((part) => part / table.size); // eq-excess
  const priorStats = ([alpha, beta]) => [-digammaGrowth(alpha, beta), -digammaGrowth(beta, alpha)]; // eq-e-log-z
  function statGrowth(own, other, byOwn, byOther) { // of two ways, the one that cancels less
    return other < own / 4
      ? digammaGrowth(own, other) - digammaGrowth(own + byOwn, other + byOther)
      : digammaGrowth(own, byOwn) - digammaGrowth(own + other, byOwn + byOther);
  }
  // Move the prior until its own statistics have grown by `excess`: Newton in logs, bounded (eq-m-newton).
  function mStep(excess, origin) {
    let moved = [0, 0], last = Infinity, stalled = 0;
    for (let round = 0; round < 100; round++) {
      const [alpha, beta] = origin.map((part, i) => part * Math.exp(moved[i]));
      const [byA, byB] = origin.map((part, i) => part * Math.expm1(moved[i]));
      const missA = excess[0] - statGrowth(origin[0], origin[1], byA, byB);
      const missB = excess[1] - statGrowth(origin[1], origin[0], byB, byA);
      const curveA = trigammaDrop(alpha, beta), curveB = trigammaDrop(beta, alpha), curveS = trigamma(alpha + beta);
      const determinant = curveA * curveB - curveS ** 2;
      if (!(determinant > 0)) return null;
      const step = [(curveB * missA + curveS * missB) / (determinant * alpha), (curveA * missB + curveS * missA) / (determinant * beta)];
      const size = Math.max(...step.map(Math.abs));
      moved = moved.map((part, i) => part + step[i] * Math.min(1, MAX_STEP / Math.max(size, MAX_STEP)));
      stalled = size >= last / 2 ? stalled + 1 : 0;
      if (size <= 1e-13 || (size < 1e-4 && stalled >= 1) || (size < 1e-2 && stalled >= 5)) return origin.map((part, i) => part * Math.exp(moved[i]));
      last = Math.min(size, last);
    }
    return null;
  }
  // Each round's origin and end, for as long as floats can tell them apart; no origin: a leap not taken.
  function* em(table, params) {
    for (let next; (next = mStep(eStep(table, params), params)); params = next) yield [params, next];
  }
  function* accelerated(table, params) { // eq-squarem
    for (;;) {
      const walked = [params];
      for (let k = 0, next; k < 2; k++, params = next) {
        if (!(next = mStep(eStep(table, params), params))) return;
        yield [params, next];
        walked.push(next);
      }
      const origin = leap(walked);
      const landed = mStep(eStep(table, origin), origin);
      if (landed && logLikelihood(table, landed) >= logLikelihood(table, params)) yield [origin, (params = landed)];
      else yield [null, params];
    }
  }
  function leap(walked) {
    const logs = walked.map((params) => params.map(Math.log));
    const change = [0, 1].map((i) => logs[1][i] - logs[0][i]);
    const bend = [0, 1].map((i) => logs[2][i] - logs[1][i] - change[i]);
    const size = Math.hypot(...bend);
    const length = size > 0 ? Math.max(1, Math.hypot(...change) / size) : 1;
    const to = [0, 1].map((i) => logs[0][i] + 2 * length * change[i] + length ** 2 * bend[i]);
    return Math.max(...to.map((part, i) => Math.abs(part - logs[2][i]))) < MAX_LEAP ? to.map(Math.exp) : walked[2];
  }
  const expit = (eta) => 1 / (1 + Math.exp(-eta)), toParams = (eta, lam) => [expit(eta) * Math.exp(-lam), expit(-eta) * Math.exp(-lam)];
  const toLogs = ([alpha, beta]) => [Math.log(alpha) - Math.log(beta), -Math.log(alpha + beta)];
  // Gradient and Hessian in eta = logit(mean), lam = -log(concentration) (eq-newton).
  function derivatives(table, eta, lam) {
    const mu = expit(eta), nu = expit(-eta), theta = Math.exp(lam), { j, width, tails } = table;
    let fm = 0, ft = 0, fmm = 0, fmt = 0, ftt = 0;
    for (let k = 0; k < j.length; k++) {
      const i = j[k], hit = 1 / (mu + i * theta), miss = 1 / (nu + i * theta), trial = 1 / (1 + i * theta);
      const x = width[k] * tails.x[k], y = width[k] * tails.y[k], n = width[k] * tails.n[k];
      fm += x * hit - y * miss;
      ft += i * (x * hit + y * miss - n * trial);
      fmm -= x * hit ** 2 + y * miss ** 2;
      fmt += i * (y * miss ** 2 - x * hit ** 2);
      ftt += i ** 2 * (n * trial ** 2 - x * hit ** 2 - y * miss ** 2);
    }
    const slope = mu * nu;
    return { gradient: [slope * fm, theta * ft], hessian: [slope ** 2 * fmm + slope * (nu - mu) * fm, slope * theta * fmt, theta ** 2 * ftt + theta * ft] };
  }
  // Newton's method on the log-likelihood: its points, as [params, log-likelihood], and whether it arrived.
  function newton(table, params) {
    let [eta, lam] = toLogs(params), last = Infinity;
    const valueAt = (e, l) => logLikelihoodAt(table, expit(e), expit(-e), Math.exp(l));
    let value = valueAt(eta, lam);
    const path = [[params, value]];
    for (let round = 0; round < 100; round++) {
      const { gradient, hessian: [a, b, c] } = derivatives(table, eta, lam);
      // Where the surface is not concave, the eigenvalues' sizes still give an uphill step.
      const half = Math.hypot((a - c) / 2, b), values = [-(a + c) / 2 + half, -(a + c) / 2 - half];
      const angle = Math.atan2(-2 * b, c - a) / 2, axes = [[Math.cos(angle), Math.sin(angle)], [-Math.sin(angle), Math.cos(angle)]];
      const most = Math.max(...values.map(Math.abs)), concave = a * c - b * b > 0 && a + c < 0;
      const along = axes.map((axis, i) => (axis[0] * gradient[0] + axis[1] * gradient[1]) / Math.max(Math.abs(values[i]), 1e-12 * most + 1e-300));
      let step = [0, 1].map((k) => along[0] * axes[0][k] + along[1] * axes[1][k]);
      const size = Math.max(...step.map(Math.abs)), trusted = concave && size < 1e-3;
      step = step.map((part) => part * Math.min(1, MAX_STEP / Math.max(size, MAX_STEP)));
      const reached = () => valueAt(eta + step[0], lam + step[1]);
      while (!trusted && !(reached() >= value) && Math.max(...step.map(Math.abs)) >= 1e-6) step = step.map((part) => part / 2);
      [eta, lam, value] = [eta + step[0], lam + step[1], reached()];
      path.push([toParams(eta, lam), value]);
      if (trusted && (size <= 1e-9 || (last / 2 <= size && size < 1e-6))) return { path, converged: true };
      if (lam < -80) break;
      last = size;
    }
    return { path, converged: false };
  }
  function startingParams(table) {
    const { excess, most, successes, failures, trials } = table;
    if (!(excess > 0n && excess < most)) return [Math.max(successes, 0.5) / trials, Math.max(failures, 0.5) / trials];
    const s = Number(most - excess) / Number(excess);
    return [s * (successes / trials), s * (failures / trials)];
  }
  // What the likelihood looks like: its status, and the top or the limit that stands for it.
  function judge(table) {
    const { successes, failures, trials, size } = table, none = [NaN, NaN], share = successes / trials;
    const ends = [table.y, table.x].map((part) => (part[0][0] === 0 ? part[0][1] : 0));
    const binomial = () => logLikelihoodAt(table, share, failures / trials, 0);
    if (!successes) return { status: "all_zero", params: none, mean: 0, logLikelihood: 0 };
    if (!failures) return { status: "all_full", params: none, mean: 1, logLikelihood: 0 };
    if (table.n[table.n.length - 1][0] === 1) return { status: "not_identified", params: none, mean: share, logLikelihood: binomial() };
    if (ends[0] + ends[1] === size) {
      const value = ends.reduce((sum, k) => sum + (k ? k * Math.log(k / size) : 0), 0);
      return { status: "two_point", params: [0, 0], mean: ends[0] / size, logLikelihood: value };
    }
    const limit = { status: "binomial_limit", params: [Infinity, Infinity], mean: share, logLikelihood: binomial() };
    const rising = table.excess > 0n, equal = table.n.length === 1;
    if (!rising && equal) return limit;
    const starts = [startingParams(table)];
    if (!equal) for (const theta of [0.005, 0.1, 2]) starts.push(ridge(table, theta)); // there may be several tops
    const climbs = starts.map((start) => newton(table, start)).filter((climb) => climb.converged || rising);
    const top = climbs.map(({ path }) => path[path.length - 1]).reduce((one, other) => (!one || other[1] > one[1] + 1e-8 ? other : one), null);
    if (!top || (!rising && !(top[1] > limit.logLikelihood))) return limit;
    return { status: "interior", params: top[0], mean: top[0][0] / (top[0][0] + top[0][1]), logLikelihood: top[1] };
  }
  function ridge(table, theta) { // at fixed theta the slope in the mean has one zero
    let eta = 0;
    for (let half = 50; half > 1e-7; half /= 2) eta += half * Math.sign(derivatives(table, eta, Math.log(theta)).gradient[0]);
    return toParams(eta, Math.log(theta));
  }
  // Run a method from `params`: rows [alpha, beta, log-likelihood], the start included.
  function* rounds(table, params, method, status, tol = 1e-10) {
    let value = logLikelihood(table, params);
    yield { params, value, converged: false };
    if (method === "newton") {
      const { path, converged } = newton(table, params);
      for (let k = 1; k < path.length; k++) yield { params: path[k][0], value: path[k][1], converged: converged && k === path.length - 1 };
      return;
    }
    for (const [origin, next] of (method === "accelerated" ? accelerated : em)(table, params)) {
      const before = value;
      value = logLikelihood(table, next);
      const arrived = status === "interior" && origin && Math.max(...[0, 1].map((i) => Math.abs(Math.log(next[i]) - Math.log(origin[i])))) <= tol;
      yield { params: next, value, converged: !!arrived };
      if (origin && (arrived || (status !== "interior" && value - before < LEAST_GAIN))) return;
    }
  }
  // At a point: the share of information missing, EM's rounds for one more digit, and standard errors.
  function information(table, params) {
    const [alpha, beta] = params, s = alpha + beta, both = trigamma(s);
    const full = [table.size * trigammaDrop(alpha, beta), -table.size * both, table.size * trigammaDrop(beta, alpha)];
    const seen = [0, 0, 0], { j, width, tails } = table;
    for (let k = 0; k < j.length; k++) {
      const trial = (width[k] * tails.n[k]) / (s + j[k]) ** 2;
      seen[0] += (width[k] * tails.x[k]) / (alpha + j[k]) ** 2 - trial;
      seen[1] -= trial;
      seen[2] += (width[k] * tails.y[k]) / (beta + j[k]) ** 2 - trial;
    }
    const det = ([a, b, c]) => a * c - b * b;
    // Of inverse(full) seen, the smaller eigenvalue: one minus it is the largest share missing (eq-rate-matrix).
    const trace = (full[2] * seen[0] - 2 * full[1] * seen[1] + full[0] * seen[2]) / det(full), product = det(seen) / det(full);
    const larger = trace / 2 + Math.sqrt(Math.max((trace / 2) ** 2 - product, 0)), share = product / larger;
    const [a, b, c] = derivatives(table, ...toLogs(params)).hessian, d = a * c - b * b, mu = alpha / s, nu = beta / s;
    const spread = (e, l) => Math.sqrt((-c * e * e + 2 * b * e * l - a * l * l) / d);
    const se = a < 0 && d > 0 ? { mean: spread(mu * nu, 0), logConcentration: spread(0, -1), alpha: spread(alpha * nu, -alpha), beta: spread(-beta * mu, -beta) } : null;
    return { missing: 1 - share, perDigit: -Math.log(10) / Math.log1p(-share), se };
  }
  const EM = (root.EM = { tabulate, logLikelihood, score, eStep, mStep, priorStats, rounds, judge, startingParams, information, logGamma });
  if (typeof module === "object" && module.exports) module.exports = EM;
})(typeof globalThis === "object" ? globalThis : this);
