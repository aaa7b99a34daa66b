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
    where = f"Report: {report}    Runs: make ui"
    return "\n".join(filter(None, [said.finding, said.beside, where]))
