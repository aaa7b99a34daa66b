"""Choosing a study changes its values in ``params.yaml`` alone, and can be undone."""

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from bias_transfer import cli
from bias_transfer.commands import study as module
from bias_transfer.commands.study import choose, replace
from bias_transfer.io.errors import InputError
from bias_transfer.study import params

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
STUDIES = sorted(params.load(SHIPPED).studies)
BLOCKS = """\
study:  # the current one
  name: old
  students:
    - bow
    - cnn
  # before the seeds
  seeds:
    - 0
    - 1  # the last

# after the study
other: "kept"   # as it is
"""


@pytest.fixture(scope="module")
def shipped():
    return params.load(SHIPPED)


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "params.yaml"
    target.write_bytes(SHIPPED.read_bytes())
    return target


def outside(content: bytes) -> list[bytes]:
    """The lines of a ``params.yaml`` but for those of ``study``."""
    lines = content.splitlines(keepends=True)
    start = lines.index(next(line for line in lines if line.startswith(b"study:")))
    end = next(i for i in range(start + 1, len(lines)) if not lines[i].startswith(b"  "))
    return lines[:start] + lines[end:]


def refused(path: Path, *arguments: str) -> str:
    """Message of an ``InputError`` after which the file is what it was, and alone."""
    before = path.read_bytes()
    with pytest.raises(InputError) as caught:
        choose(path, *arguments)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", STUDIES)
def test_chosen_study_is_the_catalogues_and_the_way_back_gives_the_same_bytes(path, name, shipped):
    before = shipped
    choose(path, name)
    after = params.load(path)
    assert after.study.model_dump() == before.studies[name].model_dump() | {"name": name}
    assert after.model_dump(exclude={"study"}) == before.model_dump(exclude={"study"})
    assert outside(path.read_bytes()) == outside(SHIPPED.read_bytes())
    assert list(path.parent.iterdir()) == [path]
    choose(path, before.study.name)
    assert path.read_bytes() == SHIPPED.read_bytes()


def test_comments_of_the_study_stay(path):
    choose(path, "imdb")
    comments = [
        [line.partition("#")[2] for line in file.read_text().splitlines()]
        for file in (path, SHIPPED)
    ]
    assert comments[0] == comments[1]
    assert any(comments[0])


@pytest.mark.parametrize(
    "file",
    [
        *(
            "imdb.parquet",
            "s3://bucket/imdb.csv",
            "my: file #1.csv",
            "réviews.csv",
            "'q'.csv",
            "a, b.csv",
        ),
        *("1.5", "true", "null", "{x}.csv", "- dash", "back\\slash.csv", "a long name " * 20),
    ],
)
def test_reviews_are_read_from_the_file_that_is_named_whatever_its_name(path, file):
    before = params.load(path).model_dump()
    choose(path, "imdb-resplit", file)
    after = params.load(path)
    assert after.reviews["imdb-resplit"].path == file
    assert (
        len(path.read_text().splitlines()) == len(SHIPPED.read_text().splitlines()) - 1
    )  # two files were a line each
    before["reviews"]["imdb-resplit"]["path"] = file
    assert after.model_dump(exclude={"study"}) == {
        key: value for key, value in before.items() if key != "study"
    }
    assert after.study.name == "imdb-resplit"


def test_one_file_takes_the_place_of_a_table_for_each_split(path):
    choose(path, "imdb", "imdb.parquet")
    entry = params.load(path).reviews["imdb"]
    assert (entry.path, entry.split_column) == ("imdb.parquet", "split")
    assert entry.train is None
    assert entry.test is None
    choose(path, "imdb", "other.csv")
    assert params.load(path).reviews["imdb"].path == "other.csv"
    assert params.load(path).reviews["imdb"].split_column == "split"


def test_without_a_file_the_reviews_stay_where_they_were_put(path):
    choose(path, "imdb-resplit", "imdb.parquet")
    choose(path, "snippets")
    choose(path, "imdb-resplit")
    assert params.load(path).reviews["imdb-resplit"].path == "imdb.parquet"


def test_lines_around_a_list_of_files_stay(path):
    choose(path, "imdb-resplit", "imdb.parquet")
    lines = path.read_text().splitlines()
    shipped = SHIPPED.read_text().splitlines()
    start = next(i for i, line in enumerate(shipped) if line.split("#")[0].strip() == "path:")
    after = next(
        i for i in range(start + 1, len(shipped)) if not shipped[i].lstrip().startswith("-")
    )
    assert shipped[start] in lines
    assert lines[lines.index(shipped[start]) + 2 :] == shipped[after:]


def test_unknown_study_is_refused_with_the_nearest(path):
    assert "unknown study 'imbd': did you mean 'imdb'?" in refused(path, "imbd")


def test_study_that_stands_alone_is_none_of_the_catalogue(path):
    values = yaml.safe_load(SHIPPED.read_text())
    values["study"]["name"] = "mine"
    path.write_text(yaml.safe_dump(values))
    assert "unknown study 'mine'" in refused(path, "mine")


