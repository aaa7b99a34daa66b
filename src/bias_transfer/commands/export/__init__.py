"""A study in one folder that can be passed on: labels, predictions and tables, and no text.

``contents`` says which files, ``about`` what is known of them; ``croissant`` and ``crate`` describe
them to other programs.
"""

from bias_transfer.commands.export.folder import Written, write

__all__ = ["Written", "write"]
