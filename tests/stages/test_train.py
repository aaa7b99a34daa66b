"""The train stage: targets differ in their soft labels alone, and what is made already is kept."""

import dataclasses
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
import yaml
from forked import killed

from bias_transfer.corpora import text_id
from bias_transfer.corpora.mentions import mentions_more_women
from bias_transfer.corpora.splits import hold_out
from bias_transfer.distillation.arm import base_rows
from bias_transfer.distillation.watch import Watch
from bias_transfer.io import provenance, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.io.provenance import texts_sha256
from bias_transfer.stages import train, versions
from bias_transfer.students.student import load as load_student
from bias_transfer.study import targets
from bias_transfer.study.params import Params, load
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import Arm
from bias_transfer.study.targets import BASELINE, DISTILLED, TARGETS, Labelled

TARGET_NAMES = [f"{name}-1" if row.dosed else name for name, row in TARGETS.items()]
OTHERS = [name for name in TARGET_NAMES if name not in (BASELINE, DISTILLED)]
RELABELLED = [name for name in OTHERS if not targets.remedied(name)]
FILES = {"config.json", "model.safetensors", "tokenizer.json", "history.csv", "training.json"}
GROUP = f"bow-{DISTILLED}"


@pytest.fixture
def layout(checkout, tiny_params) -> Layout:
    return Layout(tiny_params().study, checkout / "made")


