"""Refuse GPL, AGPL and non-commercial packages among what the app installs, and what that pulls in.

    python scripts/checks/check_licences.py [REQUIREMENTS]

Reads the metadata of the installed packages: License-Expression, else the classifiers and the License field,
else the heading of the licence file. LGPL, and GPL with an exception for linked programs, are allowed, and of
the CeCILL family B (like BSD, with credit) and C (like LGPL) but not CeCILL itself (like GPL). Of licences
joined by OR one must be allowed. Exits with 1 and names each package that is refused.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"

SAYS_NOTHING = {
    "cuda-toolkit": "holds no files; it only names NVIDIA's libraries, which torch needs on Linux"
}
"""Packages without any statement in their metadata that were looked at by hand, and what was found."""

REFUSED = re.compile(
    r"(?<![a-z])a?gpl|affero|cecill(?![- ]?[bc](?![a-z]))"
    r"|gnu\s+general\s+public|non-?\s?commercial|(?<![a-z])cc[- ]by[- ]nc",
    re.IGNORECASE,
)
LINKING_EXCEPTION = re.compile(
    r"(?:gcc|classpath|bootloader|runtime|linking)[- ](?:library[- ])?exception", re.IGNORECASE
)
MAX_NAME = 200
"""Characters of a licence's name; a longer text is the licence itself, which cites others."""


def is_allowed(licence: str) -> bool:
    """Tell whether one licence, in words or as an SPDX identifier with its exception, is allowed."""
    return REFUSED.search(licence) is None or LINKING_EXCEPTION.search(licence) is not None


def is_expression_allowed(expression: str) -> bool:
    """Tell whether an SPDX expression is allowed: every licence joined by AND, one of those joined by OR."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)

    def alternatives() -> bool:
        allowed = all_of()
        while tokens and tokens[0].upper() == "OR":
            tokens.pop(0)
            allowed = all_of() or allowed
        return allowed

    def all_of() -> bool:
        allowed = one()
        while tokens and tokens[0].upper() == "AND":
            tokens.pop(0)
            allowed = one() and allowed
        return allowed

    def one() -> bool:
        licence = tokens.pop(0)
        if licence == "(":
            allowed = alternatives()
            tokens.pop(0)
            return allowed
        if tokens and tokens[0].upper() == "WITH":
            licence = " ".join((licence, tokens.pop(0), tokens.pop(0)))
        return is_allowed(licence)

    return alternatives()


def statements(package: Distribution) -> list[str]:
    """Return what a package without a licence expression says about its licence, shortest form first."""
    said = [
        value.removeprefix("License :: ")
        for value in package.metadata.get_all("Classifier") or []
        if value.startswith("License :: ")
    ]
    text = (package.metadata.get("License") or "").strip()
    if text and text.upper() != "UNKNOWN":
        said.append(text if len(text) <= MAX_NAME else heading(text))
    if said:
        return said
    files = [
        file for file in package.files or [] if re.match(r"(LICEN[CS]E|COPYING)", file.name, re.IGNORECASE)
    ]
    return [heading(Path(str(file.locate())).read_text(errors="replace")) for file in files]


def heading(text: str) -> str:
    """Return the first line that says something."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def complaint(package: Distribution) -> str | None:
    """Return a sentence that says why a package is refused, or None."""
    name = canonicalize_name(package.name)
    expression = package.metadata.get("License-Expression")
    said = [expression] if expression else statements(package)
    if not said:
        return (
            None
            if name in SAYS_NOTHING
            else f"{name} says nothing about its licence; look at it or replace it."
        )
    allowed = is_expression_allowed(expression) if expression else all(map(is_allowed, said))
    if allowed:
        return None
    return f"{name} is under {'; '.join(said)}, which does not fit an Apache-2.0 project; replace it."


def installed(requirements: Iterator[Requirement]) -> dict[str, Distribution]:
    """Return the installed packages that these requirements name, and what those require, by name.

    Raises
    ------
    PackageNotFoundError
        If one is not installed.
    """
    packages: dict[str, Distribution] = {}
    waiting = list(requirements)
    seen = set()
    while waiting:
        wanted = waiting.pop()
        key = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if key in seen:
            continue
        seen.add(key)
        package = packages.setdefault(key[0], distribution(wanted.name))
        for required in map(Requirement, package.requires or []):
            extras = ("", *wanted.extras)
            if required.marker is None or any(required.marker.evaluate({"extra": extra}) for extra in extras):
                waiting.append(required)
    return packages


def read_requirements(path: Path) -> Iterator[Requirement]:
    """Yield the requirements of a file; comments and options of the installer are passed over."""
    for line in path.read_text(encoding="utf-8").splitlines():
        stripped = line.split("#")[0].strip()
        if stripped and not stripped.startswith("-"):
            yield Requirement(stripped)


def main() -> int:
    """Check, print, and return the exit code."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else REQUIREMENTS
    try:
        packages = installed(read_requirements(path))
    except PackageNotFoundError as error:
        print(f"{error.name} is not installed, so its licence cannot be read; install {path.name} first.")
        return 1
    complaints = [sentence for _, package in sorted(packages.items()) if (sentence := complaint(package))]
    print("\n".join(complaints) or f"The licences of {len(packages)} packages fit an Apache-2.0 project.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
