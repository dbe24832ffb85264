"""How many submissions ``make grade`` grades in a minute, and how that scales: ``make bench-grading``.

The submissions are a small lab's solution under many names, each with a comment of its own. The sizes are
measured in one run, from nothing each time, so their ratios say how the time grows. Nothing is asserted.
"""

import argparse
import contextlib
import io
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests")]


def main() -> None:
    """Grade batches of growing size; print seconds, submissions per minute and the ratio to the first."""
    import grade
    import labfixture
    from grading import lab

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10, 30, 100, 300])
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    print(f"{options.jobs} at a time, on {os.cpu_count()} cores; load before: {os.getloadavg()[0]:.1f}")
    print(f"{'submissions':>12}{'seconds':>10}{'per minute':>12}{'seconds each, ratio':>21}", flush=True)
    first = None
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        labfixture.write(root)
        (root / "lab").mkdir()
        release = lab.make(labfixture.NAME, root / "lab", root).release
        for size in options.sizes:
            where = root / f"in-{size}"
            where.mkdir()
            for number in range(size):
                average = f"# {size}, {number}\n{labfixture.AVERAGE}"
                notebook = labfixture.answered(release, f"s{number}", average=average)
                nbformat.write(notebook, where / f"s{number}.ipynb")
            arguments = [
                labfixture.NAME,
                "--from",
                str(where),
                "--root",
                str(root),
                "--jobs",
                str(options.jobs),
            ]
            arguments += ["--out", str(root / f"out-{size}")]
            start = time.perf_counter()
            with contextlib.redirect_stdout(io.StringIO()):
                code = grade.main(arguments)
            seconds = time.perf_counter() - start
            if code != 0:
                sys.exit(f"grading {size} submissions failed")
            first = first or seconds / size
            rate, ratio = 60 * size / seconds, seconds / size / first
            print(f"{size:12}{seconds:10.1f}{rate:12.1f}{ratio:21.2f}", flush=True)


if __name__ == "__main__":
    main()
