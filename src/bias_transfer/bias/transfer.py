"""What distilling did to a student's gaps, beside its teacher's own.

The baseline is compared with the distilled student, pair by pair.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from bias_transfer.bias import recognition
from bias_transfer.bias.audit import NOT_MEASURABLE, Row, average
from bias_transfer.bias.estimates import NO_EVIDENCE, Estimate, Premise, Verdicts
from bias_transfer.bias.inference import slope
from bias_transfer.bias.inference.icc import Reliability, reliability
from bias_transfer.bias.inference.two_way import Inference, infer, with_seeds
from bias_transfer.bias.linear import Differences
from bias_transfer.bias.margins import Margins
from bias_transfer.bias.pairs import AXES, Contrast, contrast

SCALES = {"log-odds": "log_odds", "probability": "score"}
COLUMNS = (
    "student axis scale estimand estimate ci_low ci_high n_pairs n_seeds verdict reason target "
    "reference se df p_value margin p_equivalence seed_sd teacher_gap teacher_ci_low "
    "teacher_ci_high gap_share p_share n_saturated"
).split()
NO_LOG_ODDS = "scores of exactly 0 or 1 have no log-odds"
CHANGE = "change in gap"
SHARE = "share of teacher's gap"
SLOPE = "slope on teacher's differences"
INTERCEPT = "intercept of that slope"
ALONE = "own slope of {} on teacher's differences"
WORDING = "teacher's gap, wording {}"
CORRECTED = "slope, corrected for the teacher's reliability"
RELIABILITY = "teacher's reliability over prompts"
WITH_TEACHER = "changed, with the sign of the teacher's gap"
AGAINST_TEACHER = "changed, against the sign of the teacher's gap"
TEACHER_UNCLEAR = "changed; the teacher's own gap is unclear"
NO_TEACHER_GAP = "no gap in the teacher to inherit"
SMALL = "smaller than the share of the teacher's gap that counts"
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


def of_change(own: Inference) -> Verdicts:
    """What is said of a change in a gap, given the teacher's ``own``."""
    if not own.clear:
        return Verdicts(TEACHER_UNCLEAR, TEACHER_UNCLEAR, NO_TEACHER_GAP, NO_TEACHER_GAP)
    sides = (WITH_TEACHER, AGAINST_TEACHER)
    return Verdicts(*(sides if own.mean > 0 else sides[::-1]), SMALL, NO_EVIDENCE)


class Corpus(Protocol):
    """How a corpus is contrasted; its sentences stand in the same order in all scores."""

    def contrast(self, scores: pd.DataFrame, axis: str) -> Contrast:
        """The contrast of the column ``score`` of a scored corpus."""

    def differences(self, scores: pd.DataFrame, axis: str) -> np.ndarray:
        """The differences of its pairs alone."""

    def unread(self, arms: Sequence[pd.DataFrame], unknown: Collection[str]) -> dict[str, str]:
        """By axis, why one of the arms cannot be measured; empty where all can."""


class Eec:
    """The Equity Evaluation Corpus."""

    def __init__(self) -> None:
        self._linear: dict[str, Differences] = {}

    def contrast(self, scores: pd.DataFrame, axis: str) -> Contrast:
        """As in ``bias.pairs``."""
        return contrast(scores, axis)

    def differences(self, scores: pd.DataFrame, axis: str) -> np.ndarray:
        """As in ``bias.linear``."""
        if axis not in self._linear:
            self._linear[axis] = Differences(scores, axis)
        return self._linear[axis](scores["score"].to_numpy())

    def unread(self, arms: Sequence[pd.DataFrame], unknown: Collection[str]) -> dict[str, str]:
        """As in ``bias.recognition``."""
        return {
            axis: first_of(
                recognition.reason(recognition.alike_persons(arm, axis) | set(unknown), arm, axis)
                for arm in arms
            )
            for axis in AXES
        }


