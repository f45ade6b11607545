"""A client of the weights room in processes of its own, and tables of a manifest."""

import hashlib
import json
import random
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub_downloads import StandInHub

CONTENT = random.Random(5).randbytes(300_001)


@dataclass
class Client:
    """Runs ``ctseg.weights`` in processes of its own, with one manifest, one cache and one Hub."""

    hub: StandInHub
    folder: Path
    home: Path
    settings: dict[str, str]

    def write_manifest(self, *tables: str, owner: str = "someone") -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "manifest.toml").write_text(f'owner = "{owner}"\n' + "\n".join(tables))

    def start(self) -> subprocess.Popen[str]:
        """Start a client process with the settings as they are now."""
        environment = (
            self.hub.environment(self.home) | {"CTSEG_WEIGHTS_FOLDER": str(self.folder)} | self.settings
        )
        script = Path(__file__).with_name("weights_client.py")
        return subprocess.Popen(
            [sys.executable, str(script)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, call: str = "fetch", **arguments: Any) -> dict[str, Any]:
        """Make one call in a process of its own."""
        with self.start() as process:
            return ask(process, call, **arguments)


def ask(process: "subprocess.Popen[str]", call: str, **arguments: Any) -> dict[str, Any]:
    """Make one call in a running client process."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def table(kind: str, content: bytes, **values: Any) -> str:
    """One table of a manifest, for a file with this content."""
    facts = {
        "file": "net.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "licence": "CC0-1.0",
        "source": "random bytes",
        "methods": ["watershed-net"],
        "commit": "",
    } | values
    return f"[[{kind}]]\n" + "\n".join(f"{key} = {json.dumps(value)}" for key, value in facts.items()) + "\n"
