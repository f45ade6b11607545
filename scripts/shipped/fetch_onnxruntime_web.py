"""Fetch the runtime of the static page from npm, check it, and write what of it is committed.

    python scripts/shipped/fetch_onnxruntime_web.py

Three files of the npm package are taken as they are, the WebAssembly packed by gzip, which the page undoes
itself; ``SOURCE.json`` beside them names version, digests and licence. Needs npm, which nothing else does.
"""

import argparse
import base64
import gzip
import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

VERSION = "1.30.0"
# As the registry states it for this version.
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FOLDER = Path(__file__).resolve().parents[2] / "ctseg" / "static_site" / "vendor" / "onnxruntime-web"
TAKEN = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")


def fetched() -> bytes:
    """Return the package's archive, checked."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["npm", "pack", "--silent", f"onnxruntime-web@{VERSION}"], cwd=folder, check=True)  # noqa: S607
        archive = next(Path(folder).glob("*.tgz")).read_bytes()
    found = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if found != INTEGRITY:
        raise SystemExit(f"onnxruntime-web {VERSION} has another digest than expected: {found}")
    return archive


def main() -> None:
    """Write the files."""
    argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()
    digests = {}
    with tarfile.open(fileobj=io.BytesIO(fetched())) as archive:
        for name in TAKEN:
            member = archive.extractfile(f"package/dist/{name}")
            assert member is not None, name
            content = member.read()
            digests[name] = hashlib.sha256(content).hexdigest()
            if name.endswith(".wasm"):
                (FOLDER / f"{name}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
            else:
                (FOLDER / name).write_bytes(content)
    source = {
        "package": "onnxruntime-web",
        "version": VERSION,
        "integrity": INTEGRITY,
        "licence": "MIT",
        "sha256": digests,
    }
    (FOLDER / "SOURCE.json").write_text(json.dumps(source, indent=2) + "\n", encoding="utf-8")
    print(f"onnxruntime-web {VERSION}: {', '.join(digests)}")


if __name__ == "__main__":
    main()
