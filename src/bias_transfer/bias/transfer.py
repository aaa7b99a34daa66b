"""How distilling changed a student's gaps, beside the teacher's own gap: baseline against distilled, pair by pair."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from bias_transfer.bias.audit import NOT_MEASURABLE
from bias_transfer.bias.clustered import LEVEL, infer
from bias_transfer.bias.pairs import AXES, Contrast, contrast

SCALES = {"log-odds": "log_odds", "probability": "score"}
COLUMNS = [
    *("student", "axis", "scale", "estimand", "estimate", "ci_low", "ci_high", "n_pairs", "n_seeds", "verdict"),
    *("seed_sd", "teacher_gap", "n_saturated"),
]
CHANGE = "change in gap"
SHARE = "share of teacher's gap"
ONE_SEED = "none: seed variance not included"
NO_EVIDENCE = "no evidence of a change"
WITH_TEACHER = "changed, with the sign of the teacher's gap"
AGAINST_TEACHER = "changed, against the sign of the teacher's gap"
TEACHER_UNCLEAR = "changed; the teacher's own gap is unclear"
NOTHING = {
    "estimate": np.nan,
    "ci_low": np.nan,
    "ci_high": np.nan,
    "n_pairs": 0,
    "verdict": NOT_MEASURABLE,
    "seed_sd": np.nan,
    "teacher_gap": np.nan,
}


def transfer(
    student: str, teacher: pd.DataFrame, baseline: Sequence[pd.DataFrame], distilled: Sequence[pd.DataFrame]
) -> pd.DataFrame:
    """Measure how far distillation moved a student's gaps.

    Parameters
    ----------
    student
        Its name, repeated in the table.
    teacher
        The scored corpus (``bias.scores.read``).
    baseline, distilled
        The scored corpus of each arm, one a seed, in the same order of seeds.

    Returns
    -------
    DataFrame
        Rows by axis, scale (log-odds first: the unit in which a shift of the teacher's opinion is the same everywhere
        between 0 and 1) and estimand:

        ``change in gap``
            Mean over pairs of the distilled arm's difference minus the baseline's, averaged over seeds. 0: distilling
            changed nothing on average. It is the change of a difference, not a distance to the teacher: a student whose
            baseline gap exceeds its teacher's comes nearer to it by a change against the teacher's sign.
        ``share of teacher's gap``
            That change divided by the teacher's own gap: 0 no change, 1 a change as large as that gap. Delta-method
            interval, poor where the teacher's gap is barely clear of 0; NaN where its own interval reaches 0.

        ``ci_low`` and ``ci_high`` are 95 %, two-way clustered (``bias.clustered``); with several seeds the variance of
        the change between seeds over their number is added (Satterthwaite's degrees of freedom). With one seed that
        variance is unknown, and there is no verdict. Verdicts are by these intervals, not corrected for their number.
        ``n_saturated`` counts sentences at a probability of exactly 0 or 1, where log-odds are infinite: the estimate
        is then NaN. ``seed_sd`` is the spread from seed to seed.
    """
    rows = []
    for axis in AXES:
        for scale, column in SCALES.items():
            saturated = sum(int((~np.isfinite(frame[column])).sum()) for frame in (teacher, *baseline, *distilled))
            measured = [NOTHING, NOTHING] if saturated else _measure(teacher, baseline, distilled, axis, column)
            rows += [
                {"student": student, "axis": axis, "scale": scale, "estimand": estimand}
                | numbers
                | {"n_seeds": len(distilled), "n_saturated": saturated}
                for estimand, numbers in zip((CHANGE, SHARE), measured, strict=True)
            ]
    return pd.DataFrame(rows)[COLUMNS]


def _measure(
    teacher: pd.DataFrame, baseline: Sequence[pd.DataFrame], distilled: Sequence[pd.DataFrame], axis: str, column: str
) -> list[dict[str, float | str]]:
    own = contrast(teacher.assign(score=teacher[column]), axis)
    reference = infer(own)
    sign = float(np.sign(own.mean)) if reference.ci_low * reference.ci_high > 0 else np.nan
    changes = [d[column] - b[column] for d, b in zip(distilled, baseline, strict=True)]
    by_seed = np.array([contrast(teacher.assign(score=change), axis).mean for change in changes])
    change = contrast(teacher.assign(score=sum(changes) / len(changes)), axis)
    return [
        _interval(change, by_seed, sign) | {"teacher_gap": own.mean},
        _interval(_share(change, own, sign), by_seed / own.mean, 1.0) | {"teacher_gap": own.mean},
    ]


def _share(change: Contrast, own: Contrast, sign: float) -> Contrast:
    """``change.mean / own.mean``; its influence is that of the delta method, (change - share * own) / own.mean."""
    share = np.nan if np.isnan(sign) else change.mean / own.mean
    influence = (change.influence["influence"] - share * own.influence["influence"]) / own.mean
    return replace(
        change, pairs=change.pairs.assign(difference=share), influence=change.influence.assign(influence=influence)
    )


def _interval(contrast: Contrast, by_seed: np.ndarray, sign: float) -> dict[str, float | str]:
    """Estimate, interval and verdict; ``sign`` is that of the teacher's gap, NaN where it is unclear."""
    inference, seeds = infer(contrast), len(by_seed)
    between = by_seed.var(ddof=1) / seeds if seeds > 1 else 0.0
    variance = inference.se**2 + between
    df = variance**2 / (inference.se**4 / inference.df + (between**2 / (seeds - 1) if seeds > 1 else 0.0))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, df) * np.sqrt(variance))
    if np.isnan(half):
        verdict = NOT_MEASURABLE
    elif seeds == 1:
        verdict = ONE_SEED
    elif abs(inference.mean) <= half:
        verdict = NO_EVIDENCE
    elif np.isnan(sign):
        verdict = TEACHER_UNCLEAR
    else:
        verdict = WITH_TEACHER if inference.mean * sign > 0 else AGAINST_TEACHER
    return {
        "estimate": inference.mean,
        "ci_low": inference.mean - half,
        "ci_high": inference.mean + half,
        "n_pairs": len(contrast.pairs),
        "verdict": verdict,
        "seed_sd": float(by_seed.std(ddof=1)) if seeds > 1 else np.nan,
    }
