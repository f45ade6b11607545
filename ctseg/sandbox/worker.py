"""The decoder's own process: ``python -m ctseg.sandbox.worker``, started and ended by `ctseg.sandbox.runner`.

It reads two lines: modules to import ahead, as JSON, and the private folder in which a request lies. There it
leaves the decoded array and, last, its answer. It says nothing on its output, which leads nowhere.
"""

import errno
import json
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from ctseg.sandbox import both_cores
from ctseg.sandbox.parts import Parts, fault_of, leave_first, leave_others

REQUEST, ANSWER, PIXELS = "request.json", "answer.json", "pixels"
ENDED = "ended.json"
"""What stopped a decoder that had answered with the first of its parts."""


def main() -> None:
    """Import what the first line names, serve the request on the second line, and end."""
    for module in json.loads(sys.stdin.readline() or "[]"):
        import_module(module)
    folder = sys.stdin.readline().rstrip("\n")
    if folder:
        _serve(Path(folder))


def _serve(folder: Path) -> None:
    request = json.loads((folder / REQUEST).read_text(encoding="utf-8"))
    _limit(**request["limits"])
    both_cores.allow()
    told = ANSWER
    try:
        found = _decoder(request["decoder"])(*request["arguments"])
        if isinstance(found, Parts):
            leave_first(found, folder)
            facts = {"shape": list(found.shape), "dtype": found.dtype.name, "metadata": found.metadata}
            _leave(folder / ANSWER, {**facts, "parts": True})
            told = ENDED
            leave_others(found, folder)
            return
        array, metadata = found
        answer = _write(array, metadata, folder / PIXELS)
    except Exception as error:  # a decoder fails on damaged files in every way
        answer = fault_of(error)
    _leave(folder / told, answer)


def _leave(path: Path, answer: dict[str, Any]) -> None:
    """Write the answer, whole or not at all; a full disk is said by the little that was left for it."""
    begun = path.with_name("begun")
    try:
        begun.write_text(json.dumps(answer), encoding="utf-8")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        (path.parent / PIXELS).unlink(missing_ok=True)
        begun.write_text(json.dumps({"failed": "disk"}), encoding="utf-8")
    begun.replace(path)


def _decoder(name: str) -> Any:
    module, function = name.split(":")
    return getattr(import_module(module), function)


def _write(array: Any, metadata: dict[str, Any], output: Path) -> dict[str, Any]:
    import numpy as np

    with output.open("wb") as file:
        # Row by row of the first axis: a copy of a flipped volume might not fit the memory left.
        for part in array if array.ndim > 2 else [array]:
            file.write(np.ascontiguousarray(part).data)
    return {"shape": list(array.shape), "dtype": array.dtype.name, "metadata": metadata}


def _limit(memory_bytes: int, cpu_seconds: int, output_bytes: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has none; there the time limit alone holds
        return
    # Python keeps compiled modules for every later process, and cuts them short at the file limit.
    sys.dont_write_bytecode = True
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime)
    for name, bounds in (
        ("RLIMIT_AS", (memory_bytes, memory_bytes)),
        # The signal of the lower limit tells the parent why the process ended.
        ("RLIMIT_CPU", (spent + cpu_seconds, spent + cpu_seconds + 1)),
        ("RLIMIT_FSIZE", (output_bytes, output_bytes)),
        ("RLIMIT_CORE", (0, 0)),
    ):
        # macOS refuses some of these; the others and the time limit still hold.
        with suppress(ValueError, OSError, AttributeError):
            resource.setrlimit(getattr(resource, name), bounds)


if __name__ == "__main__":
    main()
