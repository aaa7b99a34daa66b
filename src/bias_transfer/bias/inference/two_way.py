"""Two-way clustered inference for a mean of paired differences.

Pairs share templates, and they share noun pairs or names, so they are not independent. Cameron,
Gelbach and Miller ("Robust Inference with Multiway Clustering", 2011): V = V_template + V_unit -
V_both, here never below either one-way variance. Each one-way variance is CR2 (Bell and McCaffrey,
2002): a cluster's part is divided by 1 minus its leverage, with Satterthwaite's degrees of freedom
(Pustejovsky and Tipton, 2018). Those of V are ``combined_df``.

Frames of the EEC share emotion words as well, across templates. So the mean is also tested with
words as the clusters, and must stand either test (``Either``).
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import optimize, stats

from bias_transfer.bias.pairs import Contrast, words_of

LEVEL = 0.95
POWER = 0.80
ROUNDING = 1e-12  # of numbers of the size of scores
SAME = 1e-6  # a mean difference below this may be a batch's rounding error
Number = TypeVar("Number", float, np.ndarray)
WAYS = {"template": ["template"], "unit": ["unit"], "both": ["template", "unit"]}


@dataclass(frozen=True)
class Inference:
    """An estimate, its standard error and degrees of freedom. The rest follows from Student's t.

    Where nothing varies no error can be estimated: all but ``mean`` and ``df`` is then NaN.
    """

    mean: float
    se: float
    df: float

    @property
    def ci_low(self) -> float:
        """Lower end of the 95 % interval."""
        return self.mean - self._half

    @property
    def ci_high(self) -> float:
        """Upper end of the 95 % interval."""
        return self.mean + self._half

    @property
    def clear(self) -> bool:
        """Whether the 95 % interval leaves 0 out."""
        return self.ci_low * self.ci_high > 0

    @property
    def p_value(self) -> float:
        """Two-sided p of "the mean is 0"."""
        return float(2 * stats.t.sf(abs(self.mean) / self.se, self.df))

    @property
    def minimum_detectable(self) -> float:
        """Smallest true mean that a two-sided test at 5 % finds with 80 % power (``power``).

        0 or more, in the unit of the mean. A test that finds nothing may have missed a mean of this
        size.
        """
        unit = Inference(0.0, 1.0, self.df)
        if np.isnan(self.se) or np.isnan(unit._half):
            return float("nan")
        # With t in place of z, Bloom (1995) has the quantiles' sum: close, and never half of it.
        largest = 2 * (unit._half + float(stats.t.ppf(POWER, self.df)))
        return self.se * optimize.brentq(lambda effect: unit.power(effect) - POWER, 0, largest)

    def power(self, effect: float, level: float = 1 - LEVEL) -> float:
        """Probability, 0 to 1, that a two-sided test at ``level`` finds a true mean of ``effect``.

        By the noncentral t. Shifting Student's t is far too low where degrees of freedom are few
        and ``level`` is strict.
        """
        critical = stats.t.ppf(1 - level / 2, self.df)
        ncp = abs(effect) / self.se
        # The lower tail as an upper one: scipy's own is NaN for large effects.
        ends = (stats.nct.sf(critical, self.df, sign * ncp) for sign in (1, -1))
        return float(sum(ends))

    def p_against(self, sign: int) -> float:
        """One-sided p of "the mean is 0, or has the other sign than ``sign``", 1 or -1."""
        return float(stats.t.sf(sign * self.mean / self.se, self.df))

    def p_equivalence(self, margin: float) -> float:
        """The p of "the mean is at least ``margin`` away from 0".

        Two one-sided tests (Schuirmann, 1987). Below .05 the data speak for a difference smaller
        than the margin. A large ``p_value`` does not.
        """
        return float(stats.t.sf((margin - abs(self.mean)) / self.se, self.df))

    @property
    def _half(self) -> float:
        return float(stats.t.ppf(0.5 + LEVEL / 2, self.df)) * self.se


@dataclass(frozen=True)
class Either(Inference):
    """Two inferences for one mean, of which either may hold: what is said must be true of both.

    Its error and degrees of freedom are those of the wider interval, and every p is the larger one.
    As both are centred on the mean, p < .05 exactly where the interval leaves 0 out.
    """

    both: tuple[Inference, Inference]

    @classmethod
    def of(cls, first: Inference, second: Inference) -> Inference:
        """Both; the first alone where one of them has no error."""
        if np.isnan(first.se) or np.isnan(second.se):
            return first
        wider = max(first, second, key=lambda one: one.ci_high)
        return cls(wider.mean, wider.se, wider.df, (first, second))

    @property
    def p_value(self) -> float:
        """The larger p of "the mean is 0"."""
        return max(one.p_value for one in self.both)

    @property
    def minimum_detectable(self) -> float:
        """Of the test that needs the larger mean."""
        return max(one.minimum_detectable for one in self.both)

    def p_against(self, sign: int) -> float:
        """The larger one-sided p."""
        return max(one.p_against(sign) for one in self.both)

    def p_equivalence(self, margin: float) -> float:
        """The larger p of "the mean is at least ``margin`` away from 0"."""
        return max(one.p_equivalence(margin) for one in self.both)


@dataclass(frozen=True)
class Constant(Inference):
    """All pairs differ by the same, and so do all ``clusters``: a sign test of these.

    Were there no gap, each would have either sign with equal chance: all have the same with
    probability 2 / 2^clusters.
    """

    clusters: int

    @property
    def ci_low(self) -> float:
        """The mean."""
        return self.mean

    @property
    def ci_high(self) -> float:
        """The mean."""
        return self.mean

    @property
    def minimum_detectable(self) -> float:
        """What is told from a batch's rounding error."""
        return SAME

    @property
    def p_value(self) -> float:
        """Of the sign test, two-sided."""
        return float(2.0 ** (1 - self.clusters))

    def p_against(self, sign: int) -> float:
        """Of the sign test, one-sided."""
        return self.p_value / 2 if sign * self.mean > 0 else 1.0

    def p_equivalence(self, margin: float) -> float:
        """The same for "as many clusters are beyond the margin as within it"."""
        return self.p_value / 2 if abs(self.mean) < margin else 1.0


