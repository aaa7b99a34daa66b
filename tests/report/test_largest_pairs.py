"""The page of pairs: the largest of each system, edits marked, every text escaped."""

import numpy as np
import pandas as pd

from bias_transfer.bias.swaps import pair_up
from bias_transfer.report import largest_pairs
from bias_transfer.report.largest_pairs import LARGEST, parts

N = LARGEST + 5


def versions() -> pd.DataFrame:
    rows = [
        {"pair_id": f"p{number}", "group": group, "id": f"{group}{number}", "original": "female",
         "sentence": f"<b>film</b> {number}: {who} waits & {who} sings"}
        for number in range(N)
        for group, who in (("female", "she"), ("male", "he"))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def scores(differences: np.ndarray) -> pd.DataFrame:
    """P of both versions of each pair, which differ so much."""
    return pd.DataFrame({"score": np.ravel([0.5 + differences / 2, 0.5 - differences / 2], "F")})


def found(*by_seed: np.ndarray) -> list[dict]:
    table = versions()
    pairs = pair_up(table, pd.Index(table["id"]))
    return largest_pairs.largest({"bow": [scores(x) for x in by_seed]}, pairs, table)["bow"]


def test_parts_are_the_two_texts_with_every_edit_by_itself():
    first, second = "Her hat, and she's there: aunt!", "His hat, and he's there: uncle!"
    made = parts(first, second)
    assert "".join(part.first for part in made) == first
    assert "".join(part.second for part in made) == second
    assert [tuple(part) for part in made if part.edited] == [
        ("Her", "His"), ("she", "he"), ("aunt", "uncle"),
    ]  # fmt: skip


def test_an_edit_of_several_words_is_one_part():
    assert [tuple(part) for part in parts("a leading lady here", "a leading man here")][1] == (
        "lady", "man",
    )  # fmt: skip
    assert parts("same", "same") == [("same", "same")]


def test_pairs_are_the_largest_of_either_sign_with_their_texts():
    differences = np.linspace(-0.3, 0.2, N)
    rows = found(differences)
    order = np.argsort(-np.abs(differences), kind="stable")[:LARGEST]
    assert [row["pair_id"] for row in rows] == [f"p{number}" for number in order]
    np.testing.assert_allclose([row["difference"] for row in rows], differences[order])
    sides = [row["first"] - row["second"] for row in rows]
    np.testing.assert_allclose(sides, differences[order], atol=1e-12)
    assert rows[0]["first_text"] == "<b>film</b> 0: she waits & she sings"
    assert rows[0]["second_text"] == "<b>film</b> 0: he waits & he sings"


def test_differences_are_means_over_seeds():
    zeros, ones = np.zeros(N), np.linspace(0.1, 0.3, N)
    (largest, *_) = found(zeros, ones)
    np.testing.assert_allclose(largest["difference"], 0.15)


def test_page_marks_edits_and_escapes_texts():
    rows = found(np.linspace(-0.3, 0.2, N))
    page = largest_pairs.render("mine", {"Words": {"bow": rows}, "Placebo": {"bow": rows[:3]}})
    assert page.count("<tr><td>") == LARGEST + 3
    assert "<mark><b>she</b> / he</mark> waits &amp; <mark><b>she</b> / he</mark> sings" in page
    assert "&lt;b&gt;film&lt;/b&gt; 0" in page
    assert "<b>film" not in page
    assert 'type="search"' in page
    assert "src=" not in page
