"""What a study found, as its report says it first."""

import html
import re
from pathlib import Path

from bias_transfer.io.atomic import refuse_odd
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def headline(params: Params, root: Path = Path()) -> str:
    """The lead of the current study's report, and the report's path.

    Raises
    ------
    InputError
        If the study has no report yet.
    """
    path = Layout(params.study, root).report("report.html")
    refuse_odd(path)
    if not path.exists():
        raise InputError(f"{path} is missing: `dvc repro` makes it")
    found = re.search(r'(?s)<p class="lead"[^>]*>(.*?)</p>', path.read_text(encoding="utf-8"))
    said = " ".join(html.unescape(re.sub(r"<[^>]*>", "", found[1])).split()) if found else ""
    return f"{said}\nReport: {path}    Runs: make ui"
