"""Files taken out of registry packages, which are small archives built here. No network."""

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from bias_transfer.io.errors import InputError
from bias_transfer.pretrained import packages
from bias_transfer.pretrained.packages import Package

CONTENT = {
    "data/one.txt": b"first",
    "data/two.bin": b"\x00\xff second",
    "other/three.txt": b"not asked for",
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("BIAS_TRANSFER_CACHE", str(folder))
    return folder


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(files, links=(), kind=tarfile.SYMTYPE):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
    return buffer.getvalue()


def package(content, **changes):
    values = {
        "name": "demo-data",
        "version": "1.0",
        "sha256": hashlib.sha256(content).hexdigest(),
        "folder": "data",
        "members": ("one.txt", "two.bin"),
        "licence": "MIT",
    }
    return Package(**values | changes)


def extracted(tmp_path, content, **changes):
    archive = tmp_path / "archive"
    archive.write_bytes(content)
    packages.extract(package(content, **changes), archive, tmp_path / "out")
    return {
        path.name: path.read_bytes()
        for path in (tmp_path / "out").iterdir()
        if path.name != "extracted.sha256"
    }


def serve(monkeypatch, content, entry=None):
    """Register package ``demo``, with a local copy for a download; gives the downloads made."""
    calls = []

    def download(wanted, folder):
        calls.append(wanted.name)
        archive = folder / "archive"
        archive.write_bytes(content)
        return archive

    monkeypatch.setitem(packages.PACKAGES, "demo", entry or package(content))
    monkeypatch.setattr(packages, "download", download)
    return calls


def wheel(folder, content):
    """A wheel of ``demo-data`` 1.0 that pip accepts, with ``content`` beside its metadata."""
    info = "demo_data-1.0.dist-info"
    tags = b"Root-Is-Purelib: true\nTag: py3-none-any\n"
    metadata = {
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: demo-data\nVersion: 1.0\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\n" + tags,
        f"{info}/RECORD": b"",
    }
    path = folder / "demo_data-1.0-py3-none-any.whl"
    path.write_bytes(zipped(content | metadata))
    return path


def offline(monkeypatch, find_links=None):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.delenv("PIP_EXTRA_INDEX_URL", raising=False)
    if find_links:
        monkeypatch.setenv("PIP_FIND_LINKS", str(find_links))
    else:
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def files_below(folder):
    return (
        sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))
        if folder.exists()
        else []
    )


def test_wheel_gives_the_listed_members_and_nothing_else(tmp_path):
    assert extracted(tmp_path, zipped(CONTENT)) == {
        "one.txt": b"first",
        "two.bin": b"\x00\xff second",
    }


def test_source_archive_gives_the_listed_members(tmp_path):
    members = extracted(tmp_path, tarred(CONTENT), sdist=True)
    assert members == {"one.txt": b"first", "two.bin": b"\x00\xff second"}


def test_archive_inside_the_source_archive(tmp_path):
    outer = tarred({"demo-1.0/inner.tar.gz": tarred(CONTENT), "demo-1.0/data/one.txt": b"outer"})
    members = extracted(tmp_path, outer, sdist=True, nested="demo-1.0/inner.tar.gz")
    assert members == {"one.txt": b"first", "two.bin": b"\x00\xff second"}


@pytest.mark.parametrize(("content", "sdist"), [(zipped(CONTENT), False), (tarred(CONTENT), True)])
def test_missing_member_is_named(tmp_path, content, sdist):
    with pytest.raises(InputError, match=r"data/none\.txt"):
        extracted(tmp_path, content, sdist=sdist, members=("none.txt",))


@pytest.mark.parametrize("sdist", [False, True])
def test_file_that_is_no_archive_is_refused_in_one_line(tmp_path, sdist):
    with pytest.raises(InputError, match="cannot read") as caught:
        extracted(tmp_path, b"no archive at all", sdist=sdist)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("member", ["../one.txt", "a/../../one.txt", "/etc/one.txt"])
@pytest.mark.parametrize("sdist", [False, True])
def test_member_outside_the_folder_is_refused(tmp_path, member, sdist):
    archive = (tarred if sdist else zipped)({f"data/{member}": b"evil", member: b"evil"})
    with pytest.raises(InputError, match="outside the folder"):
        extracted(tmp_path, archive, sdist=sdist, members=(member,))
    assert not (tmp_path / "one.txt").exists()
    assert files_below(tmp_path / "out") == []


@pytest.mark.parametrize(
    "target", ["two.bin", "../other/three.txt", "/etc/hostname", "../../outside.txt"]
)
def test_symbolic_link_in_a_source_archive_is_refused(tmp_path, target):
    archive = tarred(
        {name: CONTENT[name] for name in ("data/two.bin", "other/three.txt")},
        [("data/one.txt", target)],
    )
    with pytest.raises(InputError, match=r"one.txt"):
        extracted(tmp_path, archive, sdist=True)
    assert files_below(tmp_path / "out") == []


