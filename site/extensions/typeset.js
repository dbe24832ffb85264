// MathJax under Node: a line of JSON with a formula comes in, a line of JSON with its HTML goes out.
// Called as: node typeset.js FOLDER_OF_MATHJAX OPTIONS_OF_TEX [FILE]
// The file keeps what was asked for until the next build, which may have other options.
const [, , mathjax, tex, file] = process.argv;
const fs = require("node:fs");
const readline = require("node:readline");

function kept() {
  const found = file && fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : {};
  return found.tex === tex ? found.answers : {};
}

async function main() {
  const MathJax = await require(`${mathjax}/node-main.js`).init({
    loader: {
      load: ["input/tex", "output/chtml", "adaptors/liteDOM", "a11y/assistive-mml"],
      versionWarnings: false,
    },
    tex: {
      ...JSON.parse(tex),
      // A slip in a formula is for its author to see, not in red for the readers.
      packages: { "[-]": ["noundefined", "noerrors"] },
      formatError: (_, error) => {
        throw error;
      },
    },
    // All of the style sheet: what the pages use of it is chosen when all are written.
    chtml: { fontURL: ".", adaptiveCSS: false },
    startup: { typeset: false },
  });
  const { adaptor } = MathJax.startup;
  const answer = async ({ formula, display }) => {
    if (formula === undefined) return { html: adaptor.textContent(MathJax.chtmlStylesheet()) };
    try {
      return { html: adaptor.outerHTML(await MathJax.tex2chtmlPromise(formula, { display })) };
    } catch (error) {
      return { error: error.message };
    }
  };
  const [before, answers] = [kept(), {}];
  for await (const line of readline.createInterface({ input: process.stdin })) {
    answers[line] ??= before[line] ?? JSON.stringify(await answer(JSON.parse(line)));
    process.stdout.write(`${answers[line]}\n`);
  }
  if (!file) return;
  fs.writeFileSync(`${file}.part`, JSON.stringify({ tex, answers }));
  fs.renameSync(`${file}.part`, file); // whole, or not at all
}

main();
