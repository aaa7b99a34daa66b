"""What distilling did to a student's gaps, beside its teacher's own: baseline against distilled, pair by pair."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from bias_transfer.bias import recognition
from bias_transfer.bias.audit import NOT_MEASURABLE, average
from bias_transfer.bias.inference.icc import Reliability, reliability
from bias_transfer.bias.inference.slope import coefficients, regress
from bias_transfer.bias.inference.two_way import LEVEL, Inference, infer, with_seeds
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, Contrast, contrast

SCALES = {"log-odds": "log_odds", "probability": "score"}
COLUMNS = [
    *(
        "student",
        "axis",
        "scale",
        "estimand",
        "estimate",
        "ci_low",
        "ci_high",
        "n_pairs",
        "n_seeds",
        "verdict",
    ),
    *(
        "reason",
        "target",
        "reference",
        "se",
        "df",
        "p_value",
        "margin",
        "p_equivalence",
        "seed_sd",
        "teacher_gap",
    ),
    "n_saturated",
]
CHANGE = "change in gap"
SHARE = "share of teacher's gap"
SLOPE = "slope on teacher's differences"
INTERCEPT = "intercept of that slope"
ALONE = "own slope of {} on teacher's differences"
WORDING = "teacher's gap, wording {}"
CORRECTED = "slope, corrected for the teacher's reliability"
RELIABILITY = "teacher's reliability over prompts"
ONE_SEED = "none: seed variance not included"
NO_EVIDENCE = "no evidence of a change"
NO_CHANGE = "no change beyond the margin"
WITH_TEACHER = "changed, with the sign of the teacher's gap"
AGAINST_TEACHER = "changed, against the sign of the teacher's gap"
TEACHER_UNCLEAR = "changed; the teacher's own gap is unclear"
FOLLOWS = "changed pair by pair, with the teacher's differences"
FADES = "changed pair by pair, but the own slope is not clearly above 0"
OPPOSES = "changed pair by pair, against the teacher's differences"
AGREES = "tells the same pairs apart as the teacher"
NO_SLOPE = "no slope beyond the margin"
UNCLEAR = "no evidence of a slope"
DISAGREES = "tells pairs apart the other way round than the teacher"
SHIFTED = "changed by a part that does not follow the teacher's differences"
NO_GAP = "the teacher's own interval reaches 0"
CLEAR = "its interval leaves 0 out"
NOT_CLEAR = "its interval reaches 0"
UNRELIABLE = "the wordings may have nothing in common"
RELIABLE = "the wordings have something in common"
Reliabilities = Mapping[tuple[str, str], Reliability]


def transfer(
    student: str,
    teacher: pd.DataFrame,
    baseline: Sequence[pd.DataFrame],
    distilled: Sequence[pd.DataFrame],
    *,
    target: str = "distilled",
    reference: str = "baseline",
    margins: Margins = Margins(),  # noqa: B008 - frozen
    reliabilities: Reliabilities | None = None,
    unknown: Collection[str] = (),
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
    target, reference
        What the two arms are called, ``distilled`` minus ``baseline`` being ``target`` minus
        ``reference``.
    margins
        How small a change counts as none.
    reliabilities
        The teacher's, by (axis, scale): to be given only where the students learnt from another
        prompt than the one that scored the corpus. Adds the corrected slope, but not where the
        reliability's own interval reaches 0.
    unknown
        For word-level students, the people (``person`` of the corpus) whose words either arm does
        not know.

    Returns
    -------
    DataFrame
        Rows by axis, scale (log-odds first: the unit in which a shift of the teacher's opinion is
        the same everywhere between 0 and 1) and estimand:

        ``change in gap``
            Mean over pairs of the distilled arm's difference minus the baseline's, averaged over
            seeds. 0: distilling changed nothing on average. It is the change of a difference, not a
            distance to the teacher: a student whose baseline gap exceeds its teacher's comes nearer
            to it by a change against the teacher's sign.
        ``share of teacher's gap``
            That change divided by the teacher's own gap: 0 no change, 1 a change as large as that
            gap. Delta-method interval, poor where the teacher's gap is barely clear of 0; NaN where
            its own interval reaches 0.
        ``own slope of … on teacher's differences``
            Of each arm's pair differences by themselves. 0: they have nothing to do with the
            teacher's.
        ``slope on teacher's differences``, ``intercept of that slope``
            Least squares of the pairs' changes on the teacher's differences (``bias.slope``). Slope
            0: what distilling changed has nothing to do with which pairs the teacher tells apart;
            1: a pair moved by as much as the teacher tells it apart. A shift that is the same for
            all pairs is in the intercept, not in the slope. It is the difference of the two own
            slopes: above 0 also where a baseline that ran against the teacher fades, and only with
            an own slope clearly above 0 does its verdict say ``with the teacher's differences``.

        ``ci_low`` and ``ci_high`` are 95 %, two-way clustered (``bias.clustered``); with several
        seeds the variance of the estimate between seeds over their number is added. With one seed
        that variance is unknown, and there is no verdict. ``no change beyond the margin`` needs
        ``p_equivalence`` of at most 5 % (two one-sided tests); ``no evidence of a change`` is no
        evidence either way. Verdicts are not corrected for their number. Nor is there one for the
        ``reason`` given: a student that cannot read the names of one side. ``n_saturated`` counts
        sentences at a probability of exactly 0 or 1, where log-odds are infinite: the estimate is
        then NaN. ``seed_sd`` is the spread from seed to seed.
    """
    rows, alone = [], (ALONE.format(reference), ALONE.format(target))
    for axis in AXES:
        unread = _unread([average(baseline), average(distilled)], unknown, axis)
        for scale, column in SCALES.items():
            saturated = sum(
                int((~np.isfinite(frame[column])).sum())
                for frame in (teacher, *baseline, *distilled)
            )
            measured = (
                {estimand: {} for estimand in (CHANGE, SHARE, *alone, SLOPE, INTERCEPT)}
                if saturated
                else _measure(
                    teacher,
                    baseline,
                    distilled,
                    alone,
                    axis,
                    scale,
                    margins,
                    (reliabilities or {}).get((axis, scale)),
                )
            )
            rows += [
                {
                    "student": student,
                    "axis": axis,
                    "scale": scale,
                    "estimand": estimand,
                    "verdict": NOT_MEASURABLE,
                }
                | {"target": target, "reference": reference, "n_pairs": 0}
                | numbers
                | ({"verdict": NOT_MEASURABLE, "reason": unread} if unread else {})
                | {"n_seeds": len(distilled), "n_saturated": saturated}
                for estimand, numbers in measured.items()
            ]
    return pd.DataFrame(rows).reindex(columns=COLUMNS).fillna({"reason": ""})


