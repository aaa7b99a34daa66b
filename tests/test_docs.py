"""Pages for people: made from the code of today, all on the site, no link that leads nowhere."""

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import click
import pytest
import yaml
from pydantic import BaseModel

from bias_transfer import cli
from bias_transfer.study import params

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
AT_ROOT = ("README", "CHANGELOG", "CONTRIBUTING", "SECURITY")
PAGES = [*(ROOT / f"{name}.md" for name in AT_ROOT), *sorted(DOCS.glob("*.md"))]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["commands", "glossary", "params"])
def test_page_is_made_from_the_code_of_today(name):
    """If not: python docs/make_NAME.py."""
    made = script(f"make_{name}").page()
    assert (DOCS / f"{name}.md").read_text(encoding="utf-8") == made


def commands(group: click.Group, path: str = ""):
    for name, command in group.commands.items():
        yield f"{path}{name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} ")


def test_every_command_and_option_is_on_its_page():
    sections = re.split(r"^### ", (DOCS / "commands.md").read_text(encoding="utf-8"), flags=re.M)
    found = {title: text for title, _, text in (part.partition("\n") for part in sections[1:])}
    assert set(found) == {name for name, _ in commands(cli.main)}
    for name, command in commands(cli.main):
        for option in command.params:
            assert not isinstance(option, click.Option) or option.opts[0] in found[name], name


def models(model: type[BaseModel]):
    """A model of params, and those that are in it at any depth."""
    yield model
    for below in model.model_json_schema().get("$defs", {}):
        yield getattr(params, below)


def test_every_param_is_on_its_page_with_words():
    maker = script("make_params")
    told = {model for _, model, _ in maker.SECTIONS}
    assert told == {*models(params.Params)} - {params.Params}
    rows = [
        line.strip("| ").split(" | ")
        for line in (DOCS / "params.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    assert len(rows) > 80
    wordless = [row[0] for row in rows if len(row) < 4 and row[0] != "`device`"]
    assert wordless == ["`students`", "`targets`", "`seeds`"]  # of study.arms: its docstring


def test_words_of_a_param_stand_behind_it_or_above_it():
    text = """# Of the file.

# Of the section.
first:   # and behind
  key: "a # b"  # of the key
  # Above
  # the other.
  other: {key: 1}
  bare: 1
  list:
    - name: x   # of an entry
"""
    assert script("make_params").comments(text) == {
        ("first",): "Of the section. and behind",
        ("first", "key"): "of the key",
        ("first", "other"): "Above the other.",
        ("first", "list", "name"): "of an entry",
    }


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ({"type": "integer", "minimum": 0, "exclusiveMaximum": 2**32}, "whole number, at least 0"),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 1}, "number, above 0, at most 1"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text or `null`"),
        ({"enum": ["a", "b"]}, "`a`, `b`"),
        ({"type": "array", "items": {"type": "integer"}}, "list of whole numbers"),
        ({"type": "array", "items": {"$ref": "#/x"}}, "list of entries as below"),
        ({"type": "boolean"}, "`true` or `false`"),
    ],
)
def test_what_a_param_may_be_in_words(kind, words):
    assert script("make_params").words(kind) == words


def test_every_page_stands_once_on_the_site():
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    assert [next(iter(kind)) for kind in nav] == ["Start here", "How to", "Reference", "Why"]
    entries = [entry for kind in nav for pages in kind.values() for entry in pages]
    pages = [next(iter(e.values())) if isinstance(e, dict) else e for e in entries]
    added = [f"{name.lower()}.md" for name in AT_ROOT if name != "README"]
    assert sorted(pages) == sorted([*added, *(path.name for path in DOCS.glob("*.md"))])


def anchors(text: str) -> set[str]:
    """What headings can be linked to, as the repository's host has it."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)$", prose, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def dead(page: Path, text: str) -> list[str]:
    """Links to files that are not there, and to headings that a page lacks."""
    found = []
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        there = target.exists() and (
            not anchor or anchor in anchors(target.read_text(encoding="utf-8"))
        )
        found += [] if there else [link]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_no_link_leads_nowhere(page):
    assert dead(page, page.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "link", ["nope.md", "docs/method.md#nope", "#nope", "../nope.md", "docs/nope.png"]
)
def test_a_link_that_leads_nowhere_is_found(link):
    text = f"# Title\n\n[x]({link}) [y](docs/method.md#pairs) [z](https://example.org/x)"
    assert dead(ROOT / "README.md", text) == [link]


def test_links_of_pages_at_the_root_lead_to_the_same_pages_of_the_site():
    pytest.importorskip("mkdocs", reason="mkdocs is not installed")
    hook = script("site_hook")
    text = "[a](docs/method.md#pairs) [b](SECURITY.md) [c](https://example.org/docs/x)"
    expected = "[a](method.md#pairs) [b](security.md) [c](https://example.org/docs/x)"
    assert hook.here(text) == expected
    assert hook.on_page_markdown("[b](../SECURITY.md#what-holds)") == "[b](security.md#what-holds)"
    assert set(hook.PAGES) == {*AT_ROOT} - {"README"}
