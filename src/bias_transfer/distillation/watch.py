"""A student's gender gap while it is fitted, on swapped held-out reviews."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.students.student import Student

COLUMN = "epoch_gender_gap"
MOST_PAIRS = 1000  # some 10 s of an epoch for a small transformer on a CPU, and no time for others


@dataclass(frozen=True)
class Watch:
    """The two versions of each pair, and ``original``, the side that its review was on."""

    female: list[str]
    male: list[str]
    original: np.ndarray

    @classmethod
    def of(cls, versions: pd.DataFrame) -> "Watch":
        """Of the ``MOST_PAIRS`` pairs with the lowest ids, which are hashes.

        ``versions`` is ``pairs.csv``: two rows for each pair, the one about women first.
        """
        lowest = versions["pair_id"].drop_duplicates().sort_values().head(MOST_PAIRS)
        both = versions[versions["pair_id"].isin(lowest)]
        female, male = both.iloc[::2], both.iloc[1::2]
        original = female["original"].to_numpy()
        return cls(female["sentence"].tolist(), male["sentence"].tolist(), original)

    @property
    def texts(self) -> list[str]:
        """Both versions of every pair."""
        return self.female + self.male

    def __call__(self, student: Student) -> dict[str, float]:
        """The gap in log-odds; above 0: versions about women score higher.

        It is that of ``bias.swaps``: the mean over original sides that weigh the same, without
        sides that one pair alone is of. Missing without pairs, and where a score is exactly 0 or 1.
        """
        if not self.female:
            return {COLUMN: float("nan")}
        scores = student.predict_proba(self.texts)
        with np.errstate(divide="ignore"):
            log_odds = np.log(scores[:, 1]) - np.log(scores[:, 0])
        female, male = log_odds.reshape(2, -1)
        with np.errstate(invalid="ignore"):
            differences = female - male
        sides, sizes = np.unique(self.original, return_counts=True)
        means = [differences[self.original == side].mean() for side in sides[sizes > 1]]
        gap = float(np.mean(means)) if means else float("nan")
        return {COLUMN: gap if np.isfinite(gap) else float("nan")}
