// Explorers come when their stills come near the window: the frames of the page first, then the runtime.
(() => {
  const load = (source) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: source, onload: done, onerror: failed });
      document.head.append(script);
    });

  // The runtime waits for the page to load, which it has by now: what it wants to do then is done at once.
  const loadRuntime = async (source) => {
    const { addEventListener } = window;
    window.addEventListener = function (type, listener, ...more) {
      const runtime = document.currentScript?.getAttribute("src") === source;
      if (type === "load" && runtime && document.readyState === "complete") queueMicrotask(listener);
      else addEventListener.call(this, type, listener, ...more);
    };
    try {
      await load(source);
    } finally {
      window.addEventListener = addEventListener;
    }
  };

  // The explorer is drawn unseen under its still, and takes its place when it is whole.
  const replace = (place) => {
    const still = place.querySelector(".explorer-still");
    const count = (root, what) => root?.querySelectorAll(what).length ?? 0;
    const watch = new MutationObserver(() => {
      const live = place.querySelector(".widget-subarea");
      const whole = ["svg", ".widget-html-content > *"].every((what) => count(live, what) >= count(still, what));
      if (!live?.querySelector(".jupyter-widgets") || !whole) return;
      watch.disconnect();
      still.remove();
      place.classList.add("explorer-here");
    });
    watch.observe(place, { childList: true, subtree: true, characterData: true });
  };

  const places = () => [...document.querySelectorAll(".explorer-place")];
  const bring = async ({ dataset }) => {
    // A page may be forbidden to make code, which the runtime does: then the stills stay.
    try {
      new Function("");
    } catch {
      for (const place of places()) place.classList.add("explorer-away");
      return;
    }
    places().forEach(replace);
    await load(dataset.frames);
    await loadRuntime(dataset.runtime);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const near = new IntersectionObserver(
      (entries) => {
        const entry = entries.find(({ isIntersecting }) => isIntersecting);
        if (!entry) return;
        near.disconnect();
        const come = () => bring(entry.target);
        // The text comes first.
        if (document.readyState === "complete") come();
        else window.addEventListener("load", come, { once: true });
      },
      { rootMargin: "100% 0px" },
    );
    places().forEach((place) => near.observe(place));
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
