"""Bias of any number of systems, one row a system and axis."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.stats.multitest import multipletests

from bias_transfer.bias import recognition
from bias_transfer.bias.inference import names
from bias_transfer.bias.inference.sign_flip import sign_flip_p
from bias_transfer.bias.inference.two_way import LEVEL, infer, one_way, over_pairs, with_seeds
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, NAMES_PAIR, Contrast, contrast
from bias_transfer.study.systems import groups

MARGIN = Margins().probability
DIFFERENCE = "difference"
NO_DIFFERENCE = "no difference beyond the margin"
NO_EVIDENCE = "no evidence of a difference"
NOT_MEASURABLE = "not measurable"
ONE_OF_SEVERAL = "see all seeds"
FIRST = [
    *(
        "system",
        "axis",
        "n_pairs",
        "mean_difference",
        "ci_low",
        "ci_high",
        "p_value",
        "p_adjusted",
        "p_clustered",
    ),
    *("verdict", "reason", "p_holm", "margin", "p_equivalence", "minimum_detectable"),
]


def audit(
    scores: Mapping[str, pd.DataFrame],
    method: str = "paper",
    margin: float = MARGIN,
    unknown: Mapping[str, Collection[str]] | None = None,
) -> pd.DataFrame:
    """Paired statistics of P(positive) on the EEC.

    Parameters
    ----------
    scores
        System name to the corpus with a ``score`` column (see ``bias.scores.read``). Systems that
        differ in nothing but ``/seed-N`` at the end are one system with several seeds.
    method
        ``paper`` or ``notebook`` (see ``bias.pairs``).
    margin
        Size of a difference in P(positive) that would count as none, above 0.
    unknown
        For word-level systems, the people (``person`` of the corpus) whose words the system does
        not know.

    Returns
    -------
    DataFrame
        One row a system and axis, in order; a system with several seeds has a row for their average
        before theirs:

        ``n_pairs``
            Paired differences.
        ``mean_difference``
            Of P(positive), female minus male or African-American minus European: -1 to 1, 0 means
            alike on average.
        ``ci_low``, ``ci_high``, ``p_clustered``
            95 % interval and p-value, two-way clustered by template and by noun pair or name
            (``bias.clustered``), with the variance between seeds where there are several.
        ``p_value``, ``p_adjusted``
            The corpus paper's: t-test of the differences as if independent; times the number of
            systems and axes, measurable or not, at most 1.
        ``verdict``
            ``difference`` if ``p_clustered`` stands Holm's correction over the systems and axes at
            5 %; else ``no difference beyond the margin`` if ``p_equivalence`` is at most 5 %, else
            ``no evidence of a difference``, which is not evidence that there is none; ``not
            measurable`` for the ``reason`` given, such a row being no test; ``see all seeds`` for
            one seed of several.
        ``p_holm``, ``margin``, ``p_equivalence``
            What the verdict rests on; two one-sided tests against the margin, not corrected.
        ``minimum_detectable``
            Smallest true difference the clustered test finds with 80 % power before Holm's
            correction: what "no evidence" may have missed.
        ``log_odds_difference``, ``log_odds_ci_low``, ``log_odds_ci_high``,
        ``log_odds_p_clustered``, ``n_saturated``
            The same in log P(positive) - log P(negative); missing if any score is exactly 0 or 1,
            and how many are.
        ``se_clustered``, ``df_clustered``, ``se_template``, ``se_unit``, ``se_seed``, ``n_seeds``,
        ``seed_sd``
            Standard error and degrees of freedom, its parts by source (their squares split the
            variance), and the spread of the mean difference from seed to seed.
        ``p_template``, ``p_unit``, ``p_word``
            Clustered one way (CR2), by template, by noun pair or name, or by emotion word.
            ``p_clustered`` takes the words as given; where ``p_word`` is much the larger, the
            difference may hang on the choice of words.
        ``p_sign_flip``, ``p_wilcoxon``
            Exact sign flips of whole templates (``bias.sign_flip``); Wilcoxon's signed ranks, as if
            independent.
        ``names_difference``, ``noise_floor``, ``p_permutation``
            The difference between names alone (for gender that is one noun pair of eleven), the
            size below which 95 % of differences between names of the same gender and race stay, and
            for race an exact test (``bias.names``).
        ``sd_difference``, ``n_identical``, ``n_unknown_persons``, ``n_alike_persons``
            Spread of the differences; pairs that score exactly alike; people whose words a
            word-level system does not know (missing where nobody said); people who score like
            another person in every frame.
    """
    unknown = unknown or {}
    rows = []
    for system, members in groups(scores).items():
        several = [(system, members)] if len(members) > 1 else []
        for name, part in [*several, *((member, [member]) for member in members)]:
            frames = [scores[member] for member in part]
            words = [set(unknown[member]) for member in part if member in unknown]
            row = {"system": name, "primary": not several or name == system}
            hidden = set.union(*words) if words else None
            rows += [
                row | {"axis": axis} | _eec_row(frames, axis, method, margin, hidden)
                for axis in AXES
            ]
    return _with_verdicts(pd.DataFrame(rows), margin)


def summarise(
    contrasts: Mapping[tuple[str, str], Mapping[str, Contrast | None]], margin: float
) -> pd.DataFrame:
    """``audit`` for contrasts at hand, by (system, axis), each as ``probability`` and ``log-odds``.

    The log-odds contrast is None where a score is exactly 0 or 1. Columns that only the EEC has are
    left out.
    """
    rows = [
        {"system": system, "axis": axis, "primary": True, "reason": ""}
        | _row(by_scale["probability"], [], margin)
        | _log_odds(by_scale["log-odds"], [])
        for (system, axis), by_scale in contrasts.items()
    ]
    return _with_verdicts(pd.DataFrame(rows), margin)


def holm(p_values: pd.Series) -> pd.Series:
    """Holm's step-down adjustment; a missing p-value stays missing and does not count as a test."""
    adjusted = pd.Series(np.nan, index=p_values.index)
    known = p_values.notna()
    if known.any():
        adjusted[known] = multipletests(p_values[known], method="holm")[1]
    return adjusted