def infer(contrast: Contrast) -> Inference:
    """Inference for ``contrast.mean``: two-way clustered, and by emotion word where there are any.

    With a single template or a single unit the first is clustered by the other alone. With one of
    each there is no error to estimate. Where all pairs differ by the same it is ``Constant``, or
    without an error if templates or units are too few for a sign test at 5 %.
    """
    found = Either.of(_crossed(contrast), by_word(contrast))
    differences = contrast.pairs["difference"].to_numpy()
    # Of names the pairs are means, and the error knows how they differ.
    constant = np.ptp(differences) <= SAME < abs(found.mean) and not found.se > SAME
    if not constant:
        return found
    counts = [len(contrast.leverage[by]) for by in ("template", "unit")]
    clusters = min((count for count in counts if count > 1), default=1)
    enough = 2.0 ** (1 - clusters) <= 1 - LEVEL
    nothing = Inference(found.mean, float("nan"), found.df)
    return Constant(found.mean, nothing.se, found.df, clusters) if enough else nothing


def by_word(contrast: Contrast) -> Inference:
    """Inference for ``contrast.mean`` clustered by emotion word alone; no error without words.

    Templates and units are taken as given.
    """
    if "emotion_word" not in contrast.pairs:
        return Inference(contrast.mean, float("nan"), float("nan"))
    return over_pairs(contrast, words_of(contrast.pairs))


def _crossed(contrast: Contrast) -> Inference:
    """Two-way clustered by template and unit."""
    ways = [by for by in ("template", "unit") if len(contrast.leverage[by]) > 1]
    if not ways:
        return Inference(contrast.mean, float("nan"), float("nan"))
    if len(ways) == 1:
        return one_way(contrast, ways[0])
    template, unit, both = (_variance(contrast, by) for by in WAYS)
    dfs = _df(contrast, "template"), _df(contrast, "unit")
    if not template + unit > 0:
        return Inference(contrast.mean, float("nan"), min(dfs))
    error = standard_error(two_way_variance(template, unit, both), contrast.mean)
    return Inference(contrast.mean, error, combined_df(template, unit, dfs))


def one_way(contrast: Contrast, by: str) -> Inference:
    """Inference for ``contrast.mean`` clustered ``by`` template or unit alone.

    CR2 with Satterthwaite's degrees of freedom.
    """
    return Inference(
        contrast.mean, standard_error(_variance(contrast, by), contrast.mean), _df(contrast, by)
    )


def over_pairs(contrast: Contrast, clusters: pd.Series) -> Inference:
    """Inference for ``contrast.mean`` clustered one way by any ``clusters`` of its pairs.

    ``clusters`` names the cluster of each pair, row by row.
    """
    codes = pd.factorize(clusters)[0]
    leverage = np.bincount(codes) / len(codes)
    if len(leverage) < 2:
        return Inference(contrast.mean, float("nan"), float("nan"))
    influence = (contrast.pairs["difference"].to_numpy() - contrast.mean) / len(codes)
    variance = float((np.bincount(codes, influence) ** 2 / (1 - leverage)).sum())
    df = satterthwaite_df(pd.Series(leverage))
    return Inference(contrast.mean, standard_error(variance, contrast.mean), df)


