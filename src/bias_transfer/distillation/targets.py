"""What a student is asked to match in the teacher's place: the study's targets and its controls, by name.

Every target is fitted by the same call; all but the baseline share ``alpha`` and ``temperature``.
"""

import numpy as np

BASELINE, DISTILLED = "baseline", "distilled"
CONTROLS = ("teacher-argmax", "smoothed", "permuted")


def soft_labels(target: str, teacher: np.ndarray, labels: np.ndarray, seed: int) -> np.ndarray:
    """Probabilities that stand in the teacher's place, shape (n, 2).

    ``baseline`` and ``distilled``
        The teacher's own (a baseline gives them no weight).
    ``teacher-argmax``
        The teacher's answer as a hard label: its opinion without its softness. An exact tie counts half each.
    ``smoothed``
        The hard label, softened to the teacher's average confidence: softness, the same for every review, without its
        opinion.
    ``permuted``
        The teacher's probabilities shuffled among reviews of the same hard label: its softness, bias by class included,
        without its opinion of the single review.

    Parameters
    ----------
    target
        One of the above.
    teacher
        The teacher's probabilities, shape (n, 2).
    labels
        Hard labels, 0 or 1, shape (n,).
    seed
        Decides the permutation.
    """
    if target == "teacher-argmax":
        return (1 + np.sign(teacher - teacher[:, ::-1])) / 2
    if target == "smoothed":
        confidence = teacher.max(axis=1).mean()
        return np.where(np.arange(2) == labels[:, None], confidence, 1 - confidence)
    if target == "permuted":
        order = np.arange(len(teacher))
        random = np.random.default_rng(seed)
        for label in (0, 1):
            rows = np.flatnonzero(labels == label)
            order[rows] = random.permutation(rows)
        return teacher[order]
    return teacher
