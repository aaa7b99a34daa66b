"""How often a study's own systems show something on swapped reviews where nothing is.

Nothing is there by construction: the order of a placebo pair's words is drawn, or its teacher's
differences are dealt to other pairs. The tests are those of ``bias.swaps`` and ``bias.channel``.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from bias_transfer.bias import swaps
from bias_transfer.bias.channel import Arms, Partial
from bias_transfer.bias.inference.rows import mean
from bias_transfer.bias.inference.two_way import LEVEL, with_seeds
from bias_transfer.bias.swaps import Pairs

BY_REVIEW, BY_WORD = "order drawn per review", "order drawn per pair of words"


@dataclass(frozen=True)
class Alike:
    """How many of the placebo pairs, and each one's chance, shape (pairs,), summing to 1."""

    size: int
    weights: np.ndarray


def placebo(
    pairs: Pairs, differences: np.ndarray, draws: int, alike: Alike | None = None
) -> pd.DataFrame:
    """Share of draws in which each test finds a gap between the words of placebo pairs at 5 %.

    Which word comes first is drawn for each review, or for each pair of words (the first of a
    review). A pair's difference and its original side turn round with it.

    Parameters
    ----------
    pairs
        The placebo pairs.
    differences
        Of one system, shape (pairs,).
    draws
        How many of each kind.
    alike
        A sample for each draw; None for all pairs.

    Returns
    -------
    DataFrame
        ``control`` (the kind of draw), ``test`` (``p_clustered``, reviews as clusters; ``p_word``,
        pairs of words) and ``rate``.
    """
    word = pairs.table["word"].astype("category").cat.codes.to_numpy()
    side = pairs.table["original"]
    turned = side.map({"first": "second", "second": "first"}).fillna(side)
    rows = []
    for number, control in enumerate((BY_REVIEW, BY_WORD)):
        random = np.random.default_rng(number)
        clustered, by_word = [], []
        for _ in range(draws):
            signs = random.choice([-1.0, 1.0], size=len(pairs))
            signs = signs if control == BY_REVIEW else signs[word]
            drawn = pairs.table.assign(original=np.where(signs > 0, side, turned))
            order, values = Pairs(drawn, pairs.first, pairs.second), signs * differences
            if alike is not None:
                chosen = np.zeros(len(pairs), dtype=bool)
                chosen[random.choice(len(pairs), alike.size, replace=False, p=alike.weights)] = True
                order, values = order.where(chosen), values[chosen]
            clustered.append(swaps.gap(order, values).inference.p_value)
            if control == BY_WORD:  # for reviews it is not made
                by_word.append(swaps.by_word(order, values).p_value)
        rows.append((control, "p_clustered", rate(clustered)))
    rows.append((BY_WORD, "p_word", rate(by_word)))
    return pd.DataFrame(rows, columns=["control", "test", "rate"])


def dealt(pairs: Pairs, teacher: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Scores of a teacher whose differences were dealt anew within word and original side.

    Only differences of pairs mean anything in them.
    """
    key = pairs.table["word"] + "\n" + pairs.table["original"]
    scores = pd.DataFrame(0.0, index=range(len(teacher)), columns=["score", "log_odds"])
    for column in scores:
        own = pd.Series(pairs.differences(teacher, column))
        scores.loc[pairs.first, column] = (
            own.groupby(key).transform(lambda part: random.permutation(part)).to_numpy()
        )
    return scores


def slopes(
    arms: Iterable[Arms],
    baseline: dict[int, pd.DataFrame],
    teacher: pd.DataFrame,
    pairs: Pairs,
    draws: int,
) -> pd.DataFrame:
    """Share of draws in which a student follows differences that its teacher does not have, at 5 %.

    In each draw the teacher's differences are ``dealt``.

    Parameters
    ----------
    arms
        Comparisons of one student, each with its baseline or with a control.
    baseline
        All seeds of its baseline.
    teacher, pairs, draws
        As elsewhere here.

    Returns
    -------
    DataFrame
        ``target``, ``reference``, and the ``rate`` of the slope, of a reference other than the
        baseline of the difference of both slopes, in log-odds.
    """
    random, arms = np.random.default_rng(0), list(arms)
    found: list[list[float]] = [[] for _ in arms]
    for _ in range(draws):
        partial = Partial(baseline, dealt(pairs, teacher, random), pairs)
        for both, p_values in zip(arms, found, strict=True):
            of = partial.of_target if both.reference == "baseline" else partial.of_change
            by_seed = of(both, "log_odds")
            values = np.array([one.value for one in by_seed])
            p_values.append(with_seeds(mean(by_seed).inference, values).p_value)
    rows = [(a.target, a.reference, rate(p)) for a, p in zip(arms, found, strict=True)]
    return pd.DataFrame(rows, columns=["target", "reference", "rate"])


def rate(p_values: Iterable[float]) -> float:
    """Share below .05, 0 to 1."""
    return float((np.asarray(list(p_values)) < 1 - LEVEL).mean())
