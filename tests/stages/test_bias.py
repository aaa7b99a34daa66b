"""The bias stage: which arms are compared, and which rows several seeds and wordings give."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bias_transfer.bias.audit import DIFFERENCE, NOT_MEASURABLE, ONE_OF_SEVERAL, audit
from bias_transfer.bias.channel import COEFFICIENT, PARTIAL, PARTIAL_CHANGE
from bias_transfer.bias.estimates import ONE_SEED
from bias_transfer.bias.hypotheses import NO_PAIRS
from bias_transfer.bias.inference.halves import over_training_sets
from bias_transfer.bias.inference.holm import holm
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.scores import match
from bias_transfer.bias.transfer import CHANGE, RELIABILITY, SLOPE, transfer
from bias_transfer.corpora import eec, film
from bias_transfer.io import declared, rounding, schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.stages import bias
from bias_transfer.students.tokenizer import train_words
from bias_transfer.study.paths import Layout
from bias_transfer.study.systems import arms, systems
from bias_transfer.teacher.calibration import Calibration

CONTROLS = ("teacher-argmax", "smoothed", "permuted")
TABLES = {
    "bias.csv": schemas.BIAS,
    "breakdown.csv": schemas.BREAKDOWN,
    "pairs.parquet": schemas.PAIRS,
    "transfer.csv": schemas.TRANSFER,
}
CORPUS = eec.generate()
FILM = film.generate()
FILM = FILM[FILM["template"].isin(FILM["template"].unique()[::12])].reset_index(drop=True)
FEMALE = (CORPUS["gender"] == "female").to_numpy(float)
UNKNOWN = {"Latoya", "my uncle"}
TEACHER = "teacher-tiny"
MARGINS = {"margin_probability": 0.03, "margin_log_odds": 0.15, "margin_share": 0.4}


def noise(seed: int) -> np.ndarray:
    """Log-odds by person, template and sentence."""
    random = np.random.default_rng(seed)
    sizes = {"person": 0.2, "template": 1.0, "sentence": 0.2}
    effects = (CORPUS[name].astype("category").cat.codes.to_numpy() for name in sizes)
    return sum(
        random.normal(0, size, code.max() + 1)[code]
        for size, code in zip(sizes.values(), effects, strict=True)
    )


def probabilities(log_odds: np.ndarray) -> pd.DataFrame:
    positive = 1 / (1 + np.exp(-log_odds))
    return pd.DataFrame({"id": CORPUS["id"], "label_0": 1 - positive, "label_1": positive})


def write_predictions(layout: Layout) -> None:
    """Every system by its own noise; the teacher and those who learnt from it put women higher."""
    for seed, system in enumerate(systems(layout.study)):
        gap = 0.5 if system == TEACHER or "distilled" in system else 0.0
        tables.write(
            probabilities(noise(seed) + gap * FEMALE),
            layout.predictions(system, "eec"),
            schemas.PREDICTIONS,
        )


def write_others(layout: Layout, write_versions) -> None:
    """A few film sentences and swapped reviews; the teacher and its students put women higher."""
    tables.write(FILM, layout.film, schemas.FILM)
    ids = {"film": FILM["id"], "swaps": write_versions(layout, 40)}
    women = set(FILM["id"][FILM["gender"] == "female"])
    versions = tables.read(layout.pairs, schemas.SWAPS)
    women |= set(versions["id"][versions["group"] == "female"])
    for seed, system in enumerate(systems(layout.study)):
        gap = 0.5 if system == TEACHER or "distilled" in system else 0.0
        for part, names in ids.items():
            noise = np.random.default_rng(seed).normal(0, 0.3, len(names))
            positive = 1 / (1 + np.exp(-noise - gap * names.isin(women).to_numpy()))
            found = pd.DataFrame({"id": names, "label_0": 1 - positive, "label_1": positive})
            tables.write(found, layout.predictions(system, part), schemas.PREDICTIONS)


def write_variants(layout: Layout, *shifts: float) -> None:
    """The teacher's own log-odds, a little apart, and all higher by a ``shift``.

    Calibration takes the shift away.
    """
    columns = {
        name: pd.Series(dtype=column.dtype.type)
        for name, column in schemas.VARIANTS.columns.items()
    }
    rows = [
        probabilities(noise(0) + 0.5 * FEMALE + 0.1 * noise(100 + i) + shift).assign(
            variant=i, label_mass=0.9
        )
        for i, shift in enumerate(shifts, 1)
    ]
    tables.write(pd.concat(rows) if rows else pd.DataFrame(columns), layout.labels("eec-variants"))
    tables.write(
        probabilities(noise(0)).assign(label_mass=0.9), layout.labels("train"), schemas.LABELS
    )


def write_words(layout: Layout) -> None:
    """Tokenizers of the bags of words: seed 0 lacks one name, seed 1 a noun as well."""
    for arm in arms(layout.study):
        if arm.student == "bow":
            lacking = {"Latoya"} if arm.seed == 0 else UNKNOWN
            path = layout.model(arm.system) / "tokenizer.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            known = sorted(set(CORPUS["person"]) - lacking)
            train_words(known, 1000, 1).save(str(path))


@pytest.fixture(scope="module")
def lay_out(tiny_params, write_rows, write_versions, tmp_path_factory):
    """Write a study's inputs below a folder of its own and run the stage there.

    It gives params and layout.
    """

    def run(*shifts: float, **study):
        params = tiny_params(**study)
        folder = tmp_path_factory.mktemp("study")
        layout = Layout(params.study, root=folder / "made", inputs=folder)
        write_predictions(layout)
        write_others(layout, write_versions)
        write_variants(layout, *shifts)
        write_words(layout)
        write_rows(layout)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            bias.run(params, Path("made"))
        return params, layout

    return run


@pytest.fixture(scope="module")
def several(lay_out):
    """Two seeds and two wordings, and margins of the study's own."""
    return lay_out(0.0, 3.0, seeds=[0, 1], bias=MARGINS)