def first_of(reasons: Iterable[str]) -> str:
    """The first that is not empty, or an empty one."""
    return next(filter(None, reasons), "")


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
    corpus: Corpus | None = None,
) -> pd.DataFrame:
    """Measure how far distillation changed a student's gaps.

    Parameters
    ----------
    student
        Its name, repeated in the table.
    teacher
        The scored corpus (``bias.scores.read``).
    baseline, distilled
        The scored corpus of each arm, one per seed, in the same order of seeds.
    target, reference
        Names of the two arms. ``distilled`` is that of ``target``, ``baseline`` that of
        ``reference``, and every change is target minus reference.
    margins
        How small a change counts as none.
    reliabilities
        The teacher's, by (axis, scale). To be given only where the students learnt from another
        prompt than the one that scored the corpus. Adds the corrected slope, but not where the
        interval of the reliability reaches 0.
    unknown
        For word-level students, the people (``person`` of the corpus) whose words one of the arms
        does not know.
    corpus
        How it is contrasted; the EEC's way if none is given.

    Returns
    -------
    DataFrame
        One row per axis, scale and estimand. Log-odds come first: in them a shift of the teacher's
        opinion has the same size everywhere between 0 and 1.

        The slopes are least squares of the pairs' changes on the teacher's differences
        (``bias.inference.slope``), and every interval is two-way clustered
        (``bias.inference.two_way``). What the columns and estimands mean, with unit and sign:
        ``io.schemas.TRANSFER``, or ``docs/columns.md``.
    """
    arms = _Arms(teacher, baseline, distilled, reference, target)
    corpus = corpus or Eec()
    reasons = corpus.unread(arms.averages, unknown)
    rows: list[Row] = []
    for axis, unread in reasons.items():
        for scale, column in SCALES.items():
            saturated = sum(_saturated(frame, column) for frame in arms.frames)
            known = (reliabilities or {}).get((axis, scale))
            comparison = _Comparison(arms, axis, scale, margins, corpus)
            measured = {} if saturated else comparison.rows(known)
            for estimand in measured or arms.estimands:
                row = {
                    "student": student,
                    "axis": axis,
                    "scale": scale,
                    "estimand": estimand,
                    "verdict": NOT_MEASURABLE,
                    "reason": NO_LOG_ODDS if saturated else "",
                    "target": target,
                    "reference": reference,
                    "n_pairs": 0,
                    "n_seeds": len(distilled),
                    "n_saturated": saturated,
                }
                row |= measured.get(estimand, {})
                rows.append(row | ({"verdict": NOT_MEASURABLE, "reason": unread} if unread else {}))
    return pd.DataFrame(rows).reindex(columns=COLUMNS).fillna({"reason": ""})


def measure_reliability(
    name: str, teacher: pd.DataFrame, variants: Sequence[pd.DataFrame]
) -> tuple[pd.DataFrame, Reliabilities]:
    """The teacher's reliability over its prompts, by axis and scale.

    Reliability says whether the same pairs differ, and does not see a shift that all pairs share.
    So the mean gap under each wording has a row too; 0 is the wording of ``teacher`` itself.

    Parameters
    ----------
    name
        The teacher's name, in the column ``student``.
    teacher
        The scored corpus (``bias.scores.read``).
    variants
        The same under the teacher's other wordings.

    Returns
    -------
    tuple
        Rows of the table of ``transfer``; and the reliabilities by (axis, scale), without those
        where a score is exactly 0 or 1.
    """
    rows: list[Row] = []
    found: dict[tuple[str, str], Reliability] = {}
    for axis in AXES:
        for scale, column in SCALES.items():
            frames = [frame.assign(score=frame[column]) for frame in (teacher, *variants)]
            saturated = sum(_saturated(frame, column) for frame in frames)
            shared = {"student": name, "axis": axis, "scale": scale, "n_saturated": saturated}
            if saturated:
                nothing = {"estimand": RELIABILITY, "verdict": NOT_MEASURABLE, "n_pairs": 0}
                rows.append(shared | nothing)
                continue
            found[axis, scale] = reliability(frames, axis)
            wordings = [contrast(frame, axis) for frame in frames]
            rows += [shared | _wording(number, pairs) for number, pairs in enumerate(wordings)]
            rows.append(shared | _reliability(found[axis, scale], len(wordings[0].pairs)))
    return pd.DataFrame(rows).reindex(columns=COLUMNS), found


