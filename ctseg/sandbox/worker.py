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

from ctseg.errors import UserError
from ctseg.sandbox import both_cores

REQUEST, ANSWER, PIXELS = "request.json", "answer.json", "pixels"


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
    try:
        answer = _decode(request["decoder"], request["arguments"], folder / PIXELS)
    except MemoryError:
        answer = {"failed": "memory"}
    except OSError as error:
        answer = {"failed": {errno.EFBIG: "output", errno.ENOSPC: "disk"}.get(error.errno or 0, "damaged")}
    except Exception as error:  # a decoder fails on damaged files in every way
        # Errors of the project's own are sentences for users; those of libraries may quote the file.
        answer = {"refused": str(error)} if isinstance(error, UserError) else {"failed": "damaged"}
    _leave(folder / ANSWER, answer)


def _leave(path: Path, answer: dict[str, Any]) -> None:
    """Write the answer; a full disk is said by the little that was left for it."""
    try:
        path.write_text(json.dumps(answer), encoding="utf-8")
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        (path.parent / PIXELS).unlink(missing_ok=True)
        path.write_text(json.dumps({"failed": "disk"}), encoding="utf-8")


def _decode(decoder: str, arguments: list[str], output: Path) -> dict[str, Any]:
    import numpy as np

    module, function = decoder.split(":")
    array, metadata = getattr(import_module(module), function)(*arguments)
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
