"""Pages of the site that lie at the root of the repository, where their readers look for them.

A link to ``docs/page.md`` there is one to ``page.md`` here, and the other way round.
"""

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("CHANGELOG", "CONTRIBUTING", "SECURITY")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the root's pages."""
    for name in PAGES:
        text = (ROOT / f"{name}.md").read_text(encoding="utf-8")
        files.append(File.generated(config, f"{name.lower()}.md", content=here(text)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Turn links to the root's pages into links to pages of the site."""
    return re.sub(rf"\]\(\.\./({'|'.join(PAGES)})\.md", lambda m: f"]({m[1].lower()}.md", markdown)


def here(text: str) -> str:
    """The text of a root's page with links as a page of the site has them."""
    inside = re.sub(r"\]\(docs/", "](", text)
    return re.sub(rf"\]\(({'|'.join(PAGES)})\.md", lambda m: f"]({m[1].lower()}.md", inside)