@dataclass(frozen=True)
class _Arms:
    """Scored corpora of the teacher and, one per seed, of both arms; and the names of the arms."""

    teacher: pd.DataFrame
    baseline: Sequence[pd.DataFrame]
    distilled: Sequence[pd.DataFrame]
    reference: str
    target: str

    @property
    def frames(self) -> list[pd.DataFrame]:
        """Every scored corpus."""
        return [self.teacher, *self.baseline, *self.distilled]

    @cached_property
    def averages(self) -> list[pd.DataFrame]:
        """Scores averaged over seeds, of the baseline and of the distilled arm."""
        return [average(self.baseline), average(self.distilled)]

    @property
    def alone(self) -> tuple[str, str]:
        """Estimands of the arms' own slopes."""
        return ALONE.format(self.reference), ALONE.format(self.target)

    @property
    def estimands(self) -> list[str]:
        """What is estimated without a reliability, in the order of the table."""
        return [CHANGE, SHARE, *self.alone, SLOPE, INTERCEPT]


class _Contrasts(NamedTuple):
    """The contrast of the average over seeds, and the pairs' differences of each seed."""

    pooled: Contrast
    by_seed: list[np.ndarray]


@dataclass(frozen=True)
class _Comparison:
    """The arms and their teacher on one axis and scale."""

    arms: _Arms
    axis: str
    scale: str
    margins: Margins
    corpus: Corpus

    def rows(self, known: Reliability | None) -> dict[str, Row]:
        """Numbers and verdicts by estimand; ``known`` is the reliability to correct by, if any."""
        estimates = self._gap() | self._slopes(known)
        shared = {"n_pairs": len(self._change.pooled.pairs), "teacher_gap": self._own.mean}
        return {estimand: shared | estimate.row() for estimand, estimate in estimates.items()}

    @property
    def _margin(self) -> float:
        return getattr(self.margins, self.scale.replace("-", "_"))

    @cached_property
    def _own(self) -> Contrast:
        """The teacher's contrast."""
        return self._contrast(self.arms.teacher)

    @property
    def _teachers(self) -> np.ndarray:
        """The teacher's differences."""
        return self._own.pairs["difference"].to_numpy()

    @cached_property
    def _change(self) -> _Contrasts:
        """The change from baseline to distilled."""
        teacher, column = self.arms.teacher, SCALES[self.scale]
        arms = zip(self.arms.distilled, self.arms.baseline, strict=True)
        changes = [distilled[column] - baseline[column] for distilled, baseline in arms]
        return _Contrasts(
            self.corpus.contrast(teacher.assign(score=sum(changes) / len(changes)), self.axis),
            [self.corpus.differences(teacher.assign(score=each), self.axis) for each in changes],
        )

    def _contrast(self, scores: pd.DataFrame) -> Contrast:
        return self.corpus.contrast(scores.assign(score=scores[SCALES[self.scale]]), self.axis)

    def _gap(self) -> dict[str, Estimate]:
        """The change in the gap, and its share of the teacher's gap."""
        own, change = self._own, self._change
        means = np.array([each.mean() for each in change.by_seed])
        signed, teachers = Verdicts(WITH_TEACHER, AGAINST_TEACHER), infer(own)
        # Nothing is a share of a gap that may be 0.
        gap = own.mean if teachers.clear else np.nan
        share = infer(_share(change.pooled, own, gap))
        reason = NO_GAP if np.isnan(gap) else ""
        of_gap = self.margins.of_gap
        less, more = (infer(_less(change.pooled, own, size)) for size in (of_gap, -of_gap))
        premise = Premise(of_gap, teachers, less, more)
        return {
            CHANGE: Estimate(
                infer(change.pooled), means, self._margin, of_change(teachers), premise=premise
            ),
            SHARE: Estimate(share, means / gap, self.margins.share, signed, reason),
        }

    def _slopes(self, known: Reliability | None) -> dict[str, Estimate]:
        """Slopes on the teacher's differences: each arm's own, and that of the change."""
        margin, change = self.margins.share, self._change
        before, after = (
            self._own_slope(mean, frames)
            for mean, frames in zip(
                self.arms.averages, (self.arms.baseline, self.arms.distilled), strict=True
            )
        )
        last = with_seeds(*after)
        pairwise = Verdicts(FOLLOWS if last.clear and last.mean > 0 else FADES, OPPOSES)
        alone = Verdicts(AGREES, DISAGREES, NO_SLOPE, UNCLEAR)
        line = slope.regress(self._own, change.pooled)
        by_seed = np.array([slope.line(self._teachers, each) for each in change.by_seed])
        estimates = {
            self.arms.alone[0]: Estimate(*before, margin, alone),
            self.arms.alone[1]: Estimate(*after, margin, alone),
            SLOPE: Estimate(line.slope, by_seed[:, 1], margin, pairwise),
            INTERCEPT: Estimate(
                line.intercept, by_seed[:, 0], self._margin, Verdicts(SHIFTED, SHIFTED)
            ),
        }
        if known and known.ci_low > 0:
            corrected = _corrected(line.slope, known)
            estimates[CORRECTED] = Estimate(
                corrected, by_seed[:, 1] / known.estimate, margin, pairwise
            )
        return estimates

    def _own_slope(
        self, mean: pd.DataFrame, frames: Sequence[pd.DataFrame]
    ) -> tuple[Inference, np.ndarray]:
        """Slope of one arm's own differences: of its ``mean`` over seeds, and seed by seed."""
        column = SCALES[self.scale]
        by_seed = [
            slope.line(
                self._teachers,
                self.corpus.differences(frame.assign(score=frame[column]), self.axis),
            )[1]
            for frame in frames
        ]
        pooled = slope.infer_coefficient(self._own, self._contrast(mean), slope.SLOPE)
        return pooled, np.array(by_seed)


