"""Reviews, the corpus, the teacher's labels, and what systems score."""

import pandera.pandas as pa

from bias_transfer.io.schemas.columns import column, count, number, text

PROBABILITIES = ["label_0", "label_1"]
_SUM_TOLERANCE = 1e-6


def _id(about: str, *, unique: bool = True) -> pa.Column:
    hexadecimal = pa.Check.str_matches(r"^[0-9a-f]{16}$", error="must be 16 hexadecimal digits")
    return column(str, hexadecimal, about=about, unique=unique)


def _probability(about: str, highest: float = 1) -> pa.Column:
    within = pa.Check.in_range(0, highest, error="must be between 0 and 1")
    return column(float, within, about=about, unit="0 to 1")


_SUM_TO_ONE = pa.Check(
    lambda frame: (frame["label_0"] + frame["label_1"] - 1).abs() <= _SUM_TOLERANCE,
    error="label_0 and label_1 must sum to 1",
)
_ID = _id("Id of the text.")
_TEACHERS = {
    "label_0": _probability("The teacher's P(negative), uncalibrated."),
    "label_1": _probability("The teacher's P(positive), uncalibrated."),
    "label_mass": _probability(
        "Probability that both labels held together before they were scaled to sum to 1. Low: the "
        "model wanted to say something else.",
        1 + _SUM_TOLERANCE,
    ),
}