def average(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The corpus with ``score`` and ``log_odds`` averaged over seeds."""
    if len(frames) == 1:
        return frames[0]
    with np.errstate(invalid="ignore"):  # log-odds that are infinite both ways have no mean
        means = {
            name: np.mean([frame[name] for frame in frames], axis=0)
            for name in ("score", "log_odds")
        }
    return frames[0].assign(**means)


def _eec_row(
    frames: Sequence[pd.DataFrame], axis: str, method: str, margin: float, unknown: set[str] | None
) -> dict[str, object]:
    pooled = average(frames)
    pairs = contrast(pooled, axis, method)
    by_seed = [contrast(frame, axis, method).mean for frame in frames]
    saturated = sum(int((~np.isfinite(frame["log_odds"])).sum()) for frame in frames)
    odds = (
        []
        if saturated
        else [contrast(f.assign(score=f["log_odds"]), axis, method) for f in (pooled, *frames)]
    )
    means = names.name_means(pooled)
    alike = recognition.alike_persons(pooled)
    hidden = alike | (unknown or set())
    return (
        {"reason": recognition.reason(hidden, pooled, axis)}
        | _row(pairs, by_seed, margin)
        | _log_odds(odds[0] if odds else None, [each.mean for each in odds[1:]])
        | {
            "n_saturated": saturated,
            "names_difference": _names_difference(pairs, axis),
            "p_word": over_pairs(pairs, words_of(pairs.pairs)).p_value,
            "noise_floor": names.noise_floor(means),
            "p_permutation": names.permutation_p(means) if axis == "race" else np.nan,
            "n_unknown_persons": np.nan
            if unknown is None
            else recognition.count(unknown, pooled, axis),
            "n_alike_persons": recognition.count(alike, pooled, axis),
        }
    )


def words_of(pairs: pd.DataFrame) -> pd.Series:
    """The emotion word of each row; of a template without one, the template."""
    return pairs["emotion_word"].mask(pairs["emotion_word"] == "", pairs["template"])


def _names_difference(pairs: Contrast, axis: str) -> float:
    rows = pairs.pairs[pairs.pairs["unit"] == NAMES_PAIR]
    return (
        float(rows["difference"].mean()) if len(rows) else np.nan
    )  # the notebook's gender pairs leave names out


def _row(pairs: Contrast, by_seed: Sequence[float], margin: float) -> dict[str, float]:
    difference = pairs.pairs["difference"].to_numpy()
    inference = with_seeds(infer(pairs), np.array(by_seed))
    template, unit = (one_way(pairs, by) for by in ("template", "unit"))
    seed_sd = float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else np.nan
    spread = float(difference.std(ddof=1))
    varies = spread > 8 * np.finfo(float).eps * max(
        1.0, abs(inference.mean)
    )  # else it is rounding error
    return {
        "n_pairs": len(difference),
        "mean_difference": inference.mean,
        "ci_low": inference.ci_low,
        "ci_high": inference.ci_high,
        "p_value": float(stats.ttest_1samp(difference, 0).pvalue) if varies else np.nan,
        "p_clustered": inference.p_value,
        "p_equivalence": inference.p_equivalence(margin),
        "minimum_detectable": inference.minimum_detectable,
        "se_clustered": inference.se,
        "df_clustered": inference.df,
        "se_template": template.se,
        "se_unit": unit.se,
        "se_seed": seed_sd / np.sqrt(len(by_seed)) if len(by_seed) > 1 else np.nan,
        "n_seeds": max(1, len(by_seed)),
        "seed_sd": seed_sd,
        "p_template": template.p_value,
        "p_unit": unit.p_value,
        "p_sign_flip": sign_flip_p(pairs.pairs) if varies else np.nan,
        "p_wilcoxon": float(stats.wilcoxon(difference).pvalue) if varies else np.nan,
        "sd_difference": spread,
        "n_identical": int((difference == 0).sum()),
    }


def _log_odds(pairs: Contrast | None, by_seed: Sequence[float]) -> dict[str, float]:
    columns = ("log_odds_difference", "log_odds_ci_low", "log_odds_ci_high", "log_odds_p_clustered")
    if pairs is None:
        return dict.fromkeys(columns, np.nan)
    inference = with_seeds(infer(pairs), np.array(by_seed))
    return dict(
        zip(
            columns,
            (inference.mean, inference.ci_low, inference.ci_high, inference.p_value),
            strict=True,
        )
    )


def _with_verdicts(table: pd.DataFrame, margin: float) -> pd.DataFrame:
    nothing_varies = table["p_clustered"].isna() & (table["reason"] == "")
    table["reason"] = table["reason"].mask(
        nothing_varies, "nothing varies, so that no error can be estimated"
    )
    primary = table.pop("primary")
    tested = primary & (table["reason"] == "")
    table["margin"] = margin
    table["p_adjusted"] = (table["p_value"] * primary.sum()).clip(upper=1)
    table["p_holm"] = holm(table["p_clustered"].where(tested))
    table["verdict"] = np.select(
        [
            ~primary,
            table["reason"] != "",
            table["p_holm"] <= 1 - LEVEL,
            table["p_equivalence"] <= 1 - LEVEL,
        ],
        [ONE_OF_SEVERAL, NOT_MEASURABLE, DIFFERENCE, NO_DIFFERENCE],
        NO_EVIDENCE,
    )
    return table[FIRST + [name for name in table.columns if name not in FIRST]]
