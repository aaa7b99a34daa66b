"""Does a small model distilled from an LLM inherit the LLM's social bias?"""

__version__ = "0.2.0"