def _less(change: Contrast, own: Contrast, share: float) -> Contrast:
    """``change - share * own``, pair by pair."""
    difference = change.pairs["difference"] - share * own.pairs["difference"]
    influence = change.influence["influence"] - share * own.influence["influence"]
    return replace(
        change,
        pairs=change.pairs.assign(difference=difference),
        influence=change.influence.assign(influence=influence),
    )


def _share(change: Contrast, own: Contrast, gap: float) -> Contrast:
    """``change.mean / gap``, with the error of the delta method.

    That is the error of (change - share * own) / gap, whose mean is 0.
    """
    share = change.mean / gap
    line = _less(change, own, share)
    return replace(
        line,
        pairs=line.pairs.assign(difference=line.pairs["difference"] / gap + share),
        influence=line.influence.assign(influence=line.influence["influence"] / gap),
    )


def _corrected(plain: Inference, known: Reliability) -> Inference:
    """A slope divided by the reliability, with its error by the delta method.

    Noise in a regressor makes a slope smaller by that factor (Spearman, 1904).
    """
    estimate = plain.mean / known.estimate
    se = np.hypot(plain.se, estimate * known.se) / known.estimate
    return Inference(estimate, float(se), plain.df)


def _saturated(frame: pd.DataFrame, column: str) -> int:
    return int((~np.isfinite(frame[column])).sum())


def _wording(number: int, pairs: Contrast) -> Row:
    """Row of the teacher's gap under one wording."""
    gap = infer(pairs)
    verdict = CLEAR if gap.clear else NOT_CLEAR
    return {
        "estimand": WORDING.format(number),
        "estimate": gap.mean,
        "se": gap.se,
        "df": gap.df,
        "ci_low": gap.ci_low,
        "ci_high": gap.ci_high,
        "p_value": gap.p_value,
        "n_pairs": len(pairs.pairs),
        "verdict": NOT_MEASURABLE if np.isnan(gap.se) else verdict,
    }


def _reliability(known: Reliability, n_pairs: int) -> Row:
    """Row of the reliability over wordings."""
    verdict = RELIABLE if known.ci_low > 0 else UNRELIABLE
    return {
        "estimand": RELIABILITY,
        "estimate": known.estimate,
        "ci_low": known.ci_low,
        "ci_high": known.ci_high,
        "n_pairs": n_pairs,
        "verdict": NOT_MEASURABLE if np.isnan(known.estimate) else verdict,
    }
