"""Compare the pinned packages with OSV's list of known vulnerabilities.

    python scripts/checks/audit.py [--url URL]

Exits with 1 and names each package that has one. Where the list cannot be reached it says so and exits with
0: a machine without a network proves nothing either way. Only names and versions are sent.
"""

import argparse
import json
import sys
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FILES = ("requirements.txt", "requirements-dev.txt")
OSV = "https://api.osv.dev/v1/querybatch"
TIMEOUT_S = 20


def pins() -> dict[str, str]:
    """Return the pinned version of each package, by name."""
    lines = [line for file in FILES for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]
    return dict(sorted(line.split("==") for line in lines if "==" in line))


def known_vulnerabilities(url: str, pinned: dict[str, str]) -> dict[str, list[str]]:
    """Return the identifiers of the vulnerabilities of each package that has one.

    Raises
    ------
    OSError
        If the list cannot be reached.
    ValueError
        If it answers in another form than OSV's.
    """
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version}
        for name, version in pinned.items()
    ]
    request = urllib.request.Request(  # noqa: S310 - the address is ours or the caller's
        url, json.dumps({"queries": queries}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as response:  # noqa: S310
        results = json.load(response)["results"]
    if len(results) != len(pinned):
        raise ValueError(f"{len(results)} answers to {len(pinned)} packages")
    found = {
        name: [each["id"] for each in result.get("vulns", [])]
        for name, result in zip(pinned, results, strict=True)
    }
    return {name: names for name, names in found.items() if names}


def main() -> int:
    """Print what is known of the pins; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default=OSV, help="another service that answers like OSV")
    url = parser.parse_args().url
    pinned = pins()
    try:
        found = known_vulnerabilities(url, pinned)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"The pins were not compared: {url} cannot be asked ({error}).")
        return 0
    for name, identifiers in found.items():
        print(f"{name} {pinned[name]}: {', '.join(identifiers)}")
    print(f"{len(found)} of {len(pinned)} pinned packages have a known vulnerability.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
