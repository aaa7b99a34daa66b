"""Command ``swap``: anybody's texts, each once about women and once about men."""

from pathlib import Path

from bias_transfer.corpora.swaps import pairs, tagger, wordlist
from bias_transfer.io import tables, user_tables


def run(texts: str, out: Path) -> dict[str, int]:
    """Write the pairs to ``out``, and return how many texts were read and what became of them.

    Raises
    ------
    InputError
        If spaCy is missing, the file cannot be read, its texts cannot be told, or none mentions
        people.
    """
    frame = user_tables.read(texts, dtype=str, keep_default_na=False)
    column = pairs.text_column(frame, texts)
    made = pairs.pairs(column, wordlist.gendered(), tagger.load(names=False), texts)
    tables.write(made.frame, out)
    return made.counts
