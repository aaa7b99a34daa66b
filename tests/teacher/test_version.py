"""The version of the scoring code decides whose answers are taken."""

from bias_transfer.teacher.fingerprint import fingerprint
from bias_transfer.teacher.version import SCORING_VERSION


def test_version_is_part_of_the_fingerprint(tiny_teacher, monkeypatch):
    before = fingerprint(tiny_teacher(), None)
    assert before["scoring_version"] == SCORING_VERSION
    monkeypatch.setattr("bias_transfer.teacher.fingerprint.SCORING_VERSION", -1)
    assert fingerprint(tiny_teacher(), None)["sha256"] != before["sha256"]
