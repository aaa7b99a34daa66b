"""``verify`` and hypotheses that were changed after the fact."""

import pytest

from bias_transfer.commands import verify
from bias_transfer.tracking import archive


@pytest.fixture
def published(monkeypatch):
    """Set what MLflow holds: study, predictions and declaration of every report."""

    def of(*reports: tuple[str, str, str]):
        monkeypatch.setattr(archive.runs, "declared", lambda: list(reports))
        return list(verify.declarations("mine"))

    return of


def test_one_declaration_passes_however_often_it_was_published(published):
    checks = published(("mine", "p1", "d1"), ("mine", "p1", "d1"), ("mine", "p2", "d2"))
    assert [check.outcome for check in checks] == [verify.MATCHES] * 2


@pytest.mark.parametrize("other", ["mine", "renamed"])
def test_a_study_is_named_whose_predictions_were_tested_under_two_declarations(published, other):
    (check,) = published(("mine", "p1", "d1"), (other, "p1", "d2"))
    assert check.outcome == verify.DIFFERS
    assert "study mine" in check.name
    assert check.detail == "tested under 2 declarations: d1, d2"


def test_other_studies_are_not_named(published):
    checks = published(("mine", "p1", "d1"), ("other", "p2", "d1"), ("other", "p2", "d2"))
    assert [check.outcome for check in checks] == [verify.MATCHES]
