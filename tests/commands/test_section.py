"""A generated section: what people write around it is kept, and its marks must be there."""

import pytest

from bias_transfer.commands.section import BEGIN, END, around
from bias_transfer.io.errors import InputError

MARK = BEGIN.format("tiny")


def test_a_new_file_gets_a_title_and_marks(tmp_path):
    before, after = around(tmp_path / "new.md", "tiny", "What was found")
    assert before == f"# What was found\n\n{MARK}\n"
    assert after == f"{END}\n"


def test_words_around_the_marks_are_kept(tmp_path):
    out = tmp_path / "page.md"
    out.write_text(f"Above.\n{MARK}\nold\n{END}\nBelow.\n", encoding="utf-8")
    assert around(out, "tiny", "unused") == (f"Above.\n{MARK}\n", f"{END}\nBelow.\n")


@pytest.mark.parametrize(
    "text", ["No mark.\n", f"{END}\n{MARK}\n", f"{BEGIN.format('other')}\n{END}\n"]
)
def test_without_its_marks_nothing_is_replaced(tmp_path, text):
    out = tmp_path / "page.md"
    out.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="lacks the line"):
        around(out, "tiny", "unused")


@pytest.mark.parametrize("name", ["page", "."])
def test_a_file_needs_a_suffix_for_its_plots_to_have_a_folder(tmp_path, name):
    with pytest.raises(InputError, match="must be a file with a suffix"):
        around(tmp_path / name, "tiny", "unused")
