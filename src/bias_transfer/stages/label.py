"""Stage ``label``: the teacher's P(Negative) and P(Positive) for every text of a study."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from bias_transfer.corpora.swaps import edits, matching, tagger, wordlist
from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import calibrated, swaps, versions
from bias_transfer.study.params import Params, Teacher
from bias_transfer.study.paths import LABELLED, LABELS_MANIFEST, Layout
from bias_transfer.teacher import calibration, labels, manifest, model
from bias_transfer.teacher.cluster import RayScorer
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.fingerprint import fingerprint
from bias_transfer.teacher.journal import Journal
from bias_transfer.teacher.scoring import Scorer

SENTENCES = ("eec", "film")  # what `teachers.<name>.sentences` answers to, if it is given
# Per dtype and quantization: what rounding may change, in P, with other batches, another engine or
# another machine.
TOLERANCES = {
    "float32": 1e-4,
    "float16": 5e-3,
    "bfloat16": 3e-2,
    "bnb-nf4": 3e-2,  # multiplies in bfloat16
    "cpu-int8": 0.2,
    "bnb-int8": 0.2,
}


@dataclass(frozen=True)
class _Asked:
    """One prompt's fingerprint, its labels by id, and the ids of texts that were cut."""

    fingerprint: dict[str, Any]
    labels: pd.DataFrame
    cut: set[str]

    def manifest_entry(self, ids: pd.Series) -> dict[str, Any]:
        return {"teacher": self.fingerprint, "cut": sorted(self.cut & set(ids))}

    def summary(self, ids: pd.Series) -> dict[str, float]:
        part = self.labels.loc[ids]
        return {
            "n": len(part),
            "n_cut": int(ids.isin(self.cut).sum()),
            "mean_label_mass": float(part["label_mass"].mean()),
            "min_label_mass": float(part["label_mass"].min()),
            "share_positive": float((part["label_1"] > 0.5).mean()),
        }


def run(params: Params, root: Path = Path()) -> None:
    """Write a file of labels per part (``study.paths.LABELLED``), and ``labels.json``.

    Before, ``edits.csv`` says what is swapped in reviews: ``swaps`` is both versions of held-out
    ones, and the placebo, and ``versions`` is both versions of training reviews, if the study wants
    them labelled. ``eec-variants.csv`` has the EEC under every other wording of the
    prompt, numbered from 1. ``labels.json``, the manifest, says what was asked of whom, the label
    mass, which texts were cut, and the answers to texts without content.

    A text is asked once per model, dtype and prompt: answers are taken from an interrupted run's
    journal, and from label files that are already there, for these or other reviews. Edits that
    are there and fit are kept as well; others take spaCy.
    """
    layout = Layout(params.study, root)
    splits = _splits(params, layout)
    _write_edits(params, layout)
    texts = splits | _corpora(params, layout)
    every = pd.concat(texts.values())
    asked = _ask_each(params, texts, layout)
    main, speaker = asked["train"], asked["eec"]
    variants, entries = _ask_variants(params, texts["eec"], layout)
    own = pd.concat([frame["id"] for part, frame in texts.items() if asked[part] is main])
    content_free = calibration.CONTENT_FREE.join(main.labels.drop(columns="id"), on="id")
    said = {
        **main.manifest_entry(own),
        "parts": {
            part: asked[part].summary(frame["id"]) for part, frame in texts.items() if len(frame)
        },
        "variants": entries,
        "content_free": content_free.to_dict("records"),
    }
    if speaker is not main:
        sentences = pd.concat([texts[part]["id"] for part in SENTENCES])
        said["sentences"] = speaker.manifest_entry(sentences)
    # The manifest says whose answers the files hold, which is about to change.
    layout.labels_manifest.unlink(missing_ok=True)
    for part, frame in texts.items():
        tables.write(asked[part].labels.loc[frame["id"]], layout.labels(part), schemas.LABELS)
    tables.write(variants, layout.labels("eec-variants"), schemas.VARIANTS)
    written = [layout.labels(part) for part in (*texts, "eec-variants")]
    manifest.write(layout.labels_folder, said, written)
    mass = said["parts"]["train"]["mean_label_mass"]
    print(
        f"{layout.labels_folder}: {len(every):,} texts labelled by {params.study.teacher}, with "
        f"{mass:.2f} of its probability on the two labels"
    )


