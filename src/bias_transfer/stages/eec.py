"""Stage ``eec``: the Equity Evaluation Corpus, generated."""

from pathlib import Path

from bias_transfer.corpora import eec
from bias_transfer.io import schemas, tables


def run(out: Path) -> None:
    """Write all 8,640 sentences in the published order to ``out``."""
    tables.write(eec.generate(), out, schemas.EEC)
