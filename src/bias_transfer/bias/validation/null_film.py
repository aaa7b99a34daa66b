"""How often each test finds a gap on the film sentences where there is none.

Data sets are drawn with the corpus's own frames and people, and tested many at once. A unit test
holds the p-values to those of ``inference.two_way``.
"""

import itertools

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.crossed import PARTS, CrossedDesign, design
from bias_transfer.bias.inference.two_way import LEVEL, combined_df, satterthwaite_df
from bias_transfer.bias.pairs import SIDES
from bias_transfer.corpora import film

EFFECTS = (0.0, 0.25, 0.5, 1.0, 2.0)  # of frames and of people; the residual's spread is 1
SHAPES = {
    "normal": lambda random, size: random.standard_normal(size),
    "exponential": lambda random, size: random.exponential(size=size) - 1,
    "lognormal": lambda random, size: (
        (random.lognormal(size=size) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e)
    ),
}
SKEWED = ((0.5, 0.0), (2.0, 0.0), (0.0, 2.0), (0.5, 0.5), (2.0, 2.0))
CHUNK = 100  # data sets held at once


def grid(datasets: int) -> pd.DataFrame:
    """Share of null data sets in which each test finds a gap at 5 %, over a grid of noise.

    Returns
    -------
    DataFrame
        One row per axis (``people``: gender also by ``nouns`` and by ``names`` alone), ``shape`` of
        the effects and their standard deviations: ``axis, people, shape, frame_sd, person_sd,
        n_datasets``; degrees of freedom ``df_template, df_unit``; and by test (``p_values``) the
        share with p < .05, 0 to 1. A test promises .05. 1 minus the share of ``p_clustered`` is the
        coverage of the 95 % interval.
    """
    corpus = film.generate()
    named = corpus["race"] != ""
    designs = {
        ("gender", "all"): design(corpus, "gender"),
        ("gender", "nouns"): design(corpus[~named], "gender"),
        ("gender", "names"): design(corpus[named], "gender"),
        ("race", "names"): design(corpus, "race"),
    }
    cells = [("normal", *sds) for sds in itertools.product(EFFECTS, EFFECTS)]
    cells += [(shape, *sds) for shape in ("exponential", "lognormal") for sds in SKEWED]
    rows = []
    for (key, layout), (number, cell) in itertools.product(designs.items(), enumerate(cells)):
        random = np.random.default_rng([number, datasets])
        found: dict[str, int] = {}
        for start in range(0, datasets, CHUNK):
            scores = draw(layout, *cell, min(CHUNK, datasets - start), random)
            for test, p in p_values(layout, scores).items():
                found[test] = found.get(test, 0) + int((p < 1 - LEVEL).sum())
        names = ("axis", "people", "shape", "frame_sd", "person_sd", "n_datasets")
        row = dict(zip(names, (*key, *cell, datasets), strict=True))
        template, unit = _df(layout)
        row |= {"df_template": template, "df_unit": unit}
        rows.append(row | {test: count / datasets for test, count in found.items()})
    return pd.DataFrame(rows)


def draw(
    layout: CrossedDesign,
    shape: str,
    frame_sd: float,
    person_sd: float,
    datasets: int,
    random: np.random.Generator,
) -> np.ndarray:
    """Scores whose true gap is 0, shape (datasets, frames, people).

    A frame has a gap of its own (standard deviation ``frame_sd``), each person a level in all
    frames (``person_sd``), and each sentence a residual with standard deviation 1.
    """
    frames, people = layout.order.shape
    level = person_sd * SHAPES[shape](random, (datasets, 1, people))
    gap = frame_sd * SHAPES[shape](random, (datasets, frames, 1))
    return random.standard_normal((datasets, frames, people)) + level + gap * _sign(layout) / 2


def p_values(layout: CrossedDesign, scores: np.ndarray) -> dict[str, np.ndarray]:
    """Two-sided p-values of "the gap is 0", shape (datasets,) each.

    ``p_clustered``: CR2, clustered two ways, on which verdicts rest. ``p_template`` and ``p_unit``:
    CR2 by frame alone, and by noun pair or name alone. ``p_value``: the t-test over frames.
    """
    sign, part = _sign(layout), layout.people[PARTS[layout.axis][0]].to_numpy()
    weight = layout.people["weight"].to_numpy()
    gaps = (scores * weight * sign).sum(axis=2)
    error = np.empty_like(scores)
    for name in set(part):
        sides = [(part == name) & (sign == each) for each in (1, -1)]
        one, other = (scores[:, :, each].mean(axis=2, keepdims=True) for each in sides)
        common = (one - other - (one - other).mean(axis=1, keepdims=True)) / 2
        for side, mean, each in zip(sides, (one, other), (1, -1), strict=True):
            error[:, :, side] = each * (scores[:, :, side] - mean) + common
    units = layout.strata.index
    of_unit = np.equal.outer(layout.people["unit"].to_numpy(), units.to_numpy()).astype(float)
    cells = (weight * error / scores.shape[1]) @ of_unit
    leverage = {name: layout.leverage[name].to_numpy() for name in ("template", "unit")}
    both = layout.leverage["both"].unstack()[units].iloc[0].to_numpy()
    template = (cells.sum(axis=2) ** 2 / (1 - leverage["template"])).sum(axis=1)
    unit = (cells.sum(axis=1) ** 2 / (1 - leverage["unit"])).sum(axis=1)
    shared = (cells**2 / (1 - both)).sum(axis=(1, 2))
    two_way = np.maximum(template + unit - shared, np.maximum(template, unit))
    df = _df(layout)
    gap = gaps.mean(axis=1)
    return {
        "p_value": stats.ttest_1samp(gaps, 0, axis=1).pvalue,
        "p_template": _p(gap, template, df[0]),
        "p_unit": _p(gap, unit, df[1]),
        "p_clustered": _p(gap, two_way, combined_df(template, unit, df)),
    }


def _sign(layout: CrossedDesign) -> np.ndarray:
    return np.where(layout.people[layout.axis] == SIDES[layout.axis][0], 1.0, -1.0)


def _df(layout: CrossedDesign) -> tuple[float, float]:
    template = satterthwaite_df(layout.leverage["template"])
    return template, satterthwaite_df(layout.leverage["unit"], layout.strata)


def _p(gap: np.ndarray, variance: np.ndarray, df: float | np.ndarray) -> np.ndarray:
    return 2 * stats.t.sf(np.abs(gap) / np.sqrt(variance), df)
