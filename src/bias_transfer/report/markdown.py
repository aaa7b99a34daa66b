"""Markdown from the templates of this package."""

import math
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render(template: str, **values: Any) -> str:
    """The text of ``templates/<template>``; a value that it lacks is an error."""
    environment = Environment(  # noqa: S701 - Markdown: what is escaped for HTML would be shown
        loader=PackageLoader("bias_transfer", "report/templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["decimal"] = _decimal
    return environment.get_template(template).render(**values)


def _decimal(value: float | None, digits: int) -> str:
    return "undefined" if value is None or math.isnan(value) else f"{value:.{digits}f}"
