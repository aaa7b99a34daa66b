"""Students: bag of words, CNN and transformers, tokenised, saved, loaded and scored in one way."""
