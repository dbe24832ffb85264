// Light or dark, and where the list of chapters stands, are settled before the page is first painted: the
// theme's own script, which comes later, then finds all as it wants it.
(() => {
  const { dataset } = document.documentElement;
  if (dataset.theme === "auto") dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const watch = new MutationObserver(() => {
    const bar = document.querySelector("div.bd-sidebar");
    if (!bar?.nextElementSibling) return;
    watch.disconnect();
    const kept = parseInt(sessionStorage.getItem("sidebar-scroll-top"), 10);
    const here = [...bar.querySelectorAll(".bd-docs-nav .active")].at(-1)?.getBoundingClientRect();
    if (!isNaN(kept)) bar.scrollTop = kept;
    else if (here?.y > 0.5 * innerHeight) bar.scrollTop = here.y - bar.getBoundingClientRect().y - bar.clientHeight / 4;
  });
  watch.observe(document.documentElement, { childList: true, subtree: true });
})();

// A link into a page leads to the right place only where all before it is laid out.
(() => {
  const { dataset } = document.documentElement;
  const [visit] = performance.getEntriesByType("navigation");
  if (location.hash || (visit && visit.type !== "navigate")) dataset.whole = "";
  const whole = (event) => {
    if (event.target.closest?.('a[href*="#"]')) dataset.whole = "";
  };
  document.addEventListener("click", whole, { capture: true });
  addEventListener("hashchange", () => {
    if ("whole" in dataset) return;
    dataset.whole = "";
    document.querySelector(":target")?.scrollIntoView();
  });
})();

// Explorers come when their stills come near the window: the frames of the page first, then the runtime.
(() => {
  // Both are asked for at once, and run in order.
  const load = (source) =>
    new Promise((done, failed) => {
      const script = document.createElement("script");
      Object.assign(script, { src: source, async: false, onload: done, onerror: failed });
      document.head.append(script);
    });

  // The runtime waits for the page to load, which it has by now: what it wants to do then is done at once.
  const loadAfterLoad = async (source) => {
    const { addEventListener } = window;
    window.addEventListener = function (type, listener, ...more) {
      const isRuntime = document.currentScript?.getAttribute("src") === source;
      if (type === "load" && isRuntime) queueMicrotask(listener);
      else addEventListener.call(this, type, listener, ...more);
    };
    try {
      await load(source);
    } finally {
      window.addEventListener = addEventListener;
    }
  };

  // A reader with a keyboard waits on the still, and goes on from the first control.
  const focusOn = (place) =>
    (place.querySelector(".explorer-still") ?? place.querySelector(".noUi-handle, button, select"))?.focus();

  // The explorer is drawn unseen under its still, and takes its place when it is whole.
  const replace = (place) => {
    const still = place.querySelector(".explorer-still");
    const count = (root, what) => root?.querySelectorAll(what).length ?? 0;
    const watch = new MutationObserver(() => {
      const live = place.querySelector(".widget-subarea");
      const whole = ["svg", ".widget-html-content > *"].every((what) => count(live, what) >= count(still, what));
      if (!live?.querySelector(".jupyter-widgets") || !whole) return;
      watch.disconnect();
      const waits = document.activeElement === still;
      still.remove();
      place.classList.add("explorer-here");
      if (waits) focusOn(place);
    });
    watch.observe(place, { childList: true, subtree: true, characterData: true });
  };

  const places = () => [...document.querySelectorAll(".explorer-place")];
  let asked = false;
  const bring = async ({ dataset }) => {
    if (asked) return;
    asked = true;
    // A page may be forbidden to make code, which the runtime does: then the stills stay.
    try {
      new Function("");
    } catch {
      for (const place of places()) {
        place.classList.add("explorer-away");
        for (const name of ["tabindex", "role", "aria-label"]) place.querySelector(".explorer-still").removeAttribute(name);
      }
      return;
    }
    places().forEach(replace);
    await Promise.all([load(dataset.frames), loadAfterLoad(dataset.runtime)]);
  };

  document.addEventListener("DOMContentLoaded", () => {
    const [first] = places();
    if (!first) return;
    const near = new IntersectionObserver(
      (entries) => {
        const entry = entries.find(({ isIntersecting }) => isIntersecting);
        if (!entry) return;
        near.disconnect();
        // The text comes first.
        if (document.readyState === "complete") bring(entry.target);
        else window.addEventListener("load", () => bring(entry.target), { once: true });
      },
      { rootMargin: "100% 0px" },
    );
    for (const place of places()) {
      near.observe(place);
      const still = place.querySelector(".explorer-still");
      Object.assign(still, { tabIndex: 0, role: "group", ariaLabel: "Explorer: its controls are about to come" });
      still.addEventListener("focus", () => bring(place));
    }
    // With a keyboard it is two steps from the top of the page.
    first.id ||= "first-explorer";
    const link = Object.assign(document.createElement("a"), { href: `#${first.id}`, textContent: "Skip to the explorer" });
    link.addEventListener("click", (event) => {
      event.preventDefault();
      first.scrollIntoView();
      focusOn(first);
    });
    // Within the other's element: beside it, all that follows would be styled anew.
    document.getElementById("pst-skip-link")?.append(link);
  });
})();