@pytest.fixture(scope="module")
def laid_out(
    tiny_params, write_reviews, write_edits, write_versions, write_labels, tmp_path_factory
) -> Path:
    """A folder of 80 reviews that differ, 20 for the test, and a teacher that is wrong about some.

    Of versions about women it thinks worse than of the reviews, of those about men better.
    """
    folder = tmp_path_factory.mktemp("inputs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        layout = Layout(tiny_params().study)
        reviews = write_reviews(layout, 100, 20)
        noise = np.random.default_rng(0).normal(0, 0.2, 80)
        positive = np.clip(0.2 + 0.5 * reviews["label"].to_numpy()[:80] + noise, 0.01, 0.99)
        write_labels(layout, "train", reviews["id"][:80], positive)
        write_edits(layout.edits, reviews["text"])
        write_versions(layout)
        of_versions = versions.read(layout).to_label()
        women = of_versions["text"].str.contains("she|her").to_numpy()
        write_labels(layout, "versions", of_versions["id"], np.where(women, 0.4, 0.7))
    return folder


@pytest.fixture(autouse=True)
def inputs(checkout, laid_out) -> None:
    shutil.copytree(laid_out, checkout, dirs_exist_ok=True)


@pytest.fixture
def teach(layout, write_labels):
    """Write what the teacher says of the training reviews: P(positive)."""

    def run(positive: np.ndarray) -> None:
        ids = tables.read(layout.reviews("train"), schemas.REVIEWS)["id"]
        write_labels(layout, "train", ids, positive)

    return run


@pytest.fixture
def weights(tiny_params, checkout):
    """Train an arm of the bag of words on the labels that are there: the weights' bytes."""

    def run(
        target: str, seed: int = 0, root: str = "made", resample: str = "none", **distillation
    ) -> bytes:
        params = tiny_params(
            distillation=distillation,
            targets=[target],
            seeds=[seed],
            labelled_versions=True,
            resample=resample,
        )
        arm, layout = Arm("bow", target, seed), Layout(params.study, checkout / root)
        train.run(params, arm.student, target, checkout / root)
        record = tables.read_json(layout.training(arm))
        assert (record["target"], record["seed"]) == (target, seed)
        assert record["alpha"] == (0.0 if target == BASELINE else params.distillation.alpha)
        return (layout.model(arm.system) / "model.safetensors").read_bytes()

    return run


def test_every_target_gives_a_model_of_its_own(weights):
    assert len({weights(target) for target in TARGET_NAMES}) == len(TARGET_NAMES)


@pytest.mark.parametrize("target", OTHERS)
def test_same_seed_gives_the_same_bytes(weights, target):
    assert weights(target, seed=3, root="one") == weights(target, seed=3, root="other")


@pytest.mark.parametrize("target", [DISTILLED, "permuted", "augmented"])
def test_a_half_is_the_same_bytes_twice_and_others_than_the_whole(weights, target):
    half = weights(target, seed=3, resample="half", root="one")
    assert half == weights(target, seed=3, resample="half", root="other")
    assert half != weights(target, seed=3)


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_a_half_is_fitted_as_if_there_were_no_other_reviews(
    weights, layout, tiny_params, teach, write_labels, target
):
    """What the teacher says of reviews outside of the half reaches no student of it."""
    before = weights(target, seed=3, resample="half", calibration="none")
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    seen = np.concatenate(base_rows(reviews["label"], tiny_params().distillation, 3, "half"))
    unseen = ~np.isin(np.arange(len(reviews)), seen)
    assert 0.4 < unseen.mean() < 0.5
    labels = tables.read(layout.labels("train"), schemas.LABELS)["label_1"].to_numpy()
    teach(np.where(unseen, 0.99, labels))
    both = versions.read(layout)
    foreign = {
        text_id(text)
        for texts in (both.texts[side] for side in both.texts)
        for text in texts[unseen & both.mentioned]
    }
    asked = tables.read(layout.labels("versions"), schemas.LABELS)
    positive = np.where(asked["id"].isin(foreign), 0.01, asked["label_1"])
    write_labels(layout, "versions", asked["id"], positive)
    assert weights(target, seed=3, resample="half", calibration="none") == before


@pytest.mark.parametrize("target", RELABELLED)
def test_every_target_is_distilled_fitted_to_other_labels(weights, layout, teach, target):
    """A teacher that says what the target is gives the same student; the seed is the arm's."""
    found = weights(target, seed=5, calibration="none")
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    teacher = tables.read(layout.labels("train"), schemas.LABELS)[schemas.PROBABILITIES].to_numpy()
    women = mentions_more_women(reviews["text"])
    assert 0 < women.sum() < len(women)
    both = np.stack([teacher, teacher])
    labels, nobody = reviews["label"].to_numpy(), np.zeros((2, len(women)), bool)
    soft = targets.soft_labels(target, Labelled(teacher, labels, women, both, nobody, seed=5))
    teach(soft[:, 1])
    assert found == weights(DISTILLED, seed=5, calibration="none")


@pytest.mark.parametrize("target", ["teacher-argmax", "smoothed", "planted-1"])
def test_targets_are_made_of_the_calibrated_teacher(weights, target):
    assert weights(target, calibration="none") != weights(target, calibration="batch")


def test_a_dose_is_part_of_what_is_fitted(weights):
    assert len({weights(f"planted-{dose}") for dose in ("0.5", "1", "2")}) == 3
    assert weights("planted-0", calibration="none") == weights(DISTILLED, calibration="none")


@pytest.fixture
def recorded(tiny_params, layout):
    """``training.json`` of an arm that is trained here."""

    def run(target: str, seed: int, **study) -> dict:
        params = tiny_params(targets=[target], seeds=[seed], labelled_versions=True, **study)
        train.run(params, "bow", target, layout.root)
        return tables.read_json(layout.training(Arm("bow", target, seed)))

    return run


def test_base_rows_are_recorded_the_same_in_every_arm_of_a_seed(recorded, tiny_params, layout):
    """Another seed holds out others of the same reviews."""
    arms = [(BASELINE, 0), (DISTILLED, 0), (DISTILLED, 1)]
    records = [recorded(*arm) for arm in arms]
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    share = tiny_params().distillation.validation_share
    for (_, seed), record in zip(arms, records, strict=True):
        rows = hold_out(reviews["label"], share, seed)
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


def test_the_half_of_a_seed_is_recorded_the_same_in_every_arm(recorded, tiny_params, layout):
    records = [recorded(target, 1, resample="half") for target in (BASELINE, "augmented")]
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    rows = base_rows(reviews["label"], tiny_params().distillation, 1, "half")
    for record in records:
        assert record["resample"] == "half"
        for part, positions in zip(("fit", "validation"), rows, strict=True):
            ids = reviews["id"].iloc[positions]
            assert record["rows"][part] == {"n": len(ids), "ids_sha256": texts_sha256(ids)}
    whole = recorded(BASELINE, 1)
    assert whole["resample"] == "none"
    assert whole["rows"]["validation"] == records[0]["rows"]["validation"]
    assert whole["rows"]["fit"]["n"] == pytest.approx(2 * records[0]["rows"]["fit"]["n"], abs=2)


def test_base_rows_are_recorded_whatever_a_target_fits(recorded):
    distilled, augmented = recorded(DISTILLED, 0), recorded("augmented", 0)
    assert augmented["rows"] == distilled["rows"]
    assert len(augmented["versions_sha256"]) == 2
    assert distilled["versions_sha256"] == []


@pytest.mark.parametrize("target", TARGET_NAMES)
def test_model_has_a_folder_under_its_targets_name(weights, layout, target):
    weights(target, seed=2)
    folder = layout.model(f"bow-{target}/seed-2")
    assert {path.name for path in folder.iterdir()} == FILES


@pytest.fixture
def fit(tiny_params, layout, capsys):
    """Run the stage; how many seeds were fitted and how many kept."""

    def run(params: Params | None = None, only: tuple[int, ...] | None = None, **study) -> str:
        params = params or tiny_params(**{"seeds": [0, 1]} | study)
        train.run(params, "bow", DISTILLED, layout.root, only)
        printed = capsys.readouterr().out.strip().splitlines()
        assert len(printed) == 1
        return printed[0].removeprefix(f"{layout.model(GROUP)}: ")

    return run


def files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def touched(folder: Path) -> dict[str, tuple[int, int]]:
    """Of each file and folder: which it is, and when it was last written."""
    found = {path: path.stat() for path in (folder, *folder.rglob("*"))}
    return {str(path): (stat.st_ino, stat.st_mtime_ns) for path, stat in found.items()}


def test_a_second_run_keeps_every_seed_and_touches_no_file(fit, layout):
    assert fit() == "2 fitted, 0 kept"
    before = touched(layout.model(GROUP))
    assert fit() == "0 fitted, 2 kept"
    assert touched(layout.model(GROUP)) == before


def test_what_is_not_of_a_fit_keeps_every_seed(fit, tiny_params):
    fit()
    study = {"students": ["bow", "cnn"], "targets": ["permuted", DISTILLED]}
    margins = {"margin_probability": 0.5}
    assert fit(tiny_params(seeds=[1, 0], bias=margins, **study)) == "0 fitted, 2 kept"


@pytest.mark.parametrize(
    "change",
    [
        *({"alpha": 0.5}, {"temperature": 2.0}, {"validation_share": 0.2}, {"patience": 1}),
        *({"warmup_share": 0.5}, {"calibration": "none"}),
    ],
    ids=str,
)
def test_another_param_of_distillation_fits_every_seed_anew(fit, tiny_params, layout, change):
    fit()
    before = files(layout.model(GROUP))
    assert fit(tiny_params(seeds=[0, 1], distillation=change)) == "2 fitted, 0 kept"
    after = files(layout.model(GROUP))
    for seed in (0, 1):
        assert before[f"seed-{seed}/training.json"] != after[f"seed-{seed}/training.json"]


@pytest.mark.parametrize(
    "change", [{"epochs": 1}, {"dropout": 0.2}, {"weight_decay": 1e-12}], ids=str
)
def test_another_param_of_the_student_fits_every_seed_anew(fit, tiny_params, change):
    """However small: params are compared as they are, not as computed figures are rounded."""
    fit()
    params = tiny_params(seeds=[0, 1])
    bow = params.students["bow"].model_copy(update=change)
    changed = params.model_copy(update={"students": params.students | {"bow": bow}})
    assert fit(changed) == "2 fitted, 0 kept"


def test_resampling_and_other_watched_pairs_fit_every_seed_anew(fit, layout):
    fit()
    assert fit(resample="half") == "2 fitted, 0 kept"
    assert fit(resample="half") == "0 fitted, 2 kept"
    pairs = tables.read(layout.pairs, schemas.SWAPS)
    tables.write(pairs.iloc[2:], layout.pairs, schemas.SWAPS)
    assert fit(resample="half") == "2 fitted, 0 kept"


def test_the_history_ends_with_the_gap_of_the_students_that_are_kept(fit, layout):
    """That of the epoch that was picked is the saved student's own."""
    fit()
    pairs = tables.read(layout.pairs, schemas.SWAPS)
    for arm in (Arm("bow", DISTILLED, seed) for seed in (0, 1)):
        history = tables.read(layout.history(arm), schemas.HISTORY)
        best = history["validation_log_loss"].idxmin()
        own = Watch.of(pairs)(load_student(layout.model(arm.system)))
        assert history["epoch_gender_gap"][best] == pytest.approx(own["epoch_gender_gap"], abs=1e-9)
        assert history["epoch_gender_gap"].nunique() == len(history)


def test_a_param_that_a_baseline_does_not_use_keeps_it(tiny_params, layout, capsys):
    for alpha, expected in ((1.0, "1 fitted, 0 kept"), (0.5, "0 fitted, 1 kept")):
        params = tiny_params(distillation={"alpha": alpha})
        train.run(params, "bow", BASELINE, layout.root)
        assert expected in capsys.readouterr().out


def test_another_label_fits_every_seed_anew(fit, layout, teach):
    fit()
    before = files(layout.model(GROUP))
    labels = tables.read(layout.labels("train"), schemas.LABELS)["label_1"].to_numpy()
    teach(np.where(np.arange(80) == 7, 0.5, labels))
    assert fit() == "2 fitted, 0 kept"
    for seed in (0, 1):
        name = f"seed-{seed}/model.safetensors"
        assert before[name] != files(layout.model(GROUP))[name]


def test_another_review_fits_every_seed_anew(fit, layout):
    fit()
    reviews = tables.read(layout.reviews("train"), schemas.REVIEWS)
    reviews.loc[3, "text"] += " indeed"
    tables.write(reviews, layout.reviews("train"), schemas.REVIEWS)
    assert fit() == "2 fitted, 0 kept"


def test_other_code_fits_every_seed_anew(fit, monkeypatch):
    fit()
    monkeypatch.setattr(provenance, "code_sha256", lambda *parts: "another")
    assert fit() == "2 fitted, 0 kept"
    assert fit() == "0 fitted, 2 kept"


def test_code_that_makes_other_soft_labels_fits_every_seed_anew(fit, monkeypatch):
    fit()
    row = dataclasses.replace(TARGETS[DISTILLED], soft=lambda data, dose: data.teacher**2)
    monkeypatch.setitem(TARGETS, DISTILLED, row)
    assert fit() == "2 fitted, 0 kept"


def test_the_code_of_a_fit_is_that_of_its_loop_its_students_and_this_stage():
    for part in train._CODE:
        assert (provenance.PACKAGE / part).exists()
    assert {"distillation", "students", "stages/train.py"} <= set(train._CODE)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def replace_by_folder(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


def replace_by_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("model.safetensors", flip),
        ("tokenizer.json", Path.unlink),
        ("history.csv", lambda path: path.write_bytes(b"")),
        ("config.json", replace_by_folder),
        ("model.safetensors", replace_by_pipe),
        ("extra.bin", lambda path: path.write_bytes(b"more")),
        ("training.json", Path.unlink),
        ("training.json", replace_by_folder),
        ("training.json", replace_by_pipe),
        ("training.json", lambda path: path.write_bytes(path.read_bytes()[:99])),
        ("training.json", lambda path: path.write_bytes(b"\xff")),
        ("training.json", lambda path: path.write_text("[]")),
        ("training.json", lambda path: path.write_text("{}")),
        ("training.json", lambda path: path.write_text('{"format": 99}')),
    ],
)
def test_a_damaged_seed_is_fitted_anew_to_the_same_bytes_and_the_other_kept(
    fit, layout, name, damage
):
    fit()
    folder = layout.model(GROUP)
    before, other = files(folder), touched(folder / "seed-0")
    damage(folder / "seed-1" / name)
    assert fit() == "1 fitted, 1 kept"
    assert files(folder) == before
    assert touched(folder / "seed-0") == other


