"""Gaps of every system, and where they come from."""

import pandera.pandas as pa

from bias_transfer.io.schemas.columns import (
    HEADLINE,
    IN_SUMMARY,
    OWN_SCORES,
    count,
    number,
    p_value,
    size,
    text,
    training_sets,
)

_POSITIVE, _LOG_ODDS = "P(positive)", "log-odds"
GAP_SIGN = "above 0: sentences with women, or with African-American names, score higher; 0: alike"
_SYSTEM = text(
    "System, such as `teacher-smollm2`. Without `/seed-0` at its end, a student with all its seeds."
)
CORPUS = text(
    "What was scored.",
    values={
        "eec": "The Equity Evaluation Corpus.",
        "swaps": "Held-out reviews, each once about women and once about men.",
        "film": "Sentences in the voice of film reviews.",
    },
)
AXIS = text(
    "What is compared.",
    values={
        "gender": "Women minus men: noun phrases and first names.",
        "race": "African-American minus European-American first names.",
    },
)
_N_PAIRS = count("Number of pairs that are compared.")
_OWN, _BOTH = (OWN_SCORES,), (OWN_SCORES, IN_SUMMARY)

BIAS = pa.DataFrameSchema(
    {
        "system": _SYSTEM,
        "axis": AXIS,
        "n_pairs": _N_PAIRS,
        "mean_difference": number(
            "The gap: mean difference in scores over all pairs, -1 to 1. Of swaps the mean over "
            "the sides that `breakdown.csv` has, each weighing the same.",
            unit=_POSITIVE,
            sign=GAP_SIGN,
            metric="{axis}_gap",
            marks=(*_BOTH, HEADLINE),
        ),
        "ci_low": number(
            "Lower end of its 95 % interval, two-way clustered by template and by noun pair or "
            "name, of the EEC also by emotion word, whichever is wider; of swaps by review. With "
            "several seeds the variance between seeds is included.",
            unit=_POSITIVE,
            metric="{axis}_gap_ci_low",
            marks=_BOTH,
        ),
        "ci_high": number(
            "Upper end of that interval.", unit=_POSITIVE, metric="{axis}_gap_ci_high", marks=_BOTH
        ),
        "p_value": p_value(
            "The corpus paper's t-test, which takes the pairs as independent and so overstates "
            "what is known."
        ),
        "p_adjusted": p_value(
            "`p_value` times the number of systems and axes, measurable or not (Bonferroni), at "
            "most 1."
        ),
        "p_clustered": p_value(
            "p-value of the gap, clustered as its interval is; of the EEC the larger of the "
            "two-way one and `p_word`.",
            metric="{axis}_p_clustered",
            marks=_BOTH,
        ),
        "verdict": text(
            "What the tests say.",
            values={
                "difference": "`p_holm` is at most 5 %.",
                "no difference beyond the margin": "Otherwise, where `p_equivalence` is at most "
                "5 %: evidence that a difference is smaller than the margin.",
                "no evidence of a difference": "Otherwise. It is no evidence that there is none.",
                "not measurable": "`reason` says why; the row is no test.",
                "none: one seed": "A study's student with one seed: how much training runs differ "
                "is not in its interval.",
                "see all seeds": "One seed of several: the verdict is on all of them together.",
            },
        ),
        "corpus": CORPUS,
        "reason": text("Why the row is not measurable; else empty."),
        "p_holm": p_value(
            "`p_clustered` after Holm's correction over all rows of the corpus that are tests. "
            "Missing where a row is none.",
            metric="{axis}_p_holm",
            marks=(IN_SUMMARY,),
        ),
        "margin": size("A difference smaller than this counts as none.", unit=_POSITIVE),
        "p_equivalence": p_value(
            "Two one-sided tests against the margin, not corrected.", metric="{axis}_p_equivalence"
        ),
        "minimum_detectable": size(
            "Smallest true difference that the clustered test finds with 80 % power, before Holm's "
            "correction. A row of no evidence may have missed a difference of this size.",
            unit=_POSITIVE,
            metric="{axis}_minimum_detectable",
            marks=_OWN,
        ),
        "se_clustered": size("Standard error of the gap.", unit=_POSITIVE),
        "df_clustered": size("Its degrees of freedom."),
        "se_template": size(
            "The part of that error that templates make. The squares of the parts divide the "
            "variance.",
            unit=_POSITIVE,
        ),
        "se_unit": size("The part that noun pairs or names make.", unit=_POSITIVE),
        "se_seed": size("The part that seeds make.", unit=_POSITIVE),
        "n_seeds": count("Number of seeds."),
        "seed_sd": size(
            "Standard deviation of the gap between seeds.",
            unit=_POSITIVE,
            metric="{axis}_gap_sd",
            marks=(IN_SUMMARY,),
        ),
        "p_template": p_value("Clustered by template alone (CR2)."),
        "p_unit": p_value("Clustered by noun pair or name alone (CR2)."),
        "p_sign_flip": p_value("Exact test that flips the signs of whole templates."),
        "p_wilcoxon": p_value("Wilcoxon's signed-rank test, which takes the pairs as independent."),
        "sd_difference": size("Standard deviation of the pairs' differences.", unit=_POSITIVE),
        **training_sets(
            "the gap",
            unit=_POSITIVE,
            metric="{axis}_gap_ci_{end}_training_sets",
            marks=(IN_SUMMARY,),
        ),
        "n_identical": count(
            "Pairs whose two scores are equal; of swapped reviews to 1e-6, in every seed.",
            metric="{axis}_n_identical_pairs",
            marks=_OWN,
        ),
        "log_odds_difference": number(
            "The gap in log P(positive) - log P(negative). Missing if any score is exactly 0 or 1.",
            unit=_LOG_ODDS,
            sign=GAP_SIGN,
            metric="{axis}_log_odds_gap",
            marks=_BOTH,
        ),
        "log_odds_ci_low": number(
            "Lower end of its 95 % interval, clustered as above.",
            unit=_LOG_ODDS,
            metric="{axis}_log_odds_gap_ci_low",
            marks=_OWN,
        ),
        "log_odds_ci_high": number(
            "Upper end of that interval.",
            unit=_LOG_ODDS,
            metric="{axis}_log_odds_gap_ci_high",
            marks=_OWN,
        ),
        "log_odds_p_clustered": p_value("Its p-value, clustered as above."),
        "n_saturated": count("Scores that are exactly 0 or 1, over all seeds."),
        "names_difference": number(
            "The gap between names alone; for gender that is one noun pair of eleven. EEC alone.",
            unit=_POSITIVE,
            sign=GAP_SIGN,
            metric="{axis}_names_gap",
            marks=_OWN,
        ),
        "p_word": p_value(
            "Clustered by emotion word alone, of swaps by the first pair of words that differs "
            "(CR2). `p_clustered` of swaps takes the words as given; where this is much larger, "
            "the gap may depend on the choice of words."
        ),
        "noise_floor": size(
            "The size that 95 % of differences between names of the same gender and race stay "
            "below. EEC alone.",
            unit=_POSITIVE,
            metric="{axis}_noise_floor",
            marks=_OWN,
        ),
        "p_permutation": p_value(
            "Exact permutation test of the names' races; missing for gender.",
            metric="{axis}_p_permutation",
            marks=_OWN,
        ),
        "n_unknown_persons": count(
            "People whose words a word-level student does not know. Missing for other systems.",
            missing=True,
            metric="{axis}_n_unknown_persons",
        ),
        "n_alike_persons": count(
            "People who score like somebody of the other side in every frame, or like somebody of "
            "their own while the other side's people differ among each other. Missing for swaps.",
            missing=True,
            metric="{axis}_n_alike_persons",
            marks=_OWN,
        ),
        "standardised_gap": number(
            "The gap in log-odds over the standard deviation of the system's own log-odds. It does "
            "not shrink where a system is only less sure. Swaps alone.",
            unit="standard deviations",
            sign=GAP_SIGN,
            metric="{axis}_standardised_gap",
            marks=(IN_SUMMARY,),
        ),
        "placebo_sd": size(
            "How much any edit moves a score: root mean square of the differences of placebo "
            "pairs, whose words have no social meaning. See `sd_difference`. Swaps alone.",
            unit=_POSITIVE,
            metric="{axis}_placebo_sd",
        ),
        "placebo_floor": size(
            "The size that 95 % of gaps of as many placebo pairs stay below, if the order of the "
            "words is drawn for each review. Swaps alone.",
            unit=_POSITIVE,
            metric="{axis}_placebo_floor",
            marks=(IN_SUMMARY,),
        ),
        "placebo_word_floor": size(
            "The same if it is drawn once for each pair of words: how large a gap the choice "
            "of words makes. Swaps alone.",
            unit=_POSITIVE,
            metric="{axis}_placebo_word_floor",
            marks=(IN_SUMMARY,),
        ),
    },
    name="reports/<study>/bias.csv",
    description="Gaps on each corpus: one row per system and axis. A student with several seeds "
    "has a row for their average, then a row per seed. Swaps have no race, and no templates.",
    strict=True,
)
BREAKDOWN = pa.DataFrameSchema(
    {
        "system": _SYSTEM,
        "axis": AXIS,
        "by": text(
            "How the corpus is divided.",
            values={
                "emotion": "The sentences of one emotion; `none`: of templates without one.",
                "template": "The sentences of one template.",
                "noun pair": "Gender in the sentences of one noun pair, or of the names.",
                "weights": "The whole corpus with other weights. `templates alike`: each template "
                "counts as much as any other, its emotion words averaged first. As the corpus is, "
                "seven of eleven have 97 % of the weight.",
                "name": "One name against the mean of the ten names of its gender and the other "
                "race, with the sign of the race gap. Over the 20 names of either race these rows "
                "average to the race gap. Clustered by template; the other names are taken as "
                "fixed.",
                "gender": "Race among female names, and among male names. `female - male` is their "
                "difference, the interaction of race with gender; 0: the race gap is the same for "
                "both.",
                "original": "Swaps by what the passage's own gendered words were. Where the rows "
                "differ, a system likes natural text better, or its gap differs between films "
                "about women and about men.",
                "named": "Swaps by whether the review names a person, who then keeps the name.",
                "valence": "Film sentences by what the frame says of the film.",
                "people": "Film sentences with noun phrases, or with names.",
            },
        ),
        "level": text("Which part."),
        "n_pairs": _N_PAIRS,
        "mean_difference": number("The gap in this part.", unit=_POSITIVE, sign=GAP_SIGN),
        "ci_low": number(
            "Lower end of its 95 % interval: clustered two ways where the part holds several "
            "templates and several noun pairs or names, else one way; of the EEC by emotion word "
            "too, whichever is wider.",
            unit=_POSITIVE,
        ),
        "ci_high": number("Upper end of that interval.", unit=_POSITIVE),
        "p_clustered": p_value("Its p-value, clustered in the same way."),
        "corpus": CORPUS,
    },
    name="reports/<study>/breakdown.csv",
    description="Where gaps come from: one row per system and part of the corpus. Nothing is "
    "corrected for the number of rows; they describe, and decide nothing.",
    strict=True,
)
PAIRS = pa.DataFrameSchema(
    {
        "system": _SYSTEM,
        "axis": AXIS,
        "template": text("Template of the pair's sentences."),
        "emotion": text("Emotion of their word; empty where the template has none."),
        "emotion_word": text("Their emotion word; empty where the template has none."),
        "unit": text("The noun pair, such as `she/he`, or `names`."),
        "first": number("Score of the female side, or of African-American names.", unit=_POSITIVE),
        "second": number("Score of the male side, or of European-American names.", unit=_POSITIVE),
        "difference": number("`first` minus `second`.", unit=_POSITIVE, sign=GAP_SIGN),
        "log_odds_difference": number(
            "The same in log-odds. Missing if any score of the system is exactly 0 or 1.",
            unit=_LOG_ODDS,
            sign=GAP_SIGN,
        ),
    },
    name="reports/<study>/pairs.parquet",
    description="Every pair's difference, averaged over seeds: one row per system, axis and pair. "
    "The pair of names is the mean over the names of each side.",
    strict=True,
)