def measure_reliability(
    name: str, teacher: pd.DataFrame, variants: Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame, Reliabilities]:
    """The teacher's reliability over its prompts, by axis and scale: as rows of the transfer table, and by key.

    Reliability is about which pairs differ, and does not see a shift common to all pairs: the mean
    gap under each wording, 0 being ``teacher``'s own, stands in rows before it.
    """
    rows, found = [], {}
    for axis in AXES:
        for scale, column in SCALES.items():
            frames = [frame.assign(score=frame[column]) for frame in (teacher, *variants)]
            saturated = sum(int((~np.isfinite(frame[column])).sum()) for frame in frames)
            row = {
                "student": name,
                "axis": axis,
                "scale": scale,
                "estimand": RELIABILITY,
                "n_saturated": saturated,
            }
            if saturated:
                rows.append(row | {"verdict": NOT_MEASURABLE, "n_pairs": 0})
                continue
            for number, frame in enumerate(frames):
                pairs = contrast(frame, axis)
                gap = infer(pairs)
                rows.append(
                    row
                    | {
                        "estimand": WORDING.format(number),
                        "estimate": gap.mean,
                        "se": gap.se,
                        "df": gap.df,
                    }
                    | {"ci_low": gap.ci_low, "ci_high": gap.ci_high, "p_value": gap.p_value}
                    | {"n_pairs": len(pairs.pairs)}
                    | {
                        "verdict": CLEAR
                        if gap.clear
                        else NOT_MEASURABLE
                        if np.isnan(gap.se)
                        else NOT_CLEAR
                    }
                )
            known = found[axis, scale] = reliability(frames, axis)
            verdict = (
                RELIABLE
                if known.ci_low > 0
                else NOT_MEASURABLE
                if np.isnan(known.estimate)
                else UNRELIABLE
            )
            rows.append(
                row
                | {"estimate": known.estimate, "ci_low": known.ci_low, "ci_high": known.ci_high}
                | {"n_pairs": len(pairs.pairs)}
                | {"verdict": verdict}
            )
    return pd.DataFrame(rows).reindex(columns=COLUMNS), found


def _unread(arms: Sequence[pd.DataFrame], unknown: Collection[str], axis: str) -> str:
    reasons = (
        recognition.reason(recognition.alike_persons(arm) | set(unknown), arm, axis) for arm in arms
    )
    return next(filter(None, reasons), "")


def _unit(scale: str) -> str:
    return scale.replace("-", "_")


