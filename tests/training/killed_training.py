"""Run as a process: trains as the command does, and is killed (kill -9) right after one step was recorded.

Arguments: the step, then those of `ctseg`.
"""

import os
import signal
import sys
from collections.abc import Mapping

from ctseg.cli import main
from ctseg.training.curves import Record

if __name__ == "__main__":
    last = int(sys.argv[1])
    append = Record.append

    def append_and_die(record: Record, row: Mapping[str, float]) -> None:
        """Record a step; the last one ends the process as a power cut does."""
        append(record, row)
        if row["step"] >= last:
            os.kill(os.getpid(), signal.SIGKILL)

    Record.append = append_and_die  # type: ignore[method-assign]
    main(sys.argv[2:])
