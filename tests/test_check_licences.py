"""The licence check passes on what is installed, and can fail."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "checks" / "check_licences.py"


def add_package(folder: Path, name: str, *lines: str, licence_file: str | None = None) -> None:
    """Install a package that has metadata and nothing else."""
    info = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    info.mkdir(parents=True)
    metadata = ["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines]
    (info / "METADATA").write_text("\n".join(metadata) + "\n")
    record = [f"{info.name}/METADATA,,"]
    if licence_file is not None:
        (info / "LICENSE").write_text(licence_file)
        record.append(f"{info.name}/LICENSE,,")
    (info / "RECORD").write_text("\n".join(record) + "\n")


def check(folder: Path, requirements: str) -> tuple[int, str]:
    """Run the script with the packages of ``folder`` installed; return its exit code and what it prints."""
    path = folder / "requirements.txt"
    path.write_text(requirements)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(path)],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_the_app_installs_fits() -> None:
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "fit an Apache-2.0 project" in done.stdout


@pytest.mark.parametrize(
    "line",
    [
        "License-Expression: GPL-3.0-or-later",
        "License-Expression: MIT AND AGPL-3.0-only",
        "License-Expression: MIT AND (AGPL-3.0-only OR GPL-2.0-only)",
        "License-Expression: CC-BY-NC-4.0",
        "License-Expression: PolyForm-Noncommercial-1.0.0",
        "License-Expression: GPL-2.0-only WITH Linux-syscall-note",
        "License: GPLv3",
        "License: GNU General Public License v2",
        "License: GNU Affero General Public License",
        "License: CC BY-NC-SA 4.0",
        "License: CeCILL",
        "License-Expression: CECILL-2.1",
        "Classifier: License :: OSI Approved :: CeCILL License, version 2.1 (CeCILL-2.1)",
        "Classifier: License :: OSI Approved :: GNU General Public License v3 (GPLv3)",
        "Classifier: License :: Free for non-commercial use",
    ],
)
def test_refused(tmp_path: Path, line: str) -> None:
    add_package(tmp_path, "made-up-one", line)
    code, said = check(tmp_path, "made-up-one==1.0\n")
    assert code == 1
    assert said.startswith("made-up-one is under ")
    assert said.endswith("replace it.\n")


@pytest.mark.parametrize(
    "line",
    [
        "License-Expression: MIT",
        "License-Expression: LGPL-3.0-or-later",
        "License-Expression: GPL-3.0-or-later WITH GCC-exception-3.1",
        "License-Expression: MPL-2.0 AND (GPL-2.0-only OR MIT)",
        "License-Expression: GPL-2.0-only OR Apache-2.0",
        "License: LGPLv3",
        "License: CeCILL-B",
        "License-Expression: CECILL-C",
        "Classifier: License :: CeCILL-B Free Software License Agreement (CECILL-B)",
        "License: GPL-2.0 with Classpath exception",
        "Classifier: License :: OSI Approved :: GNU Lesser General Public License v3 (LGPLv3)",
        "Classifier: License :: OSI Approved :: GNU Library or Lesser General Public License (LGPL)",
    ],
)
def test_allowed(tmp_path: Path, line: str) -> None:
    add_package(tmp_path, "made-up-one", line)
    assert check(tmp_path, "made-up-one  # a comment\n\n--prefer-binary\n") == (
        0,
        "The licences of 1 packages fit an Apache-2.0 project.\n",
    )


def test_what_a_package_pulls_in_is_checked_too(tmp_path: Path) -> None:
    add_package(
        tmp_path, "made-up-top", "License-Expression: MIT", "Requires-Dist: made-up-middle[more] >= 1"
    )
    add_package(
        tmp_path,
        "made-up-middle",
        "License-Expression: MIT",
        "Requires-Dist: made-up-top",
        "Requires-Dist: made-up-deep; extra == 'more'",
        "Requires-Dist: made-up-absent; extra == 'other'",
    )
    add_package(tmp_path, "made-up-deep", "License: GPLv3")
    code, said = check(tmp_path, "made-up-top\n")
    assert code == 1
    assert said == "made-up-deep is under GPLv3, which does not fit an Apache-2.0 project; replace it.\n"


def test_without_a_statement_the_licence_file_decides(tmp_path: Path) -> None:
    add_package(tmp_path, "made-up-one", licence_file="\n   GNU GENERAL PUBLIC LICENSE\n   Version 3\n")
    add_package(tmp_path, "made-up-two", licence_file="\n   Apache License\n   Version 2.0\n")
    add_package(tmp_path, "made-up-three", "License: UNKNOWN")
    assert check(tmp_path, "made-up-two") == (0, "The licences of 1 packages fit an Apache-2.0 project.\n")
    code, said = check(tmp_path, "made-up-one\nmade-up-two\nmade-up-three\n")
    assert code == 1
    first, second = said.splitlines()
    assert first.startswith("made-up-one is under GNU GENERAL PUBLIC LICENSE")
    assert second == "made-up-three says nothing about its licence; look at it or replace it."


def test_long_licence_text_is_judged_by_its_heading(tmp_path: Path) -> None:
    text = "License: Copyright the authors" + "\n        Parts are under the GPL with an exception." * 9
    add_package(tmp_path, "made-up-one", "Classifier: License :: OSI Approved :: BSD License", text)
    assert check(tmp_path, "made-up-one")[0] == 0


def test_package_that_is_not_installed(tmp_path: Path) -> None:
    code, said = check(tmp_path, "made-up-nothing\n")
    assert code == 1
    assert said.startswith("made-up-nothing is not installed")