def _ask_each(params: Params, texts: dict[str, pd.DataFrame], layout: Layout) -> dict[str, _Asked]:
    """Answers to every part: the teacher's, and to sentences those of who answers in its place."""
    teacher, speaker = params.teachers[params.study.teacher], params.teacher_of_sentences
    own = [part for part in texts if speaker == teacher or part not in SENTENCES]
    reviews = pd.concat([*(texts[part] for part in own), calibration.CONTENT_FREE])
    asked = dict.fromkeys(own, _ask(params, teacher, reviews, layout))
    if rest := [part for part in texts if part not in own]:
        sentences = pd.concat([texts[part] for part in rest])
        asked |= dict.fromkeys(rest, _ask(params, speaker, sentences, layout))
    return asked


def _ask_variants(
    params: Params, eec: pd.DataFrame, layout: Layout
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Labels of the EEC under each variant of the prompt, and each one's entry in the manifest."""
    frames = [labels.to_labels(pd.Series(dtype=str), {}).assign(variant=0)]
    entries, teacher = [], params.teacher_of_sentences
    for number, prompt in enumerate(teacher.variants, 1):
        asked = _ask(params, teacher.model_copy(update={"prompt": prompt}), eec, layout)
        frames.append(asked.labels.loc[eec["id"]].assign(variant=number))
        entries.append(asked.manifest_entry(eec["id"]) | asked.summary(eec["id"]))
    return pd.concat(frames).astype({"variant": int}), entries


def _ask(params: Params, teacher: Teacher, texts: pd.DataFrame, layout: Layout) -> _Asked:
    """Ask about the texts that no label file and no journal answers, and gather all answers."""
    pool = read_pool(layout, teacher)
    identity = fingerprint(teacher, pool)
    known, cut = _known(_label_folders(params, layout), identity["sha256"])
    journal = Journal(layout.journal(identity["sha256"]), identity["sha256"])
    unknown = texts[~texts["id"].isin(known["id"])].drop_duplicates("id")
    labels.ask(_by_id(unknown), journal, lambda: _scorer(params, teacher, pool))
    answers = pd.concat([known, labels.to_labels(unknown["id"], journal.answers)])
    cut |= {name for name in unknown["id"] if journal.answers[name].n_cut}
    return _Asked(identity, answers.set_index("id", drop=False), cut)


def check(params: Params, n: int, root: Path = Path()) -> float:
    """Ask ``n`` texts of the files again, evenly spread, and compare with the labels on disk.

    Sentences that another entry answered to are not among them.

    Returns
    -------
    float
        The largest absolute difference in ``label_1`` or ``label_mass``.

    Raises
    ------
    InputError
        If the labels are of another model or prompt, or one differs by more than the tolerance of
        the teacher's dtype and quantization.
    """
    layout, teacher = Layout(params.study, root), params.teachers[params.study.teacher]
    texts = _splits(params, layout) | _corpora(params, layout)
    if teacher.sentences:
        texts = {part: frame for part, frame in texts.items() if part not in SENTENCES}
    pool = read_pool(layout, teacher)
    identity = fingerprint(teacher, pool)["sha256"]
    if manifest.read(layout.labels_folder)["teacher"]["sha256"] != identity:
        raise InputError(
            f"{layout.labels_manifest} is of another model or prompt than params.yaml says: label "
            "again"
        )
    stored = pd.concat(
        [tables.read(layout.labels(part), schemas.LABELS) for part in texts]
    ).drop_duplicates("id")
    every = pd.concat(texts.values())[["id", "text"]].merge(stored, on="id").drop_duplicates("id")
    sample = every.iloc[:: max(1, len(every) // n)].head(n)
    scorer = _scorer(params, teacher, pool)
    answers = {
        name: answer for batch in scorer.score(_by_id(sample)) for name, answer in batch.items()
    }
    difference, worst = labels.largest_difference(sample, labels.to_labels(sample["id"], answers))
    kinds = [teacher.dtype, *([teacher.quantization] if teacher.quantization else [])]
    if difference > max(TOLERANCES.get(kind, 0) for kind in kinds):
        raise InputError(
            f"labels in {layout.labels_folder} differ from the teacher's answers by up to "
            f"{difference:.2g}, most for id {worst}: to ask anew, remove that folder, "
            f"{layout.journal(identity)} and the teacher's labels of other reviews"
        )
    return difference


def _scorer(params: Params, teacher: Teacher, pool: Pool | None) -> Scorer | RayScorer:
    """The teacher in this process, or on a Ray cluster's workers."""
    if params.labelling.ray_workers:
        return RayScorer(teacher, pool, params.labelling, params.device)
    return model.load(teacher, pool, params.labelling, params.device)


def _splits(params: Params, layout: Layout) -> dict[str, pd.DataFrame]:
    return {
        "train": tables.read(layout.reviews("train"), schemas.REVIEWS),
        "test": calibrated.labelled_test(params, layout),
    }


def _corpora(params: Params, layout: Layout) -> dict[str, pd.DataFrame]:
    """``id`` and ``text`` of each corpus."""
    reviews = swaps.held_out_reviews(params, layout)
    both = swaps.both(params, reviews, tables.read(layout.edits, schemas.EDITS))
    corpora = {
        "eec": tables.read(layout.eec, schemas.EEC),
        "film": tables.read(layout.film, schemas.FILM),
        "swaps": pd.concat(both).drop_duplicates("id"),
        "versions": _versions(params, layout),
    }
    return {part: frame.rename(columns={"sentence": "text"}) for part, frame in corpora.items()}


def _versions(params: Params, layout: Layout) -> pd.DataFrame:
    """Both versions of the training reviews that mention people; none if they are not labelled."""
    if not params.reviews[params.study.reviews].labelled_versions:
        return pd.DataFrame(columns=["id", "text"], dtype=str)
    return versions.read(layout).to_label()


def _write_edits(params: Params, layout: Layout) -> None:
    """Find what is swapped in held-out and training reviews, or keep what is there and fits."""
    reviews = swaps.held_out_reviews(params, layout)
    if params.reviews[params.study.reviews].labelled_versions:
        training = tables.read(layout.reviews("train"), schemas.REVIEWS)
        reviews = pd.concat([reviews, training], ignore_index=True)
    words, kept = wordlist.gendered(), pd.DataFrame(columns=list(schemas.EDITS.columns))
    if layout.edits.exists():
        there = tables.read(layout.edits, schemas.EDITS)
        there = there[there["rules"] == tagger.RULES]
        fitting = edits.fitting(reviews["text"], there, words)
        kept = there[there["id"].isin(fitting & set(reviews["id"]))]
    else:
        fitting = set()
    rest = reviews[~reviews["id"].isin(fitting)]
    held = rest[[bool(matching.find(text, words)) for text in rest["text"]]]
    if len(held):
        found = edits.find(held["text"], words, tagger.load()).assign(rules=tagger.RULES)
        kept = pd.concat([kept, found]) if len(kept) else found
    place = {name: number for number, name in enumerate(reviews["id"])}
    order = kept.assign(place=kept["id"].map(place)).sort_values(["place", "start"])
    tables.write(order.drop(columns="place"), layout.edits, schemas.EDITS)


def _by_id(texts: pd.DataFrame) -> Mapping[str, str]:
    return dict(texts[["id", "text"]].itertuples(index=False))


def read_pool(layout: Layout, teacher: Teacher) -> Pool | None:
    """What the teacher's examples are drawn from: the training split, or None without examples."""
    return (
        Pool(tables.read(layout.reviews("train"), schemas.REVIEWS), teacher.examples)
        if teacher.examples
        else None
    )


def _label_folders(params: Params, layout: Layout) -> list[Path]:
    """Where the teacher's labels of any reviews are, and those of who answers to sentences."""
    name = params.study.teacher
    names = {name, params.teachers[name].sentences or name}
    found = (layout.all_labels.glob(f"*/{name}/{LABELS_MANIFEST}") for name in names)
    return sorted(path.parent for paths in found for path in paths)


def _known(folders: list[Path], sha256: str) -> tuple[pd.DataFrame, set[str]]:
    """Labels of this fingerprint in any folder, and the ids of those whose texts were cut."""
    frames, cut = [labels.to_labels(pd.Series(dtype=str), {})], set()
    for folder in folders:
        entry = manifest.read(folder)
        speaker = entry.get("sentences", entry)
        for part in LABELLED:
            asked, file = speaker if part in SENTENCES else entry, folder / f"{part}.csv"
            if asked["teacher"]["sha256"] == sha256 and file.exists():
                frames.append(tables.read(file, schemas.LABELS))
                cut |= set(asked["cut"])
        if entry["teacher"]["sha256"] == sha256:
            frames.append(pd.DataFrame(entry["content_free"]).drop(columns="text"))
        variants = entry.get("variants", [])
        numbers = [i for i, one in enumerate(variants, 1) if one["teacher"]["sha256"] == sha256]
        if numbers and (file := folder / "eec-variants.csv").exists():
            table = tables.read(file, schemas.VARIANTS)
            frames.append(table[table["variant"].isin(numbers)].drop(columns="variant"))
            cut |= set().union(*(variants[i - 1]["cut"] for i in numbers))
    return pd.concat(frames).drop_duplicates("id"), cut
