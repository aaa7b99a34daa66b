"""Declared hypotheses: what cannot be asked is refused, with the contrast's name."""

import re
from pathlib import Path

import pytest
import yaml

from bias_transfer.bias import channel, transfer
from bias_transfer.io.errors import InputError
from bias_transfer.study import params

SHIPPED = Path(__file__).resolve().parents[2] / "params.yaml"
GAP, SLOPE = 0, 1


@pytest.fixture
def values():
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def error_of(values) -> str:
    with pytest.raises(InputError) as caught:
        params.validate(values, "params.yaml")
    assert str(caught.value).startswith("params.yaml: hypotheses")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_estimands_are_those_of_the_table():
    known = params.DeclaredContrast.model_fields["estimand"].annotation.__args__
    assert set(known) == {
        *(transfer.CHANGE, transfer.SLOPE),
        *(channel.PARTIAL, channel.PARTIAL_CHANGE),
    }


def test_shipped_family_is_gender_on_swaps():
    family = params.load(SHIPPED).hypotheses.contrasts
    assert [contrast.estimand for contrast in family] == [transfer.CHANGE, channel.PARTIAL_CHANGE]
    assert {(c.corpus, c.axis, c.scale) for c in family} == {("swaps", "gender", "log-odds")}
    assert {contrast.references[-1] for contrast in family} == {"permuted"}


@pytest.mark.parametrize(
    ("number", "changes", "said"),
    [
        (GAP, {"axis": "race"}, "contrast 'gap': reviews are swapped by gender alone"),
        (SLOPE, {"corpus": "eec"}, "contrast 'slope': .* is measured on swaps alone"),
        (GAP, {"estimand": "slope on teacher's differences"}, "take the partial slope"),
        (GAP, {"references": ["permuted", "permuted"]}, "references name one target twice"),
        (GAP, {"target": "permuted", "references": ["smoothed"]}, "permuted is not compared with"),
        (GAP, {"references": ["distilled"]}, "distilled is not compared with distilled"),
        (SLOPE, {"references": ["baseline"]}, "cannot have the reference baseline"),
        (
            SLOPE,
            {"estimand": "partial slope on teacher's differences"},
            "cannot have the reference permuted",
        ),
        (GAP, {"references": ["permutd"]}, "did you mean 'permuted'"),
        (GAP, {"references": []}, "references"),
        (GAP, {"margin": 0.0}, "margin"),
        (GAP, {"direction": "up"}, "direction"),
        (GAP, {"estimand": "gap"}, "estimand"),
        (GAP, {"corpse": "swaps"}, "did you mean 'corpus'"),
        (GAP, {"name": "slope"}, "contrast 'slope' stands twice"),
    ],
)
def test_what_cannot_be_asked_is_refused(values, number, changes, said):
    values["hypotheses"]["contrasts"][number] |= changes
    assert re.search(said, error_of(values)), error_of(values)


def test_the_same_question_under_two_names_is_refused(values):
    """It would count as two tests."""
    contrasts = values["hypotheses"]["contrasts"]
    contrasts.append(contrasts[GAP] | {"name": "again", "margin": 0.5})
    assert "contrasts 'gap' and 'again' ask the same" in error_of(values)


def test_a_share_is_above_0(values):
    values["hypotheses"]["smallest_share"] = 0
    assert "smallest_share" in error_of(values)


def test_nothing_need_be_asked(values):
    values["hypotheses"]["contrasts"] = []
    assert params.validate(values, "params.yaml").hypotheses.contrasts == ()