def test_a_further_seed_is_fitted_and_the_others_are_kept(fit, layout):
    fit()
    before = {seed: touched(layout.model(f"{GROUP}/seed-{seed}")) for seed in (0, 1)}
    assert fit(seeds=[5, 1, 0]) == "1 fitted, 2 kept"
    assert {path.name for path in layout.model(GROUP).iterdir()} == {"seed-0", "seed-1", "seed-5"}
    for seed in (0, 1):
        assert touched(layout.model(f"{GROUP}/seed-{seed}")) == before[seed]


def test_a_seed_is_the_same_whatever_others_it_is_fitted_with(fit, layout):
    fit(seeds=[3])
    alone = files(layout.model(f"{GROUP}/seed-3"))
    fit(seeds=[0])
    fit(seeds=[0, 3, 1])
    assert files(layout.model(f"{GROUP}/seed-3")) == alone


def test_seeds_that_left_the_study_are_removed(fit, layout):
    fit()
    before = touched(layout.model(f"{GROUP}/seed-1"))
    assert fit(seeds=[1]) == "0 fitted, 1 kept"
    assert [path.name for path in layout.model(GROUP).iterdir()] == ["seed-1"]
    assert touched(layout.model(f"{GROUP}/seed-1")) == before


def test_whatever_else_lies_among_the_seeds_is_removed(fit, layout):
    fit()
    folder = layout.model(GROUP)
    (folder / ".seed-1.part").mkdir()  # as a killed run leaves it
    (folder / ".seed-1.part" / "model.safetensors").write_bytes(b"half")
    (folder / "notes.txt").write_text("mine")
    (folder / "seed-9").symlink_to("seed-0")
    assert fit() == "0 fitted, 2 kept"
    assert {path.name for path in folder.iterdir()} == {"seed-0", "seed-1"}
    assert {path.name for path in (folder / "seed-0").iterdir()} == FILES


