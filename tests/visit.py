"""A page opened in the browser, and all it complains of."""

from contextlib import contextmanager

ALL_PICTURES_COME = """async () => {
  for (const image of document.images) image.loading = "eager";
  await Promise.all([...document.images].map((image) => image.decode()));
  return [...document.images].every((image) => image.naturalWidth > 0);
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
        self.errors, self.foreign = [], []
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("requestfailed", lambda request: self.errors.append(f"not loaded: {request.url}"))
        self.page.on("request", self._note_foreign)
        # On a busy machine the network may be idle before the page has all been read.
        self.page.goto(url, wait_until="load")
        self.page.wait_for_load_state("networkidle")

    def _note_foreign(self, request):
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
