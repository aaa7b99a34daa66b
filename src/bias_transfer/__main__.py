"""``python -m bias_transfer``."""

from bias_transfer.cli import main

main()
