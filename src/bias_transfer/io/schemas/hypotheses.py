"""The tests that a study declared before it was measured."""

import pandera.pandas as pa

from bias_transfer.io.schemas.bias import AXIS, CORPUS
from bias_transfer.io.schemas.columns import (
    count,
    number,
    p_value,
    share,
    size,
    text,
    training_sets,
)
from bias_transfer.io.schemas.transfer import TRANSFER


def _of_transfer(*names: str) -> dict[str, pa.Column]:
    return {name: TRANSFER.columns[name] for name in names}


HYPOTHESES = pa.DataFrameSchema(
    {
        "contrast": text("Its name in `hypotheses` of the params."),
        "student": text("The student."),
        "corpus": CORPUS,
        "axis": AXIS,
        **_of_transfer("scale", "estimand"),
        "target": text("Target of the arm that is compared."),
        "reference": text("Target of the arm that it is compared with."),
        "direction": text("The sign that was expected, `above` or `below` 0; empty if none was."),
        "estimate": number(
            "The estimate, as in `transfer.csv`.", unit="as there", sign="see `estimand`"
        ),
        "ci_low": number("Lower end of its 95 % interval.", unit="as `estimate`"),
        "ci_high": number("Upper end of that interval.", unit="as `estimate`"),
        "p_value": p_value("Its p-value, two-sided."),
        "p_holm": p_value(
            "The same after Holm's correction over the rows here that are tests. Missing where a "
            "row is none."
        ),
        "n_tests": count("Number of those tests."),
        "verdict": text(
            "`stands after correction for … tests`: `p_holm` is at most 5 %. `does not stand …`: "
            "it is not, which is no evidence that there is nothing. `not measurable`: `reason` "
            "says why. `none: one seed`: how much training runs differ is not known."
        ),
        "size": text(
            "Whether it is small. Of a change: beside the teacher's own gap (`p_share`), or `no "
            "gap in the teacher to inherit`. Of a slope: beside its margin (`p_equivalence`). "
            "Empty where there is no test."
        ),
        "reason": text("Why there is no test; else empty."),
        "n_seeds": count("Number of seeds of both arms.", missing=True),
        "n_pairs": count("Number of pairs.", missing=True),
        "se": size("Standard error of the estimate.", unit="as `estimate`"),
        "df": size("Its degrees of freedom."),
        "margin": size("The absolute size that was declared too small to matter.", unit="as there"),
        "p_equivalence": p_value("Two one-sided tests against that margin."),
        **_of_transfer("teacher_gap", "teacher_ci_low", "teacher_ci_high", "gap_share", "p_share"),
        **training_sets("the estimate", unit="as `estimate`"),
        "smallest_effect": size(
            "The smallest effect of interest: `smallest_share` of the teacher's gap, or of a slope "
            "of 1. Missing where there is no test.",
            unit="as `estimate`",
        ),
        "power": share(
            "Probability that this test finds an effect of that size, from the spread of pairs and "
            "seeds, at 5 % over `n_tests`: the strictest step of Holm's correction."
        ),
    },
    name="reports/<study>/hypotheses.json",
    description="The tests that were declared before they were made: one row per contrast and "
    "student, under `rows`. Beside them stand SHA-256 of the declaration and of all predictions, "
    "and the contrasts that the study cannot be asked.",
    strict=True,
)
