"""A downloaded notebook and the wheel: the line on the page is enough to run it (needs the network)."""

import re
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

# The shortest of the plain chapters, and the one that needs more than the others.
CHAPTERS = ["04_em", "09_beyond"]
ENDING = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
print(sum("image/png" in output.get("data", {}) for output in outputs), "pictures")
"""


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_line_on_the_page_is_enough_to_run_the_notebook(site, tmp_path, chapter):
    page = (site / "chapters" / f"{chapter}.html").read_text(encoding="utf-8")
    line = re.search(r'<aside class="takeaway".*?<pre>(.*?)</pre>', page, re.DOTALL)[1].replace(
        "&quot;", ""
    )
    program, *arguments = line.split()
    assert program == "pip"
    for path in [site / "downloads" / f"{chapter}.ipynb", *(site / "downloads").glob("*.whl")]:
        shutil.copy(path, tmp_path)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "clean")], check=True)
    python = str(tmp_path / "clean" / "bin" / "python")
    # The versions that the book is tested with, not whatever came out this morning.
    pinned = ["--constraint", str(ROOT / "requirements.txt"), "--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", *arguments, *pinned], cwd=tmp_path, check=True)
    done = subprocess.run(
        [python, "-c", ENDING, f"{chapter}.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout.split()[-2]) >= 2
