"""Stage ``film``: sentences in the voice of film reviews."""

from pathlib import Path

from bias_transfer.corpora import film
from bias_transfer.io import schemas, tables


def run(out: Path) -> int:
    """Write all sentences to ``out``, and return how many there are."""
    sentences = film.generate()
    tables.write(sentences, out, schemas.FILM)
    return len(sentences)
