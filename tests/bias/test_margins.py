"""The margins of the commands, which have no ``params.yaml`` to read, are those of a study."""

from pathlib import Path

from bias_transfer.bias.margins import Margins
from bias_transfer.study import params

ROOT = Path(__file__).resolve().parents[2]


def test_margins_are_those_of_params():
    shipped = params.load(ROOT / "params.yaml")
    section = shipped.bias
    assert (
        Margins(
            section.margin_probability,
            section.margin_log_odds,
            section.margin_share,
            shipped.hypotheses.smallest_share,
        )
        == Margins()
    )


def test_margin_in_log_odds_is_that_in_probability_at_one_half():
    # d log-odds / dP = 1 / (P (1 - P)) = 4 at 1/2.
    assert Margins().log_odds == 4 * Margins().probability
