"""Command ``transfer``: files in any order of rows, the corrected slope, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias import transfer as measures
from bias_transfer.bias.transfer import CORRECTED, RELIABILITY, SCALES, WORDING, transfer
from bias_transfer.commands import transfer as command
from bias_transfer.corpora import eec
from bias_transfer.io.errors import InputError

CORPUS = eec.generate()


def test_as_many_baselines_as_distilled_are_wanted(tmp_path):
    arms = (tmp_path / "b",), (tmp_path / "d", tmp_path / "e")
    with pytest.raises(InputError, match="1 baseline and 2 distilled"):
        command.run("bow", tmp_path / "t", *arms, (), False, tmp_path / "out.csv")


def test_another_prompt_without_variants_is_refused(tmp_path):
    with pytest.raises(InputError, match="--variant"):
        command.run(
            "bow",
            tmp_path / "t",
            (tmp_path / "b",),
            (tmp_path / "d",),
            (),
            True,
            tmp_path / "out.csv",
        )


@pytest.fixture(scope="module")
def scores():
    """Scored corpora of a teacher, a variant of it and two arms."""
    code = {name: pd.factorize(CORPUS[name])[0] for name in ("template", "person")}

    def noise(seed):
        random = np.random.default_rng(seed)
        effects = (0.2 * random.normal(size=codes.max() + 1)[codes] for codes in code.values())
        return sum(effects) + 0.2 * random.normal(size=len(CORPUS))

    teacher = noise(1)
    log_odds = {
        "teacher": teacher,
        "variant": teacher + 0.2 * noise(4),
        "baseline": noise(2),
        "distilled": noise(3),
    }
    return {
        name: CORPUS.assign(log_odds=values, score=1 / (1 + np.exp(-values)))
        for name, values in log_odds.items()
    }


@pytest.fixture(scope="module")
def files(scores, tmp_path_factory):
    """Their predictions, in any order of rows."""
    folder = tmp_path_factory.mktemp("files")
    for seed, (name, frame) in enumerate(scores.items()):
        shuffled = frame[["sentence", "score"]].sample(frac=1, random_state=seed)
        shuffled.to_csv(folder / f"{name}.csv", index=False)
    return {name: folder / f"{name}.csv" for name in scores}


@pytest.fixture
def gender_alone(monkeypatch):
    """Measure one axis: it does not depend on the other, and takes half the time."""
    monkeypatch.setattr(measures, "AXES", ("gender",))


@pytest.mark.usefixtures("gender_alone")
def test_files_are_read_in_any_order_of_rows(files, scores, tmp_path):
    arms = (files["baseline"],), (files["distilled"],)
    command.run("bow", files["teacher"], *arms, (), False, tmp_path / "out.csv")
    written = pd.read_csv(tmp_path / "out.csv")
    expected = transfer("bow", scores["teacher"], [scores["baseline"]], [scores["distilled"]])
    np.testing.assert_allclose(written["estimate"], expected["estimate"], rtol=1e-9)


@pytest.mark.usefixtures("gender_alone")
@pytest.mark.parametrize("other_prompt", [False, True])
def test_the_slope_is_corrected_only_for_another_prompt(files, tmp_path, other_prompt):
    arms = (files["baseline"],), (files["distilled"],)
    variants = (files["variant"],)
    command.run("bow", files["teacher"], *arms, variants, other_prompt, tmp_path / "out.csv")
    written = pd.read_csv(tmp_path / "out.csv")
    wordings = [WORDING.format(0), WORDING.format(1), RELIABILITY] * len(SCALES)
    assert written["estimand"].tolist()[: len(wordings)] == wordings
    assert written["student"].tolist()[:7] == ["teacher"] * 6 + ["bow"]
    assert (written["estimand"] == CORRECTED).sum() == (2 if other_prompt else 0)


@pytest.mark.usefixtures("gender_alone")
def test_another_score_column_is_named(scores):
    systems = {
        name: scores[name][["sentence", "score"]].rename(columns={"score": "mine"})
        for name in ("teacher", "baseline", "distilled")
    }
    with pytest.raises(InputError, match="--score COLUMN"):
        command.transfer(**systems)
    named = command.transfer(**systems, score="mine").to_frame()
    frames = scores["teacher"], [scores["baseline"]], [scores["distilled"]]
    expected = transfer("student", *frames)
    np.testing.assert_allclose(named["estimate"], expected["estimate"], rtol=1e-9)


def test_one_file_twice_is_not_two_seeds(files):
    twice = [files["distilled"]] * 2
    with pytest.raises(InputError, match="distilled 1 and distilled 2 score every sentence alike"):
        command.transfer(
            teacher=files["teacher"],
            baseline=[files["baseline"], files["variant"]],
            distilled=twice,
        )


@pytest.mark.usefixtures("gender_alone")
def test_hard_labels_say_why_they_have_no_log_odds(scores):
    hard = scores["baseline"].assign(score=(scores["baseline"]["score"] > 0.5).astype(float))
    with pytest.warns(UserWarning, match="0 or 1"):
        found = command.transfer(
            teacher=scores["teacher"], baseline=hard[["sentence", "score"]],
            distilled=scores["distilled"][["sentence", "score"]],
        )  # fmt: skip
    assert "scores of exactly 0 or 1 have no log-odds" in found.sentence
