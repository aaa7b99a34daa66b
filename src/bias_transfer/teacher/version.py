"""Version of the scoring code; of the teacher's modules, the ``label`` stage depends on this alone.

Raise it when a change alters what the teacher is asked or how its answer is read. Every label is
then asked for again.
"""

SCORING_VERSION = 2
