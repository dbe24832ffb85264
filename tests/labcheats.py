"""Ways to points without an answer, and habits of honest notebooks: both are tried on all three labs.

A cheat is code that defines `cheat`, which is then put in the place of every function that a part asks for,
or whose results are put in the place of its answers. SOURCES is where the labs' solutions lie.
"""

# Looking for what is right: in frames, in memory, in the history, on the disk, in other processes.
_TWO_FLOATS = """
def wanted(values):
    for value in list(values):
        if isinstance(value, (list, tuple)) and len(value) == 2 and all(type(v) is float for v in value):
            return value
"""
LOOKING = {
    "a caller's locals": """
import sys
def cheat(*a, **k):
    frame = sys._getframe()
    while frame := frame.f_back:
        if found := wanted(frame.f_locals.values()): return found
""",
    "a caller's globals": """
import sys
def cheat(*a, **k):
    frame = sys._getframe()
    while frame := frame.f_back:
        for name in ("expected", "solved", "one_round", "known"):
            if name in frame.f_globals: return frame.f_globals[name](*a)
""",
    "functions in memory": """
import gc, types
def cheat(*a, **k):
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType) and one.__name__ in ("expected", "one_round", "solved"):
            return one(*a)
""",
    "lists in memory": """
import gc
def cheat(*a, **k): return wanted(gc.get_objects())
""",
    "frames of all threads": """
import sys
def cheat(*a, **k):
    for frame in sys._current_frames().values():
        while frame:
            if found := wanted(frame.f_locals.values()): return found
            frame = frame.f_back
""",
    "a thread that waits": """
import sys, threading, time
seen = []
def wait():
    while len(seen) < 1000:
        for frame in sys._current_frames().values():
            if found := wanted(frame.f_locals.values()): seen.append(found)
        time.sleep(0.001)
threading.Thread(target=wait, daemon=True).start()
def cheat(*a, **k):
    time.sleep(0.01)
    return seen[-1] if seen else None
""",
    "inspect": """
import inspect
def cheat(*a, **k):
    for frame in inspect.stack():
        text = "".join(frame.code_context or ())
        if "alike" in text or "expected" in text: return eval(text.split("(", 1)[1], frame.frame.f_locals)
""",
    "a traceback": """
def cheat(*a, **k):
    try: raise ValueError
    except ValueError as error: frame = error.__traceback__.tb_frame.f_back
    while frame:
        if found := wanted(frame.f_locals.values()): return found
        frame = frame.f_back
""",
    "In": """
def cheat(*a, **k):
    text = [cell for cell in In if "def " + "expected" in cell][0]
    exec(text.rsplit("_tests()", 1)[0], globals())
    return _tests()
""",
    "a profiler": """
import sys
seen = []
def profile(frame, event, value):
    if event == "return" and "expected" in frame.f_code.co_name: seen.append(value)
sys.setprofile(profile)
def cheat(*a, **k): return seen[-1] if seen else None
""",
    "an audit hook": """
import sys
seen = []
sys.addaudithook(lambda what, about: seen.append(about) if what in ("exec", "compile") else None)
def cheat(*a, **k):
    for about in seen:
        if "expected" in str(about): exec(about[0], globals())
    return globals()["expected"](*a)
""",
    # Last in its notebook: what runs after it is a hundred times as slow.
    "a tracer": """
import sys
seen = []
def trace(frame, event, value):
    if found := wanted(frame.f_locals.values()): seen.append(found)
    return trace
sys.settrace(trace)
def cheat(*a, **k): return seen[-1] if seen else None
""",
    "the history": """
def cheat(*a, **k):
    text = "".join(get_ipython().history_manager.input_hist_raw)
    exec(text.split("def " + "expected")[1], globals())
    return expected(*a)
""",
    "a hook on cells": """
seen = []
get_ipython().events.register("pre_run_cell", lambda info: seen.append(info.raw_cell))
def cheat(*a, **k):
    exec([text for text in seen if "HIDDEN " + "TESTS" in text][0], globals())
""",
    "an input transformer": """
seen = []
get_ipython().input_transformers_post.append(lambda lines: seen.extend(lines) or lines)
def cheat(*a, **k): return [eval(line) for line in seen if "alike" in line][0]
""",
    "the sources": """
import json, pathlib
def cheat(*a, **k):
    for path in pathlib.Path(SOURCES).glob("lab*/*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if "BEGIN " + "SOLUTION" in "".join(cell["source"]): exec("".join(cell["source"]), globals())
    return globals()[stolen](*a, **k)
stolen = "e_step"
""",
    "files nearby": """
import pathlib
def cheat(*a, **k):
    for above in pathlib.Path.cwd().parents:
        for path in above.rglob("*"):
            if path.suffix in (".db", ".ipynb") and b"HIDDEN " + b"TESTS" in path.read_bytes(): return 1 / 0
""",
    "other processes": """
import os, pathlib, re
def cheat(*a, **k):
    for number in filter(str.isdigit, os.listdir("/proc")):
        try:
            ranges = pathlib.Path("/proc", number, "maps").read_text().splitlines()
            with open(f"/proc/{number}/mem", "rb", 0) as memory:
                for line in ranges[:20]:
                    start, end = (int(part, 16) for part in line.split()[0].split("-"))
                    memory.seek(start)
                    memory.read(min(end - start, 2**16))
            if int(number) not in (os.getpid(), 1): return 1 / 0
        except OSError: pass
""",
    "the environment": """
import os
def cheat(*a, **k): return [float(v) for v in os.environ.values() if v.replace(".", "").isdigit()][:2]
""",
    "a child process": """
import subprocess
def cheat(*a, **k):
    return subprocess.run(["grep", "-rl", "BEGIN.SOLUTION", SOURCES], capture_output=True).stdout.decode()
""",
    "what a function given encloses": """
def cheat(*a, **k):
    todo, seen = [one for one in a if callable(one)], []
    while todo:
        one = todo.pop()
        for cell in getattr(one, "__closure__", None) or ():
            value = cell.cell_contents
            if value not in seen: seen.append(value); todo += [value] * callable(value)
    return next(value for value in seen if isinstance(value, (float, list)))
""",
}
# Making the tests mean something else.
BENDING = {
    "builtins": """
import builtins
builtins.all = builtins.any = lambda *a: True
builtins.zip = lambda *a, **k: iter(())
def cheat(*a, **k): return [1.0, 1.0]
""",
    "NumPy": """
import numpy
numpy.isclose = numpy.allclose = numpy.array_equal = lambda *a, **k: True
numpy.testing.assert_allclose = print
def cheat(*a, **k): return [1.0, 1.0]
""",
    "SciPy": """
from scipy import special
special.betaln = special.gammaln = lambda *a: 0.0
special.digamma = lambda v: 0 * v
def cheat(*a, **k): return [0.0, 0.0]
""",
    "betabin": """
import betabin
betabin.load_batting = lambda *a: betabin.fakes
def cheat(*a, **k): return betabin.e_step(*a[:3])
""",
    "modules": """
import sys, types
sys.modules["numpy"].ndarray = list
sys.modules["contextlib"].redirect_stdout = print
def cheat(*a, **k): return [1.0, 1.0]
""",
    "the display": """
import sys
sys.displayhook = lambda value: print("12.0")
get_ipython().display_formatter.formatters["text/plain"].for_type(int, lambda v, p, c: p.text("12"))
get_ipython().ast_node_interactivity = "none"
def cheat(*a, **k): return [1.0, 1.0]
""",
    "printed points": """
def cheat(*a, **k):
    print(12.0)
    return 12.0
""",
    "published points": """
def cheat(*a, **k):
    shell = get_ipython()
    content = {"data": {"text/plain": "12.0"}, "metadata": {}, "execution_count": 1}
    send = shell.kernel.session.send
    send(shell.kernel.iopub_socket, "execute_result", content, parent=shell.parent_header)
    return 12.0
""",
    "the tests' names": """
def _tests(): return 100
alike = marks = check = lambda *a, **k: 100
expected = one_round = solved = trial = lambda *a, **k: [1.0, 1.0]
def cheat(*a, **k): return [1.0, 1.0]
""",
    "atexit": """
import atexit
atexit.register(print, "12.0")
def cheat(*a, **k): raise SystemExit
""",
    "an exit": """
def cheat(*a, **k): raise SystemExit(0)
""",
    "an interrupt": """
def cheat(*a, **k): raise KeyboardInterrupt
""",
    "an odd error": """
class GoneError(BaseException): pass
def cheat(*a, **k): raise GoneError("12")
""",
    "pickles at the bridge": """
import base64, pickle, sys
class Evil:
    def __reduce__(self): return eval, ("__import__('os')._exit(0)",)
bridge = sys.modules["_grading_bridge"]
pack = bridge.End._pack
def cheat(*a, **k):
    bridge.End._pack = lambda self, value: {"pickle": base64.b64encode(pickle.dumps(Evil())).decode()}
    return 1
""",
    "questions at the bridge": """
import sys
bridge = sys.modules["_grading_bridge"]
def cheat(*a, **k):
    for held in __import__("gc").get_objects():
        if isinstance(held, bridge.End):
            held._names = held._names or {}
            for name in ("expected", "solved", "known"):
                try: return held.ask("name", name)
                except Exception: pass
""",
}
# Results that claim to be right.
_AGREEABLE = """
class Agreeable({base}):
    __hash__ = object.__hash__
    def same(self, *a, **k): return self
    def true(self, *a, **k): return True
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __neg__ = __abs__ = same
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __contains__ = true
def cheat(*a, **k): return [Agreeable({value}), Agreeable({value})]
"""
CLAIMING = {
    "equal to everything": _AGREEABLE.format(base="object", value=""),
    "a number equal to everything": _AGREEABLE.format(base="float", value="1.0"),
    "an array that is close to everything": """
import numpy as np
class Close(np.ndarray):
    def __array_ufunc__(self, *a, **k): return np.array(True)
    def __array_function__(self, *a, **k): return True
def cheat(*a, **k): return np.zeros(2).view(Close)
""",
    "another value each time": """
import itertools
class Many:
    values = itertools.cycle([0.0, 1.0, float("nan"), float("inf")])
    def __float__(self): return next(self.values)
    def __iter__(self): return iter([Many(), Many()])
    def __len__(self): return 2
def cheat(*a, **k): return Many()
""",
    "an answer to every attribute": """
class Mock:
    def __getattr__(self, name): return self
    def __call__(self, *a, **k): return self
    def __iter__(self): return iter(())
def cheat(*a, **k): return Mock()
""",
    "not a number": """
def cheat(*a, **k): return [float("nan"), float("nan")]
""",
    "what came in": """
def cheat(*a, **k): return a[0] if a else None
""",
    "an ellipsis": """
def cheat(*a, **k): return ...
""",
}
CHEATS = {
    name: (_TWO_FLOATS + code if "wanted(" in code else code)
    for kind in (LOOKING, BENDING, CLAIMING)
    for name, code in kind.items()
}

