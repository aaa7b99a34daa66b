"""Ask the teacher about texts without an answer, and turn answers into label probabilities."""

import sys
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import tqdm

from bias_transfer.teacher.cluster import RayScorer
from bias_transfer.teacher.journal import Answer, Journal
from bias_transfer.teacher.scoring import Scorer


def ask(texts: Mapping[str, str], journal: Journal, load: Callable[[], Scorer | RayScorer]) -> int:
    """Fill the journal for every text (id to text); load the model only if something is missing.

    Returns
    -------
    int
        How many texts were asked.
    """
    if all(name in journal.answers for name in texts):
        return 0
    with journal.alone():
        # Counted again, since another run may have been at it.
        missing = sum(name not in journal.answers for name in texts)
        if missing:
            scorer = load()
            with tqdm(
                total=missing, desc="label", unit="text", file=sys.stderr, mininterval=1
            ) as bar:
                for batch in scorer.score(texts, journal.answers):
                    journal.append(batch)
                    bar.update(len(batch))
    return missing


def to_labels(ids: pd.Series, answers: Mapping[str, Answer]) -> pd.DataFrame:
    """Turn log-probabilities into label probabilities.

    Returns
    -------
    DataFrame
        ``id``; ``label_0`` and ``label_1``, the two probabilities divided by their sum;
        ``label_mass``, the sum itself (0 to 1; low means that the model wanted to say something
        else). float64, in the order of ``ids``.
    """
    log_probabilities = np.array([answers[name][:2] for name in ids], dtype=np.float64).reshape(
        -1, 2
    )
    log_mass = np.logaddexp(log_probabilities[:, 0], log_probabilities[:, 1])
    log_odds = log_probabilities[:, 1] - log_probabilities[:, 0]
    return pd.DataFrame(
        {
            "id": ids.to_numpy(),
            # Not 1 - label_1, which is 0 from 37 nats on while label_1 never is.
            "label_0": expit(-log_odds),
            "label_1": expit(log_odds),
            "label_mass": np.exp(log_mass),
        }
    )


def largest_difference(stored: pd.DataFrame, again: pd.DataFrame) -> tuple[float, str]:
    """The largest absolute difference of ``label_1`` or ``label_mass``, and the id that has it."""
    columns = ["label_1", "label_mass"]
    difference = np.abs(again[columns].to_numpy() - stored[columns].to_numpy()).max(axis=1)
    return float(difference.max()), stored["id"].iloc[difference.argmax()]