// Names for assistive technology that the widget runtime leaves out, and words read when they change.
(() => {
  const PLAY = ["Play or pause", "Stop", "Repeat"];
  // While the steps play by themselves their words are not read out: they would never end.
  const watchPlay = (play) => {
    const [go, , repeat] = play.querySelectorAll("button");
    const tell = () => {
      const words = play.closest(".explorer")?.querySelectorAll(".explorer-words") ?? [];
      repeat.setAttribute("aria-pressed", repeat.classList.contains("mod-active"));
      const plays = go.querySelector(".fa-pause") !== null;
      for (const part of words) part.setAttribute("aria-live", plays ? "off" : "polite");
    };
    tell();
    new MutationObserver(tell).observe(play, { subtree: true, childList: true, attributeFilter: ["class"] });
  };
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
    for (const toggle of root.querySelectorAll(".bd-sidebar-primary summary:not([aria-label])")) {
      const page = toggle.closest("li")?.querySelector("a")?.textContent.trim();
      toggle.setAttribute("aria-label", `Show what is below ${page}`);
    }
    for (const words of root.querySelectorAll(".explorer-words:not([aria-live])")) {
      words.setAttribute("aria-live", "polite");
    }
    for (const play of root.querySelectorAll(".widget-play:not(:has([aria-label]))")) {
      const buttons = play.querySelectorAll("button");
      if (buttons.length < PLAY.length) continue;
      buttons.forEach((button, i) => button.setAttribute("aria-label", PLAY[i]));
      watchPlay(play);
    }
  };
  document.addEventListener("DOMContentLoaded", () => {
    // ARIA has given up the role of an entry in a bibliography; without it the list is none either.
    for (const entry of document.querySelectorAll(".citation-list, .citation")) entry.removeAttribute("role");
    name(document);
    new MutationObserver(() => name(document)).observe(document.body, { childList: true, subtree: true });
  });
})();

// The letters of formulas are asked for before the first formula is there: when they come later, all is laid out again.
for (const face of document.fonts) if (face.family.startsWith("MJX")) face.load().catch(() => {});

// What scrolls, and nothing else of its kind, is a tab stop, so that the keyboard can move it.
(() => {
  const KINDS = 'mjx-container[display="true"], .highlight pre, .cell_output > .output, .pst-scrollable-table-container';
  const check = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  // Those that are near first; the others, which to measure is to lay out, when there is nothing else to do.
  const near = new IntersectionObserver((entries) => entries.forEach((entry) => entry.isIntersecting && check(entry.target)));
  const look = () => {
    const boxes = [...document.querySelectorAll(KINDS)];
    near.disconnect();
    boxes.forEach((box) => near.observe(box));
    const some = (time) => {
      while (boxes.length && time.timeRemaining() > 4) check(boxes.shift());
      if (boxes.length) requestIdleCallback(some);
    };
    window.requestIdleCallback?.(some);
  };
  window.addEventListener("load", look);
  window.addEventListener("resize", look);
})();

// On paper nothing stays folded.
(() => {
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll(".bd-article details:not([open], .hide)")];
    for (const fold of opened) fold.open = true;
  });
  window.addEventListener("afterprint", () => opened.forEach((fold) => (fold.open = false)));
})();

// The search: words that every object of JavaScript knows are no words of the index, and what is shown of a page
// is its text.
(() => {
  const bare = Object.create(null, { hasOwnProperty: { value: Object.prototype.hasOwnProperty } });
  const UNSAID = ".headerlink, script, style, .highlight, .cell_output, mjx-math, #jb-print-toc, .section-number, .takeaway, svg";
  document.addEventListener("DOMContentLoaded", () => {
    if (typeof Search !== "object") return;
    const { setIndex, htmlToText } = Search;
    Search.setIndex = (index) => {
      for (const part of ["terms", "titleterms"]) Object.setPrototypeOf(index[part], bare);
      setIndex(index);
    };
    Search.htmlToText = (text, anchor) => {
      const page = new DOMParser().parseFromString(text, "text/html");
      page.querySelectorAll(UNSAID).forEach((part) => part.remove());
      return htmlToText(page.documentElement.outerHTML, anchor).replace(/\s+/g, " ");
    };
    if (Search._index) Search.setIndex(Search._index);
  });
})();

// From disk a browser must not read other pages: there the search lists titles, without lines of the pages.
if (location.protocol === "file:" && typeof DOCUMENTATION_OPTIONS === "object") {
  DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
}