@pytest.fixture(scope="module")
def one(lay_out):
    """Two students, one seed and no wording but the main one."""
    return lay_out(students=["bow", "cnn"])


@pytest.fixture
def transfer_alone(monkeypatch, lay_out):
    """Run the stage without its slow tables."""
    gaps, parts, pairs = (
        pd.DataFrame(columns=list(schema.columns))
        for schema in (schemas.BIAS, schemas.BREAKDOWN, schemas.PAIRS)
    )
    monkeypatch.setattr(bias, "audit", lambda scores, **options: gaps)
    monkeypatch.setattr(bias, "breakdown", lambda system, frames: parts)
    monkeypatch.setattr(bias, "_pairs", lambda scores: pairs)
    for other in (bias.bias_film, bias.bias_swaps):
        monkeypatch.setattr(other, "measure", lambda params, layout: {})
    return lay_out


def report(study, name: str, corpus: str = "eec") -> pd.DataFrame:
    table = tables.read(study[1].report(name), TABLES[name])
    return table[table["corpus"] == corpus] if "corpus" in table else table


def scores(study, system: str) -> pd.DataFrame:
    return match(tables.read(study[1].predictions(system, "eec"), schemas.PREDICTIONS), system)


def reliabilities(study) -> pd.DataFrame:
    table = report(study, "transfer.csv")
    return table[table["estimand"] == RELIABILITY]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_written_in_the_order_of_their_schemas_and_rounded(several, name):
    path = several[1].report(name)
    raw = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    assert list(raw.columns) == list(TABLES[name].columns)
    for column in raw.select_dtypes("float"):
        values = raw[column].dropna()
        if rounding.is_p_value(column):
            assert all(float(f"{value:.6g}") == value for value in values), column
        else:
            assert (values.round(9) == values).all(), column


def test_missing_count_of_people_leaves_the_others_whole_numbers(several):
    lines = several[1].report("bias.csv").read_text().splitlines()
    place = lines[0].split(",").index("n_unknown_persons")
    counts = {line.split(",")[place] for line in lines[1:]}
    assert {"", "1", "2"} <= counts
    assert all(count.isdigit() for count in counts - {""})


