"""Writes into the manifest where the weights were published, and leaves every other line as it is."""

import re
import tomllib
from collections.abc import Mapping

from ctseg.files import write_atomically
from ctseg.weights.manifest import WeightsError, weights_folder

_TABLE = re.compile(r"^\[\[(\w+)\]\]\s*$", re.MULTILINE)


def record_publication(owner: str, commits: Mapping[str, str]) -> None:
    """Set ``owner`` and the commits of these files in ``weights/manifest.toml``.

    Parameters
    ----------
    owner : account on the Hub
    commits : file name to 40 hexadecimal digits

    Raises
    ------
    WeightsError
        If the manifest cannot be written; it is as it was then.
    """
    path = weights_folder() / "manifest.toml"
    try:
        text = path.read_text(encoding="utf-8")
        starts = [match.start() for match in _TABLE.finditer(text)]
        head, *tables = (
            text[start:end] for start, end in zip([0, *starts], [*starts, len(text)], strict=True)
        )
        changed = [_with_value(head, "owner", owner), *(_with_commit(table, commits) for table in tables)]
        write_atomically(path, "".join(changed).encode())
    except OSError as error:
        raise WeightsError(
            f"{path.name} cannot be written, so the commits are not recorded; make it writable, "
            "and publish again."
        ) from error


def _with_commit(table: str, commits: Mapping[str, str]) -> str:
    kind = next(iter(_TABLE.findall(table)))
    name = tomllib.loads(table)[kind][0]["file"]
    return _with_value(table, "commit", commits[name]) if kind == "file" and name in commits else table


def _with_value(text: str, key: str, value: str) -> str:
    return re.sub(rf'^{key} = "[^"\n]*"', f'{key} = "{value}"', text, count=1, flags=re.MULTILINE)
