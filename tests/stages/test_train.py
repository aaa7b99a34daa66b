"""The train stage: a control is the same fit as ``distilled`` to other targets, and no arm is another."""

from pathlib import Path
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import text_id
from bias_transfer.corpora.splits import hold_out
from bias_transfer.io import schemas, tables
from bias_transfer.io.provenance import texts_sha256
from bias_transfer.stages import train
from bias_transfer.study import params
from bias_transfer.study.paths import SPLITS, Layout
from bias_transfer.study.systems import Arm
from bias_transfer.study.targets import BASELINE, CONTROLS, DISTILLED, soft_labels

GOOD, BAD = "warm witty lovely clever".split(), "dull clumsy stale thin".split()


@pytest.fixture(autouse=True)
def inputs(checkout, tiny_params) -> None:
    """100 reviews that differ, and a teacher that is wrong about some of them."""
    random = np.random.default_rng(0)
    labels = np.arange(100) % 2
    texts = [
        f"a {random.choice(GOOD if label else BAD)} film about {'ab' * (i + 1)}"
        for i, label in enumerate(labels)
    ]
    frame = pd.DataFrame({"id": map(text_id, texts), "text": texts, "label": labels})
    layout = Layout(tiny_params().study)
    for split, part in zip(SPLITS, (frame.iloc[:80], frame.iloc[80:]), strict=True):
        tables.write(part, layout.reviews(split), schemas.REVIEWS)
    positive = np.clip(0.2 + 0.5 * labels[:80] + random.normal(0, 0.2, 80), 0.01, 0.99)
    write_teacher(layout, np.stack([1 - positive, positive], 1))


@pytest.fixture
def weights(tiny_params, checkout):
    """Train an arm of the bag of words on the labels that are there, and give the weights' bytes."""

    def run(target: str, seed: int = 0, root: str = "made", **distillation) -> bytes:
        study = tiny_params(distillation=distillation, targets=[target], seeds=[seed])
        arm = Arm("bow", target, seed)
        train.run(study, arm, checkout / root)
        folder = Layout(study.study, checkout / root).model(arm.system)
        record = tables.read_json(folder / "training.json")
        assert (record["target"], record["seed"]) == (target, seed)
        assert record["alpha"] == (0.0 if target == BASELINE else study.distillation.alpha)
        return (folder / "model.safetensors").read_bytes()

    return run


def write_teacher(layout: Layout, probabilities: np.ndarray) -> None:
    ids = tables.read(layout.reviews("train"), schemas.REVIEWS)["id"]
    frame = pd.DataFrame(probabilities, columns=schemas.PROBABILITIES).assign(
        id=ids, label_mass=0.9
    )
    tables.write(frame, layout.labels("train"), schemas.LABELS)


def test_every_target_gives_a_model_of_its_own(weights):
    targets = get_args(params.Target)
    assert len({weights(target) for target in targets}) == len(targets)


@pytest.mark.parametrize("target", CONTROLS)
def test_same_seed_gives_the_same_bytes(weights, target):
    assert weights(target, seed=3, root="one") == weights(target, seed=3, root="other")


@pytest.mark.parametrize("target", CONTROLS)
def test_control_is_distilling_from_a_teacher_that_gives_its_targets(weights, tiny_params, target):
    """Byte for byte: same weights to start from, same batches, same loss, and the seed that permutes is the arm's."""
    found = weights(target, seed=5, calibration="none")
    layout = Layout(tiny_params().study)
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    teacher = tables.read(layout.labels("train"), schemas.LABELS)[schemas.PROBABILITIES].to_numpy()
    write_teacher(layout, soft_labels(target, teacher, reviews["label"].to_numpy(), seed=5))
    assert found == weights(DISTILLED, seed=5, calibration="none")


@pytest.mark.parametrize("target", ["teacher-argmax", "smoothed"])
def test_controls_are_made_of_the_calibrated_teacher(weights, target):
    assert weights(target, calibration="none") != weights(target, calibration="batch")


def test_record_says_which_reviews_an_arm_was_fitted_on_and_validated_with(
    weights, tiny_params, checkout
):
    """The same in every arm of a seed; another seed holds out others of the same reviews."""
    arms = [
        Arm("bow", target, seed) for target, seed in ((BASELINE, 0), (DISTILLED, 0), (DISTILLED, 1))
    ]
    for arm in arms:
        weights(arm.target, seed=arm.seed)
    study = tiny_params()
    layout = Layout(study.study, checkout / "made")
    records = [tables.read_json(layout.model(arm.system) / "training.json") for arm in arms]
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    for arm, record in zip(arms, records, strict=True):
        rows = hold_out(reviews["label"], study.distillation.validation_share, arm.seed)
        expected = {
            part: {"n": len(positions), "ids_sha256": texts_sha256(reviews["id"].iloc[positions])}
            for part, positions in zip(("fit", "validation"), rows, strict=True)
        }
        assert record["rows"] == expected
        assert expected["fit"]["n"] + expected["validation"]["n"] == len(reviews)
    baseline, distilled, other_seed = records
    assert baseline["rows"] == distilled["rows"]
    assert baseline["inputs"] == distilled["inputs"] == other_seed["inputs"]
    for part in ("fit", "validation"):
        assert other_seed["rows"][part]["n"] == baseline["rows"][part]["n"]
        assert other_seed["rows"][part]["ids_sha256"] != baseline["rows"][part]["ids_sha256"]


@pytest.mark.parametrize("target", [BASELINE, *CONTROLS])
def test_model_has_a_folder_under_its_targets_name(weights, checkout, target):
    weights(target, seed=2)
    folder = checkout / "made" / "models/tiny" / f"bow-{target}" / "seed-2"
    assert {path.name for path in Path(folder).iterdir()} == {
        *("config.json", "model.safetensors", "tokenizer.json", "history.csv", "training.json")
    }
