"""Stage ``label``: the teacher's P(Negative) and P(Positive) for train, test and EEC."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bias_transfer import tables
from bias_transfer.errors import InputError
from bias_transfer.layout import SPLITS, Layout
from bias_transfer.params import Params, Teacher
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.journal import Journal

TOLERANCE = 1e-4


def run(params: Params, root: Path = Path()) -> None:
    """Write ``train.csv``, ``test.csv``, ``eec.csv``, ``eec-variants.csv`` and ``labels.json``.

    ``eec-variants.csv`` has the EEC under every other wording of the prompt, numbered from 1; ``labels.json`` says what
    was asked of whom, and the label mass. A text is asked once: answers of the same model, dtype and prompt are taken
    from an interrupted run's journal and from label files that are already there, for this or other reviews.
    """
    layout = Layout(params.study, root)
    teacher = params.teachers[params.study.teacher]
    texts = _texts(layout)
    fingerprint, all_labels = _ask(params, teacher, pd.concat(texts.values()), layout)
    eec, variants, records = texts["eec"], [_no_labels().assign(variant=0)], []
    for number, prompt in enumerate(teacher.variants, 1):
        asked, answers = _ask(params, teacher.model_copy(update={"prompt": prompt}), eec, layout)
        variants.append(answers.loc[eec["id"]].assign(variant=number))
        records.append({"teacher": asked} | _summary(variants[-1]))
    record = layout.labels_folder / "labels.json"
    record.unlink(missing_ok=True)  # it says whose answers these files hold, which is about to change
    for part, frame in texts.items():
        tables.write(all_labels.loc[frame["id"]], layout.labels(part), tables.LABELS)
    tables.write(pd.concat(variants).astype({"variant": int}), layout.labels("eec-variants"), tables.VARIANTS)
    parts = {part: _summary(all_labels.loc[frame["id"]]) for part, frame in texts.items()}
    tables.write_json({"teacher": fingerprint, "parts": parts, "variants": records}, record)


def _ask(params: Params, teacher: Teacher, texts: pd.DataFrame, layout: Layout) -> tuple[dict[str, Any], pd.DataFrame]:
    """Fingerprint and labels (by id) of one prompt; only texts that nobody has asked about are asked."""
    fingerprint = model.fingerprint(teacher)
    known = _known_labels(layout.labels_folder.parent.parent, params.study.teacher, fingerprint["sha256"])
    journal = Journal(layout.inputs / "data/journal" / f"{fingerprint['sha256'][:16]}.jsonl")
    unknown = texts[~texts["id"].isin(known["id"])].drop_duplicates("id")
    labels.ask(
        dict(unknown[["id", "text"]].itertuples(index=False)), journal, lambda: model.load(teacher, params.device)
    )
    answers = pd.concat([known, labels.to_labels(unknown["id"], journal.answers)])
    return fingerprint, answers.set_index("id", drop=False)


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


def _known_labels(folder: Path, teacher: str, fingerprint: str) -> pd.DataFrame:
    frames = [_no_labels()]
    for path in sorted(folder.glob(f"*/{teacher}/labels.json")):
        record = tables.read_json(path)
        if record["teacher"]["sha256"] == fingerprint:
            files = [path.with_name(f"{part}.csv") for part in (*SPLITS, "eec")]
            frames += [tables.read(file, tables.LABELS) for file in files if file.exists()]
        numbers = [
            number
            for number, variant in enumerate(record.get("variants", []), 1)
            if variant["teacher"]["sha256"] == fingerprint
        ]
        if numbers and (file := path.with_name("eec-variants.csv")).exists():
            variants = tables.read(file, tables.VARIANTS)
            frames.append(variants[variants["variant"].isin(numbers)].drop(columns="variant"))
    return pd.concat(frames).drop_duplicates("id")


def _no_labels() -> pd.DataFrame:
    return labels.to_labels(pd.Series(dtype=str), {})


def _summary(part: pd.DataFrame) -> dict[str, float]:
    return {
        "n": len(part),
        "mean_label_mass": float(part["label_mass"].mean()),
        "min_label_mass": float(part["label_mass"].min()),
        "share_positive": float((part["label_1"] > 0.5).mean()),
    }
