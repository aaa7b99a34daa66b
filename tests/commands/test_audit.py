"""Command ``audit`` from end to end: files, models, own pairs, figures, faults in one line."""

import re

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.bias import scores
from bias_transfer.bias.audit import DIFFERENCE, MARGIN, NO_DIFFERENCE, NO_EVIDENCE, audit
from bias_transfer.commands import audit as command
from bias_transfer.corpora import eec, film
from bias_transfer.io.errors import InputError
from bias_transfer.students import student as students

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def corpus():
    return eec.generate()


@pytest.fixture
def table(corpus):
    """Scores of a system that puts women 0.1 higher."""
    noise = np.random.default_rng(0).normal(0, 0.01, len(corpus))
    return corpus[["sentence"]].assign(score=0.5 + 0.1 * (corpus["gender"] == "female") + noise)


@pytest.fixture
def pairs():
    """Four templates by three noun pairs, with women first."""
    rows = [
        (f"{template}{unit}", group, f"t{template}", f"{word} {person}", unit)
        for template, word in enumerate(["angry", "happy", "amazing", "miserable"])
        for unit in ("she/he", "sister/brother", "aunt/uncle")
        for group, person in zip(("women", "men"), unit.split("/"), strict=True)
    ]
    return pd.DataFrame(rows, columns=["pair_id", "group", "template", "sentence", "unit"])


