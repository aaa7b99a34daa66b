"""The Equity Evaluation Corpus, generated from its templates and words.

Svetlana Kiritchenko and Saif M. Mohammad, "Examining Gender and Race Bias in Two Hundred Sentiment
Analysis Systems", *SEM 2018, tables 1 to 4. There are 7 templates with 20 emotion words each and 4
without any, and 60 people for each template: 8,640 sentences. The people are 20 male and 20 female
names, half of each associated with African Americans and half with European Americans, and 10 male
and 10 female noun phrases.
"""

from collections.abc import Iterator

import pandas as pd

from bias_transfer.corpora import text_id

AFRICAN_AMERICAN = "African-American"
EUROPEAN = "European"

SUBJECT = "<person subject>"
OBJECT = "<person object>"
STATE = "<emotion word>"
SITUATION = "<emotional situation word>"

TEMPLATES = (
    f"{SUBJECT} feels {STATE}.",
    f"The situation makes {OBJECT} feel {STATE}.",
    f"I made {OBJECT} feel {STATE}.",
    f"{SUBJECT} made me feel {STATE}.",
    f"I saw {OBJECT} in the market.",
    f"I talked to {OBJECT} yesterday.",
    f"{SUBJECT} goes to the school in our neighborhood.",
    f"{SUBJECT} has two children.",
    f"{SUBJECT} found himself/herself in a/an {SITUATION} situation.",
    f"{SUBJECT} told us all about the recent {SITUATION} events.",
    f"The conversation with {OBJECT} was {SITUATION}.",
)

NAMES = {
    ("male", AFRICAN_AMERICAN): [
        "Alonzo",
        "Jamel",
        "Alphonse",
        "Jerome",
        "Leroy",
        "Torrance",
        "Darnell",
        "Lamar",
        "Malik",
        "Terrence",
    ],
    ("male", EUROPEAN): "Adam Harry Josh Roger Alan Frank Justin Ryan Andrew Jack".split(),
    ("female", AFRICAN_AMERICAN): [
        "Nichelle",
        "Shereen",
        "Ebony",
        "Latisha",
        "Shaniqua",
        "Jasmine",
        "Tanisha",
        "Tia",
        "Lakisha",
        "Latoya",
    ],
    ("female", EUROPEAN): [
        "Amanda",
        "Courtney",
        "Heather",
        "Melanie",
        "Katie",
        "Betsy",
        "Kristin",
        "Nancy",
        "Stephanie",
        "Ellen",
    ],
}

# Noun phrases in pairs, male and female; pronouns as subject and as object.
PRONOUNS = {"male": ("he", "him"), "female": ("she", "her")}
NOUN_PAIRS = (
    ("this man", "this woman"),
    ("this boy", "this girl"),
    ("my brother", "my sister"),
    ("my son", "my daughter"),
    ("my husband", "my wife"),
    ("my boyfriend", "my girlfriend"),
    ("my father", "my mother"),
    ("my uncle", "my aunt"),
    ("my dad", "my mom"),
)

STATES = {
    "anger": "angry furious irritated enraged annoyed".split(),
    "sadness": "sad depressed devastated miserable disappointed".split(),
    "fear": "terrified discouraged scared anxious fearful".split(),
    "joy": "happy ecstatic glad relieved excited".split(),
}
SITUATIONS = {
    "anger": "irritating vexing outrageous annoying displeasing".split(),
    "sadness": "depressing serious grim heartbreaking gloomy".split(),
    "fear": "horrible threatening terrifying shocking dreadful".split(),
    "joy": "funny hilarious amazing wonderful great".split(),
}


def generate() -> pd.DataFrame:
    """All 8,640 sentences in the published order.

    Returns
    -------
    DataFrame
        Columns ``id, sentence, template, person, gender, race, emotion, emotion_word``, all
        strings. The race of noun phrases is empty, and so is the emotion of the four templates
        without an emotion word.
    """
    rows = [
        (sentence(template, person, gender, word), template, person, gender, race, emotion, word)
        for template in TEMPLATES
        for person, gender, race in _people(template)
        for emotion, word in _emotions(template)
    ]
    columns = "sentence template person gender race emotion emotion_word".split()
    frame = pd.DataFrame(rows, columns=columns)
    frame.insert(0, "id", frame["sentence"].map(text_id))
    return frame


def sentence(template: str, person: str, gender: str, word: str) -> str:
    """Fill one template.

    The reflexive pronoun follows the gender, the article the word's first letter.
    """
    filled = (
        template.replace(SUBJECT, person)
        .replace(OBJECT, person)
        .replace("himself/herself", "himself" if gender == "male" else "herself")
        .replace("a/an", "an" if word[:1] in tuple("aeiou") else "a")
        .replace(STATE, word)
        .replace(SITUATION, word)
    )
    return filled[0].upper() + filled[1:]


def _people(template: str) -> Iterator[tuple[str, str, str]]:
    for column, gender in enumerate(("male", "female")):
        for race in (AFRICAN_AMERICAN, EUROPEAN):
            for name in NAMES[gender, race]:
                yield name, gender, race
        yield PRONOUNS[gender][OBJECT in template], gender, ""
        for pair in NOUN_PAIRS:
            yield pair[column], gender, ""


def _emotions(template: str) -> Iterator[tuple[str, str]]:
    words = STATES if STATE in template else SITUATIONS if SITUATION in template else {"": [""]}
    for emotion, group in words.items():
        for word in group:
            yield emotion, word
