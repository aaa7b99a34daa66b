"""Write ``docs/commands.md`` from the help of the command line.

python docs/make_commands.py
"""

import inspect
from collections.abc import Iterator
from pathlib import Path

import click

from bias_transfer import cli

PAGE = Path(__file__).with_name("commands.md")
HEAD = """# Commands

Every command, argument and option. Made by `python docs/make_commands.py` from what
`python -m bias_transfer COMMAND --help` shows.

An error that you can mend is one line on stderr, and the exit code is 1. A command that is typed
wrongly ends with exit code 2. `python -m bias_transfer --debug COMMAND` shows where a fault of the
program is.
"""
NAME = "python -m bias_transfer"


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, names in cli.SECTIONS.items():
        parts.append(f"## {title}\n")
        for name in names:
            parts += section(cli.main.commands[name], name)
    return "\n".join(parts)


def section(command: click.Command, path: str) -> Iterator[str]:
    """One command, and then the commands below it."""
    context = click.Context(command, info_name=f"{NAME} {path}", **cli.main.context_settings)
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"### {path}\n"
    yield f"```\n{usage}\n```\n"
    yield text(command)
    yield table(command, context)
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from section(below, f"{path} {name}")


def text(command: click.Command) -> str:
    """What the help says, with its examples as code."""
    said, _, examples = inspect.cleandoc(command.help or "").partition("\b\n")
    lines = examples.replace("Example: ", "").strip()
    return said.strip() + (f"\n\n```bash\n{lines}\n```\n" if lines else "\n")


def table(command: click.Command, context: click.Context) -> str:
    """Its options as a Markdown table; nothing if it has none but `--help`."""
    rows = []
    for param in command.params:
        if isinstance(param, click.Option):
            shown, about = param.get_help_record(context) or ("", "")
            rows.append([f"`{shown}`", about.replace("  ", " ")])
    lines = [["option", "what"], ["---", "---"], *rows]
    escaped = [[cell.replace("|", "\\|") for cell in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in escaped) + "\n" if rows else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
