"""Students: one way to tokenise, save, load and score for bag-of-words, CNN and transformers."""
