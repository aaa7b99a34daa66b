"""Version of the scoring code. The ``label`` stage depends on this file alone, not on every module it runs.

Raise it when a change alters what the teacher is asked or how its answer is read; labels are then
asked for again.
"""

SCORING_VERSION = 2