@pytest.fixture
def student(tiny_student, sentences):
    """A maker of a folder with a saved student."""

    def make(folder, kind="bow", seed=0):
        folder.mkdir(parents=True)
        students.build(tiny_student(kind), sentences, seed).save(folder)
        return folder

    return make


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, in an empty folder, writing to ``bias.csv``."""
    monkeypatch.chdir(tmp_path)

    def command(*arguments):
        environment = {
            "TOKENIZERS_PARALLELISM": "true",
        }  # so that it has nothing to leave behind in this process
        return CliRunner(env=environment).invoke(
            cli.main, ["audit", "--out", "bias.csv", *map(str, arguments)]
        )

    return command


def save(frame, path):
    frame.to_parquet(path, index=False) if path.suffix == ".parquet" else frame.to_csv(
        path, index=False
    )
    return path


def audited(result, systems, rows):
    """What was written: so many rows, of so many systems that were asked about."""
    assert result.exit_code == 0, result.output
    read = pd.read_csv("bias.csv")
    assert len(read) == rows
    assert read["system"][read["n_seeds"] == 1].nunique() == systems
    *_, last = result.stdout.splitlines()
    assert last.startswith("Written: bias.csv")
    return read


def assert_refused(result, folder, *parts):
    assert result.exit_code == 1, result.output
    (line,) = [line for line in result.stderr.split("\n") if line and "text/s" not in line]
    assert line.startswith("Error: ")
    assert "unexpected" not in line
    assert line.isprintable()
    for part in parts:
        assert part in line
    assert not (folder / "bias.csv").exists()


def test_files_of_both_kinds(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    save(table.assign(score=0.5 + table["score"] / 100), tmp_path / "b.parquet")
    read = audited(run("mine=a.csv", "theirs=b.parquet"), 2, 4)
    assert read["system"].tolist() == ["mine", "mine", "theirs", "theirs"]
    assert read["mean_difference"].iloc[[0, 2]].tolist() == pytest.approx([0.1, 0.001], rel=0.05)


def test_one_system_is_not_several(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    audited(run("mine=a.csv"), 1, 2)


def test_score_column_by_name(run, table, tmp_path):
    save(table.assign(label_1=0.5), tmp_path / "a.csv")
    read = audited(run("--score", "score", "mine=a.csv"), 1, 2)
    assert read["mean_difference"].iloc[0] == pytest.approx(0.1, rel=0.05)


def test_margin_decides_what_counts_as_no_difference(run, table, corpus, tmp_path):
    noise = np.random.default_rng(1).normal(0, 0.02, len(corpus))
    save(table.assign(score=0.5 + noise), tmp_path / "a.csv")
    narrow = audited(run("--margin", "0.0001", "mine=a.csv"), 1, 2)
    assert (narrow["margin"] == 0.0001).all()
    assert (narrow["verdict"] == NO_EVIDENCE).all()
    wide = audited(run("--margin", "0.5", "mine=a.csv"), 1, 2)
    assert (wide["verdict"] == NO_DIFFERENCE).all()
    usual = audited(run("mine=a.csv"), 1, 2)
    assert (usual["margin"] == MARGIN).all()
    assert f"default {MARGIN})" in " ".join(run("--help").output.split())


@pytest.mark.parametrize("margin", ["0", "-0.1", "1.5", "wide"])
def test_margin_that_is_none(run, margin):
    assert run("--margin", margin, "mine=a.csv").exit_code == 2


def test_figure_of_each_axis(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    audited(run("--plot", "deep/figures", "mine=a.csv"), 1, 2)
    figures = sorted((tmp_path / "deep" / "figures").iterdir())
    assert [path.name for path in figures] == ["gender_bias.png", "placebo.png", "race_bias.png"]
    assert all(path.read_bytes().startswith(PNG) for path in figures)
    assert figures[0].read_bytes() != figures[1].read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--positive", "POS", "mine=a.csv"),
        ("--score", "score", "--model", "mine"),
        ("--corpus", "pairs.csv", "--method", "notebook", "mine=a.csv"),
    ],
)
def test_arguments_that_do_not_fit_together(run, tmp_path, arguments):
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage: " in result.stderr
    assert list(tmp_path.iterdir()) == []


FAULTS = {
    "short of one": (
        lambda t: t.drop(index=20),
        "1 sentences of the corpus are missing",
        "'Jamel feels angry.'",
    ),
    "one twice": (
        lambda t: pd.concat([t, t.iloc[[20]]]),
        "1 sentences stand twice",
        "'Jamel feels angry.'",
    ),
    "score above 1": (
        lambda t: t.assign(score=t["score"] * 100),
        "not a probability between 0 and 1",
    ),
    "score below 0": (
        lambda t: t.assign(score=t["score"] - 1),
        "not a probability between 0 and 1",
    ),
    "no number": (
        lambda t: t.assign(score=t["score"].mask(t.index == 5)),
        "'nan' is not",
        "rows like it: 1",
    ),
    "no score": (
        lambda t: t.rename(columns={"score": "mark"}),
        "no score column",
        "sentence, mark",
        "--score",
    ),
    "two scores": (
        lambda t: t.assign(pos_prob=0.5),
        "2 columns could be the score (score, pos_prob)",
        "--score",
    ),
    "header only": (lambda t: t.iloc[:0], "has no rows"),
}


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_table(run, table, tmp_path, fault, suffix):
    change, *parts = FAULTS[fault]
    name = f"theirs.{suffix}"
    save(change(table), tmp_path / name)
    assert_refused(run("--plot", "figures", f"theirs={name}"), tmp_path, name, *parts)
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("suffix", "row"), [("csv", 7), ("parquet", 6)])
def test_row_is_the_one_that_a_person_finds(run, table, tmp_path, suffix, row):
    table.loc[5, "score"] = 7.0
    name = f"theirs.{suffix}"
    save(table, tmp_path / name)
    assert_refused(run(f"theirs={name}"), tmp_path, f"{name}, row {row}, column 'score': '7.0'")


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
@pytest.mark.parametrize(
    "content", [b"", np.random.default_rng(0).bytes(5000), bytes(range(32)) * 9, b"PAR1" * 99]
)
def test_file_that_is_no_table(run, tmp_path, content, suffix):
    (tmp_path / f"theirs.{suffix}").write_bytes(content)
    assert_refused(run(f"theirs=theirs.{suffix}"), tmp_path, f"theirs.{suffix}")


@pytest.mark.parametrize("name", ["folder", "folder.csv", "folder.parquet"])
def test_folder_in_the_place_of_a_file(run, table, tmp_path, name):
    (tmp_path / name).mkdir()
    save(table, tmp_path / name / "part.parquet")
    assert_refused(run(f"theirs={name}"), tmp_path, f"{name} cannot be read: it is a folder")


@pytest.mark.parametrize("name", ["none.csv", "none.parquet", "none/none.csv"])
def test_file_that_is_missing(run, tmp_path, name):
    assert_refused(run(f"theirs={name}"), tmp_path, f"{name} is missing")


def test_one_faulty_file_of_two_writes_nothing(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    save(table.iloc[1:], tmp_path / "b.csv")
    assert_refused(run("mine=a.csv", "theirs=b.csv"), tmp_path, "b.csv: 1 sentences")


def test_score_column_that_is_not_there(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    assert_refused(run("--score", "mark", "mine=a.csv"), tmp_path, "'mark'", "sentence, score")


def test_model_scores_the_corpus_itself(run, student, corpus, tmp_path):
    folder = student(tmp_path / "models" / "mine")
    read = audited(run("--model", "models/mine"), 1, 2)
    assert set(read["system"]) == {"mine"}
    answers = students.load(folder).predict_proba(corpus["sentence"].tolist())[:, 1]
    scored = scores.match(corpus[["sentence"]].assign(score=answers), "mine")
    expected = audit({"mine": scored})
    for column in ("mean_difference", "se_clustered"):
        np.testing.assert_allclose(read[column], expected[column], atol=1e-7, rtol=0)
    assert abs(read["mean_difference"]).max() > 1e-6


def test_positive_label_by_name(run, student, tmp_path):
    student(tmp_path / "mine", "tiny_encoder")
    usual = audited(run("--model", "mine"), 1, 2)
    turned = audited(run("--model", "mine", "--positive", "negative"), 1, 2)
    assert turned["mean_difference"].tolist() == pytest.approx(
        (-usual["mean_difference"]).tolist(), abs=1e-9
    )
    (tmp_path / "bias.csv").unlink()
    assert_refused(
        run("--model", "mine", "--positive", "good"),
        tmp_path,
        "'good'",
        "(labels: negative, positive)",
    )


def test_file_and_models_in_one_table(run, student, table, tmp_path):
    save(table, tmp_path / "a.csv")
    for name in ("one", "other"):
        student(tmp_path / name, seed=len(name))
    read = audited(run("--model", "one", "mine=a.csv", "--model", f"{tmp_path}/other/"), 3, 6)
    assert read["system"].drop_duplicates().tolist() == ["mine", "one", "other"]


def test_students_of_a_study_keep_the_names_of_their_systems(run, student, tmp_path):
    folders = [
        student(tmp_path / "study" / arm / "seed-0") for arm in ("bow-baseline", "bow-distilled")
    ]
    for folder in folders:
        student(folder.with_name("seed-1"), seed=1)
    both = audited(run("--model", folders[0], "--model", folders[1]), 2, 4)
    assert both["system"].drop_duplicates().tolist() == [
        "bow-baseline/seed-0",
        "bow-distilled/seed-0",
    ]
    seeds = audited(run("--model", folders[0], "--model", folders[0].with_name("seed-1")), 2, 6)
    assert seeds["system"].drop_duplicates().tolist() == [
        "bow-baseline",
        "bow-baseline/seed-0",
        "bow-baseline/seed-1",
    ]
    assert (seeds["n_seeds"] == [2, 2, 1, 1, 1, 1]).all()


def test_models_of_one_name_are_told_apart_by_their_folders(run, student, tmp_path):
    for folder in ("ours", "theirs"):
        student(tmp_path / folder / "model")
    read = audited(run("--model", "ours/model", "--model", "theirs/model"), 2, 4)
    assert read["system"].drop_duplicates().tolist() == ["ours/model", "theirs/model"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("mine=a.csv", "mine=a.csv"),
        ("mine=a.csv", "--model", "deep/mine"),
        ("--model", "x/mine", "--model", "x/mine"),
    ],
)
def test_name_that_stands_twice_is_refused_before_anything_is_read(run, tmp_path, arguments):
    assert_refused(run(*arguments), tmp_path, "stands twice", "mine")


@pytest.mark.parametrize("model", ["./none", "folder"])
def test_model_that_cannot_be_had(run, tmp_path, model):
    (tmp_path / "folder").mkdir()
    assert_refused(run("--model", model), tmp_path, model)


def own(pairs, gap=0.1):
    noise = np.random.default_rng(0).normal(0, 0.01, len(pairs))
    return pairs[["sentence"]].assign(score=0.5 + gap * (pairs["group"] == "women") + noise)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_pairs_of_ones_own(run, pairs, tmp_path, suffix):
    save(pairs, tmp_path / f"pairs.{suffix}")
    save(own(pairs).sample(frac=1, random_state=0), tmp_path / "a.csv")
    save(own(pairs, gap=0).assign(score=lambda frame: frame["score"].round()), tmp_path / "b.csv")
    read = audited(run("--corpus", f"pairs.{suffix}", "mine=a.csv", "hard=b.csv"), 2, 2)
    assert read["system"].tolist() == ["mine", "hard"]
    assert (read["axis"] == "women - men").all()
    assert (read["n_pairs"] == 12).all()
    sides = own(pairs)["score"].to_numpy().reshape(-1, 2)
    assert read["mean_difference"].iloc[0] == pytest.approx(
        (sides[:, 0] - sides[:, 1]).mean(), abs=1e-12
    )
    odds = np.log(sides / (1 - sides))
    assert read["log_odds_difference"].iloc[0] == pytest.approx(
        (odds[:, 0] - odds[:, 1]).mean(), abs=1e-12
    )
    assert read["verdict"].iloc[0] == DIFFERENCE
    assert np.isnan(read["log_odds_difference"].iloc[1])


def test_pairs_of_ones_own_asked_of_a_model_and_drawn(run, student, pairs, tmp_path):
    save(pairs, tmp_path / "pairs.csv")
    folder = student(tmp_path / "mine")
    result = run("--corpus", "pairs.csv", "--model", "mine", "--plot", "figures", "--margin", "0.3")
    read = audited(result, 1, 1)
    sides = students.load(folder).predict_proba(pairs["sentence"].tolist())[:, 1].reshape(-1, 2)
    assert read["mean_difference"].iloc[0] == pytest.approx(
        (sides[:, 0] - sides[:, 1]).mean(), abs=1e-7
    )
    assert read["margin"].iloc[0] == 0.3
    assert [path.name for path in (tmp_path / "figures").iterdir()] == ["bias.png"]


def test_pairs_of_ones_own_without_units(run, pairs, tmp_path):
    save(pairs.drop(columns="unit"), tmp_path / "pairs.csv")
    save(own(pairs), tmp_path / "a.csv")
    read = audited(run("--corpus", "pairs.csv", "mine=a.csv"), 1, 1)
    assert read["df_clustered"].iloc[0] == pytest.approx(3)
    assert read["p_clustered"].iloc[0] == pytest.approx(read["p_template"].iloc[0])
    assert np.isnan(read["p_unit"].iloc[0])


def test_pairs_of_ones_own_from_many_templates(run, pairs, tmp_path):
    """More than there is memory for sign patterns of."""
    many = pairs.assign(template=pairs["pair_id"])
    many = pd.concat(
        [many.replace(r"$", f" {i}", regex=True).assign(group=many["group"]) for i in range(5)]
    )
    save(many, tmp_path / "pairs.csv")
    save(own(many), tmp_path / "a.csv")
    read = audited(run("--corpus", "pairs.csv", "mine=a.csv"), 1, 1)
    assert read["verdict"].iloc[0] == DIFFERENCE


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda frame: frame.drop(columns="group"), "column 'group' is missing"),
        (lambda frame: frame.iloc[1:], "must have one sentence of each group"),
        (lambda frame: frame.iloc[:2], "one pair"),
        (lambda frame: frame.iloc[:0], "has no rows"),
        (lambda frame: frame.drop(columns="unit").assign(template="t"), "nothing can be clustered"),
    ],
)
def test_pairs_that_are_none(run, pairs, tmp_path, change, part):
    save(change(pairs), tmp_path / "pairs.csv")
    save(own(pairs), tmp_path / "a.csv")
    assert_refused(run("--corpus", "pairs.csv", "mine=a.csv"), tmp_path, "pairs.csv", part)


def test_scores_of_other_sentences_than_the_pairs(run, pairs, table, tmp_path):
    save(pairs, tmp_path / "pairs.csv")
    save(table, tmp_path / "a.csv")
    result = run("--corpus", "pairs.csv", "mine=a.csv")
    of_another = "its sentences are those of the corpus 'eec', not of 'pairs'"
    assert_refused(result, tmp_path, f"a.csv: {of_another}: audit it with --corpus eec")
    save(table.assign(sentence="Oh, " + table["sentence"]), tmp_path / "a.csv")
    result = run("--corpus", "pairs.csv", "mine=a.csv")
    assert_refused(result, tmp_path, "a.csv: 8640 sentences are not in the corpus")
    assert len(re.findall("Oh, Alonzo feels", result.stderr)) == 3


def test_breakdown_and_figures_lie_where_they_were_asked_for(run, table, tmp_path):
    table.to_csv("mine.csv", index=False)
    result = run("mine=mine.csv", "--breakdown", "parts/breakdown.csv", "--plot", "figures")
    assert result.exit_code == 0, result.output
    parts = pd.read_csv("parts/breakdown.csv").set_index(["axis", "by", "level"])["mean_difference"]
    assert len(parts) == 88
    assert parts["gender", "noun pair", "names"] == pytest.approx(0.1, abs=0.01)
    assert parts["race", "gender", "female - male"] == pytest.approx(0, abs=0.01)
    names = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert names == ["gender_bias.png", "placebo.png", "race_bias.png"]


@pytest.fixture(scope="module")
def reviewed():
    """Film sentences, and a system that puts women .02 higher, and no names."""
    sentences = film.generate()
    noise = np.random.default_rng(1).normal(0, 0.01, len(sentences))
    score = 0.5 + 0.02 * (sentences["gender"] == "female") + noise
    return sentences[["sentence"]].assign(score=score)


def test_film_sentences_by_name(run, reviewed, tmp_path):
    save(reviewed.sample(frac=1, random_state=0), tmp_path / "a.csv")
    options = ("--plot", "figures", "--html", "page.html", "--breakdown", "parts.csv")
    result = run("--corpus", "film", "a.csv", *options)
    read = audited(result, 1, 2).set_index("axis")
    assert read["mean_difference"]["gender"] == pytest.approx(0.02, abs=0.002)
    assert read["verdict"].to_dict() == {"gender": DIFFERENCE, "race": NO_DIFFERENCE}
    assert (read["df_clustered"] > 30).all()
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == [
        "gender_bias.png",
        "race_bias.png",
    ]
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "[women]" in page
    assert "[European-American names]" in page
    parts = pd.read_csv("parts.csv").set_index(["axis", "by", "level"])["mean_difference"]
    assert parts["gender", "valence", "negative"] == pytest.approx(0.02, abs=0.005)


@pytest.mark.parametrize("asked", ["eec", "film"])
def test_scores_of_the_other_corpus_are_told_apart(run, table, reviewed, tmp_path, asked):
    save(reviewed, tmp_path / "a.csv")
    save(table, tmp_path / "b.csv")
    file, other = {"eec": ("a.csv", "film"), "film": ("b.csv", "eec")}[asked]
    result = run("--corpus", asked, file)
    said = f"{file}: its sentences are those of the corpus '{other}', not of '{asked}'"
    assert_refused(result, tmp_path, said, f"--corpus {other} (in Python, corpus='{other}')")


def test_film_sentences_asked_of_a_function_give_what_their_file_gives(run, reviewed, tmp_path):
    save(reviewed, tmp_path / "a.csv")
    run("--corpus", "film", "a.csv")
    known = reviewed.set_index("sentence")["score"]
    asked = command.audit({"a": lambda texts: known[texts].to_numpy()}, corpus="film")
    written = pd.read_csv("bias.csv")
    pd.testing.assert_frame_equal(
        asked.to_frame()[["system", "axis", "mean_difference", "p_value"]],
        written[["system", "axis", "mean_difference", "p_value"]],
    )


def test_words_that_a_student_does_not_know_count_on_film_sentences_too(run, student, tmp_path):
    student(tmp_path / "mine")
    read = audited(run("--corpus", "film", "--model", "mine"), 1, 2)
    assert (read["n_unknown_persons"] > 0).all()


def test_a_breakdown_is_not_of_ones_own_pairs(run, pairs, table):
    pairs.to_csv("pairs.csv", index=False)
    table.to_csv("mine.csv", index=False)
    result = run("mine=mine.csv", "--corpus", "pairs.csv", "--breakdown", "breakdown.csv")
    assert result.exit_code == 2
    assert "--breakdown" in result.output


def test_file_without_a_name_is_called_by_its_stem(run, table, tmp_path):
    save(table, tmp_path / "mine.v2.csv")
    read = audited(run("mine.v2.csv"), 1, 2)
    assert read["system"].unique().tolist() == ["mine.v2"]
    twice = run("mine.v2.csv", f"{tmp_path}/mine.v2.csv")
    assert twice.exit_code == 1
    assert "'mine.v2' stands twice" in twice.stderr


def test_the_answer_is_printed_with_every_path(run, table, pairs, tmp_path):
    save(table, tmp_path / "mine.csv")
    shown = run("mine.csv", "--plot", "figures", "--html", "deep/page.html").stdout.splitlines()
    assert shown[0].split() == "system corpus axis gap 95 % interval verdict".split()
    assert shown[1].split()[:4] == ["mine", "eec", "gender", "+0.100"]
    assert shown[1].endswith("  difference")
    assert shown[4].startswith("mine: sentences about women score 0.100 higher")
    written = shown[-1].removeprefix("Written: ").split(", ")
    assert len(written) == 5
    assert all((tmp_path / path).stat().st_size for path in written)
    assert {"bias.csv", "deep/page.html"} < set(written)
    page = (tmp_path / "deep" / "page.html").read_text(encoding="utf-8")
    assert "[women&#39;s names]" in page or "She " in page
    save(pairs, tmp_path / "pairs.csv")
    save(own(pairs), tmp_path / "a.csv")
    shown = run("--corpus", "pairs.csv", "a.csv").stdout
    assert "a       pairs   women - men  +0.09" in shown


@pytest.mark.parametrize(("gap", "code"), [(0.1, cli.FAILED), (0.0, 0)])
def test_fail_on_difference_is_an_exit_code_of_its_own(run, pairs, tmp_path, gap, code):
    save(pairs, tmp_path / "pairs.csv")
    save(own(pairs, gap), tmp_path / "a.csv")
    result = run("--corpus", "pairs.csv", "--fail-on", "difference", "a.csv")
    assert result.exit_code == code
    assert (tmp_path / "bias.csv").exists()
    assert "Written: bias.csv" in result.stdout


@pytest.mark.parametrize(("kinds", "code"), [(("difference",), 0), (("not-measurable",), 3)])
def test_ci_can_fail_where_nothing_can_be_measured(run, pairs, tmp_path, kinds, code):
    save(pairs, tmp_path / "pairs.csv")
    save(own(pairs).assign(score=0.5), tmp_path / "a.csv")
    options = [part for kind in kinds for part in ("--fail-on", kind)]
    assert run("--corpus", "pairs.csv", *options, "a.csv").exit_code == code


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"systems": {}}, "nothing to audit"),
        ({"systems": {1: len}}, "a system's name is text, not 1"),
        ({"corpus": ["eec"]}, "corpus is 'list'"),
        ({"corpus": "flim"}, "no corpus 'flim'"),
        ({"margin": 0}, "margin is 0"),
        ({"margin": "5%"}, "margin is '5%'"),
        ({"method": "nope"}, "method is 'nope'"),
        ({"corpus": "film", "method": "notebook"}, "leave it out with another corpus"),
    ],
)
def test_arguments_of_python_are_checked(arguments, message):
    with pytest.raises(InputError, match=re.escape(message)):
        command.audit(**{"systems": {"mine": len}} | arguments)


def test_one_file_is_not_two_seeds(run, table, tmp_path):
    save(table, tmp_path / "a.csv")
    assert_refused(run("m/seed-0=a.csv", "m/seed-1=a.csv"), tmp_path, "counted as two seeds")


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_other_separators_are_refused_by_name(run, table, tmp_path, separator, decimal):
    table.to_csv(tmp_path / "a.csv", sep=separator, decimal=decimal, index=False)
    assert_refused(run("a.csv"), tmp_path, "separate columns by commas")


@pytest.mark.parametrize("kind", ["json", "jsonl", "xlsx"])
def test_other_kinds_of_tables_are_refused_at_once(run, table, tmp_path, kind):
    (tmp_path / f"a.{kind}").write_text(table.to_json(orient="records"))
    assert_refused(run(f"a.{kind}"), tmp_path, f"a.{kind} is neither CSV nor parquet")


def test_labels_in_the_place_of_probabilities_are_warned_about(run, pairs, tmp_path):
    save(pairs, tmp_path / "pairs.csv")
    hard = own(pairs).assign(score=(pairs["group"] == "women").astype(int))
    save(hard, tmp_path / "hard.csv")
    save(own(pairs), tmp_path / "soft.csv")
    result = run("--corpus", "pairs.csv", "hard.csv", "soft.csv")
    (warning,) = [line for line in result.stdout.splitlines() if line.startswith("Warning: ")]
    assert "every score of hard is 0 or 1" in warning
    with pytest.warns(UserWarning, match="every score of mine is 0 or 1"):
        command.audit({"mine": hard}, corpus=pairs)


def test_python_and_the_command_measure_the_same(run, table, tmp_path):
    save(table, tmp_path / "mine.csv")
    read = audited(run("mine.csv"), 1, 2)
    for system in (tmp_path / "mine.csv", table.sample(frac=1, random_state=0)):
        found = command.audit({"mine": system}).to_frame()
        assert found.columns.tolist() == read.columns.tolist()
        np.testing.assert_allclose(found["mean_difference"], read["mean_difference"], rtol=1e-12)
        assert found["verdict"].tolist() == read["verdict"].tolist()
    by_path, by_frame = (
        command.audit(own(pairs_of(tmp_path)), corpus=corpus)
        for corpus in (tmp_path / "pairs.csv", pairs_of(tmp_path))
    )
    assert by_path.to_frame()["mean_difference"].equals(by_frame.to_frame()["mean_difference"])


def pairs_of(folder):
    """A frame of pairs as pandas reads it: ids that are numbers."""
    rows = [
        (number, group, f"t{number % 3}", f"{group} {number}")
        for number in range(6)
        for group in ("women", "men")
    ]
    frame = pd.DataFrame(rows, columns=["pair_id", "group", "template", "sentence"])
    frame.to_csv(folder / "pairs.csv", index=False)
    return frame


@pytest.mark.parametrize("faulty", [3, pd.DataFrame({"a": [1]})])
def test_a_faulty_system_in_python_is_named(faulty):
    with pytest.raises(InputError, match="mine"):
        command.audit({"mine": faulty})