def with_seeds(inference: Inference, by_seed: np.ndarray) -> Inference:
    """Add the variance between seeds to the inference for the average over seeds.

    ``by_seed`` holds the same estimate for each seed, shape (seeds,). Their variance over their
    number is added to ``se``², with Satterthwaite's degrees of freedom for the sum. With one seed
    it is unknown, and the inference is returned as it is. Where it alone varies, what is said must
    be true of both.
    """
    seeds = len(by_seed)
    if seeds < 2:
        return inference
    if isinstance(inference, Constant):
        error = standard_error(float(by_seed.var(ddof=1)) / seeds, inference.mean)
        among = Inference(inference.mean, error, seeds - 1)
        both = Either(among.mean, among.se, among.df, (inference, among))
        return inference if np.isnan(error) else both
    if isinstance(inference, Either):
        return Either.of(*(with_seeds(one, by_seed) for one in inference.both))
    return with_variance(inference, float(by_seed.var(ddof=1)) / seeds, seeds)


def with_variance(inference: Inference, between: float, seeds: int) -> Inference:
    """``with_seeds``, given the variance between ``seeds`` seeds over their number."""
    variance = inference.se**2 + between
    if not variance > 0:
        return inference
    df = variance**2 / (inference.se**4 / inference.df + between**2 / (seeds - 1))
    return Inference(inference.mean, float(np.sqrt(variance)), float(df))


def two_way_variance(template: float, unit: float, both: float) -> float:
    """Cameron, Gelbach and Miller's sum of variances, never below either one-way variance."""
    return max(template + unit - both, template, unit)


def combined_df(template: Number, unit: Number, dfs: tuple[float, float]) -> Number:
    """Degrees of freedom of a two-way variance: the harmonic mean of both ways', by their variance.

    It is that of the way which makes the error, or between the two. Satterthwaite's sum weighs by
    squares of variances, as if the ways were independent, but both hold V_both: of 4,000 data sets
    without a gap in each of 64 cells it found one in up to 6.4 %, and this in up to 6.0 % of the
    same (``docs/validation/null.csv`` is a draw of its own). The smaller of both is cautious where
    names make the error.
    """
    return (template + unit) / (template / dfs[0] + unit / dfs[1])


def standard_error(variance: float, mean: float) -> float:
    """Square root of ``variance``; NaN where it is no more than rounding error beside the mean."""
    se = float(np.sqrt(variance))
    return se if se > ROUNDING * max(1.0, abs(mean)) else float("nan")


def _df(contrast: Contrast, by: str) -> float:
    if len(contrast.leverage[by]) < 2:
        return float("nan")
    return satterthwaite_df(contrast.leverage[by], contrast.strata if by == "unit" else None)


def _variance(contrast: Contrast, by: str) -> float:
    if len(contrast.leverage[by]) < 2:
        return float("nan")
    parts = contrast.clusters.sums(WAYS[by], contrast.influence["influence"].to_numpy())
    return cr2_variance(parts, contrast.leverage[by])


def cr2_variance(parts: pd.Series, leverage: pd.Series) -> float:
    """Variance of the mean: ``sum(s² / (1 - h))`` over clusters.

    s is a cluster's sum of influence (one of ``parts``), and h its leverage.
    """
    if not parts.index.equals(leverage.index):
        leverage = leverage.loc[parts.index]
    return float((parts.to_numpy() ** 2 / (1 - leverage.to_numpy())).sum())


def satterthwaite_df(leverage: pd.Series, strata: pd.Series | None = None) -> float:
    """Degrees of freedom of the CR2 variance of a weighted mean.

    Each cluster holds a share ``leverage`` of the weight. With M = (diag(h) - h h') / sqrt((1 -
    h)(1 - h)') they are trace(M)² / trace(M²); the working model is independent errors of one
    variance. G equal clusters have G - 1.

    ``strata`` is given where the estimate is a difference of the means of several strata. Clusters
    of different strata share no mean, so h h' is 0 between them: S strata of G equal clusters have
    S (G - 1).
    """
    h = leverage.to_numpy()
    own, shared = h / (1 - h), h**2 / (1 - h)
    stratum = np.zeros(len(h), int)
    if strata is not None:
        stratum = pd.factorize(strata.reindex(leverage.index))[0]
    # trace(M)² / trace(M²), where M is diagonal but for one product per stratum.
    square = (own**2 - 2 * own * shared).sum() + (np.bincount(stratum, shared) ** 2).sum()
    return float((own - shared).sum() ** 2 / square)