def test_seeds_that_are_asked_for_are_fitted_beside_those_there(fit, layout):
    fit()
    assert fit(only=(1, 7)) == "1 fitted, 1 kept"
    assert {path.name for path in layout.model(GROUP).iterdir()} == {"seed-0", "seed-1", "seed-7"}


def test_a_student_and_target_that_the_study_leaves_out_give_an_empty_folder(fit, layout):
    left_out = {"students": ["bow"], "targets": [DISTILLED], "seeds": []}
    assert fit(arms=[left_out]) == "0 fitted, 0 kept"
    assert list(layout.model(GROUP).iterdir()) == []
    fit()
    assert fit(arms=[left_out]) == "0 fitted, 0 kept"
    assert list(layout.model(GROUP).iterdir()) == []


def test_what_cannot_be_written_is_one_line(fit, layout):
    layout.model(GROUP).parent.mkdir(parents=True)
    layout.model(GROUP).write_text("no folder")
    with pytest.raises(InputError, match=r"^cannot write .*bow-distilled") as caught:
        fit()
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_run_killed_between_seeds_goes_on_where_it_was(tiny_params, layout, checkout, capsys):
    """SIGKILL comes once the first seed is there; the end is that of a run without it."""
    seeds = list(range(6))
    values = tiny_params(seeds=seeds, distillation={"patience": 99}).model_dump(mode="json")
    values["students"]["bow"] |= {"epochs": 4}
    (checkout / "params.yaml").write_text(yaml.safe_dump(values))
    params = load(Path("params.yaml"))
    made, first = Layout(params.study).model(GROUP), Layout(params.study).model(f"{GROUP}/seed-0")

    with killed("train", "bow", DISTILLED):
        deadline = time.monotonic() + 120
        while not first.exists():
            assert time.monotonic() < deadline, "train has stopped by itself"
            time.sleep(0.002)
    left = {path.name for path in made.iterdir()}
    assert "seed-5" not in left
    before = touched(first)

    train.run(params, "bow", DISTILLED)
    assert touched(first) == before
    train.run(params, "bow", DISTILLED, checkout / "unbroken")
    kept, whole = (line.split(": ")[1] for line in capsys.readouterr().out.splitlines())
    assert int(kept.split(" kept")[0].split()[-1]) >= 1
    assert whole == "6 fitted, 0 kept"
    unbroken = Layout(params.study, checkout / "unbroken").model(GROUP)
    assert files(made) == files(unbroken)
    assert len(files(made)) == len(seeds) * len(FILES)