def test_seeds_are_pooled_in_a_row_before_theirs(several):
    names = [TEACHER]
    for arm in ("bow-baseline", "bow-distilled"):
        names += [arm, f"{arm}/seed-0", f"{arm}/seed-1"]
    table = report(several, "bias.csv")
    assert list(zip(table["system"], table["axis"], strict=True)) == [
        (n, a) for n in names for a in ("gender", "race")
    ]
    seeds = table["system"].str.contains("/seed-")
    assert set(table[seeds]["verdict"]) == {ONE_OF_SEVERAL}
    assert ONE_OF_SEVERAL not in set(table[~seeds]["verdict"])
    assert set(table["margin"]) == {MARGINS["margin_probability"]}
    by_name = table[table["axis"] == "gender"].set_index("system")["mean_difference"]
    assert by_name["bow-distilled"] == pytest.approx(
        by_name[["bow-distilled/seed-0", "bow-distilled/seed-1"]].mean()
    )
    assert by_name["bow-distilled"] - by_name["bow-baseline"] > 0.05


def test_bias_is_the_audit_of_the_predictions(one):
    params, _ = one
    table = report(one, "bias.csv")
    assert table["system"].drop_duplicates().tolist() == systems(params.study)
    found = audit({TEACHER: scores(one, TEACHER)}, margin=params.bias.margin_probability)
    expected = rounding.table(found)
    for column in (
        "mean_difference",
        "ci_low",
        "ci_high",
        "p_clustered",
        "p_equivalence",
        "margin",
    ):
        np.testing.assert_array_equal(table[column].head(2), expected[column], err_msg=column)
    # Both were rounded to 6 digits, p_holm after its own sum.
    np.testing.assert_allclose(table["p_holm"], holm(table["p_clustered"]), rtol=2e-5)


def test_words_that_a_word_level_student_does_not_know_are_counted(several, one):
    counts = report(several, "bias.csv").set_index(["system", "axis"])["n_unknown_persons"]
    assert counts["bow-baseline/seed-0", "gender"] == counts["bow-baseline/seed-1", "race"] == 1
    assert (
        counts["bow-baseline/seed-1", "gender"] == counts["bow-baseline", "gender"] == len(UNKNOWN)
    )
    counts = report(one, "bias.csv").set_index("system")["n_unknown_persons"]
    assert counts["bow-baseline/seed-0"].tolist() == [1, 1]
    assert counts[["cnn-baseline/seed-0", TEACHER]].isna().all()  # no tokenizer, and nobody said


def test_gaps_are_metrics_of_every_row(several):
    _, layout = several
    gaps = tables.read_json(layout.metrics("bias"))
    table = report(several, "bias.csv").set_index(["system", "axis"])["mean_difference"]
    assert list(gaps) == list(dict.fromkeys(table.index.get_level_values("system")))
    for system in ("bow-baseline", "bow-baseline/seed-1"):
        expected = {f"{axis}_gap": table[system, axis] for axis in ("gender", "race")}
        assert {name: gaps[system][name] for name in expected} == pytest.approx(expected)
    on_film = report(several, "bias.csv", "film").set_index(["system", "axis"])["mean_difference"]
    assert gaps[TEACHER]["film_race_gap"] == on_film[TEACHER, "race"]
    assert "swaps_gender_gap" in gaps[TEACHER]


