"""The report stage where a study has no pair of swapped reviews."""

import pandas as pd

from bias_transfer.io import schemas, tables
from bias_transfer.stages import report, scored
from bias_transfer.study.paths import Layout


def test_a_study_none_of_whose_reviews_mention_people_has_its_page_of_pairs(
    tiny_params, tmp_path, monkeypatch
):
    layout = Layout(tiny_params().study, root=tmp_path, inputs=tmp_path)
    for path, schema in ((layout.pairs, schemas.SWAPS), (layout.placebo, schemas.PLACEBO)):
        tables.write(pd.DataFrame(columns=list(schema.columns), dtype=str), path, schema)
    nobody = pd.DataFrame({"score": [], "log_odds": []})
    monkeypatch.setattr(scored, "read", lambda *_: {"bow-baseline/seed-0": nobody})
    page = report._pairs(layout)
    assert layout.study.name in page
    assert "<section" not in page
