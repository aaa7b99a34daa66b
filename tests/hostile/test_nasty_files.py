"""Every command that reads somebody's file, on every kind of file it should not be given.

Always one clear line and exit code 1; nothing is written, and what is there stays as it was.
"""

import gzip
import io
import os
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from bias_transfer import cli

ROOT = Path(__file__).resolve().parents[2]
SEEDS = "seeds: [0, 1, 2, 3, 4]"  # of the shipped study
OWN = "path: reviews.csv"  # of the shipped reviews "files"
ROWS = [
    (f"a film about {word}", i % 2)
    for i, word in enumerate("war love cats tea rain snow sand salt".split())
]
TABLE = "text,label\n" + "".join(f"{text},{label}\n" for text, label in ROWS)


def zipped(text: str, times: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reviews.csv", text * times)
    return buffer.getvalue()


def with_row(row: str) -> bytes:
    return (TABLE + row).encode()


def parquet(text: list, label: list) -> bytes:
    buffer = io.BytesIO()
    pd.DataFrame({"text": text, "label": label}).to_parquet(buffer)
    return buffer.getvalue()


# Name of the file, what is in it, and what the error must say of it. None: it is read.
REVIEWS: dict[str, tuple[str, bytes, str | None]] = {
    "plain": ("r.csv", TABLE.encode(), None),
    "byte-order mark": ("r.csv", b"\xef\xbb\xbf" + TABLE.encode(), None),
    "ends of lines of Windows": ("r.csv", TABLE.replace("\n", "\r\n").encode(), None),
    "ends of lines of old Macs": ("r.csv", TABLE.replace("\n", "\r").encode(), None),
    "quotes and newlines in fields": (
        "r.csv",
        with_row('"""so"", he said,\nand\r\nleft\rit",1\n'),
        None,
    ),
    "a field of 10 MB": ("r.csv", with_row("long " * 2_000_000 + ",1\n"), None),
    "a NUL in a text": ("r.csv", with_row("a film\0about nothing,1\n"), None),
    "labels as floats": ("r.csv", with_row("a film with a float,1.0\n"), None),
    "one column more": (
        "r.csv",
        TABLE.replace(",", ",x,").replace("text,x,", "text,more,").encode(),
        None,
    ),
    "truth values": ("r.parquet", parquet([t for t, _ in ROWS], [bool(i) for _, i in ROWS]), None),
    "UTF-16": ("r.csv", TABLE.encode("utf-16"), "cannot be read.*utf-8"),
    "Latin-1": (
        "r.csv",
        with_row("caf\xe9,1\n").replace(b"\xc3\xa9", b"\xe9"),
        "cannot be read.*utf-8",
    ),
    "nothing but NULs": ("r.csv", bytes(100), "no rows"),
    "empty": ("r.csv", b"", "cannot be read"),
    "empty lines": ("r.csv", b"\n\n\n", "cannot be read"),
    "a header alone": ("r.csv", b"text,label\n", "no rows"),
    "another separator": ("r.csv", TABLE.replace(",", ";").encode(), "separated by semicolons"),
    "a column missing": (
        "r.csv",
        TABLE.replace("label", "stars").encode(),
        "column 'label' is missing",
    ),
    "a column twice": (
        "r.csv",
        TABLE.replace(",", ",x,").replace("text,x,", "text,text,").encode(),
        "'text' twice",
    ),
    "a quote that never closes": (
        "r.csv",
        with_row('"open,1\nfine,0\n'),
        "cannot be read.*EOF inside string",
    ),
    "a row of three fields": ("r.csv", with_row("one, two,1\n"), "cannot be read.*line 10"),
    "every row of three fields": (
        "r.csv",
        TABLE.replace(",", ",x,").replace("t,x,l", "t,l").encode(),
        "more fields",
    ),
    "a row of one field": (
        "r.csv",
        with_row("one\n"),
        r"row 10, column 'label': must be 0.*\(''\)",
    ),
    "labels as words": (
        "r.csv",
        with_row("fine,positive\n"),
        "row 10, column 'label': must be 0.*'positive'",
    ),
    "a label between": ("r.csv", with_row("fine,0.5\n"), "row 10.*'0.5'"),
    "a label that is not a number": ("r.csv", with_row("fine,NaN\n"), "row 10.*'NaN'"),
    "a text of spaces": ("r.csv", with_row("   ,1\n"), "row 10, column 'text': is empty"),
    "a text with both labels": ("r.csv", with_row("a film about war,1\n"), "both labels"),
    "control codes in a label": ("r.csv", with_row("fine,\x1b[2J\x1b]0;x\x07\n"), "row 10"),
    "a zip": ("r.csv.zip", zipped(TABLE, 1), "is compressed.*unpack"),
    "a zip bomb": ("r.zip", zipped("0" * 10**6, 50), "is compressed.*unpack"),
    "a gzip": ("r.csv.gz", gzip.compress(TABLE.encode()), "is compressed.*unpack"),
    "a zip that says it is a table": (
        "r.csv",
        zipped(TABLE, 1),
        "column 'text' is missing|cannot be read",
    ),
    "a gzip that says it is a table": ("r.csv", gzip.compress(TABLE.encode()), "cannot be read"),
    "no parquet": ("r.parquet", TABLE.encode(), "cannot be read.*[Pp]arquet"),
    "half a parquet": ("r.parquet", parquet(["a"], [1])[:-40], "cannot be read.*[Pp]arquet"),
    "numbers for texts": (
        "r.parquet",
        parquet([1, 2], [0, 1]),
        "row 2, column 'text': is not a text",
    ),
    "lists for texts": (
        "r.parquet",
        parquet([["a"], ["b"]], [0, 1]),
        "row 2, column 'text': is not a text",
    ),
    "bytes for texts": (
        "r.parquet",
        parquet([b"a", b"\xff"], [0, 1]),
        "row 2, column 'text': is not a text",
    ),
    "a text missing": ("r.parquet", parquet(["a", None], [0, 1]), "row 3, column 'text': is empty"),
    "dates for labels": (
        "r.parquet",
        parquet(["a", "b"], list(pd.to_datetime(["2020", "2021"]))),
        "row 2.*must be 0",
    ),
}


def a_folder(path: Path) -> None:
    path.mkdir()


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


def a_link_to_itself(path: Path) -> None:
    path.symlink_to(path)


ODD: dict[Callable, str] = {
    a_folder: "folder",
    os.mkfifo: "no plain file",
    a_link_to_nothing: "is missing",
    a_link_to_itself: "is missing|cannot be read",
}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A command as typed, in a folder with the shipped params.

    ``reviews files`` reads what ``choose`` names.
    """
    monkeypatch.chdir(tmp_path)
    shutil.copy(ROOT / "params.yaml", "params.yaml")

    def invoke(*arguments: str):
        return CliRunner(env={"TOKENIZERS_PARALLELISM": "true"}).invoke(cli.main, arguments)

    return invoke


def choose(path: str) -> None:
    shipped = Path("params.yaml").read_text(encoding="utf-8")
    assert shipped.count(OWN) == 1
    Path("params.yaml").write_text(shipped.replace(OWN, f"path: {path}"), encoding="utf-8")


def tree() -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in Path().rglob("*") if path.is_file()}


def refused(result, before: dict[str, bytes], says: str) -> None:
    """One line of what can be printed, exit code 1, and not a byte written."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert re.match(f"Error: .*(?:{says})", lines[0]), lines[0]
    assert "fault of the program" not in lines[0]
    assert lines[0].isprintable()
    assert len(lines[0]) < 600
    assert tree() == before


@pytest.mark.parametrize("name", REVIEWS)
def test_reviews(run, name):
    file, content, says = REVIEWS[name]
    Path(file).write_bytes(content)
    choose(file)
    before = tree()
    result = run("reviews", "files")
    if says is None:
        assert result.exit_code == 0, result.output
        assert {"data/reviews/files/train.csv", "data/reviews/files/test.csv"} <= set(tree())
    else:
        refused(result, before, f"{re.escape(file)}.*({says})|{says}")


@pytest.mark.parametrize("make", ODD)
def test_reviews_from_what_is_no_file(run, make):
    make(Path("odd.csv"))
    choose("odd.csv")
    refused(run("reviews", "files"), tree(), f"odd.csv.*({ODD[make]})")


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize(
    "command",
    [
        "audit --out out.csv mine=odd.csv",
        "audit --out out.csv --corpus odd.csv mine=odd.csv",
        "transfer --out out.csv --teacher odd.csv --baseline odd.csv --distilled odd.csv",
    ],
    ids=lambda command: " ".join(command.split()[::3]),
)
def test_predictions_and_pairs_from_what_is_no_file(run, make, command):
    make(Path("odd.csv"))
    refused(run(*command.split()), tree(), f"odd.csv.*({ODD[make]})")


@pytest.mark.parametrize("name", [name for name, (_, _, says) in REVIEWS.items() if says])
def test_predictions(run, name):
    """No file of reviews, nasty or not, is one of predictions on the corpus."""
    file, content, _ = REVIEWS[name]
    Path(file).write_bytes(content)
    refused(run("audit", "--out", "out.csv", f"mine={file}"), tree(), re.escape(file))


@pytest.mark.parametrize("name", REVIEWS)
def test_stage_file(run, name):
    """In the place of what another stage wrote: no file of mine is one of the project's."""
    _, content, _ = REVIEWS[name]
    Path("data/reviews/files").mkdir(parents=True)
    for split in ("train", "test"):
        Path(f"data/reviews/files/{split}.csv").write_bytes(content)
    assert run("eec", "--out", "data/eec/eec.csv").exit_code == 0
    refused(run("label", "files", "smollm2"), tree(), r"data/reviews/files/train.csv")


@pytest.mark.parametrize("make", ODD)
def test_stage_file_that_is_no_file(run, make):
    Path("data/reviews/files").mkdir(parents=True)
    make(Path("data/reviews/files/train.csv"))
    refused(run("label", "files", "smollm2"), tree(), f"train.csv.*({ODD[make]})")


def nested(depth: int) -> str:
    return "study: " + "[" * depth + "]" * depth


LAUGHS = (
    "a: &a ["
    + "ha, " * 9
    + "ha]\n"
    + "".join(
        f"{new}: &{new} [{f'*{old}, ' * 9}*{old}]\n"
        for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
)

PARAMS: dict[str, tuple[Callable[[str], str | bytes], str]] = {
    "nothing": (lambda text: "", "params.yaml"),
    "a list": (lambda text: "- 1\n- 2\n", "params.yaml"),
    "a word": (lambda text: "study\n", "params.yaml"),
    "UTF-16": (lambda text: text.encode("utf-16"), "UTF-8"),
    "NULs": (lambda text: text + "\0", "not valid YAML"),
    "a key twice": (
        lambda text: text.replace(SEEDS, f"seeds: [1]\n  {SEEDS}", 1),
        "not valid YAML.*dupl",
    ),
    "an anchor that is not there": (
        lambda text: text.replace(SEEDS, "seeds: *none", 1),
        "not valid YAML.*line",
    ),
    "an anchor that holds itself": (
        lambda text: text.replace(SEEDS, "seeds: &s [*s]", 1),
        "seeds",
    ),
    "a billion laughs": (lambda text: LAUGHS + text, "unknown key 'a'"),
    "a billion laughs in a value": (
        lambda text: f"{text}\n{LAUGHS}".replace("device: auto", "device: *i"),
        "params",
    ),
    "deeply nested": (lambda text: nested(100_000), "not valid YAML|study"),
    "Python's tags": (
        lambda text: text + "\nx: !!python/object/apply:os.system ['touch pwned']\n",
        "not valid YAML",
    ),
    "a tag of its own": (lambda text: text + "\nx: !mine 1\n", "unknown key|not valid YAML"),
    "a number as a word": (
        lambda text: text.replace("patience: 2 ", "patience: '2' "),
        "distillation.patience",
    ),
    "true as a number": (
        lambda text: text.replace("patience: 2 ", "patience: true "),
        "distillation.patience",
    ),
    "not a number": (lambda text: text.replace("alpha: 1.0", "alpha: .nan"), "distillation.alpha"),
    "infinity": (
        lambda text: text.replace("temperature: 1.0", "temperature: .inf"),
        "distillation.temperature",
    ),
    "a seed too large": (
        lambda text: text.replace(SEEDS, "seeds: [4294967296]", 1),
        "study.seeds",
    ),
    "a seed below 0": (lambda text: text.replace(SEEDS, "seeds: [-1]", 1), "study.seeds"),
    "a date": (lambda text: text.replace("device: auto", "device: 2020-01-01"), "device"),
    "a path out of the folder": (
        lambda text: text.replace("name: snippets", "name: ../../up", 1),
        "study.name",
    ),
    "a password in a URL": (
        lambda text: text.replace(OWN, "path: https://me:secret@example.org/r.csv"),
        "reviews.files.path.*password",
    ),
}


@pytest.mark.parametrize("name", PARAMS)
def test_params(run, name):
    change, says = PARAMS[name]
    text = Path("params.yaml").read_text(encoding="utf-8")
    changed = change(text)
    assert changed != text
    Path("params.yaml").write_bytes(changed if isinstance(changed, bytes) else changed.encode())
    result = run("reviews", "files")
    refused(result, tree(), says)
    assert "secret" not in result.stderr


@pytest.mark.parametrize("make", ODD)
def test_params_that_are_no_file(run, make):
    Path("params.yaml").unlink()
    make(Path("params.yaml"))
    refused(run("reviews", "files"), tree(), f"params.yaml.*({ODD[make]})")


def test_credentials_and_control_codes_never_reach_the_terminal(run, monkeypatch):
    def failing(path):
        raise ValueError("GET https://me:hf_secret@example.org/x?\x1b[31m\x07 failed")

    monkeypatch.setattr(pd, "read_csv", lambda *arguments, **options: failing(None))
    Path("r.csv").write_text(TABLE, encoding="utf-8")
    choose("r.csv")
    result = run("reviews", "files")
    refused(result, tree(), r"r.csv cannot be read.*https://\*\*\*@example.org")
    assert "secret" not in result.stderr
