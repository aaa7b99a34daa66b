"""Write ``docs/glossary.md`` from the words of the report.

python docs/make_glossary.py
"""

from pathlib import Path

from bias_transfer.report.words import WORDS

PAGE = Path(__file__).with_name("glossary.md")


def page() -> str:
    """The whole page."""
    rows = "\n".join(f"| **{word}** | {meaning} |" for word, meaning in WORDS.items())
    return f"# Glossary\n\n| word | meaning |\n|---|---|\n{rows}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
