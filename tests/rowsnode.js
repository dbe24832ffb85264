// Read many texts with rows.js: JSON in, JSON out, for test_bench.py.
const Rows = require(process.argv[2]);
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(asked.map((one) => (typeof one === "string" ? Rows.parse(one) : Array.isArray(one) ? Rows.decode(Uint8Array.from(one)).replace(/^\ufeff/, "") : Rows.draw(one)))));
