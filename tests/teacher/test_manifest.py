"""The manifest of the labels: damage is found in it and in the files that it names."""

from pathlib import Path

import pytest

from bias_transfer.io import schemas, tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.paths import LABELS_MANIFEST
from bias_transfer.teacher import manifest

VALUES = {"teacher": {"sha256": "ab" * 32}, "parts": {"train": {"n": 2, "mean_label_mass": 0.25}}}
DAMAGED = r" is not as the teacher's labels were written .*dvc checkout --force"


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two label files and their manifest."""
    files = [tmp_path / "train.csv", tmp_path / "eec.csv"]
    for file in files:
        file.write_text(f"{file.stem},0.25\n", encoding="utf-8")
    manifest.write(tmp_path, VALUES, files)
    return tmp_path


def test_what_was_written_is_read(folder):
    kept = manifest.read(folder)
    assert kept.pop("files").keys() == {"train.csv", "eec.csv"}
    assert kept == VALUES | {"format": schemas.FORMAT}


def test_same_values_and_files_give_the_same_bytes(folder):
    before = (folder / LABELS_MANIFEST).read_bytes()
    kept = manifest.read(folder)
    manifest.write(folder, kept, [folder / name for name in kept.pop("files")])
    assert (folder / LABELS_MANIFEST).read_bytes() == before


@pytest.mark.parametrize("name", ["train.csv", "eec.csv"])
def test_label_file_that_changed_or_is_gone(folder, name):
    path = folder / name
    path.write_text(path.read_text(encoding="utf-8").replace("0.25", "0.26"), encoding="utf-8")
    with pytest.raises(InputError, match=f"{name}{DAMAGED}"):
        manifest.read(folder)
    path.unlink()
    with pytest.raises(InputError, match=f"{name}{DAMAGED}"):
        manifest.read(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"sha256": ', '"sha257": '),
        ('"files": ', '"tiles": '),
        ("{", "["),
        ('"', "\xff"),
        ("0.25", "0.26"),
    ],
)
def test_manifest_that_was_damaged_is_not_taken_for_an_older_one(folder, old, new):
    path = folder / LABELS_MANIFEST
    before, found, after = path.read_text(encoding="utf-8").rpartition(old)
    assert found
    path.write_bytes((before + new + after).encode("latin-1"))
    with pytest.raises(InputError, match=rf"labels\.json{DAMAGED}"):
        manifest.read(folder)


def test_later_format_says_to_update(folder):
    path = folder / LABELS_MANIFEST
    tables.write_json(tables.read_json(path) | {"format": schemas.FORMAT + 1}, path)
    with pytest.raises(
        InputError, match=r"labels\.json is of format 2, which a later .* wrote.*git pull"
    ):
        manifest.read(folder)


def test_older_manifest_without_hashes_is_taken_at_its_word(folder):
    tables.write_json(VALUES, folder / LABELS_MANIFEST)
    (folder / "train.csv").write_text("another", encoding="utf-8")
    assert manifest.read(folder) == VALUES


def test_missing_manifest_is_not_called_damaged(tmp_path):
    with pytest.raises(InputError, match=r"labels\.json") as caught:
        manifest.read(tmp_path)
    assert "not as the teacher's labels were written" not in str(caught.value)
