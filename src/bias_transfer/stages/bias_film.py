"""Stage ``bias`` on the film sentences."""

import pandas as pd

from bias_transfer.bias import film
from bias_transfer.io import schemas, tables
from bias_transfer.stages import scored
from bias_transfer.study.params import Params
from bias_transfer.study.paths import Layout


def measure(params: Params, layout: Layout) -> dict[str, pd.DataFrame]:
    """Tables by the name of their file, without the column ``corpus``."""
    corpus = tables.read(layout.film, schemas.FILM)
    scores = {
        system: corpus.join(found, on="id")
        for system, found in scored.read(layout, "film", corpus["id"]).items()
    }
    unknown = scored.unknown(layout, corpus["person"].unique())
    members = scored.by_group(scores)
    return {
        "bias.csv": film.audit(scores, params.bias.margin_probability, unknown),
        "breakdown.csv": pd.concat([film.breakdown(*item) for item in members.items()]),
        "transfer.csv": scored.comparisons(params, scores, unknown, film.Film(corpus)),
    }
