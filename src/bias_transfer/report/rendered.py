"""Markdown and HTML from the templates of this package; a value that one lacks is an error."""

import math
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def markdown(template: str, **values: Any) -> str:
    """Markdown: what is escaped for HTML would be shown."""
    environment = _environment(escape=False)
    environment.filters["decimal"] = _decimal
    return environment.get_template(template).render(**values)


def page(template: str, **values: Any) -> str:
    """An HTML page, in which every text is escaped."""
    return _environment(escape=True).get_template(template).render(**values)


def _environment(*, escape: bool) -> Environment:
    return Environment(
        loader=PackageLoader("bias_transfer", "report/templates"),
        autoescape=escape,  # noqa: S701 - pages are escaped
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _decimal(value: float | None, digits: int) -> str:
    return "undefined" if value is None or math.isnan(value) else f"{value:.{digits}f}"
