"""Stage ``eec``: the Equity Evaluation Corpus, generated."""

from pathlib import Path

from bias_transfer.corpora import eec
from bias_transfer.io import schemas, tables


def run(out: Path) -> int:
    """Write all 8,640 sentences in the published order to ``out``, and return how many."""
    sentences = eec.generate()
    tables.write(sentences, out, schemas.EEC)
    return len(sentences)
