"""Files: written whole or not at all, checked when read, and the one error that is meant for people."""