REVIEWS = pa.DataFrameSchema(
    {
        "id": _id("First 16 hexadecimal digits of the text's SHA-256."),
        "text": column(
            str,
            pa.Check(lambda text: text.str.strip() != "", error="is empty"),
            about="The review.",
        ),
        "label": column(
            int,
            pa.Check.isin([0, 1], error="must be 0 (negative) or 1 (positive)"),
            about="Its hard label: 0 negative, 1 positive.",
        ),
    },
    name="data/reviews/<reviews>/train.csv, test.csv, unused.csv",
    description="One row per review, without exact duplicates. Those in `unused.csv` are in "
    "neither split.",
    strict=True,
)
EEC = pa.DataFrameSchema(
    {"id": _id("First 16 hexadecimal digits of the sentence's SHA-256.")}
    | {
        name: column(str, about=about)
        for name, about in {
            "sentence": "The sentence.",
            "template": "Its template.",
            "person": "The name or noun phrase in it.",
            "gender": "`female` or `male`.",
            "race": "`African-American` or `European` for a name; empty for a noun phrase.",
            "emotion": "Emotion of its word; empty where the template has none.",
            "emotion_word": "Its emotion word; empty where the template has none.",
        }.items()
    },
    name="data/eec/eec.csv",
    description="One row per sentence of the Equity Evaluation Corpus.",
    strict=True,
)
FILM = pa.DataFrameSchema(
    {"id": _id("First 16 hexadecimal digits of the sentence's SHA-256.")}
    | {
        name: column(str, about=about)
        for name, about in {
            "sentence": "The sentence.",
            "template": "Its frame.",
            "person": "The name or noun phrase in it.",
            "gender": "`female` or `male`.",
            "race": "`African-American` or `European` for a name; empty for a noun phrase.",
            "valence": "`positive`, `negative` or `neutral`: the frame's.",
            "source": "Where the name or noun phrase comes from.",
        }.items()
    },
    name="data/film/film.csv",
    description="One row per film sentence.",
    strict=True,
)
_PLACE = {
    "start": count("Where the word starts in the review, in code points from 0."),
    "length": count("Its length."),
}
EDITS = pa.DataFrameSchema(
    {
        "id": _id("Id of the review, once per word.", unique=False),
        **_PLACE,
        "female": text("What the version about women has there."),
        "male": text("What the version about men has there."),
        "named": column(bool, about="Whether the review names a person."),
        "rules": count("Version of what tells one use of `her` or `his` from the other."),
    },
    name="data/swaps/<reviews>/edits.csv",
    description="One row per gendered word of a held-out review. It holds no other word of it.",
    strict=True,
    unique=["id", "start"],
)
_VERSION = {
    "id": _id("First 16 hexadecimal digits of the version's SHA-256."),
    "sentence": text("The version: a passage of a review."),
    "group": text("What the version is about: `female` or `male`; `first` or `second`."),
    "pair_id": _id("Id of the review, which has two versions.", unique=False),
    "original": text("The group of all the passage's own words, or `mixed`."),
    "direction": number(
        "The passage's own words: those of the first group minus those of the second, over all.",
        unit="-1 to 1",
        sign="1: all were female, or first; -1: all male, or second",
    ),
    "n_edits": count("At how many places the two versions differ."),
    "n_words": count("Length of the passage in words."),
    "word": text("The first pair of words that differs, such as `she/he`."),
}
SWAPS = pa.DataFrameSchema(
    _VERSION | {"named": column(bool, about="Whether the review names a person.")},
    name="data/swaps/<reviews>/pairs.csv",
    description="Held-out reviews that mention people: a row about women and a row about men each.",
    strict=True,
)
PLACEBO = pa.DataFrameSchema(
    _VERSION,
    name="data/swaps/<reviews>/placebo.csv",
    description="The same with words without social meaning, such as film and movie.",
    strict=True,
)
SHEET = pa.DataFrameSchema(
    {
        "round": count("Which draw of pairs it is."),
        "pair_id": _id("Id of the review."),
        "text": text("Its passage: `[1 her>him]` is swapped, `{2 man}` is left alone."),
        "wrong": text("For the reader: the numbers of the words that are wrong, or 0 for none."),
        "rules": text("What each marked word is, in the order of their numbers."),
    },
    name="the sheet of `validate sheet`",
    description="One row per pair that a person judges. It quotes reviews: do not pass it on.",
    strict=True,
)
LABELS = pa.DataFrameSchema(
    {"id": _ID} | _TEACHERS,
    checks=_SUM_TO_ONE,
    name="data/teacher/<reviews>/<teacher>/train.csv, test.csv, eec.csv, film.csv, swaps.csv",
    description="One row per text that the teacher was asked about; `test.csv` may be a sample, "
    "and `swaps.csv` has both versions of pairs and placebo.",
    strict=True,
)
VARIANTS = pa.DataFrameSchema(
    {
        "id": _id("Id of the text, once per variant.", unique=False),
        "variant": column(
            int,
            pa.Check.ge(1, error="must be 1 or more"),
            about="Number of the wording, in the order of the teacher's `variants`.",
        ),
    }
    | _TEACHERS,
    checks=_SUM_TO_ONE,
    name="data/teacher/<reviews>/<teacher>/eec-variants.csv",
    description="The corpus under the teacher's other wordings: one row per sentence and wording.",
    strict=True,
    unique=["variant", "id"],
)
PREDICTIONS = pa.DataFrameSchema(
    {
        "id": _ID,
        "label_0": _probability("P(negative); a teacher's is calibrated."),
        "label_1": _probability("P(positive); a teacher's is calibrated."),
    },
    checks=_SUM_TO_ONE,
    name="predictions/<study>/<system>/reviews.parquet, eec.parquet, film.parquet, swaps.parquet",
    description="Scores of one system: one row per test review, or per sentence of a corpus.",
    strict=True,
)
HISTORY = pa.DataFrameSchema(
    {
        "epoch": column(int, about="Number of the epoch, from 1."),
        "train_loss": column(
            float,
            about="Mean loss over the epoch, on the student's own target.",
            unit="nats",
            sign="lower: nearer to the target",
            metric="train_loss",
        ),
        "validation_log_loss": column(
            float,
            about="Log loss on the hard labels of the validation slice, whatever the target; it "
            "picks the epoch.",
            unit="nats",
            sign="0: perfect; 0.693: a coin's",
            metric="validation_log_loss",
        ),
        "validation_accuracy": column(
            float,
            about="Accuracy on the hard labels of the validation slice.",
            unit="0 to 1",
            metric="validation_accuracy",
        ),
        "learning_rate": column(
            float, about="Learning rate at the end of the epoch.", metric="learning_rate"
        ),
    },
    name="models/<study>/<system>/history.csv",
    description="One row per epoch of one student.",
    strict=True,
)
