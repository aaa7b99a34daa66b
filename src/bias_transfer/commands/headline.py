"""What a study found, in the sentences that its report starts with."""

from pathlib import Path

from bias_transfer.report import answer
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def headline(params: Params, root: Path = Path()) -> str:
    """The answer of the current study, and the path of its report.

    Raises
    ------
    InputError
        If the study has not run.
    """
    layout = Layout(params.study, root)
    report = layout.report("report.html")
    said = answer.of_study(params, layout)
    return f"{said.finding}\n{said.beside}\nReport: {report}    Runs: make ui"
