// Run em.js on many data sets at once: JSON in, JSON out, for test_bench.py.
const EM = require(process.argv[2]);
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
const infinite = (value) => (Number.isFinite(value) ? value : String(value));
console.log(
  JSON.stringify(
    cases.map(({ x, n, counts, init, method, most }) => {
      const table = EM.tabulate(x, n, counts);
      const judged = EM.judge(table);
      const trace = [];
      for (const { params, value, converged } of EM.rounds(table, init || EM.startingParams(table), method, judged.status)) {
        trace.push([...params, value, converged]);
        if (trace.length > most) break;
      }
      const info = judged.status === "interior" ? EM.information(table, judged.params) : null;
      return { status: judged.status, mean: judged.mean, top: judged.logLikelihood, params: judged.params.map(infinite), trace, info };
    }),
  ),
);
