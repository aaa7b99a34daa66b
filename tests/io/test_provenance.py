"""Digests of what an output was made from: texts, and code by what it does."""

from pathlib import Path

import pytest

from bias_transfer.io import provenance
from bias_transfer.io.provenance import code_sha256, texts_sha256

CODE = '''"""A module."""

import os  # to see

LIMIT = 3


class Box:
    """Holds."""

    def __init__(self, n: int) -> None:
        """Put in."""
        self.n = n


async def later() -> None:
    """Wait."""


def area(width, height=2):
    """How much."""
    # The sides, multiplied.
    return (width * height) + LIMIT
'''
# Comments and docstrings that are gone or others, and another layout.
SAME = [
    CODE.replace('"""How much."""', '"""How much, in square metres.\n\n    Or so.\n    """'),
    CODE.replace('    """How much."""\n', ""),
    CODE.replace('"""A module."""\n', ""),
    CODE.replace('    """Holds."""\n', ""),
    CODE.replace('    """Wait."""\n', '    """Wait some more."""\n'),
    CODE.replace("# The sides, multiplied.", "# Sides."),
    CODE.replace("import os  # to see", "import os"),
    CODE.replace(
        "return (width * height) + LIMIT", "return (\n        width * height + LIMIT\n    )"
    ),
    CODE.replace("\n\n\n", "\n\n\n\n\n"),
    CODE.replace("    ", "  "),
]
OTHER = [
    CODE.replace("height=2", "height=3"),
    CODE.replace("LIMIT = 3", "LIMIT = 3.0"),
    CODE.replace("width * height", "height * width"),
    CODE.replace("import os", "import sys"),
    CODE.replace("def area", "def size"),
    CODE.replace("self.n = n", 'self.n = n\n        """A text that is no docstring."""'),
    CODE + "\nLIMIT = 4\n",
    "",
]


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write modules of a package of one's own, by name."""
    monkeypatch.setattr(provenance, "PACKAGE", tmp_path)

    def write(**modules: str) -> Path:
        (tmp_path / "room").mkdir(exist_ok=True)
        for name, code in modules.items():
            (tmp_path / "room" / f"{name}.py").write_text(code, encoding="utf-8")
        return tmp_path / "room"

    return write


@pytest.mark.parametrize("code", SAME, ids=range(len(SAME)))
def test_comments_docstrings_and_layout_are_no_code(package, code):
    assert code != CODE
    package(box=CODE)
    before = code_sha256("room")
    package(box=code)
    assert code_sha256("room") == before


@pytest.mark.parametrize("code", OTHER, ids=range(len(OTHER)))
def test_other_code_is_another_digest(package, code):
    assert code != CODE
    package(box=CODE)
    before = code_sha256("room")
    package(box=code)
    assert code_sha256("room") != before


def test_a_folder_is_all_of_its_modules_and_a_file_itself(package):
    room = package(box=CODE, lid="SIZE = 1\n")
    whole, one = code_sha256("room"), code_sha256("room/box.py")
    (room / "notes.txt").write_text("no code")
    assert code_sha256("room") == whole
    package(lid="SIZE = 2\n")
    assert code_sha256("room") != whole
    assert code_sha256("room/box.py") == one
    (room / "deeper").mkdir()
    (room / "deeper/more.py").write_text("")
    third = code_sha256("room")
    (room / "deeper/more.py").rename(room / "deeper/other.py")
    assert len({whole, third, code_sha256("room")}) == 3


def test_several_parts_are_one_digest_of_all(package):
    package(box=CODE, lid="SIZE = 1\n")
    both = code_sha256("room/box.py", "room/lid.py")
    assert both == code_sha256("room/box.py", "room/lid.py") == code_sha256("room")
    assert len({both, code_sha256("room/box.py"), code_sha256("room/lid.py")}) == 3


def test_the_package_itself_has_a_digest():
    assert code_sha256("students") != code_sha256("distillation")
    assert len(code_sha256("students", "stages/train.py")) == 64


def test_digest_of_texts_is_of_each_and_of_no_order():
    assert texts_sha256(["a", "b"]) == texts_sha256(iter("ba"))
    different = (["a", "b"], ["ab"], ["a"], ["a", "b", "b"], [])
    assert len({texts_sha256(texts) for texts in different}) == len(different)
