"""What runs the teacher's model: each engine is a ``scoring.Engine``.

An engine that is not installed says what to install.
"""
