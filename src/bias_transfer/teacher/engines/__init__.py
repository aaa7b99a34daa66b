"""What runs the teacher's model: each engine is ``scoring.Engine``, and says what to install when it is missing."""
