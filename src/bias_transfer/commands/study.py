"""Make a study of the catalogue the current one.

Values in ``params.yaml`` are rewritten; its comments and layout stay.
"""

from pathlib import Path
from typing import Any

import yaml

from bias_transfer.io import tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.study import params
from bias_transfer.study.params import Files


def choose(path: Path, name: str, reviews: str | None = None) -> None:
    """Copy ``studies.<name>`` to ``study``; with ``reviews``, its reviews are read from that table.

    Where the entry has a table for each split, the one table's column ``split`` says which is
    which.

    Raises
    ------
    InputError
        If there is no such study, ``params.yaml`` is not valid, or its reviews do not come from
        tables of one kind.
    """
    current = params.load(path)
    if name not in current.studies:
        raise InputError(unknown("study", name, current.studies))
    chosen = current.studies[name]
    values: dict[tuple[str, ...], Any] = {
        ("study", key): value for key, value in chosen.model_dump().items()
    }
    values["study", "name"] = name
    if reviews:
        entry = current.reviews[chosen.reviews]
        if not isinstance(entry, Files):
            raise InputError(
                f"{path}: reviews.{chosen.reviews} has no `path` to put {reviews} in: give the "
                "entry one by hand"
            )
        where: dict[str, str | None] = {"path": reviews}
        if entry.train:
            where |= {"split_column": "split", "train": None, "test": None}
        values |= {("reviews", chosen.reviews, key): value for key, value in where.items()}
    before = path.read_bytes().decode("utf-8")  # read_text would change the line ends
    text = replace(before, values)
    try:
        params.parse(text, str(path))
    except InputError as error:
        raise InputError(
            f"study {name!r} cannot be put in: {error}: write it there by hand"
        ) from None
    tables.write_text(text, path)


def replace(text: str, values: dict[tuple[str, ...], Any]) -> str:
    """Put other values at some keys of YAML, and leave every other character as it was.

    Raises
    ------
    InputError
        If a key is not there.
    """
    root = yaml.compose(text)
    spans = sorted(
        ((*_span(root, keys), value) for keys, value in values.items()),
        reverse=True,
        key=lambda s: s[0],
    )
    for start, end, margin, value in spans:
        value = list(value) if isinstance(value, tuple) else value
        new = (
            yaml.safe_dump(value, default_flow_style=True, width=10**6)
            .removesuffix("\n")
            .removesuffix("\n...")
        )
        text = text[:start] + margin + new + text[end:]
    return text


def _span(node: yaml.Node, keys: tuple[str, ...]) -> tuple[int, int, str]:
    """Where a value starts and ends, and the indent that another value needs in its place."""
    for key in keys:
        found = (
            [pair for pair in node.value if pair[0].value == key]
            if isinstance(node.value, list)
            else []
        )
        if not found:
            raise InputError(f"params.yaml: {'.'.join(keys)} is missing")
        name, node = found[0]
    # A block list may start right below its key.
    margin = "" if node.start_mark.column > name.start_mark.column else "  "
    last = node
    # The end of a block lies after its comments, so take the end of its last value.
    while isinstance(last, yaml.CollectionNode) and not last.flow_style:
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return node.start_mark.index, last.end_mark.index, margin
