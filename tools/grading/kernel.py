"""The kernel a submission runs on: IPython's, with a record of what its libraries were before.

A script: ``python kernel.py PATHS MODULES connection_file``. Before each locked cell the grader calls
`put_back`, so a student who replaced `np.isclose`, or `sum`, does not decide what a test means.
"""

import importlib
import json
import sys
import types

_BEFORE: dict[str, dict[str, object]] = {}


def remember(modules):
    """Import the modules the tests use and note what is in them and in the modules below them."""
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
    tops = {name.split(".")[0] for name in modules} | {"builtins"}
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] in tops and isinstance(module, types.ModuleType):
            _BEFORE[name] = dict(vars(module))


def put_back():
    """Restore what was replaced or removed; return its names."""
    replaced = []
    for name, before in _BEFORE.items():
        module = sys.modules.get(name)
        if module is None:
            continue
        now = vars(module)
        for attribute, value in before.items():
            if now.get(attribute, _BEFORE) is not value and not (
                attribute == "_" or attribute.startswith("__")
            ):
                now[attribute] = value
                replaced.append(f"{name}.{attribute}")
    shell = sys.modules["IPython"].get_ipython()
    if shell.ast_transformers:
        shell.ast_transformers.clear()
        replaced.append("ast_transformers")
    return replaced


def main():
    """Remember, then run the kernel."""
    paths, modules, connection_file = sys.argv[1:]
    sys.path[:0] = json.loads(paths)
    remember(json.loads(modules))
    guard = types.ModuleType("_grading_guard")
    guard.put_back = put_back
    sys.modules["_grading_guard"] = guard
    sys.argv = [sys.argv[0], "-f", connection_file, "--HistoryManager.hist_file=:memory:"]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
