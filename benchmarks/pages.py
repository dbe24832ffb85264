"""How soon the pages of the built book are there, how much they send, and how soon an explorer answers.

Part of ``make bench``. The time of one page says more about the machine than about the page, so a chapter's
is given as a ratio to the front page's in the same run: each is the median of three cold visits.
"""

import functools
import gzip
import os
import shutil
import statistics
import threading
import time
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from playwright.sync_api import sync_playwright

from betabin import explorers

ROOT = Path(__file__).parents[1]
SITE = ROOT / "_build" / "html"
FRONT = "intro.html"
VISITS = 3
# A processor four times slower and the network that browsers call Fast 3G: bytes a second, milliseconds.
SLOW_PROCESSOR = 4
FAST_3G = {"offline": False, "downloadThroughput": 180_000, "uploadThroughput": 84_375, "latency": 562.5}
WATCH = """
window.shift = 0;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
WAIT_FOR_FRAME = """
() => {
  window.waits = [];
  let pressed = 0;
  addEventListener("keydown", () => (pressed = performance.now()), true);
  for (const picture of document.querySelectorAll(".explorer-here .explorer-picture"))
    new MutationObserver(() => {
      const start = pressed;
      pressed = 0;
      if (start) requestAnimationFrame(() => waits.push(performance.now() - start));
    }).observe(picture, { childList: true, subtree: true });
}
"""
# On the bench: from the press that uses pasted rows to the picture, and an E-step or M-step with its frame.
PASTE = """
rows => {
  const lines = Array.from({ length: rows }, (_, i) => {
    const n = 1 + (i * 7919) % 600;
    return `${Math.floor(n * (0.2 + (i * 31) % 10 / 100))},${n}`;
  });
  document.getElementById("bench-own").value = lines.join("\\n");
  const start = performance.now();
  document.getElementById("bench-use").click();
  return performance.now() - start;
}
"""
STEPS = """
() => Array.from({ length: 40 }, (_, k) => {
  const start = performance.now();
  document.getElementById(k % 2 ? "bench-m" : "bench-e").click();
  return performance.now() - start;
})
"""
SINCE_START = "() => performance.now()"
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"


@functools.cache
def read(path: Path) -> tuple[bytes, bool]:
    content = path.read_bytes()
    is_text = path.suffix in {".html", ".css", ".js", ".svg"}
    return (gzip.compress(content) if is_text else content), is_text


class Packed(SimpleHTTPRequestHandler):
    """The site as web servers send it: text packed."""

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            self.send_error(404)
            return
        content, is_packed = read(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        if is_packed:
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def drawing() -> None:
    print("drawing all frames")
    for name in explorers.__all__:
        start = time.perf_counter()
        frames = getattr(explorers, name)().widget
        assert frames.children
        print(f"  {name:20s} {time.perf_counter() - start:5.1f} s")


class Cold:
    """A page opened with nothing kept from before, and what it cost until it was quiet."""

    def __init__(self, browser, address: str, slow: bool = False):
        self.context = browser.new_context(viewport={"width": 1280, "height": 900})
        self.page = self.context.new_page()
        devtools = self.context.new_cdp_session(self.page)
        self.sent, self._inside = 0, set()
        devtools.on("Network.requestWillBeSent", self._ask)
        devtools.on("Network.loadingFinished", self._count)
        for domain in ("Network", "Performance"):
            devtools.send(f"{domain}.enable")
        if slow:
            devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOW_PROCESSOR})
            devtools.send("Network.emulateNetworkConditions", FAST_3G)
        self.page.add_init_script(WATCH)
        self.page.goto(address, wait_until="load", timeout=120_000)
        self.page.wait_for_load_state("networkidle")
        measured = devtools.send("Performance.getMetrics")["metrics"]
        # All that the main thread did: what keeps it from answering a reader.
        self.blocked = next(metric["value"] for metric in measured if metric["name"] == "TaskDuration")
        self.load = self.page.evaluate(LOADED) / 1000
        self.shift = self.page.evaluate("shift")

    def _count(self, event: dict) -> None:
        if event["requestId"] not in self._inside:
            self.sent += event["encodedDataLength"]

    def _ask(self, event: dict) -> None:
        if event["request"]["url"].startswith("data:"):
            self._inside.add(event["requestId"])

    def bring_explorer(self) -> None:
        self.page.locator(".explorer-place").first.scroll_into_view_if_needed()
        self.page.locator(".explorer-here .noUi-handle").first.wait_for(timeout=120_000)

    def close(self) -> None:
        self.context.close()


def median(visits: list, name: str) -> float:
    return statistics.median(getattr(visit, name) for visit in visits)


def weights(browser, address: str, chapters: list[str]) -> None:
    print("against the front page: blocked time, load; kilobytes sent (with the explorer), layout shift")
    front = None
    for path in (FRONT, *chapters):
        visits = []
        for _ in range(VISITS):
            visits.append(Cold(browser, address + path))
            visits[-1].alone = visits[-1].sent
            if visits[-1].page.locator(".explorer-place").count():
                visits[-1].bring_explorer()
                visits[-1].page.wait_for_load_state("networkidle")
            visits[-1].close()
        blocked, load, shift = (median(visits, name) for name in ("blocked", "load", "shift"))
        front = front or (blocked, load)
        print(
            f"  {Path(path).stem:20s} {blocked / front[0]:5.1f} {load / front[1]:5.1f}"
            f" {median(visits, 'alone') / 1000:6.0f} ({median(visits, 'sent') / 1000:4.0f}) {shift:7.3f}"
        )


def slow_phone(browser, address: str, chapters: list[str]) -> None:
    print("processor four times slower, Fast 3G: load, and from then until an explorer has its controls")
    for path in chapters:
        visit = Cold(browser, f"{address}{path}", slow=True)
        if visit.page.locator(".explorer-place").count():
            assert visit.page.locator(".explorer-still svg").first.is_visible()
            start = visit.page.evaluate(SINCE_START)
            visit.bring_explorer()
            took = (visit.page.evaluate(SINCE_START) - start) / 1000
            print(f"  {Path(path).stem:20s} {visit.load:5.1f} s, and {took / visit.load:4.2f} times that")
        visit.close()


def key_presses(browser, address: str, chapters: list[str], presses: int = 40) -> None:
    print("from a key press to the paint of its frame (median, longest)")
    for path in chapters:
        visit = Cold(browser, address + path)
        page = visit.page
        if page.locator(".explorer-place").count():
            visit.bring_explorer()
            handle = page.locator(".explorer-here .noUi-handle").last
            page.evaluate(WAIT_FOR_FRAME)
            for k in range(presses):
                handle.press("ArrowRight" if k % 8 < 4 else "ArrowLeft")
                page.wait_for_timeout(120)
            waits = page.evaluate("waits")
            print(f"  {Path(path).stem:20s} {statistics.median(waits):5.0f} ms {max(waits):5.0f} ms")
        visit.close()


def on_the_bench(browser, address: str) -> None:
    visit = Cold(browser, address + "chapters/bench.html")
    waits = visit.page.evaluate(STEPS)
    print(f"the bench: a step {statistics.median(waits):.0f} ms, at most {max(waits):.0f} ms")
    few, many = (
        statistics.median(visit.page.evaluate(PASTE, rows) for _ in range(VISITS))
        for rows in (1000, 100_000)
    )
    print(f"  100 000 pasted rows take {many / few:.1f} times as long as 1 000")
    visit.close()


def pages() -> None:
    names = (os.environ.get("BROWSER_PATH", ""), "chromium", "chromium-browser", "google-chrome")
    browser_path = next(filter(None, map(shutil.which, names)), None)
    chapters = [path.relative_to(SITE).as_posix() for path in sorted((SITE / "chapters").glob("0*.html"))]
    if browser_path is None or not chapters:
        print("pages: not measured, for want of a built book or a browser")
        return
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Packed, directory=SITE))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        Cold(browser, address + FRONT).close()  # the browser's own first steps
        weights(browser, address, chapters)
        slow_phone(browser, address, chapters)
        key_presses(browser, address, chapters)
        on_the_bench(browser, address)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    drawing()
    pages()
