"""The folder holds what the study made, no text, and is there whole or not at all."""

from pathlib import Path

import pandas as pd
import pytest

from bias_transfer.commands import export
from bias_transfer.commands.export import folder
from bias_transfer.io.errors import InputError
from bias_transfer.study.paths import Layout


def files(root):
    return {path.relative_to(root) for path in root.rglob("*") if path.is_file()}


def test_what_is_passed_on_are_copies_and_two_files_that_describe_them(checkout, study, tmp_path):
    out = tmp_path / "made/here"
    written = export.write(study, out, checkout)
    found = {str(path) for path in files(out)}
    described = {"croissant.json", "ro-crate-metadata.json"}
    assert described < found
    for name in found - described:
        assert (out / name).read_bytes() == (checkout / name).read_bytes()
    assert written.files == len(found)
    assert written.size == sum((out / name).stat().st_size for name in found)
    left = {str(path) for path in files(checkout)} - found
    reviews = [f"data/reviews/snippets/{name}.csv" for name in ("train", "test", "unused")]
    texts = ["data/eec/eec.csv", "data/swaps/snippets/pairs.csv", "reports/tiny/pairs.html"]
    weights = {name for name in left if name.endswith(".safetensors")}
    assert left - weights == {*reviews, *texts}
    assert len(weights) == 4
    assert not [name for name in found if name.endswith(("safetensors", "README.md"))]


def test_students_are_the_first_seeds_each_with_a_card(checkout, study, tmp_path):
    export.write(study, tmp_path / "plain", checkout)
    export.write(study, tmp_path / "out", checkout, with_students=True)
    added = files(tmp_path / "out") - files(tmp_path / "plain")
    folders = [Path(f"models/tiny/bow-{target}/seed-3") for target in ("baseline", "distilled")]
    names = ("README.md", "model.safetensors")
    assert added == {folder / name for folder in folders for name in names}
    assert (tmp_path / "out" / folders[0] / "model.safetensors").read_text() == "weights"
    for name in ("croissant.json", "ro-crate-metadata.json"):
        described = (tmp_path / "out" / name).read_text()
        assert all(str(path) in described for path in added)


def test_no_file_holds_a_text(checkout, study, tmp_path):
    out = tmp_path / "out"
    export.write(study, out, checkout)
    for path in files(out):
        of_table = path.suffix == ".parquet"
        text = pd.read_parquet(out / path).to_csv() if of_table else (out / path).read_text()
        for quoted in ("dull and clumsy", "Alonzo feels"):
            assert quoted not in text, path


def test_a_stage_that_has_not_run_is_named(checkout, study, tmp_path):
    scores = Layout(study.study).predictions("bow-distilled/seed-4", "film")
    (checkout / scores).unlink()
    with pytest.raises(InputError, match=rf"^{scores} is missing: `dvc repro` makes it$"):
        export.write(study, tmp_path / "out", checkout)
    assert [path.name for path in tmp_path.iterdir()] == ["checkout"]


@pytest.mark.parametrize("taken", ["folder", "file"])
def test_what_is_there_already_is_left_alone(checkout, study, tmp_path, taken):
    out = tmp_path / "out"
    kept = out if taken == "file" else out / "mine.txt"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text("mine")
    with pytest.raises(InputError, match=r"out is there already: name another folder"):
        export.write(study, out, checkout)
    assert kept.read_text() == "mine"
    assert len(files(tmp_path) - {path.relative_to(tmp_path) for path in checkout.rglob("*")}) == 1


def test_an_empty_folder_will_do(checkout, study, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    export.write(study, out, checkout)
    assert (out / "params.yaml").is_file()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_whole_or_not_at_all(checkout, study, tmp_path, monkeypatch, error):
    def stop(*arguments):
        raise error

    monkeypatch.setattr(folder.crate, "metadata", stop)
    expected = KeyboardInterrupt if error is KeyboardInterrupt else InputError
    with pytest.raises(expected, match=None if error is KeyboardInterrupt else "No space left"):
        export.write(study, tmp_path / "out", checkout)
    assert [path.name for path in tmp_path.iterdir()] == ["checkout"]
