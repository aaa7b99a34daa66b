"""Bias of any number of systems: one row per system and axis."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias import recognition
from bias_transfer.bias.inference import names
from bias_transfer.bias.inference.holm import holm
from bias_transfer.bias.inference.sign_flip import sign_flip_p
from bias_transfer.bias.inference.two_way import (
    LEVEL,
    by_word,
    infer,
    one_way,
    with_seeds,
)
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, NAMES_PAIR, Contrast, contrast, gap
from bias_transfer.study.systems import groups

MARGIN = Margins().probability
DIFFERENCE = "difference"
NO_DIFFERENCE = "no difference beyond the margin"
NO_EVIDENCE = "no evidence of a difference"
NOT_MEASURABLE = "not measurable"
ONE_OF_SEVERAL = "see all seeds"
NOTHING_VARIES = "nothing varies that an error could be estimated from"
FIRST = (
    "system axis n_pairs mean_difference ci_low ci_high p_value p_adjusted p_clustered verdict "
    "reason p_holm margin p_equivalence minimum_detectable"
).split()

Row = dict[str, object]


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
        System name to the corpus with a ``score`` column (see ``bias.scores.read``). Systems whose
        names differ only in ``/seed-N`` at the end are one system with several seeds.
    method
        ``paper`` or ``notebook`` (see ``bias.pairs``).
    margin
        A difference in P(positive) smaller than this counts as none; above 0.
    unknown
        For word-level systems, the people (``person`` of the corpus) whose words the system does
        not know.

    Returns
    -------
    DataFrame
        One row per system and axis, in the order given. A system with several seeds has a row for
        their average, followed by a row per seed. What the columns mean, with unit and sign:
        ``io.schemas.BIAS``, or ``docs/columns.md``.
    """
    known = unknown or {}

    def of(part: list[str]) -> list[Row]:
        words = [set(known[member]) for member in part if member in known]
        frames = [scores[member] for member in part]
        return _by_axis(frames, method, margin, set.union(*words) if words else None)

    return by_system(list(scores), of, margin)


def by_system(
    systems: list[str], of: Callable[[list[str]], list[Row]], margin: float
) -> pd.DataFrame:
    """Rows of each system with its seeds, then of each seed, and their verdicts.

    ``of`` gives the rows of one or several seeds of a system, without verdicts.
    """
    rows = [
        {"system": system, "primary": system == group} | row
        for group, members in groups(systems).items()
        # A group with a single member has that member's name, and so one row.
        for system, part in ({group: members} | {member: [member] for member in members}).items()
        for row in of(part)
    ]
    return with_verdicts(pd.DataFrame(rows), margin)


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


def _by_axis(
    frames: Sequence[pd.DataFrame], method: str, margin: float, unknown: set[str] | None
) -> list[Row]:
    """Rows of one system, without verdicts; ``frames`` are its seeds."""
    pooled = average(frames)
    saturated = sum(int((~np.isfinite(frame["log_odds"])).sum()) for frame in frames)
    means = names.name_means(pooled)
    noise_floor = names.noise_floor(means)
    rows: list[Row] = []
    for axis in AXES:
        alike = recognition.alike_persons(pooled, axis)
        pairs = contrast(pooled, axis, method)
        by_seed = _gaps(frames, "score", axis, method)
        odds, odds_by_seed = None, []
        if not saturated:
            odds = contrast(pooled.assign(score=pooled["log_odds"]), axis, method)
            odds_by_seed = _gaps(frames, "log_odds", axis, method)
        rows.append(
            {
                "axis": axis,
                "reason": recognition.reason(alike | (unknown or set()), pooled, axis),
                **statistics(pairs, by_seed, margin),
                **log_odds(odds, odds_by_seed),
                "n_saturated": saturated,
                "names_difference": _names_difference(pairs),
                "p_word": by_word(pairs).p_value,
                "noise_floor": noise_floor,
                "p_permutation": names.permutation_p(means) if axis == "race" else np.nan,
                "n_unknown_persons": np.nan
                if unknown is None
                else recognition.count(unknown, pooled, axis),
                "n_alike_persons": recognition.count(alike, pooled, axis),
            }
        )
    return rows


def _gaps(frames: Sequence[pd.DataFrame], column: str, axis: str, method: str) -> list[float]:
    """The gap of each of several seeds; of one alone it is the gap of their average."""
    if len(frames) == 1:
        return []
    return [gap(frame.assign(score=frame[column]), axis, method) for frame in frames]


def _names_difference(pairs: Contrast) -> float:
    rows = pairs.pairs[pairs.pairs["unit"] == NAMES_PAIR]
    # The notebook's gender pairs leave names out.
    return float(rows["difference"].mean()) if len(rows) else np.nan


def statistics(pairs: Contrast, by_seed: Sequence[float], margin: float) -> dict[str, float]:
    """Estimate, errors and p-values of one contrast in P(positive)."""
    difference = pairs.pairs["difference"].to_numpy()
    inference = with_seeds(infer(pairs), np.array(by_seed))
    template, unit = (one_way(pairs, by) for by in ("template", "unit"))
    seed_sd = float(np.std(by_seed, ddof=1)) if len(by_seed) > 1 else np.nan
    spread = float(difference.std(ddof=1))
    # A spread below this is rounding error.
    varies = spread > 8 * np.finfo(float).eps * max(1.0, abs(inference.mean))
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


def log_odds(pairs: Contrast | None, by_seed: Sequence[float]) -> dict[str, float]:
    """The gap in log-odds, its interval and p-value; missing without a contrast."""
    columns = ("log_odds_difference", "log_odds_ci_low", "log_odds_ci_high", "log_odds_p_clustered")
    if pairs is None:
        return dict.fromkeys(columns, np.nan)
    inference = with_seeds(infer(pairs), np.array(by_seed))
    numbers = (inference.mean, inference.ci_low, inference.ci_high, inference.p_value)
    return dict(zip(columns, numbers, strict=True))


def with_verdicts(table: pd.DataFrame, margin: float) -> pd.DataFrame:
    """The table with its corrected p-values and verdicts; ``primary`` rows alone are tests."""
    nothing_varies = table["p_clustered"].isna() & (table["reason"] == "")
    table["reason"] = table["reason"].mask(nothing_varies, NOTHING_VARIES)
    primary = table.pop("primary")
    measurable = table["reason"] == ""
    table["margin"] = margin
    table["p_adjusted"] = (table["p_value"] * primary.sum()).clip(upper=1)
    table["p_holm"] = holm(table["p_clustered"].where(primary & measurable))
    table["verdict"] = np.select(
        [
            ~primary,
            ~measurable,
            table["p_holm"] <= 1 - LEVEL,
            table["p_equivalence"] <= 1 - LEVEL,
        ],
        [ONE_OF_SEVERAL, NOT_MEASURABLE, DIFFERENCE, NO_DIFFERENCE],
        NO_EVIDENCE,
    )
    return table[FIRST + [name for name in table.columns if name not in FIRST]]