@pytest.mark.parametrize("kind", [tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_member_that_is_no_plain_file_is_refused(tmp_path, kind):
    archive = tarred({"data/two.bin": b"x"}, [("data/one.txt", "")], kind)
    with pytest.raises(InputError, match="not a plain file"):
        extracted(tmp_path, archive, sdist=True)


def test_verify_refuses_another_checksum_and_says_that_nothing_was_opened(tmp_path):
    (tmp_path / "archive").write_bytes(b"not even an archive")
    wanted = package(zipped(CONTENT))
    with pytest.raises(InputError, match="not opened") as caught:
        packages.verify(wanted, tmp_path / "archive")
    assert "demo-data==1.0" in str(caught.value)
    assert wanted.sha256[:12] in str(caught.value)
    packages.verify(package(b"not even an archive"), tmp_path / "archive")


def test_fetch_fills_the_cache_and_leaves_nothing_else(cache, monkeypatch):
    serve(monkeypatch, zipped(CONTENT))
    folder = packages.fetch("demo")
    assert folder == cache / "demo-data-1.0"
    assert (folder / "two.bin").read_bytes() == b"\x00\xff second"
    assert files_below(cache) == [
        "demo-data-1.0",
        "demo-data-1.0/extracted.sha256",
        "demo-data-1.0/one.txt",
        "demo-data-1.0/two.bin",
    ]


def test_second_fetch_does_not_download(monkeypatch):
    calls = serve(monkeypatch, zipped(CONTENT))
    first = packages.fetch("demo")
    assert packages.fetch("demo") == first
    assert calls == ["demo-data"]


@pytest.mark.parametrize(
    "damage", ["member gone", "stamp gone", "stamp of another archive", "folder emptied"]
)
def test_incomplete_cache_is_fetched_again(monkeypatch, damage):
    calls = serve(monkeypatch, zipped(CONTENT))
    folder = packages.fetch("demo")
    if damage == "member gone":
        (folder / "one.txt").unlink()
    elif damage == "stamp of another archive":
        (folder / "extracted.sha256").write_text("0" * 64, encoding="utf-8")
    else:
        (folder / "extracted.sha256").unlink()
    if damage == "folder emptied":
        (folder / "one.txt").unlink()
        (folder / "two.bin").unlink()
    assert (packages.fetch("demo") / "one.txt").read_bytes() == b"first"
    assert calls == ["demo-data"] * 2


def test_new_pin_replaces_what_the_old_one_left(monkeypatch):
    serve(monkeypatch, zipped(CONTENT))
    (packages.fetch("demo") / "left-over.txt").write_text("old", encoding="utf-8")
    serve(monkeypatch, zipped(CONTENT | {"data/one.txt": b"changed"}))
    folder = packages.fetch("demo")
    assert (folder / "one.txt").read_bytes() == b"changed"
    assert not (folder / "left-over.txt").exists()


def test_failed_extraction_leaves_no_cache(cache, monkeypatch):
    content = zipped(CONTENT)
    serve(monkeypatch, content, package(content, members=("one.txt", "none.txt")))
    with pytest.raises(InputError, match=r"none\.txt"):
        packages.fetch("demo")
    assert files_below(cache) == []


def test_unknown_package_names_the_nearest():
    with pytest.raises(InputError, match="unknown package 'snipets': did you mean 'snippets'"):
        packages.fetch("snipets")


def test_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("BIAS_TRANSFER_CACHE", str(tmp_path / "file" / "cache"))
    serve(monkeypatch, zipped(CONTENT))
    with pytest.raises(InputError, match="cannot write the cache") as caught:
        packages.fetch("demo")
    assert str(tmp_path / "file") in str(caught.value)


def test_place_of_the_cache(tmp_path, monkeypatch):
    assert packages.cache() == tmp_path / "cache"
    monkeypatch.delenv("BIAS_TRANSFER_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert packages.cache() == tmp_path / "xdg" / "bias-transfer"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert packages.cache() == Path.home() / ".cache" / "bias-transfer"


def test_pip_fetches_the_pinned_archive_from_a_local_folder(tmp_path, monkeypatch):
    archive = wheel(tmp_path, CONTENT)
    offline(monkeypatch, find_links=tmp_path)
    monkeypatch.setitem(packages.PACKAGES, "demo", package(archive.read_bytes()))
    assert (packages.fetch("demo") / "one.txt").read_bytes() == b"first"


def test_archive_with_another_checksum_is_refused_before_it_is_opened(cache, tmp_path, monkeypatch):
    (tmp_path / "demo_data-1.0-py3-none-any.whl").write_bytes(
        b"opening this would raise another error"
    )
    offline(monkeypatch, find_links=tmp_path)
    monkeypatch.setitem(packages.PACKAGES, "demo", package(zipped(CONTENT)))
    with pytest.raises(InputError, match=r"another checksum.*not opened"):
        packages.fetch("demo")
    assert files_below(cache) == []


def test_registry_out_of_reach_is_one_clear_line(cache, monkeypatch):
    offline(monkeypatch)
    monkeypatch.setitem(
        packages.PACKAGES, "demo", package(b"", name="bias-transfer-no-such-package")
    )
    with pytest.raises(InputError, match=r"bias-transfer-no-such-package==1.0") as caught:
        packages.fetch("demo")
    assert "package registry" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert files_below(cache) == []
