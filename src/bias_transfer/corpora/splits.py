"""Drop duplicate reviews, and split the rest so that no text is in both halves."""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from bias_transfer.corpora import text_id
from bias_transfer.io.errors import InputError


def split(
    frame: pd.DataFrame, train_size: int | None, test_size: int | None, seed: int, overlap: str
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str | int]]:
    """Drop exact duplicates, then take a stratified train and test split.

    Parameters
    ----------
    frame
        ``text``, ``label`` and ``split``. A split that the source published is kept; where
        ``split`` is empty, one is drawn.
    train_size, test_size
        Rows wanted. ``None`` means all of a published split, or half of the rows of a drawn one.
    seed
        Of every draw.
    overlap
        What to do with a text that a published split holds in both halves: ``refuse``, or ``drop``
        it from test.

    Returns
    -------
    train, test
        Columns ``id, text, label``, in an order that depends on the texts and the seed alone.
    counts
        Whether the split is the source's (``original``) or drawn here (``resplit``), how many
        reviews were dropped, and the sizes by class.

    Raises
    ------
    InputError
        If the halves overlap, one text has two labels, or there are too few reviews for the sizes.
    """
    frame = frame.assign(id=frame["text"].map(text_id))
    _refuse_two_labels(frame)
    published = (frame["split"] != "").any()
    unique = frame.drop_duplicates(["id", "split"])
    counts = {
        "split": "original" if published else "resplit",
        "dropped_duplicates": len(frame) - len(unique),
    }
    # Sorted by id, so that the order of the source's rows does not decide who is drawn.
    unique = unique.sort_values(["split", "id"])
    if published:
        train, test = unique[unique["split"] == "train"], unique[unique["split"] == "test"]
        for name, part in (("train", train), ("test", test)):
            if part.empty:
                raise InputError(f"the source has no {name} reviews: its split column holds none")
        both = test["id"].isin(train["id"])
        if both.any() and overlap == "refuse":
            first = test.loc[both, "text"].iloc[0]
            raise InputError(
                f"{int(both.sum())} texts are in both train and test, the first being "
                f"{first[:60]!r}: remove them, or set `overlap: drop` to take them out of test"
            )
        counts["dropped_overlap"] = int(both.sum())
        train, test = (
            _sample(train, train_size, seed, "train"),
            _sample(test[~both], test_size, seed, "test"),
        )
    else:
        train, test = _draw(unique, train_size, test_size, seed)
    for name, part in (("train", train), ("test", test)):
        counts |= {
            f"{name}_negative": int((part["label"] == 0).sum()),
            f"{name}_positive": int(part["label"].sum()),
        }
    train, test = (part[["id", "text", "label"]].reset_index(drop=True) for part in (train, test))
    return train, test, counts


def unused(frame: pd.DataFrame, *halves: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``frame`` whose text is in none of ``halves``, each once, by id.

    Columns ``id, text, label``, as ``split`` gives them.
    """
    frame = frame.assign(id=frame["text"].map(text_id)).drop_duplicates("id")
    taken = pd.concat([half["id"] for half in halves])
    left = frame[~frame["id"].isin(taken)].sort_values("id")
    return left[["id", "text", "label"]].reset_index(drop=True)


def lowest_ids(frame: pd.DataFrame, size: int | None) -> pd.DataFrame:
    """The ``size`` rows with the lowest ids, in the order of ``frame``; all of them for ``None``.

    Ids are hashes of the texts, so this is a random sample; it depends on nothing else, and a
    larger one contains it.

    Raises
    ------
    InputError
        If there are fewer rows.
    """
    if size is None:
        return frame
    if size > len(frame):
        raise InputError(
            f"labelled_test_size asks for {size} test reviews, but there are {len(frame)}: lower it"
        )
    return frame[frame["id"].isin(frame["id"].sort_values().head(size))]


def refuse_leakage(train: pd.DataFrame, test: pd.DataFrame) -> None:
    """Raise ``InputError`` if a text is in both halves."""
    shared = test.loc[test["id"].isin(train["id"]), "id"]
    if len(shared):
        raise InputError(
            f"{len(shared)} reviews are in both train.csv and test.csv, the first with id "
            f"{shared.iloc[0]}: run the `reviews` stage again instead of editing its files"
        )


def _refuse_two_labels(frame: pd.DataFrame) -> None:
    labels = frame.groupby("id")["label"].transform("nunique")
    if (labels > 1).any():
        text = frame.loc[labels > 1, "text"].iloc[0]
        raise InputError(
            f"a review stands in the source with both labels: {text[:60]!r}: keep one of them"
        )


def _draw(
    frame: pd.DataFrame, train_size: int | None, test_size: int | None, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if train_size is None and test_size is None:
        test_size = len(frame) // 2
    wanted = (train_size or 1) + (test_size or 1)
    if len(frame) < wanted:
        raise InputError(
            f"{train_size} train and {test_size} test reviews were asked for, but there are "
            f"{len(frame)}: lower train_size or test_size"
        )
    try:
        return train_test_split(
            frame,
            train_size=train_size,
            test_size=test_size,
            random_state=seed,
            stratify=frame["label"],
        )
    except ValueError as error:
        raise InputError(f"cannot split the reviews by class: {error}") from None


def _sample(frame: pd.DataFrame, size: int | None, seed: int, name: str) -> pd.DataFrame:
    if size is None or size == len(frame):
        return frame.sample(frac=1, random_state=seed)
    if size > len(frame):
        raise InputError(
            f"{size} {name} reviews were asked for, but there are {len(frame)}: lower {name}_size"
        )
    try:
        drawn, _ = train_test_split(
            frame, train_size=size, random_state=seed, stratify=frame["label"]
        )
    except ValueError as error:
        raise InputError(f"cannot draw {size} {name} reviews by class: {error}") from None
    return drawn


def hold_out(labels: pd.Series, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions to fit on, and to validate with: ``share`` of each class, drawn by ``seed``."""
    return train_test_split(
        np.arange(len(labels)), test_size=share, random_state=seed, stratify=labels
    )
