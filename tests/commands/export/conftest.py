"""A checkout in which a small study has run, as far as its files go."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa
import pytest

from bias_transfer.commands import export
from bias_transfer.commands.export import about
from bias_transfer.commands.export.contents import TABLES
from bias_transfer.io import schemas, tables
from bias_transfer.study import params
from bias_transfer.study.params import Params
from bias_transfer.study.paths import LABELLED, SCORED, Layout
from bias_transfer.study.systems import arms, systems

ROOT = Path(__file__).resolve().parents[3]
ANSWER = "No gap < .02 stands."
REVIEW, SENTENCE = "A dull and clumsy film about her.", "Alonzo feels angry."
CHOICE = {"name": "tiny", "reviews": "snippets", "teacher": "qwen2.5-1.5b", "students": ["bow"]}
CHOICE |= {"one_seed": [], "targets": ["baseline", "distilled"], "seeds": [3, 4], "arms": []}
QUALITY = {"n": 2, "accuracy": 0.5, "precision": None, "recall": 0.0, "f1": 0.25, "log_loss": 0.7}
TRAINING = {"versions": {"numpy": "2.4.6"}, "rows": {"fit": {"n": 9}, "validation": {"n": 1}}}
TRAINING |= {"epoch": 1, "alpha": 0.0, "temperature": 1.0, "teacher": {"calibration": "batch"}}
TRAINING |= {"student": {"vocabulary_size": 100}}
IDS = ["0123456789abcdef", "fedcba9876543210"]


def write(path: Path, schema: pa.DataFrameSchema, **columns: list) -> None:
    """Two rows; columns that are not given hold something that fits."""
    kinds = {"str": "", "int": 1, "flo": 1.0, "boo": True}
    rows = {name: [kinds[str(c.dtype)[:3]]] * 2 for name, c in schema.columns.items()}
    rows |= {name: [0.5] * 2 for name in schemas.PROBABILITIES if name in rows}
    tables.write(pd.DataFrame(rows | columns), path, schema)


@pytest.fixture(scope="session")
def study() -> Params:
    return params.load(ROOT / "params.yaml").with_study(**CHOICE)


def answer(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(about.answer, "of_study", lambda params, layout: ANSWER)


@pytest.fixture(autouse=True)
def _answered(monkeypatch) -> None:
    answer(monkeypatch)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory, study) -> Path:
    """Its root, with texts that are not to be passed on. No test changes it."""
    root = tmp_path_factory.mktemp("checkout")
    layout = Layout(study.study, root, root)
    for split in ("train", "test", "unused"):
        write(layout.reviews(split), schemas.REVIEWS, id=IDS, text=[REVIEW, f"{REVIEW} No."])
    write(layout.eec, schemas.EEC, id=IDS, sentence=[SENTENCE] * 2)
    for path in (layout.report("pairs.html"), layout.pairs):
        tables.write_text(REVIEW, path)
    for part in LABELLED:
        write(layout.labels(part), schemas.LABELS, id=IDS, label_1=[0.25, 0.5], label_0=[0.75, 0.5])
    write(layout.labels("eec-variants"), schemas.VARIANTS, id=IDS)
    write(layout.edits, schemas.EDITS, id=IDS, female=["her", "she"], male=["him", "he"])
    tables.write_json({"format": 1}, layout.labels_manifest)
    tables.write_json({"n": 2}, layout.counts)
    for number, system in enumerate(systems(study.study)):
        for part in SCORED:
            positive = np.array([0.1, 0.2]) * (number + 1)
            scores = {"label_0": list(1 - positive), "label_1": list(positive)}
            write(layout.predictions(system, part), schemas.PREDICTIONS, id=IDS, **scores)
        tables.write_json(QUALITY, layout.metrics(system))
    tables.write_json({}, layout.metrics("bias"))
    for arm in arms(study.study):
        tables.write_json(TRAINING, layout.training(arm))
        tables.write_text("weights", layout.model(arm.system) / "model.safetensors")
    for name, schema in TABLES.items():
        columns = {"name": ["a", "b"]} if name == "summary.csv" else {}
        write(layout.report(name), schema, **columns)
    tables.write_text("<p>The report.</p>", layout.report("report.html"))
    tables.write_json({"rows": []}, layout.report("hypotheses.json"))
    tables.write_text("<svg/>", layout.figure("accuracy.svg"))
    for name in ("params.yaml", "dvc.yaml", "LICENSE"):
        tables.write_text((ROOT / name).read_text(encoding="utf-8"), root / name)
    tables.write_text("schema: '2.0'\n", root / "dvc.lock")
    return root


@pytest.fixture
def checkout(tmp_path, pristine) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(pristine, tmp_path / "checkout"))


@pytest.fixture(scope="session")
def made(tmp_path_factory, pristine, study) -> Path:
    """The folder that is passed on. No test changes it."""
    out = tmp_path_factory.mktemp("made") / "out"
    with pytest.MonkeyPatch.context() as patch:
        answer(patch)
        export.write(study, out, pristine)
    return out
