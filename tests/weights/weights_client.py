"""A process that fetches one file and says what came of it: `python weights_client.py CALL JSON_ARGUMENTS`.

A process of its own, because ``huggingface_hub`` reads its settings when it is imported.
"""

import json
import resource
import sys
from pathlib import Path

from ctseg import weights


def main() -> None:
    call, arguments = sys.argv[1], json.loads(sys.argv[2])
    limit = arguments.pop("file_size_limit", None)
    if limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    if arguments.get("local_file"):
        arguments["local_file"] = Path(arguments["local_file"])
    steps: list[tuple[int, int]] = []
    times = arguments.pop("times", 1)
    try:
        for _ in range(times):
            path = getattr(weights, call)(
                **arguments, progress=lambda done, total: steps.append((done, total))
            )
        print(json.dumps({"path": str(path), "error": None, "steps": steps}))
    except weights.WeightsError as error:
        print(json.dumps({"path": None, "error": str(error), "steps": steps}))


if __name__ == "__main__":
    main()
