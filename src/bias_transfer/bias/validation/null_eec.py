"""How often each test finds a bias where there is none.

Random data with the clusters of the corpus are drawn by the thousand and tested at once. Leverage
and degrees of freedom are those of the production code, and a unit test holds the p-values to those
of ``inference.two_way`` and ``inference.sign_flip``.
"""

import itertools
import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from tqdm import tqdm

from bias_transfer.bias.inference.two_way import LEVEL, combined_df, satterthwaite_df
from bias_transfer.bias.pairs import AXES, FRAME, Contrast, contrast, words_of
from bias_transfer.bias.validation.null_film import SHAPES
from bias_transfer.corpora import eec

TESTS = ("p_value", "p_template", "p_unit", "p_word", "p_two_way", "p_clustered", "p_sign_flip")
EFFECTS = (0.0, 0.5, 1.0, 2.0)  # of templates and of units; the residual's standard deviation is 1
INTERACTIONS = (0.0, 1.0)
WORDS = (0.5, 1.0)  # off the grid: of emotion words, and of nothing else
SKEWED = tuple(itertools.product(("exponential", "lognormal"), (0.5, 2.0), (0.0, 1.0)))
SPREADS = ("template", "unit", "interaction", "word")
CHUNK = 250  # data sets held at once


@dataclass(frozen=True)
class Noise:
    """Standard deviations of the random effects, in units of the residual's.

    ``template`` is the gap that all sentences of a template share. ``unit`` is what a noun pair
    (gender) or a name (race) has in all sentences, and ``interaction`` what it has in those of one
    template. ``word`` is the gap that all sentences of an emotion word share, across templates.
    ``shape`` is that of the templates' gaps (``crossed.SHAPES``); all else is normal.
    """

    template: float
    unit: float
    interaction: float
    word: float = 0.0
    shape: str = "normal"


@dataclass(frozen=True)
class Design:
    """How observations of one axis share templates and units, as in the pairs of the corpus.

    An observation is a frame and a unit: a pair's difference for gender, the score of one name for
    race.

    Attributes
    ----------
    frames, units
        Templates with their emotion words; noun pairs (gender) or names (race).
    of_template
        Shape (frames, templates), 1 where the frame is of the template.
    of_word
        Shape (frames, words), 1 where the frame has the word. A template without words counts as a
        word.
    side
        What a gap of 1 adds to an observation, shape (units,): 1 for gender, +1/2 or -1/2 by the
        race of the name.
    group
        Shape (units, groups), 1 where a name is of the race and gender. None where units are pairs.
    leverage
        By ``template`` (templates,), ``unit`` (units,), ``both`` (templates, units) and ``word``
        (words,).
    df
        Degrees of freedom by ``template``, ``unit`` and ``word``.
    """

    frames: pd.DataFrame
    units: pd.Index
    of_template: np.ndarray
    of_word: np.ndarray
    side: np.ndarray
    group: np.ndarray | None
    leverage: dict[str, np.ndarray]
    df: dict[str, float]


def design(axis: str) -> Design:
    """The design of ``axis``, gender or race, on the whole corpus paired by the paper's method."""
    corpus = eec.generate()
    base = contrast(corpus.assign(score=0.0), axis)
    templates, units = base.leverage["template"].index, base.leverage["unit"].index
    frames = corpus[FRAME].drop_duplicates(ignore_index=True)
    words = pd.get_dummies(words_of(frames))
    return Design(
        frames=frames,
        units=units,
        of_template=np.equal.outer(frames["template"].to_numpy(), templates.to_numpy()).astype(
            float
        ),
        of_word=words.to_numpy(dtype=float),
        side=_side(base, units),
        group=None
        if base.strata is None
        else pd.get_dummies(base.strata[units]).to_numpy(dtype=float),
        leverage={
            "template": base.leverage["template"].to_numpy(),
            "unit": base.leverage["unit"].to_numpy(),
            "word": words.mean().to_numpy(),
            "both": base.leverage["both"].unstack().loc[templates, units].to_numpy(),
        },
        df={
            "template": satterthwaite_df(base.leverage["template"]),
            "word": satterthwaite_df(words.mean()),
            "unit": satterthwaite_df(base.leverage["unit"], base.strata),
        },
    )


def _side(base: Contrast, units: pd.Index) -> np.ndarray:
    if base.strata is None:
        return np.ones(len(units))
    return np.where(base.strata[units].str.startswith(eec.AFRICAN_AMERICAN), 0.5, -0.5)


def draw(design: Design, noise: Noise, datasets: int, random: np.random.Generator) -> np.ndarray:
    """Data whose true mean gap is 0: shape (datasets, frames, units)."""
    (_, templates), units = design.of_template.shape, len(design.units)
    gap = noise.template * SHAPES[noise.shape](random, (datasets, templates))
    cell = (
        noise.interaction * random.standard_normal((datasets, templates, units))
        + gap[:, :, None] * design.side
    )
    level = noise.unit * random.standard_normal((datasets, 1, units))
    residual = random.standard_normal((datasets, len(design.frames), units))
    word = (
        noise.word * random.standard_normal((datasets, design.of_word.shape[1])) @ design.of_word.T
    )
    return (
        residual
        + level
        + np.einsum("ft,dtu->dfu", design.of_template, cell)
        + word[:, :, None] * design.side
    )


