"""Write the folder, whole or not at all."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from bias_transfer.commands.export import crate, croissant, model_cards
from bias_transfer.commands.export.about import about
from bias_transfer.commands.export.contents import Content, contents, first_seeds, students
from bias_transfer.commands.export.hashed import hashed
from bias_transfer.io import tables
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout

CROISSANT = "croissant.json"


@dataclass(frozen=True)
class Written:
    """How many files were written, those that describe the others included, and their bytes."""

    files: int
    size: int


def write(
    params: Params, out: Path, root: Path = Path(), *, with_students: bool = False
) -> Written:
    """Copy the current study's labels, predictions and tables to ``out``, and describe them.

    Parameters
    ----------
    out
        Folder to make. It may be there if it is empty.
    with_students
        Also copy the first seed of every student, each with a model card.
    root
        The checkout.

    Raises
    ------
    InputError
        If a stage has not run, ``out`` holds something, or it cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(f"{out} is there already: name another folder, or remove it first")
    files = contents(params, root)
    known = about(params, root)
    cards = {}
    if with_students:
        files += students(params, root)
        cards = _cards(params, root)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as scratch:
            folder = Path(scratch) / "whole"
            for content in files:
                (folder / content.path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / content.path, folder / content.path)
            for content, text in cards.items():
                tables.write_text(text, folder / content.path)
            described = [hashed(content, folder) for content in [*files, *cards]]
            tables.write_json(croissant.metadata(known, described), folder / CROISSANT)
            tables.write_json(crate.metadata(known, described), folder / crate.NAME)
            written = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
            folder.replace(out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {error.strerror or error}") from error
    return Written(len(written), sum(written))


def _cards(params: Params, root: Path) -> dict[Content, str]:
    layout = Layout(params.study, root, root)
    return {
        Content(
            layout.model(arm.system).relative_to(root) / model_cards.NAME,
            f"Model card of {arm.system}.",
        ): model_cards.card(params, layout, arm)
        for arm in first_seeds(params.study)
    }
