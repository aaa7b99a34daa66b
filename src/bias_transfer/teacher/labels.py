"""Ask the teacher about texts it has not answered yet, and turn its answers into label probabilities."""

import sys
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from scipy.special import expit
from tqdm import tqdm

from bias_transfer.teacher.journal import Journal
from bias_transfer.teacher.model import CausalTeacher


def ask(texts: Mapping[str, str], journal: Journal, load: Callable[[], CausalTeacher]) -> int:
    """Fill the journal for every text (id to text); the model is loaded only if something is missing.

    Returns
    -------
    int
        How many texts were asked.
    """
    missing = {name: text for name, text in texts.items() if name not in journal.answers}
    if not missing:
        return 0
    ids = list(missing)
    teacher = load()
    with tqdm(total=len(ids), desc="label", unit="text", file=sys.stderr, mininterval=1) as bar:
        for positions, log_probabilities in teacher.score(list(missing.values())):
            journal.append([ids[i] for i in positions], log_probabilities)
            bar.update(len(positions))
    return len(ids)


def to_labels(ids: pd.Series, answers: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Label probabilities from log-probabilities.

    Returns
    -------
    DataFrame
        ``id``; ``label_0`` and ``label_1``, the two probabilities renormalised to sum to 1; ``label_mass``, the share
        of the next-token distribution that the two labels held together (0 to 1; low means that the model wanted to
        say something else). float64, in the order of ``ids``.
    """
    log_probabilities = np.array([answers[name] for name in ids], dtype=np.float64).reshape(-1, 2)
    log_mass = np.logaddexp(log_probabilities[:, 0], log_probabilities[:, 1])
    log_odds = log_probabilities[:, 1] - log_probabilities[:, 0]
    return pd.DataFrame(
        {
            "id": ids.to_numpy(),
            "label_0": expit(-log_odds),  # not 1 - label_1, which is 0 from 37 nats on while label_1 never is
            "label_1": expit(log_odds),
            "label_mass": np.exp(log_mass),
        }
    )
