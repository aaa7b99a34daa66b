"""A generated section of a Markdown file that people write: what stands around it is kept."""

import re
from pathlib import Path

from bias_transfer.io.errors import InputError

BEGIN, END = "<!-- results of {} -->", "<!-- end of results -->"


def around(out: Path, name: str, title: str) -> tuple[str, str]:
    """What stands before and after the section ``name`` of ``out``.

    Of a file that is not there yet: its ``title``, and the marks.

    Raises
    ------
    InputError
        If ``out`` has no suffix, or is there without the section's two marks.
    """
    begin = BEGIN.format(name)
    if not out.suffix or out.is_dir():
        raise InputError(
            f"{out} must be a file with a suffix, as in docs/results.md: its plots go to "
            "docs/results"
        )
    if not out.exists():
        return f"# {title}\n\n{begin}\n", f"{END}\n"
    found = re.search(rf"(?s)(.*{re.escape(begin)}\n).*?({END}.*)", out.read_text(encoding="utf-8"))
    if not found:
        raise InputError(
            f"{out} lacks the line {begin!r} and, after it, {END!r}: put them where results belong"
        )
    before, after = found.groups()
    return before, after
