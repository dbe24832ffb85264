// The widget runtime typesets formulas by MathJax 2's Hub.Queue; the pages have MathJax 3. Whoever sets
// window.MathJax (the page its configuration, then MathJax itself) gets a Hub that passes the element on.
(() => {
  let mathjax;
  const typeset = (element) => {
    const started = mathjax?.startup?.promise;
    if (started) {
      started.then(() => mathjax.typesetPromise([element]));
    } else {
      window.addEventListener("load", () => typeset(element), { once: true });
    }
  };
  Object.defineProperty(window, "MathJax", {
    get: () => mathjax,
    set(value) {
      mathjax = value;
      mathjax.Hub ??= { Queue: ([, , element]) => typeset(element) };
    },
  });
})();

// From disk a browser must not read other pages: there the search lists titles, without lines of the pages.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
