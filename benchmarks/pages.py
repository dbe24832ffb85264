"""How soon a frame of the built book appears after a key press, and how long the explorers take to draw.

Part of ``make bench``. By the page's own clock: from the key press to the paint after the frame is put in.
"""

import os
import shutil
import statistics
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from betabin import explorers

ROOT = Path(__file__).parents[1]
WAIT_FOR_FRAME = """
() => {
  window.waits = [];
  let pressed = 0;
  addEventListener("keydown", () => (pressed = performance.now()), true);
  for (const picture of document.querySelectorAll(".explorer-picture"))
    new MutationObserver(() => {
      const start = pressed;
      pressed = 0;
      if (start) requestAnimationFrame(() => waits.push(performance.now() - start));
    }).observe(picture, { childList: true, subtree: true });
}
"""


def drawing() -> None:
    print("drawing all frames")
    for name in explorers.__all__:
        start = time.perf_counter()
        frames = getattr(explorers, name)().widget
        assert frames.children
        print(f"  {name:20s} {time.perf_counter() - start:5.1f} s")


def key_presses(presses: int = 40) -> None:
    names = (os.environ.get("BROWSER_PATH", ""), "chromium", "chromium-browser", "google-chrome")
    browser_path = next(filter(None, map(shutil.which, names)), None)
    pages = sorted((ROOT / "_build" / "html" / "chapters").glob("0*.html"))
    if browser_path is None or not pages:
        print("key presses: not measured, for want of a built book or a browser")
        return
    print("from a key press to the paint of its frame (median, longest)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=browser_path, args=["--no-sandbox", "--disable-gpu"]
        )
        for path in pages:
            page = browser.new_page()
            page.goto(path.as_uri(), wait_until="networkidle")
            handles = page.locator(".explorer .noUi-handle")
            if handles.count():
                page.locator(".explorer-words p").first.wait_for()
                page.evaluate(WAIT_FOR_FRAME)
                for k in range(presses):
                    handles.last.press("ArrowRight" if k % 8 < 4 else "ArrowLeft")
                    page.wait_for_timeout(120)
                waits = page.evaluate("waits")
                print(f"  {path.stem:20s} {statistics.median(waits):5.0f} ms {max(waits):5.0f} ms")
            page.close()
        browser.close()


if __name__ == "__main__":
    drawing()
    key_presses()
