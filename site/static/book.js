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

// Names for assistive technology that the widget runtime leaves out, and words read when they change.
(() => {
  const PLAY = ["Play or pause", "Stop", "Repeat"];
  const name = (root) => {
    for (const handle of root.querySelectorAll(".noUi-handle:not([aria-label])")) {
      const widget = handle.closest(".widget-inline-hbox");
      const label = widget?.querySelector(".widget-label")?.textContent;
      if (!label) continue;
      handle.setAttribute("aria-label", label);
      // A slider over names says the name, not its number.
      const readout = widget.querySelector(".widget-readout");
      const say = () => handle.setAttribute("aria-valuetext", readout.textContent);
      if (readout) {
        say();
        new MutationObserver(say).observe(readout, { childList: true, characterData: true, subtree: true });
      }
    }
    for (const play of root.querySelectorAll(".widget-play")) {
      play.querySelectorAll("button:not([aria-label])").forEach((button, i) => button.setAttribute("aria-label", PLAY[i]));
    }
    for (const toggle of root.querySelectorAll(".bd-sidebar-primary summary:not([aria-label])")) {
      const page = toggle.closest("li")?.querySelector("a")?.textContent.trim();
      toggle.setAttribute("aria-label", `Show what is below ${page}`);
    }
    for (const words of root.querySelectorAll(".explorer-words:not([aria-live])")) {
      words.setAttribute("aria-live", "polite");
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    // ARIA has given up the role of an entry in a bibliography; without it the list is none either.
    for (const entry of document.querySelectorAll(".citation-list, .citation")) entry.removeAttribute("role");
    name(document);
    new MutationObserver(() => name(document)).observe(document.body, { childList: true, subtree: true });
  });
})();

// From disk a browser must not read other pages: there the search lists titles, without lines of the pages.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
