"""Write ``docs/params.md`` from the models of the params and the comments in ``params.yaml``.

python docs/make_params.py
"""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from ruamel.yaml import YAML

from bias_transfer.study import params

PAGE = Path(__file__).with_name("params.md")
FILE = PAGE.parents[1] / "params.yaml"
HEAD = """# Params

Every key of `params.yaml`, which holds every default of a study. Made by
`python docs/make_params.py` from the models in `src/bias_transfer/study/params.py`, by which the
file is checked, and from the comments in the file. An unknown key is refused, with the name of the
nearest known one.

`study` chooses from the catalogues `reviews`, `teachers` and `students`: each is a mapping of
names, which you may add to. Of a catalogue, the table has the value of the first entry that has the
key.
"""
# Each section: its heading, its model, and the keys below which it stands in the file; `*` is an
# entry of a catalogue.
SECTIONS: tuple[tuple[str, type[BaseModel], tuple[str, ...]], ...] = (
    ("study", params.Study, ("study",)),
    ("study.arms", params.ArmsOf, ("study", "arms")),
    ("studies.NAME", params.Choice, ("study",)),
    ("distillation", params.Distillation, ("distillation",)),
    ("bias", params.Bias, ("bias",)),
    ("hypotheses", params.Hypotheses, ("hypotheses",)),
    ("hypotheses.contrasts", params.DeclaredContrast, ("hypotheses", "contrasts")),
    ("swaps", params.Swaps, ("swaps",)),
    ("labelling", params.Labelling, ("labelling",)),
    ("reviews.NAME, source snippets", params.Snippets, ("reviews", "*")),
    ("reviews.NAME, source files", params.Files, ("reviews", "*")),
    ("teachers.NAME", params.Teacher, ("teachers", "*")),
    ("teachers.NAME.examples", params.Examples, ("teachers", "*", "examples")),
    ("students.NAME, architecture bow", params.Bow, ("students", "*")),
    ("students.NAME, architecture cnn", params.Cnn, ("students", "*")),
    ("students.NAME, architecture transformer", params.Encoder, ("students", "*")),
)
KEY = re.compile(r"( *)(- )?([A-Za-z0-9_.-]+):(?: +(.*))?$")


def page() -> str:
    """The whole page."""
    said = comments(FILE.read_text(encoding="utf-8"))
    values = YAML(typ="safe", pure=True).load(FILE)
    parts = [HEAD, top(said)]
    for title, model, path in SECTIONS:
        parts.append(f"## {title}\n\n{text(model)}\n\n{table(model, path, said, values)}")
    return "\n".join(parts)


def comments(text: str) -> dict[tuple[str, ...], str]:
    """What ``params.yaml`` says of each key: behind it, or on lines of their own above it."""
    found: dict[tuple[str, ...], str] = {}
    open_keys: list[tuple[int, str]] = []
    above: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            above.append(line.strip("# "))
            continue
        key = KEY.match(line)
        if key:
            depth = len(key[1]) + len(key[2] or "")
            open_keys = [entry for entry in open_keys if entry[0] < depth]
            open_keys.append((depth, key[3]))
            behind = (key[4] or "").rpartition(" # ")
            own = behind[2] if behind[1] else (key[4] or "").removeprefix("# ")
            is_comment = behind[1] or (key[4] or "").startswith("# ")
            said = [*above, *([own.strip()] if is_comment else [])]
            if said:
                found.setdefault(tuple(name for _, name in open_keys), " ".join(said))
        above = []
    return found


def top(said: dict[tuple[str, ...], str]) -> str:
    """What each section is, and the params that stand in none."""
    rows = []
    for name in params.Params.model_fields:
        first = next((title for title, *_ in SECTIONS if re.split("[.,]", title)[0] == name), "")
        shown = f"[`{name}`](#{anchor(first)})" if first else f"`{name}`"
        kind = "" if first else f"{words(schema(params.Params)['properties'][name])}: "
        rows.append([shown, kind + said.get((name,), "")])
    return markdown(["section", "what"], rows)


def table(
    model: type[BaseModel],
    path: tuple[str, ...],
    said: dict[tuple[str, ...], str],
    values: dict[str, Any],
) -> str:
    """The keys of one section: what each may be, its default, and what it does."""
    entries = list(under(values, path, model))
    kinds = schema(model)["properties"]
    rows = []
    for name in model.model_fields:
        if "const" in kinds[name]:
            continue  # the heading says it
        found = next((shown(entry[name]) for entry in entries if name in entry), "none")
        what = about(said, path, name) or ("see above" if f"`{name}`" in text(model) else "")
        rows.append([f"`{name}`", words(kinds[name]), found, what])
    return markdown(["param", "values", "in the file", "what"], rows)


def about(said: dict[tuple[str, ...], str], path: tuple[str, ...], name: str) -> str:
    """What the file says of a key, in the first entry that says something."""
    wanted = (*path, name)
    for key, comment in said.items():
        if len(key) == len(wanted) and all(w in ("*", k) for w, k in zip(wanted, key, strict=True)):
            return comment
    return ""


def under(values: Any, path: tuple[str, ...], model: type[BaseModel]) -> Iterator[dict[str, Any]]:
    """Every mapping in the file that is of this model."""
    if isinstance(values, list):
        for value in values:
            yield from under(value, path, model)
    elif isinstance(values, dict) and path:
        for name in values if path[0] == "*" else [path[0]]:
            if name in values:
                yield from under(values[name], path[1:], model)
    elif isinstance(values, dict):
        fixed = {n: f["const"] for n, f in schema(model)["properties"].items() if "const" in f}
        if all(values.get(name) == value for name, value in fixed.items()):
            yield values


def schema(model: type[BaseModel]) -> dict[str, Any]:
    """JSON schema of a model."""
    return model.model_json_schema()


def words(kind: dict[str, Any]) -> str:
    """What a value may be, from its JSON schema."""
    if "anyOf" in kind:
        return " or ".join(dict.fromkeys(words(of) for of in kind["anyOf"]))
    if "enum" in kind or "const" in kind:
        return ", ".join(f"`{value}`" for value in kind.get("enum", [kind.get("const")]))
    if kind.get("type") == "array":
        return f"list of {plural(words(kind['items']))}" if "items" in kind else "two texts"
    if "$ref" in kind:
        return "entry as below"
    name = {
        "integer": "whole number",
        "number": "number",
        "string": "text",
        "boolean": "`true` or `false`",
        "null": "`null`",
    }[kind["type"]]
    limits = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    found = [f"{word} {kind[key]:g}" for key, word in limits.items() if key in kind]
    if kind.get("exclusiveMaximum") == 2**32:
        found = ["at least 0"]
    return ", ".join([name, *found])


def plural(said: str) -> str:
    """Of the noun that comes first."""
    return re.sub(r"^(whole number|number|text|entr)(y?)", r"\1s", said).replace("entrs", "entries")


def shown(value: Any) -> str:
    """A default, if it is short enough to read in a table."""
    said = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
    return f"`{said}`" if len(said) <= 60 and "\n" not in said else "see there"


def text(model: type[BaseModel]) -> str:
    """The docstring of a model, with Markdown's backticks."""
    return inspect.cleandoc(model.__doc__ or "").replace("``", "`")


def anchor(title: str) -> str:
    """Where a heading can be linked to."""
    return re.sub(r"[^a-z0-9_ -]", "", title.lower()).replace(" ", "-")


def markdown(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