def test_other_corpora_have_rows_of_every_system_and_holms_correction_of_their_own(several):
    names = report(several, "bias.csv")["system"].drop_duplicates().tolist()
    for corpus, axes in (("swaps", ["gender"]), ("film", ["gender", "race"])):
        table = report(several, "bias.csv", corpus)
        keys = list(zip(table["system"], table["axis"], strict=True))
        assert keys == [(name, axis) for name in names for axis in axes]
        own = holm(table["p_clustered"].where(table["p_holm"].notna()))
        np.testing.assert_allclose(table["p_holm"], own, rtol=2e-5)
        gaps = table.set_index(["system", "axis"])["log_odds_difference"]
        assert gaps["bow-distilled", "gender"] - gaps["bow-baseline", "gender"] > 0.3
        parts = report(several, "breakdown.csv", corpus)
        assert set(parts["system"]) == {TEACHER, "bow-baseline", "bow-distilled"}
    assert set(report(several, "transfer.csv", "film")["estimand"]) >= {CHANGE, SLOPE}
    found = report(several, "transfer.csv", "swaps")
    assert set(found["estimand"]) == {CHANGE, PARTIAL}
    assert (found["student"] == "bow").all()


def test_coefficients_are_of_planted_targets_against_the_same_without(lay_out):
    targets = ["baseline", "distilled", "permuted", "planted-1", "planted-random-1"]
    targets += ["augmented", "planted-augmented-1"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bias, "_eec", lambda *_: {})
        patch.setattr(bias.bias_film, "measure", lambda *_: {})
        study = lay_out(targets=targets, seeds=[0, 1])
    table = report(study, "transfer.csv", "swaps")
    found = table[table["estimand"] == COEFFICIENT]
    keys = list(found[["target", "reference", "scale"]].itertuples(index=False, name=None))
    assert keys == [
        (target, reference, scale)
        for target, reference in (
            ("planted-1", "distilled"),
            ("planted-random-1", "distilled"),
            ("planted-augmented-1", "augmented"),
        )
        for scale in ("log-odds", "probability")
    ]
    partial = table[table["estimand"] == PARTIAL_CHANGE]
    assert set(zip(partial["target"], partial["reference"], strict=True)) == {
        ("distilled", "permuted"),
        ("distilled", "augmented"),
        ("planted-1", "planted-augmented-1"),
    }


@pytest.mark.parametrize("study", ["several", "one"])
def test_breakdown_and_pairs_have_one_entry_a_group(request, study):
    study = request.getfixturevalue(study)
    names = {
        2: [TEACHER, "bow-baseline", "bow-distilled"],
        1: [
            TEACHER,
            *(f"{s}-{t}/seed-0" for s in ("bow", "cnn") for t in ("baseline", "distilled")),
        ],
    }[len(study[0].study.seeds)]
    breakdown, pairs = (report(study, name) for name in ("breakdown.csv", "pairs.parquet"))
    assert breakdown["system"].drop_duplicates().tolist() == names
    assert breakdown.groupby("system").size().nunique() == 1
    assert list(pairs.columns[:2]) == ["system", "axis"]
    sizes = pairs.groupby(["system", "axis"], sort=False).size()
    assert sizes.to_dict() == {
        (n, a): size for n in names for a, size in (("gender", 1584), ("race", 144))
    }


def test_pairs_average_the_seeds_on_both_scales(several):
    pairs = report(several, "pairs.parquet")
    found = pairs[(pairs["system"] == "bow-distilled") & (pairs["axis"] == "gender")]
    frames = [scores(several, f"bow-distilled/seed-{seed}") for seed in (0, 1)]
    she_he = (CORPUS["template"] == eec.TEMPLATES[7]) & CORPUS["person"].isin(["she", "he"])
    (row,) = (
        r for _, r in found.iterrows() if (r["template"], r["unit"]) == (eec.TEMPLATES[7], "she/he")
    )
    for name, column in (("difference", "score"), ("log_odds_difference", "log_odds")):
        means = [frame[she_he].set_index("person")[column] for frame in frames]
        assert row[name] == pytest.approx(np.mean([mean["she"] - mean["he"] for mean in means]))


def test_transfer_has_every_comparison_of_every_student(transfer_alone):
    study = transfer_alone(students=["cnn", "bow"], targets=["baseline", "smoothed", "distilled"])
    table = report(study, "transfer.csv")
    keys = ["student", "target", "reference"]
    comparisons = [("smoothed", "baseline"), ("distilled", "baseline"), ("distilled", "smoothed")]
    found = list(table[keys].drop_duplicates().itertuples(index=False, name=None))
    assert found == [(student, *names) for student in ("cnn", "bow") for names in comparisons]
    assert table.groupby(keys).size().nunique() == 1


