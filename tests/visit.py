"""A page opened in the browser, and all it complains of."""

import time
from contextlib import contextmanager

from playwright.sync_api import Error

ALL_PICTURES_COME = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode()));
  return [...document.images].every((image) => image.naturalWidth > 0);
}"""

# What a page does when it is idle, it may do in several turns.
IDLE = """async () => {
  await document.fonts.ready;
  for (let turn = 0; turn < 3; turn++) await new Promise((done) => requestIdleCallback(done));
}"""


class Visit:
    """A page opened in the browser, and what it logged, asked for and failed to get."""

    def __init__(self, browser, url, width=1200, height=900, dark=False, **options):
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            **options,
        )
        self.page = self.context.new_page()
        self.errors, self.foreign, self._loading = [], [], set()
        self._scripts = options.get("java_script_enabled", True)
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.errors.append(f"not loaded: {request.url}"))
        self.page.on("request", self._note)
        for ended in ("requestfinished", "requestfailed"):
            self.page.on(ended, lambda request: self._loading.discard(request))
        self.page.goto(url, wait_until="load")
        self.settle()

    def settle(self):
        """Wait until the page, or the one it leads to, has nothing left to do and is loading nothing."""
        if not self._scripts:
            self.page.wait_for_load_state("networkidle")
            return
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            try:
                self.page.evaluate(IDLE)
            except Error as error:
                if "navigation" not in str(error):
                    raise
                self.page.wait_for_load_state("load")
                continue
            if not self._loading:
                return
        raise AssertionError(f"still loading: {[request.url for request in self._loading]}")

    def turn(self, width, dark=False):
        """Give the window another width, and the reader another taste."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme="dark" if dark else "light")
        self.settle()

    def _note(self, request):
        self._loading.add(request)
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.foreign.append(request.url)

    def all_pictures_come(self):
        """Whether every picture of the page, those far down included, can be drawn."""
        return self.page.evaluate(ALL_PICTURES_COME)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


@contextmanager
def visit(browser, site, name, **options):
    """Open a page of the site; it must log no error, and ask no other host for anything."""
    with Visit(browser, (site / f"{name}.html").as_uri(), **options) as visited:
        yield visited.page
        assert visited.errors == []
        assert visited.foreign == []


def bring_explorers(page):
    """Go to each explorer of a page and wait until it has taken its still's place."""
    for place in page.locator(".explorer-place").all():
        place.scroll_into_view_if_needed()
        place.and_(page.locator(".explorer-here")).wait_for()
