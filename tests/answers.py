"""Tables of a study that has an answer, small enough to write down."""

from pathlib import Path

import numpy as np
import pandas as pd

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.channel import COEFFICIENT
from bias_transfer.bias.transfer import CHANGE
from bias_transfer.io.declared import Declared
from bias_transfer.study import params

SHIPPED = params.load(Path(__file__).resolve().parents[1] / "params.yaml")
PARAMS = SHIPPED.with_study(
    students=["bow", "minilm"],
    one_seed=[],
    targets=["baseline", "distilled", "permuted", "planted-1", "planted-random-1"],
)
TEACHER = f"teacher-{PARAMS.study.teacher}"
ARMS = ("baseline", "distilled")


def bias(gap: float = 0.084, half: float = 0.02, corpus: str = "swaps") -> pd.DataFrame:
    row = {
        "system": TEACHER, "corpus": corpus, "verdict": "", "mean_difference": gap / 4,
        "ci_low": (gap - half) / 4, "ci_high": (gap + half) / 4, "placebo_word_floor": 0.004,
        "log_odds_difference": gap, "log_odds_ci_low": gap - half, "log_odds_ci_high": gap + half,
    }  # fmt: skip
    return pd.DataFrame([row])


def accuracy(**right: float) -> pd.DataFrame:
    """Of 1,000 test reviews, 600 positive: all right on 80 % but where it is said."""
    groups = (TEACHER, *(f"{name}-{arm}" for name in ("bow", "minilm") for arm in ARMS))
    rows = [
        {
            "system": f"{group}/seed-0" if group != TEACHER else group,
            "n": 1000,
            "accuracy": right.get(group.split("-")[0], 0.8) if "baseline" not in group else 0.8,
            "true_positive": 480,
            "false_negative": 120,
        }
        for group in groups
    ]
    return pd.DataFrame(rows)


def coefficients(*students: str, **changes) -> pd.DataFrame:
    shared = {
        "corpus": "swaps", "scale": "log-odds", "estimand": COEFFICIENT, "verdict": "arrives",
        "n_seeds": 5.0,
    }  # fmt: skip
    rows = [
        shared | {"student": student, "target": target, "estimate": value, "ci_low": value - 0.05,
                  "ci_high": value + 0.05} | NONE_OVER_SETS | changes
        for student in students
        for target, value in (("planted-random-1", 0.01), ("planted-1", 0.43))
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*shared, "student", "target", "estimate", *ENDS])


NONE_OVER_SETS = {"ci_low_training_sets": np.nan, "ci_high_training_sets": np.nan}
ENDS = ["ci_low", "ci_high", *NONE_OVER_SETS]
DOES_NOT = "does not stand after correction for 4 tests"
STANDS = "stands after correction for 4 tests"


def family_of(*students: str, verdict: str = DOES_NOT, reason: str = "", **changes) -> Declared:
    shared = {
        "contrast": "gap", "corpus": "swaps", "estimand": CHANGE, "scale": "log-odds",
        "target": "distilled", "estimate": 0.027,
        "ci_low": -0.01, "ci_high": 0.064, "verdict": verdict, "reason": reason, "n_tests": 4,
        "p_holm": np.nan if verdict == NOT_MEASURABLE else 0.01, "reference": "swap-averaged",
        "size": "may be as large as 50% of the teacher's gap", "power": 0.045,
        "n_seeds": 5.0,
    } | NONE_OVER_SETS  # fmt: skip
    rows = pd.DataFrame(
        [shared | {"student": name} | changes for name in students], columns=[*shared, "student"]
    )
    not_asked = {} if students else {"gap": "no student has both distilled and permuted"}
    return Declared({}, "abc", rows, not_asked)
