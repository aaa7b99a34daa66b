"""Stage ``label``: the teacher's P(Negative) and P(Positive) for train, test and EEC."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer import tables
from bias_transfer.errors import InputError
from bias_transfer.layout import SPLITS, Layout
from bias_transfer.params import Params
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.journal import Journal

TOLERANCE = 1e-4


def run(params: Params, root: Path = Path()) -> None:
    """Write ``train.csv``, ``test.csv``, ``eec.csv`` and ``labels.json`` (what was asked of whom, and label mass).

    A text is asked once: answers of the same model, dtype and prompt are taken from an interrupted run's journal and
    from label files that are already there, for this or other reviews.
    """
    layout = Layout(params.study, root)
    teacher = params.teachers[params.study.teacher]
    texts = _texts(layout)
    fingerprint = model.fingerprint(teacher)
    known = _known_labels(layout.labels_folder.parent.parent, params.study.teacher, fingerprint)
    journal = Journal(layout.inputs / "data/journal" / f"{fingerprint['sha256'][:16]}.jsonl")

    everything = _distinct(texts)
    unknown = everything[~everything["id"].isin(known["id"])]
    labels.ask(dict(unknown.itertuples(index=False)), journal, lambda: model.load(teacher, params.device))

    all_labels = pd.concat([known, labels.to_labels(unknown["id"], journal.answers)]).set_index("id", drop=False)
    for part, frame in texts.items():
        tables.write(all_labels.loc[frame["id"]], layout.labels(part), tables.LABELS)
    tables.write_json(
        {
            "teacher": fingerprint,
            "parts": {part: _summary(all_labels.loc[frame["id"]]) for part, frame in texts.items()},
        },
        layout.labels_folder / "labels.json",
    )


def check(params: Params, n: int, root: Path = Path()) -> float:
    """Ask ``n`` texts again, spread evenly over the three files, and compare with the labels on disk.

    Returns
    -------
    float
        The largest absolute difference in ``label_1`` or ``label_mass``.

    Raises
    ------
    InputError
        If a label differs by more than ``TOLERANCE``.
    """
    layout = Layout(params.study, root)
    texts = _texts(layout)
    stored = pd.concat([tables.read(layout.labels(part), tables.LABELS) for part in texts])
    sample = _distinct(texts).merge(stored.drop_duplicates("id"), on="id").iloc[:: max(1, len(stored) // n)].head(n)
    teacher = model.load(params.teachers[params.study.teacher], params.device)
    answers = {}
    for positions, log_probabilities in teacher.score(sample["text"].tolist()):
        answers |= dict(zip(sample["id"].iloc[positions], log_probabilities, strict=True))
    columns = ["label_1", "label_mass"]
    again = labels.to_labels(sample["id"], answers)
    difference = np.abs(again[columns].to_numpy() - sample[columns].to_numpy())
    if difference.max() > TOLERANCE:
        worst = sample["id"].iloc[difference.max(axis=1).argmax()]
        raise InputError(
            f"labels in {layout.labels_folder} differ from the teacher's answers by up to {difference.max():.2g}, "
            f"most for id {worst}: remove the folder and label again"
        )
    return float(difference.max())


def _texts(layout: Layout) -> dict[str, pd.DataFrame]:
    texts = {split: tables.read(layout.reviews(split), tables.REVIEWS) for split in SPLITS}
    return texts | {"eec": tables.read(layout.eec, tables.EEC).rename(columns={"sentence": "text"})}


def _distinct(texts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return pd.concat(texts.values())[["id", "text"]].drop_duplicates("id")


def _known_labels(folder: Path, teacher: str, fingerprint: dict[str, Any]) -> pd.DataFrame:
    frames = [labels.to_labels(pd.Series(dtype=str), {})]
    for record in sorted(folder.glob(f"*/{teacher}/labels.json")):
        if tables.read_json(record)["teacher"]["sha256"] == fingerprint["sha256"]:
            paths = [record.with_name(f"{part}.csv") for part in (*SPLITS, "eec")]
            frames += [tables.read(path, tables.LABELS) for path in paths if path.exists()]
    return pd.concat(frames).drop_duplicates("id")


def _summary(part: pd.DataFrame) -> dict[str, float]:
    return {
        "n": len(part),
        "mean_label_mass": float(part["label_mass"].mean()),
        "min_label_mass": float(part["label_mass"].min()),
        "share_positive": float((part["label_1"] > 0.5).mean()),
    }