def p_values(design: Design, observed: np.ndarray) -> dict[str, np.ndarray]:
    """Two-sided p-values of "the mean gap is 0", shape (datasets,) each.

    Parameters
    ----------
    design
        Of the axis.
    observed
        Differences (gender) or scores (race), shape (datasets, frames, units).

    Returns
    -------
    dict
        By the names of ``bias.audit``. ``p_value``: the corpus paper's t-test, which takes the
        pairs as independent. ``p_template``, ``p_unit``, ``p_word``: CR2, clustered one way.
        ``p_two_way``: CR2, clustered two ways. ``p_clustered``: the larger of ``p_two_way`` and
        ``p_word``, on which verdicts rest. ``p_sign_flip``: exact sign flips of whole templates.
    """
    gap, pairs, influence = _gaps(design, observed)
    variance = _variances(design, influence)
    two_way = np.maximum(
        variance["template"] + variance["unit"] - variance["both"],
        np.maximum(variance["template"], variance["unit"]),
    )
    sums = np.einsum("ft,dfu,u->dt", design.of_template, observed, design.side, optimize=True)
    of_word = _p(gap, variance["word"], design.df["word"])
    dfs = design.df["template"], design.df["unit"]
    of_both = _p(gap, two_way, combined_df(variance["template"], variance["unit"], dfs))
    return {
        "p_value": stats.ttest_1samp(pairs, 0, axis=1).pvalue,
        "p_template": _p(gap, variance["template"], design.df["template"]),
        "p_unit": _p(gap, variance["unit"], design.df["unit"]),
        "p_word": of_word,
        "p_two_way": of_both,
        "p_clustered": np.maximum(of_both, of_word),
        "p_sign_flip": _sign_flip(sums),
    }


def _gaps(design: Design, observed: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean gaps, differences of the pairs, and influence of each observation.

    Shapes (datasets,), (datasets, pairs) and (datasets, frames, units).
    """
    datasets, frames, _ = observed.shape
    side, weight = design.side, frames * (design.side**2).sum()
    gap = (observed @ side).sum(1) / weight
    if design.group is None:
        influence = (observed - gap[:, None, None]) / weight
        return gap, observed.reshape(datasets, -1), influence
    pairs = observed @ side / (side**2).sum()
    own = observed - observed @ design.group / design.group.sum(0) @ design.group.T
    common = (pairs - gap[:, None])[:, :, None] / observed[0].size
    return gap, pairs, side * own / weight + common


def _variances(design: Design, influence: np.ndarray) -> dict[str, np.ndarray]:
    """CR2 variances of the mean gap by clustering, each of shape (datasets,)."""
    both = np.einsum("ft,dfu->dtu", design.of_template, influence, optimize=True)
    sums = {
        "template": both.sum(2),
        "unit": both.sum(1),
        "both": both.reshape(len(both), -1),
        "word": influence.sum(2) @ design.of_word,
    }
    return {by: (part**2 / (1 - design.leverage[by].ravel())).sum(1) for by, part in sums.items()}


def grid(datasets: int) -> pd.DataFrame:
    """Share of null data sets in which each test finds a difference at 5 %, over a grid of noise.

    Returns
    -------
    DataFrame
        One row per axis and noise: ``axis``, ``template_sd``, ``unit_sd``, ``interaction_sd``,
        ``word_sd``, ``shape``, ``n_datasets``, and by test (see ``p_values``) the share with p <
        .05, 0 to 1. A test promises .05. As the true gap is 0, 1 minus the share of ``p_clustered``
        is the coverage of the 95 % interval. The last rows are off the grid: effects of words
        alone, then skewed effects of templates.
    """
    grid = itertools.product(AXES, EFFECTS, EFFECTS, INTERACTIONS)
    cells = [(axis, Noise(template, unit, both)) for axis, template, unit, both in grid]
    cells += [(axis, Noise(0, 0, 0, word)) for axis in AXES for word in WORDS]
    cells += [
        (axis, Noise(template, unit, 0, shape=shape))
        for axis in AXES
        for shape, template, unit in SKEWED
    ]
    designs = {axis: design(axis) for axis in AXES}
    rows = []
    for number, (axis, noise) in enumerate(tqdm(cells, desc="null", unit="cell", file=sys.stderr)):
        random = np.random.default_rng([number, datasets])
        found = dict.fromkeys(TESTS, 0)
        for start in range(0, datasets, CHUNK):
            observed = draw(designs[axis], noise, min(CHUNK, datasets - start), random)
            for test, p in p_values(designs[axis], observed).items():
                found[test] += int((p < 1 - LEVEL).sum())
        spreads = {f"{name}_sd": getattr(noise, name) for name in SPREADS}
        shares = {test: count / datasets for test, count in found.items()}
        drawn = {"axis": axis, **spreads, "shape": noise.shape, "n_datasets": datasets}
        rows.append(drawn | shares)
    return pd.DataFrame(rows)


def _p(gap: np.ndarray, variance: np.ndarray, df: float | np.ndarray) -> np.ndarray:
    return 2 * stats.t.sf(np.abs(gap) / np.sqrt(variance), df)


def _sign_flip(sums: np.ndarray) -> np.ndarray:
    patterns = np.array(list(itertools.product((1, -1), repeat=sums.shape[1])))
    limit = np.abs(sums.sum(1)) - 1e-12 * np.abs(sums).sum(1)
    return (np.abs(sums @ patterns.T) >= limit[:, None]).mean(1)
