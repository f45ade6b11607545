"""Fetches files and says what came of it: one JSON request a line in, one JSON answer a line out.

A process of its own, because ``huggingface_hub`` reads its settings when it is imported.
"""

import json
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ctseg import weights


@contextmanager
def file_size_limit(limit: int | None) -> Iterator[None]:
    """Make every write beyond so many bytes of a file fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def answer(request: dict[str, Any]) -> dict[str, Any]:
    arguments = request["arguments"]
    if "local_file" in arguments:
        arguments["local_file"] = Path(arguments["local_file"])
    steps: list[tuple[int, int]] = []
    arguments["progress"] = lambda done, total: steps.append((done, total))
    try:
        with file_size_limit(arguments.pop("limit", None)):
            path = getattr(weights, request["call"])(**arguments)
    except weights.WeightsError as error:
        return {"path": None, "error": str(error), "steps": steps}
    return {"path": str(path), "error": None, "steps": steps}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), flush=True)
