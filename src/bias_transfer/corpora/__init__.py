"""Where texts come from: review sources, splits, and the Equity Evaluation Corpus."""

import hashlib


def text_id(text: str) -> str:
    """First 16 hexadecimal digits of the SHA-256 of the UTF-8 text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
