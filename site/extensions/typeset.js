// MathJax under Node: a line of JSON with a formula comes in, a line of JSON with its HTML goes out.
// Called as: node typeset.js FOLDER_OF_MATHJAX OPTIONS_OF_TEX
const [, , mathjax, tex] = process.argv;
const readline = require("node:readline");

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
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
}

main();