def test_transfer_is_that_of_the_predictions_under_the_studys_margins(several):
    table = report(several, "transfer.csv")
    table = table[table["student"] == "bow"]
    before, after = (
        [scores(several, f"bow-{target}/seed-{seed}") for seed in (0, 1)]
        for target in ("baseline", "distilled")
    )
    margins = Margins(probability=0.03, log_odds=0.15, share=0.4)
    expected = transfer(
        "bow", scores(several, TEACHER), before, after, margins=margins, unknown=UNKNOWN
    )
    for column in ("estimand", "axis", "scale", "verdict"):
        assert table[column].tolist() == expected[column].tolist()
    for column in ("estimate", "ci_low", "ci_high", "margin", "seed_sd"):
        np.testing.assert_allclose(table[column], expected[column], rtol=1e-7, err_msg=column)


@pytest.mark.parametrize("arm", ["bow-baseline", "bow-distilled"])
def test_names_that_one_arm_cannot_read_leave_transfer_unmeasured(transfer_alone, monkeypatch, arm):
    """More than half of the African-American names unknown to one arm alone."""
    african = sorted(set(CORPUS["person"][CORPUS["race"] == eec.AFRICAN_AMERICAN]))[:11]
    monkeypatch.setattr(
        bias.scored,
        "unknown_words",
        lambda folder, people: set(african) if folder.parent.name == arm else set(),
    )
    table = report(transfer_alone(), "transfer.csv").set_index(["axis", "scale", "estimand"])
    assert "55% of the African-American side" in table.loc[("race", "log-odds", CHANGE), "reason"]
    assert table.loc[("gender", "log-odds", CHANGE), "verdict"] == ONE_SEED


def test_reliability_is_there_where_the_teacher_has_variants(several, one):
    found = reliabilities(several)
    keys = list(found[["student", "axis", "scale"]].itertuples(index=False, name=None))
    assert keys == [
        (TEACHER, axis, scale)
        for axis in ("gender", "race")
        for scale in ("log-odds", "probability")
    ]
    assert reliabilities(one).empty


def test_variants_are_brought_to_the_teachers_mean_log_odds(several):
    """One wording answers 3 log-odds higher: it is as reliable as without that, on either scale."""
    found = reliabilities(several).set_index(["axis", "scale"])
    assert (found["ci_low"] > 0).all()
    assert found.loc[("gender", "log-odds"), "estimate"] > 0.9
    assert found.loc[("gender", "probability"), "estimate"] > 0.9
    teacher = scores(several, TEACHER)
    shifted = bias._variants(*several, teacher)
    assert [frame["log_odds"].mean() for frame in shifted] == pytest.approx(
        [teacher["log_odds"].mean()] * 2
    )


def test_variants_share_the_teachers_temperature(several, monkeypatch):
    teacher = scores(several, TEACHER)
    before = bias._variants(*several, teacher)
    monkeypatch.setattr(bias.calibrated, "fit", lambda *_: Calibration(temperature=2.0))
    for frame, hot in zip(before, bias._variants(*several, teacher), strict=True):
        assert hot["log_odds"].mean() == pytest.approx(teacher["log_odds"].mean())
        assert hot["log_odds"].std() == pytest.approx(frame["log_odds"].std() / 2)


