// What a link to a term, an equation, a figure or a source refers to is shown beside the link, when it is pointed at,
// reached by the keyboard, or tapped. Nothing is loaded before.
(() => {
  const root = document.documentElement.dataset.content_root ?? "./";
  const page = location.pathname.split("/").pop() || "index.html";
  const SOURCES = ["popper/popper.min.js", "tippy/tippy.umd.min.js"].map((name) => `${root}_static/${name}`);
  const load = (src) =>
    new Promise((done, failed) => {
      document.head.append(Object.assign(document.createElement("script"), { src, async: false, onload: done, onerror: failed }));
    });
  let loading;
  const ready = () => (loading ??= Promise.all([...SOURCES, page.replace(/\.html$/, ".tips.js")].map(load)));

  // A finger has no way to point without following the link: the first tap shows, and the tip has the link.
  const byFinger = () => matchMedia("(hover: none)").matches;

  const show = async (link) => {
    await ready();
    const tip = window.bookTips?.[link.getAttribute("href")];
    if (!tip) return false;
    if (!link._tippy) {
      const content = document.createElement("div");
      content.innerHTML = tip;
      if (byFinger()) {
        const there = Object.assign(document.createElement("a"), { href: link.href, textContent: "Go there", className: "tip-there" });
        content.append(there);
      }
      window.tippy(link, {
        content,
        interactive: true,
        appendTo: document.body,
        maxWidth: "min(46rem, 94vw)",
        delay: [150, 50],
        duration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
        placement: "bottom-start",
        aria: { content: "describedby", expanded: false },
        touch: false,
        trigger: byFinger() ? "manual" : "mouseenter focus",
      });
      link.removeAttribute("title"); // said twice otherwise
    }
    link._tippy.show();
    return true;
  };

  const linkOf = ({ target }) => target.closest?.("article.bd-article a.reference.internal[href*='#']");
  const shown = (link) => show(link).catch(() => false);
  document.addEventListener("pointerover", (event) => {
    const link = event.pointerType !== "touch" && linkOf(event);
    if (link && !link._tippy) shown(link);
  });
  document.addEventListener("focusin", (event) => {
    const link = linkOf(event);
    if (link && !link._tippy && link.matches(":focus-visible")) shown(link);
  });
  document.addEventListener("click", (event) => {
    const link = byFinger() && linkOf(event);
    if (!link || event.defaultPrevented) return;
    event.preventDefault();
    shown(link).then((there) => there || location.assign(link.href));
  });
  document.addEventListener("keydown", ({ key }) => key === "Escape" && window.tippy?.hideAll());
})();
