"""The house stays readable: short modules and scripts, small folders; scripts need no tests; one version."""

import ast
import re
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

import ctseg

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "ctseg"
MAX_LINES = 250
MAX_MODULES = 18
FOLDERS = [
    path
    for top in (PACKAGE, ROOT / "scripts")
    for path in (top, *top.rglob("*"))
    if path.is_dir() and path.name != "__pycache__"
]


def test_no_module_is_long() -> None:
    modules = [*PACKAGE.rglob("*.py"), *(PACKAGE / "ui").rglob("*.js"), *(ROOT / "scripts").rglob("*.py")]
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in modules}
    assert not [f"{path}: {n}" for path, n in lines.items() if n > MAX_LINES]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_no_folder_is_crowded(folder: Path) -> None:
    if folder != PACKAGE / "datasets" / "phantom":
        assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MAX_MODULES


def test_no_script_imports_from_tests() -> None:
    helpers = {path.stem for path in (ROOT / "tests").rglob("*.py")} | {"tests"}
    ours = {path.stem for path in (ROOT / "scripts").rglob("*.py")}
    for path in (ROOT / "scripts").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.split(".")[0] for name in names} & (helpers - ours), path


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == ctseg.__version__
    assert f"\nversion: {ctseg.__version__}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## {ctseg.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", ["architecture.md", "../CONTRIBUTING.md", "../CHANGELOG.md", "../SECURITY.md"]
)
def test_pages_name_files_that_are_there(page: str) -> None:
    text = (ROOT / "docs" / page).resolve().read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert links or "ctseg/" in text or "make audit" in text
    for link in links:
        assert ((ROOT / "docs" / page).resolve().parent / link).exists(), link
    for name in re.findall(r"`((?:ctseg|scripts|docs|tests)/[\w/.]+\.\w+)`", text):
        assert (ROOT / name).exists() or f"Write `{name}`" in text, name


def test_the_image_shows_every_package() -> None:
    image = (ROOT / "docs" / "architecture.svg").read_text(encoding="utf-8")
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    missing = {name for name in packages if not re.search(rf"\b{name}\b", image)}
    assert not missing


def test_no_two_types_have_one_name() -> None:
    """Whoever searches for a class, or for what a callback is called with, finds one place."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in PACKAGE.rglob("*.py"):
        if PACKAGE / "datasets" / "phantom" in path.parents:
            continue
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(str(path))
            elif isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("Callable["):
                places[ast.unparse(node.targets[0])].append(str(path))
    assert len(places) > 150
    assert not {name: paths for name, paths in places.items() if len(paths) > 1}


def test_tests_mirror_the_packages() -> None:
    """A package's tests stand in the folder of its name; those of the whole stand at the top."""
    folders = {path.parent.relative_to(ROOT / "tests") for path in (ROOT / "tests").rglob("test_*.py")}
    folders -= {Path(), Path("peers")}
    assert not [folder for folder in folders if not (PACKAGE / folder / "__init__.py").is_file()]
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages - {folder.parts[0] for folder in folders} == set()


def test_no_two_files_of_tests_have_one_name() -> None:
    """Pytest imports them by that name alone, so of two it would take one."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(names) == sorted(set(names))
