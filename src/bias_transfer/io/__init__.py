"""Files: whole or not there, checked when read, and the one error that is meant for people."""
