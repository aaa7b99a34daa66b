"""What distilling did to a student's gaps."""

import pandera.pandas as pa

from bias_transfer.io.schemas.bias import AXIS, CORPUS, GAP_SIGN
from bias_transfer.io.schemas.columns import (
    IN_SUMMARY,
    count,
    number,
    p_value,
    size,
    text,
    training_sets,
)

_OF_SCALE = "that of `scale`"
TRANSFER = pa.DataFrameSchema(
    {
        "student": text("The student; the teacher in rows that are about it alone."),
        "axis": AXIS,
        "scale": text(
            "In which scores differences are taken: `log-odds` or `probability`. In log-odds a "
            "shift of the teacher's opinion has the same size everywhere between 0 and 1."
        ),
        "estimand": text(
            "What is estimated.",
            values={
                "change in gap": "Mean over pairs of the target's difference minus the "
                "reference's, averaged over seeds. 0: no change on average. It is the change of a "
                "difference and not a distance to the teacher: a student whose gap exceeds its "
                "teacher's comes nearer to it by a change against the teacher's sign.",
                "share of teacher's gap": "That change divided by the teacher's own gap. 0: no "
                "change; 1: a change as large as that gap. The interval is by the delta method, "
                "and is poor where the teacher's gap is barely clear of 0. Missing where the "
                "teacher's own interval reaches 0.",
                "own slope of … on teacher's differences": "Slope of one arm's own pair "
                "differences on the teacher's. 0: they have nothing to do with the teacher's.",
                "slope on teacher's differences": "Least squares of the pairs' changes on the "
                "teacher's differences. 0: what distilling changed has nothing to do with which "
                "pairs the teacher tells apart; 1: each pair changed by as much as the teacher "
                "tells it apart. A shift that all pairs share is not in it. It is the difference "
                "of the two own slopes, so it is also above 0 where a baseline that ran against "
                "the teacher fades.",
                "intercept of that slope": "The shift that all pairs share. 0: none.",
                "slope, corrected for the teacher's reliability": "The slope divided by the "
                "reliability, where the students learnt from another wording than the one that "
                "scored the corpus.",
                "teacher's gap, wording …": "The teacher's mean gap under one wording of its "
                "prompt; 0 is the study's own.",
                "teacher's reliability over prompts": "Intraclass correlation of pair differences "
                "over wordings. 1: every wording tells the same pairs apart; 0: nothing in common. "
                "It does not see a shift that all pairs share.",
                "transfer coefficient": "Share of a gap planted in the teacher's labels that "
                "arrives: the gap of the planted arm minus that of the same arm without the plant, "
                "over the gap that was planted. 0: nothing; 1: all of it. Of `planted-random` it "
                "is the control.",
                "partial slope on teacher's differences": "Slope of the target's differences on "
                "the teacher's, beside those of the baseline's other seeds, direction and pair of "
                "words. 0: given these, it does not tell apart what the teacher tells apart.",
                "partial slope, minus that of the reference": "The target's minus the reference's.",
            },
        ),
        "estimate": number(
            "The estimate.",
            unit=f"{_OF_SCALE}; slopes and shares have none",
            sign="see `estimand`",
            metric="{estimand}",
            marks=(IN_SUMMARY,),
        ),
        "ci_low": number(
            "Lower end of its 95 % interval, clustered as that of a gap; slopes are two-way "
            "clustered. With several seeds the variance between seeds is included; with one it is "
            "unknown.",
            unit="as `estimate`",
            metric="{estimand}_ci_low",
            marks=(IN_SUMMARY,),
        ),
        "ci_high": number(
            "Upper end of that interval.",
            unit="as `estimate`",
            metric="{estimand}_ci_high",
            marks=(IN_SUMMARY,),
        ),
        "n_pairs": count("Number of pairs; 0 where nothing can be measured."),
        "n_seeds": count("Number of seeds; missing for the teacher.", missing=True),
        "verdict": text(
            "What the interval says, in words; not corrected for the number of verdicts. With one "
            "seed there is none. Of a change in the gap: `smaller than the share of the teacher's "
            "gap that counts` needs a `p_share` of at most 5 %, and `no gap in the teacher to "
            "inherit` is said where the teacher's own interval holds 0. Of the others `no change "
            "beyond the margin` needs a `p_equivalence` of at most 5 %; `no evidence of a change` "
            "is no evidence either way. `with the teacher's differences` needs an own slope of the "
            "target that is clearly above 0. Those few that a study declared are corrected in "
            "`hypotheses.json`."
        ),
        "corpus": CORPUS,
        "reason": text(
            "Why there is no verdict: a student that cannot read the names of one side, or a "
            "teacher without a clear gap."
        ),
        "target": text("Target of the arm that is compared; empty for the teacher."),
        "reference": text("Target of the arm that it is compared with; empty for the teacher."),
        "se": size("Standard error of the estimate.", unit="as `estimate`"),
        "df": size("Its degrees of freedom."),
        "p_value": p_value("Its p-value."),
        "margin": size("A change smaller than this counts as none.", unit="as `estimate`"),
        "p_equivalence": p_value("Two one-sided tests against the margin."),
        "seed_sd": size("Standard deviation of the estimate between seeds.", unit="as `estimate`"),
        "teacher_gap": number("The teacher's mean difference.", unit=_OF_SCALE, sign=GAP_SIGN),
        **{
            f"teacher_ci_{end}": number(
                f"The {word} end of the 95 % interval of the teacher's gap; of changes in the gap "
                "alone.",
                unit=_OF_SCALE,
            )
            for end, word in (("low", "lower"), ("high", "upper"))
        },
        "gap_share": size(
            "The share of the teacher's gap that counts (`hypotheses.smallest_share`).",
            unit="share",
            sign="1: all of it",
        ),
        "p_share": p_value(
            "Two one-sided tests that the change is smaller than that share of the teacher's gap, "
            "either way, with the error of the teacher's gap inside. Missing where the teacher's "
            "own interval holds 0."
        ),
        **{
            f"ci_{end}_simultaneous": number(
                f"The {word} end of an interval in which all transfer coefficients of the corpus "
                "and scale lie at once, 95 % of the time (Bonferroni). Missing for what is none.",
                unit="as `estimate`",
            )
            for end, word in (("low", "lower"), ("high", "upper"))
        },
        **training_sets(
            "the estimate",
            unit="as `estimate`",
            metric="{estimand}_ci_{end}_training_sets",
            marks=(IN_SUMMARY,),
        ),
        "n_saturated": count(
            "Scores that are exactly 0 or 1: there log-odds are infinite and nothing is measured."
        ),
    },
    name="reports/<study>/transfer.csv",
    description="What distilling did to a student's gaps: one row per student, pair of targets, "
    "axis, scale and estimand. Every change is target minus reference.",
    strict=True,
)