def test_arms_of_other_rows_are_refused_before_anything_is_measured(one):
    params, layout = one
    path = layout.model("cnn-distilled/seed-0") / "training.json"
    before, written = path.read_text(), layout.report("bias.csv").stat().st_mtime_ns
    path.write_text(before.replace("validation 0", "validation 1"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(layout.inputs)
        with pytest.raises(
            InputError,
            match="cnn-distilled/seed-0 and bow-baseline/seed-0 differ in rows of seed 0",
        ):
            bias.run(params, Path("made"))
    path.write_text(before)
    assert layout.report("bias.csv").stat().st_mtime_ns == written


def test_students_of_one_seed_stand_beside_those_of_several(transfer_alone):
    study = {"students": ["bow"], "one_seed": ["cnn"], "seeds": [0, 1], "resample": "half"}
    table = report(transfer_alone(**study), "transfer.csv")
    assert table.groupby("student")["n_seeds"].unique().to_dict() == {"bow": [2], "cnn": [1]}
    changes = table[table["estimand"] == CHANGE].set_index("student")["verdict"]
    assert set(changes["cnn"]) == {ONE_SEED}
    assert ONE_SEED not in set(changes["bow"])
    # Seeds that learnt from halves: an interval over training sets, but not from one of them.
    measured = table[table["se"].notna()]
    both = measured["student"] == "bow"
    wider = measured["ci_high_training_sets"] - measured["ci_high"]
    assert (wider[both] >= 0).all()
    assert (wider[both] > 0.01).any()
    lower = measured["ci_low"] - measured["ci_low_training_sets"]
    assert lower[both].tolist() == pytest.approx(wider[both].tolist(), abs=1e-8)
    assert (
        measured.loc[~both, ["ci_low_training_sets", "ci_high_training_sets"]].isna().all(axis=None)
    )


def test_without_halves_no_interval_is_over_training_sets(several):
    for name in ("bias.csv", "transfer.csv"):
        table = report(several, name)
        assert table[["ci_low_training_sets", "ci_high_training_sets"]].isna().all(axis=None)
        found = over_training_sets(table, *bias._ESTIMATES[name])
        pooled = (found["n_seeds"] > 1) & found["ci_high"].notna()
        assert found["ci_high_training_sets"].notna().equals(pooled)
        assert (found["ci_high_training_sets"] > found["ci_high"]).any()


def test_study_without_a_comparison_writes_a_header(transfer_alone):
    table = report(transfer_alone(targets=["distilled"]), "transfer.csv")
    assert len(table) == 0
    assert list(table.columns) == list(schemas.TRANSFER.columns)


def test_declared_tests_are_on_swaps_and_a_study_without_the_arms_says_so(several):
    found = declared.read(several[1].report("hypotheses.json"))
    assert found.rows.empty
    assert set(found.not_asked) == {"gap", "slope"}
    assert found.declaration == several[0].hypotheses.model_dump(mode="json")


def test_predictions_have_one_digest_that_any_change_of_a_score_changes(transfer_alone):
    targets = ["baseline", "distilled", "permuted"]
    params, layout = transfer_alone(targets=targets, seeds=[0, 1])
    found = declared.read(layout.report("hypotheses.json"))
    assert found.rows[["contrast", "student", "reason"]].to_numpy().tolist() == [
        [name, "bow", NO_PAIRS] for name in ("gap", "slope")
    ]
    path = layout.predictions("bow-permuted/seed-1", "film")
    scores = tables.read(path, schemas.PREDICTIONS)
    tables.write(scores.assign(label_0=0.4, label_1=0.6), path, schemas.PREDICTIONS)
    again = bias._hypotheses(params, layout)
    assert again.sha256 == found.sha256
    assert again.predictions != found.predictions


def test_a_trained_student_of_one_seed_has_no_verdict_and_a_teacher_has():
    names = [TEACHER, "bow-distilled/seed-0", "cnn-distilled", "cnn-distilled/seed-0", "bow-x"]
    verdicts = [DIFFERENCE, DIFFERENCE, DIFFERENCE, ONE_OF_SEVERAL, NOT_MEASURABLE]
    gaps = pd.DataFrame({"system": names, "verdict": verdicts, "n_seeds": [1, 1, 2, 1, 1]})
    assert bias.without_one_seed(gaps)["verdict"].tolist() == [
        *(DIFFERENCE, ONE_SEED, DIFFERENCE, ONE_OF_SEVERAL, NOT_MEASURABLE)
    ]
