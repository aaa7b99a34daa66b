"""The package's shape: no circle of imports, and few entries at its top."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "src" / "bias_transfer"
NOT_COUNTED = {"__init__.py", "__main__.py", "__init__.pyi", "__pycache__", "py.typed"}
MOST_ENTRIES = 13


def modules_of(package: Path) -> dict[str, Path]:
    """Dotted names of a package's modules, and their files."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def names_imported(name: str, path: Path) -> Iterator[str]:
    """What a module's import statements name, those inside functions and `if` included."""
    folder = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            for alias in node.names:
                yield f"{base}.{alias.name}"


def imports_of(package: Path) -> dict[str, set[str]]:
    """Every module, with those of the same package that it imports."""
    modules = modules_of(package)
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        targets = set()
        for imported in names_imported(name, path):
            # `from a.b import c` names the module a.b.c, or something that a.b defines.
            module = imported if imported in modules else imported.rpartition(".")[0]
            if module in modules and module != name:
                targets.add(module)
        graph[name] = targets
    return graph


def circle_in(graph: dict[str, set[str]]) -> list[str]:
    """The modules of one circle, each imported by the next, the first again at the end; or none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle_of_imports():
    graph = imports_of(PACKAGE)
    assert len(graph) > 50
    assert graph["bias_transfer.stages.label"] >= {
        "bias_transfer.teacher.model",
        "bias_transfer.teacher.cluster",
    }
    circle = circle_in(graph)
    assert not circle, f"import circle: {' <- '.join(circle)}"


def test_few_entries_at_the_top_of_the_package():
    entries = {path.name for path in PACKAGE.iterdir()} - NOT_COUNTED
    assert len(entries) <= MOST_ENTRIES, sorted(entries)


@pytest.mark.parametrize(
    "back",
    [
        "import demo.rooms.first",
        "from demo.rooms import first",
        "from demo.rooms.first import thing",
        "from . import first",
        "from .first import thing",
        "from ..rooms.first import thing",
        "def later():\n    from demo.rooms import first",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import demo.rooms.first",
    ],
)
def test_circle_is_found_however_it_is_closed(tmp_path, back):
    rooms = tmp_path / "demo" / "rooms"
    rooms.mkdir(parents=True)
    files = {
        "__init__": "",
        "first": "from demo.rooms import second\nthing = 1",
        "second": "from demo.rooms.third import other",
        "third": f"{back}\nother = 2",
        "alone": "import json\nfrom demo.rooms import first",
    }
    for name, text in files.items():
        (rooms / f"{name}.py").write_text(text, encoding="utf-8")
    (rooms.parent / "__init__.py").touch()
    circle = circle_in(imports_of(rooms.parent))
    assert set(circle) == {f"demo.rooms.{name}" for name in ("first", "second", "third")}
    (rooms / "third.py").write_text("other = 2", encoding="utf-8")
    assert circle_in(imports_of(rooms.parent)) == []