def test_file_for_reviews_from_a_package_is_refused(path):
    message = refused(path, "snippets", "reviews.csv")
    assert "reviews.snippets has no `path`" in message
    assert "reviews.csv" in message


def test_file_for_an_entry_without_the_key_that_says_where_splits_are_is_refused(path):
    lines = SHIPPED.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "split_column:" not in line))
    assert "reviews.imdb.split_column is missing" in refused(path, "imdb", "imdb.parquet")


def test_file_that_is_not_valid_is_refused(path):
    path.write_text(SHIPPED.read_text().replace("students: [bow, cnn]", "students: [bwo, cnn]"))
    assert "unknown student 'bwo': did you mean 'bow'?" in refused(path, "snippets")


def test_file_that_would_not_be_valid_is_not_written(path, monkeypatch):
    monkeypatch.setattr(module, "replace", lambda text, values: text + "studdy: 1\n")
    assert "unknown key 'studdy'" in refused(path, "imdb")


def test_file_without_one_of_the_studys_keys_is_refused_with_its_name(path):
    lines = SHIPPED.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("  one_seed:")))
    assert "study.one_seed" in refused(path, "imdb")


def test_anchor_that_the_choice_would_take_away_is_refused(path):
    """Another place says ``*seeds``: with the anchor gone, the file would mean nothing."""
    text = SHIPPED.read_text().replace(
        "  seeds: [0, 1, 2, 3, 4]  #", "  seeds: &seeds [0, 1, 2, 3, 4]  #", 1
    )
    path.write_text(text.replace("    seeds: [0, 1, 2, 3, 4]\n", "    seeds: *seeds\n"))
    params.load(path)
    refused(path, "imdb")


def test_file_as_yaml_writes_it_can_be_chosen_in(path):
    """Its lists stand as far left as their keys."""
    path.write_text(yaml.safe_dump(yaml.safe_load(SHIPPED.read_text())))
    before = params.load(path)
    choose(path, "imdb-resplit", "imdb.parquet")
    after = params.load(path)
    chosen = before.studies["imdb-resplit"].model_dump()
    assert after.study.model_dump() == chosen | {"name": "imdb-resplit"}
    assert after.reviews["imdb-resplit"].path == "imdb.parquet"
    assert after.studies == before.studies


def test_line_ends_of_another_system_stay(path):
    path.write_bytes(SHIPPED.read_bytes().replace(b"\n", b"\r\n"))
    choose(path, "imdb")
    assert params.load(path).study.name == "imdb"
    assert outside(path.read_bytes()) == outside(SHIPPED.read_bytes().replace(b"\n", b"\r\n"))


def test_replace_keeps_what_stands_around_a_block():
    changed = replace(
        BLOCKS,
        {("study", "students"): ("minilm",), ("study", "seeds"): (), ("study", "name"): "new"},
    )
    assert yaml.safe_load(changed) == {
        "study": {"name": "new", "students": ["minilm"], "seeds": []},
        "other": "kept",
    }
    assert changed.startswith("study:  # the current one\n  name: new\n  students:\n")
    assert "\n  # before the seeds\n  seeds:\n" in changed
    assert changed.endswith('  # the last\n\n# after the study\nother: "kept"   # as it is\n')


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a: {b: [1, 2], c: 3}", "a: {b: [4], c: 3}"),
        ("a:\n  b: [1,\n      2]  # two\n  c: 3", "a:\n  b: [4]  # two\n  c: 3"),
        ("😀: é\na:\n  c: 'x'\n  b: 1", "😀: é\na:\n  c: 'x'\n  b: [4]"),
        ("\ufeffa:\n  b: [1]\n", "\ufeffa:\n  b: [4]\n"),
    ],
)
def test_replace_finds_its_place(text, changed):
    assert replace(text, {("a", "b"): (4,)}) == changed


@pytest.mark.parametrize("text", ["a: 1", "a:\n  c: 1", "b: 1"])
def test_replace_says_what_is_missing(text):
    with pytest.raises(InputError, match=r"a\.b is missing"):
        replace(text, {("a", "b"): (4,)})


def test_command_chooses(path, monkeypatch):
    monkeypatch.chdir(path.parent)
    command = ["study", "imdb", "--reviews", "imdb.parquet"]
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == 1
    assert "imdb.parquet is missing: nothing was changed" in result.output
    assert path.read_bytes() == SHIPPED.read_bytes()
    Path("imdb.parquet").touch()
    result = CliRunner().invoke(cli.main, command)
    assert result.exit_code == 0
    assert result.output == "params.yaml: the current study is imdb; `dvc repro` runs it\n"
    chosen = params.load(path)
    assert chosen.study.name == "imdb"
    assert chosen.reviews[chosen.study.reviews].path == "imdb.parquet"