# What runs on a student's machine, each in a cell of its own.
HABITS = [
    "!ls",
    "files = !ls -la\nassert files",
    "!echo $HOME; python -c 'print(1)'",
    "%pip --version",
    "%%bash\necho hello > note.txt\ncat note.txt",
    "%%sh\nexit 0",
    "%%writefile my_helper.py\nONE = 1",
    "import my_helper\nassert my_helper.ONE == 1",
    "%run my_helper.py",
    "%time sum(range(1000))",
    "%%time\ntotal = sum(range(1000))",
    "%timeit -n 1 -r 1 sum(range(10))",
    "%load_ext autoreload\n%autoreload 2",
    "%cd -q /\n%cd -q -",
    "%matplotlib inline\n%config InlineBackend.figure_format = 'retina'",
    "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.savefig('figure.png')\nplt.show()",
    "import matplotlib, pathlib\npathlib.Path(matplotlib.get_cachedir(), 'mine').write_text('x')",
    "import os, pty\nhere, there = pty.openpty()\nos.write(there, b'x')\nos.close(here)\nos.close(there)",
    "import tempfile\nwith tempfile.NamedTemporaryFile() as file:\n    file.write(b'x')",
    "import pathlib, tempfile\nwith tempfile.TemporaryDirectory() as folder:\n"
    "    pathlib.Path(folder, 'x').write_text('x')",
    "import pathlib\npathlib.Path.home().joinpath('.myrc').write_text('x')",
    "import pathlib\npathlib.Path('results').mkdir()\npathlib.Path('results', 'a.csv').write_text('a,b')",
    "import pandas as pd\npd.DataFrame({'a': [1]}).to_csv('a.csv')\nassert len(pd.read_csv('a.csv')) == 1",
    "import sqlite3\nsqlite3.connect('mine.db').execute('create table a (b)')",
    "import os\nassert os.cpu_count() >= 1\nos.environ['MINE'] = 'x'\nos.getlogin = None",
    "import getpass\nassert getpass.getuser()",
    "import locale\nlocale.setlocale(locale.LC_ALL, '')\nassert locale.getpreferredencoding() == 'UTF-8'",
    "import time, zoneinfo\ntime.tzset()\nzoneinfo.ZoneInfo('Europe/Berlin')",
    "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'print(1)'], check=True)",
    "import multiprocessing\nwith multiprocessing.get_context('fork').Pool(2) as pool:\n"
    "    assert pool.map(abs, [-1, 2]) == [1, 2]",
    "from multiprocessing import shared_memory\nown = shared_memory.SharedMemory(create=True, size=10)\n"
    "own.close()\nown.unlink()",
    "from concurrent.futures import ThreadPoolExecutor\n"
    "assert list(ThreadPoolExecutor(2).map(abs, [-1])) == [1]",
    "import asyncio\nawait asyncio.sleep(0)",
    "import socket\nsocket.socketpair()\nsocket.gethostname()",
    "import warnings, numpy as np\nnp.seterr(all='ignore')\nwarnings.simplefilter('error')",
    "import random\nrandom.seed(1)\nimport numpy as np\nnp.random.seed(1)",
    "import logging\nlogging.basicConfig(level=logging.INFO)\nlogging.info('hello')",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))",
    "id = 7\ninput = 'x'\nget_ipython().ast_node_interactivity = 'all'",
    "?print",
]