def _measure(
    teacher: pd.DataFrame,
    baseline: Sequence[pd.DataFrame],
    distilled: Sequence[pd.DataFrame],
    alone: tuple[str, str],
    axis: str,
    scale: str,
    margins: Margins,
    known: Reliability | None,
) -> dict[str, dict[str, float | str]]:
    column, margin = SCALES[scale], getattr(margins, _unit(scale))
    own = contrast(teacher.assign(score=teacher[column]), axis)
    reference = infer(own)
    gap = own.mean if reference.clear else np.nan  # nothing is a share of a gap that may be 0
    changes = [d[column] - b[column] for d, b in zip(distilled, baseline, strict=True)]
    by_seed = [contrast(teacher.assign(score=each), axis) for each in changes]
    change = contrast(teacher.assign(score=sum(changes) / len(changes)), axis)
    means = np.array([each.mean for each in by_seed])
    lines = np.array([coefficients(own, each) for each in by_seed])
    line = regress(own, change)
    arms = {
        name: _alone(own, teacher, arm, axis, column)
        for name, arm in zip(alone, (baseline, distilled), strict=True)
    }
    last = with_seeds(*arms[alone[1]])
    pairwise = (FOLLOWS if last.clear and last.mean > 0 else FADES, OPPOSES)
    towards = (WITH_TEACHER, AGAINST_TEACHER)
    signed = towards[:: int(np.sign(gap))] if reference.clear else [TEACHER_UNCLEAR] * 2
    estimates = {
        CHANGE: (infer(change), means, margin, signed),
        SHARE: (infer(_share(change, own, gap)), means / gap, margins.share, towards),
        **{
            name: (*arm, margins.share, (AGREES, DISAGREES, NO_SLOPE, UNCLEAR))
            for name, arm in arms.items()
        },
        SLOPE: (line.slope, lines[:, 1], margins.share, pairwise),
        INTERCEPT: (line.intercept, lines[:, 0], margin, (SHIFTED, SHIFTED)),
    }
    if known and known.ci_low > 0:
        estimates[CORRECTED] = (
            _corrected(line.slope, known), lines[:, 1] / known.estimate, margins.share, pairwise
        )  # fmt: skip
    common = {"n_pairs": len(change.pairs), "teacher_gap": own.mean}
    rows = {estimand: _row(*estimate) | common for estimand, estimate in estimates.items()}
    rows[SHARE]["reason"] = "" if reference.clear else NO_GAP
    return rows


def _alone(
    own: Contrast, teacher: pd.DataFrame, arm: Sequence[pd.DataFrame], axis: str, column: str
) -> tuple[Inference, np.ndarray]:
    """Slope of one arm's own differences on the teacher's, averaged over seeds, and seed by seed."""
    mean, *seeds = (
        contrast(teacher.assign(score=frame[column]), axis) for frame in (average(arm), *arm)
    )
    return regress(own, mean).slope, np.array([coefficients(own, seed)[1] for seed in seeds])


def _share(change: Contrast, own: Contrast, gap: float) -> Contrast:
    """``change.mean / gap``; its influence is that of the delta method, (change - share * own) / gap."""
    share = change.mean / gap
    influence = (change.influence["influence"] - share * own.influence["influence"]) / gap
    return replace(
        change,
        pairs=change.pairs.assign(difference=share),
        influence=change.influence.assign(influence=influence),
    )


def _row(
    inference: Inference, by_seed: np.ndarray, margin: float, verdicts: Sequence[str]
) -> dict[str, float | str]:
    """Numbers and verdict; ``verdicts``: above 0, below, and where it is neither, within the margin and unclear."""
    inference = with_seeds(inference, by_seed)
    equivalence = inference.p_equivalence(margin)
    if np.isnan(inference.se):
        verdict = NOT_MEASURABLE
    elif len(by_seed) == 1:
        verdict = ONE_SEED
    elif inference.clear:
        verdict = verdicts[0] if inference.mean > 0 else verdicts[1]
    else:
        small, unclear = verdicts[2:] or (NO_CHANGE, NO_EVIDENCE)
        verdict = small if equivalence <= 1 - LEVEL else unclear
    return {
        "estimate": inference.mean,
        "ci_low": inference.ci_low,
        "ci_high": inference.ci_high,
        "se": inference.se,
        "df": inference.df,
        "p_value": inference.p_value,
        "margin": margin,
        "p_equivalence": equivalence,
        "verdict": verdict,
        "seed_sd": float(by_seed.std(ddof=1)) if len(by_seed) > 1 else np.nan,
    }


def _corrected(slope: Inference, known: Reliability) -> Inference:
    """Slope over reliability (Spearman, 1904: noise in a regressor shrinks a slope), its error by the delta method."""
    estimate = slope.mean / known.estimate
    se = np.hypot(slope.se, estimate * known.se) / known.estimate
    return Inference(estimate, float(se), slope.df)
