"""The tables of ``docs/method.md`` are those of ``docs/validation``."""

import importlib.util
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_tables_are_made_from_the_files_of_today():
    """If not: python docs/make_method.py."""
    spec = importlib.util.spec_from_file_location("make_method", DOCS / "make_method.py")
    make_method = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_method)
    text = (DOCS / "method.md").read_text(encoding="utf-8")
    assert make_method.page(text) == text
    found = [name for _, name, _ in make_method.BLOCK.findall(text)]
    assert sorted(found) == sorted(make_method.TABLES)
