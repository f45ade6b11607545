"""Two visitors who click two examples on a cold server, at the moment that has refused one of them.

A part of a package that is imported by its own name takes the part's lock first, then waits for the
package's, which waits for the part: Python then gives one of the two threads half a module.
"""

import ast
import subprocess
import sys
from pathlib import Path

import ctseg

_AT_ONCE = """
import sys, threading, time
from importlib.machinery import PathFinder, SourceFileLoader
from ctseg.ui.compare.examples import open_example

begun = threading.Event()

def waits():
    # For the lock of what the first visitor is importing.
    frame = sys._current_frames().get(threads[1].ident)
    while frame:
        importing = frame.f_code.co_name in ("_find_and_load", "_lock_unlock_module")
        if importing and frame.f_locals["name"].startswith("pydicom"):
            return True
        frame = frame.f_back
    return not threads[1].is_alive()

class Slow:
    def find_spec(self, name, *rest):
        if name == "pydicom" and not begun.is_set():
            spec = PathFinder.find_spec(name, *rest)
            spec.loader = Slow.Loader(name, spec.loader.path)
            return spec

    class Loader(SourceFileLoader):
        def exec_module(self, module):
            begun.set()
            while not waits():
                time.sleep(0.01)
            super().exec_module(module)

def first():
    open_example(4)

def second():
    begun.wait()
    open_example(2)

sys.meta_path.insert(0, Slow())
failed = []
threading.excepthook = lambda args: failed.append(repr(args.exc_value))
threads = [threading.Thread(target=each) for each in (first, second)]
for each in reversed(threads): each.start()
for each in threads: each.join()
assert begun.is_set(), "nothing imported pydicom"
assert not failed, failed
"""


def test_two_examples_at_once_on_a_cold_server() -> None:
    done = subprocess.run([sys.executable, "-c", _AT_ONCE], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


def test_pydicom_is_imported_before_its_parts() -> None:
    too_early = []
    for path in Path(str(ctseg.__path__[0])).rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for scope in [tree, *(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))]:
            names = [name for each in scope.body for name in _imported(each)]
            if names and names[0] != "pydicom":
                too_early.append(f"{path.name}: {names[0]}")
    assert too_early == []


def _imported(statement: ast.stmt) -> list[str]:
    """What of pydicom, or of a package that begins with its parts, a statement imports."""
    if isinstance(statement, ast.ImportFrom):
        names = [statement.module or ""]
    else:
        names = [each.name for each in statement.names] if isinstance(statement, ast.Import) else []
    return [name for name in names if name.split(".")[0] in ("pydicom", "highdicom")]
