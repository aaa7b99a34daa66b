"""Make a study of the catalogue the current one, by rewriting values in ``params.yaml``: comments and layout stay."""

from pathlib import Path
from typing import Any

import yaml

from bias_transfer.io import tables
from bias_transfer.io.errors import InputError, unknown
from bias_transfer.study import params


def choose(path: Path, name: str, reviews: str | None = None) -> None:
    """Copy ``studies.<name>`` to ``study``; with ``reviews``, its reviews are read from that table.

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
        if getattr(current.reviews[chosen.reviews], "path", None) is None:
            raise InputError(
                f"{path}: reviews.{chosen.reviews} has no `path` to put {reviews} in: give the "
                "entry one by hand"
            )
        values["reviews", chosen.reviews, "path"] = reviews
    text = replace(
        path.read_bytes().decode("utf-8"), values
    )  # read_text would change the ends of lines
    try:
        params.parse(text, str(path))
    except InputError as error:
        raise InputError(
            f"study {name!r} cannot be put in: {error}: write it there by hand"
        ) from None
    tables.write_text(text, path)


def replace(text: str, values: dict[tuple[str, ...], Any]) -> str:
    """YAML with other values at some keys, and every other character as it was.

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
    """Where a value starts and ends, and what must stand before another in its place."""
    for key in keys:
        found = (
            [pair for pair in node.value if pair[0].value == key]
            if isinstance(node.value, list)
            else []
        )
        if not found:
            raise InputError(f"params.yaml: {'.'.join(keys)} is missing")
        name, node = found[0]
    margin = (
        "" if node.start_mark.column > name.start_mark.column else "  "
    )  # a block list may start below its key
    last = node
    while (
        isinstance(last, yaml.CollectionNode) and not last.flow_style
    ):  # a block's own end lies past its comments
        last = last.value[-1][1] if isinstance(last, yaml.MappingNode) else last.value[-1]
    return node.start_mark.index, last.end_mark.index, margin
