"""How often is a swap right? A sheet of pairs for a reader, and what the reader found by rule."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from bias_transfer.corpora.swaps import matching
from bias_transfer.corpora.swaps.context import Found, left_alone
from bias_transfer.corpora.swaps.edits import Edit
from bias_transfer.corpora.swaps.wordlist import Words
from bias_transfer.io.errors import InputError

PAIR, WITH_HER = "pair", "pair with her"
NONE = "0"  # what a reader writes where nothing is wrong
_LEFT = "left alone: "
_SEPARATOR = "; "


def draw(passages: pd.DataFrame, size: int, with_her: int, number: int) -> pd.DataFrame:
    """Draw passages at random, without replacement.

    Parameters
    ----------
    passages
        A row per passage; ``edits`` are the ones in it, ``text`` is what they are applied to.
    size
        How many are drawn, of which at least ``with_her`` hold the word that is hardest to swap.
    number
        Starts the random numbers.

    Raises
    ------
    InputError
        If there are not so many.
    """
    hard = passages.apply(lambda row: _holds_her(row["text"], row["edits"]), axis=1).to_numpy()
    if with_her > size or with_her > hard.sum() or size > len(passages):
        raise InputError(
            f"there are {len(passages)} pairs, {hard.sum()} of them with `her`: fewer than {size} "
            f"with {with_her}"
        )
    random = np.random.default_rng(number)
    first = random.choice(np.flatnonzero(hard), with_her, replace=False)
    others = random.choice(
        np.setdiff1d(np.arange(len(passages)), first), size - with_her, replace=False
    )
    return passages.iloc[np.concatenate([first, others])].reset_index(drop=True)


def marked(text: str, edits: Sequence[Edit], words: Words) -> tuple[str, str]:
    """A text as a reader sees it, and the rule of each marked word.

    Returns
    -------
    tuple of str
        The text, in which ``[1 her>him]`` is swapped and ``{2 man}`` is left alone; and the rules
        in that order, between semicolons.
    """
    made = {at: (female, male) for at, _, female, male in edits}
    out, rules, end = [], [], 0
    for number, found in enumerate(matching.candidates(text, words), 1):
        if found.start in made:
            other = next(word for word in made[found.start] if word != found.word)
            mark, rule = f"[{number} {found.word}>{other}]", _rule(found, made[found.start], words)
        else:
            mark = f"{{{number} {found.word}}}"
            rule = f"{_LEFT}{left_alone(text, found, words)}"
        out += [text[end : found.start], mark]
        rules.append(rule)
        end = found.end
    return "".join([*out, text[end:]]), _SEPARATOR.join(rules)


def counts(sheet: pd.DataFrame, origin: str) -> pd.DataFrame:
    """Pairs and words that were read and found right, by rule.

    Parameters
    ----------
    sheet
        ``round``, ``rules`` as ``marked`` gives them, and ``wrong``: the numbers of the words that
        are wrong, or 0 for none. A pair with one wrong word is wrong.
    origin
        Where it is from, for messages.

    Returns
    -------
    DataFrame
        ``rule``; ``read`` and ``right``; ``ci_low`` and ``ci_high``, Wilson's 95 % interval of the
        share; ``round``.

    Raises
    ------
    InputError
        Naming the row, if ``wrong`` is empty or names a word that is not there.
    """
    judged = _judged(sheet, origin)
    rows = []
    for rule in dict.fromkeys([PAIR, WITH_HER, *sorted(judged["rule"].unique())]):
        right = judged.loc[judged["rule"] == rule, "right"]
        if right.empty:
            continue
        interval = binomtest(int(right.sum()), len(right)).proportion_ci(method="wilson")
        rows.append((rule, len(right), int(right.sum()), interval.low, interval.high))
    columns = ["rule", "read", "right", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns).assign(round=sheet["round"].iloc[0])


def alike(first: pd.DataFrame, second: pd.DataFrame, origins: tuple[str, str]) -> pd.Series:
    """How many pairs and words two readers judged alike, by rule.

    Raises
    ------
    InputError
        If the two sheets do not hold the same pairs, or a judgement is missing.
    """
    if not first[["round", "pair_id", "rules"]].equals(second[["round", "pair_id", "rules"]]):
        raise InputError(f"{origins[0]} and {origins[1]} are not readings of the same pairs")
    left, right = map(_judged, (first, second), origins)
    return (left["right"] == right["right"]).groupby(left["rule"]).sum()


def _judged(sheet: pd.DataFrame, origin: str) -> pd.DataFrame:
    """A row per word, and one or two per pair: ``rule`` and ``right``."""
    rows = []
    for place, (rules, wrong) in enumerate(zip(sheet["rules"], sheet["wrong"], strict=True), 2):
        listed = rules.split(_SEPARATOR)
        numbers = _numbers(str(wrong), len(listed), f"{origin}, row {place}")
        rows += [(rule, number not in numbers) for number, rule in enumerate(listed, 1)]
        rows.append((PAIR, not numbers))
        if any(rule.startswith("her as ") for rule in listed):
            rows.append((WITH_HER, not numbers))
    return pd.DataFrame(rows, columns=["rule", "right"])


def _numbers(wrong: str, highest: int, place: str) -> set[int]:
    written = re.findall(r"\d+", wrong)
    if not written or re.sub(r"[\d\s,;.]", "", wrong):
        raise InputError(
            f"{place}, column 'wrong': must be the numbers of wrong words, or {NONE} for none "
            f"({wrong or 'empty'})"
        )
    numbers = {int(number) for number in written} - {0}
    if any(number > highest for number in numbers):
        raise InputError(f"{place}, column 'wrong': the pair has {highest} words ({wrong})")
    return numbers


def _holds_her(text: str, edits: Sequence[Edit]) -> bool:
    return any(text[at : at + length].lower() == "her" for at, length, _, _ in edits)


def _rule(found: Found, made: tuple[str, str], words: Words) -> str:
    word = found.word.lower()
    pair = next(
        pair for pair in words.entries[word] if pair.words == (made[0].lower(), made[1].lower())
    )
    return f"{word} as {pair.use}" if pair.use else pair.kind
