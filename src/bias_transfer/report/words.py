"""What the words of a report mean, in one line each; ``docs/glossary.md`` is made from them."""

WORDS = {
    "teacher": "A large language model. It gives P(negative) and P(positive) for each text.",
    "student": (
        "A small model that is trained to answer as a target says: bow, a bag of words; cnn, a "
        "convolutional network; minilm, a small pretrained encoder."
    ),
    "target": (
        "What a student is trained on: “baseline” is hard labels, “distilled” the teacher's "
        "probabilities, others are controls."
    ),
    "permuted": (
        "A control: the teacher's probabilities, shuffled among reviews that have the same label. "
        "What it thinks of a single review is gone."
    ),
    "swap-averaged": (
        "A control and a remedy: each label is the mean of what the teacher says of the review as "
        "if it were about women and as if it were about men. Its opinion of gender is gone."
    ),
    "planted": (
        "Put into the teacher's labels on purpose, to see how much of a known gap arrives in a "
        "student."
    ),
    "seed": (
        "One training run; another seed starts from other random weights, holds out other reviews "
        "to stop by, and reads in another order."
    ),
    "system": (
        "Anything that turns a sentence into P(positive): a teacher, a student, your model."
    ),
    "pair": (
        "Two sentences that differ in the person alone: “She feels angry.” and “He feels angry.”"
    ),
    "gap": (
        "The mean difference in scores over all pairs, first group minus second; of swapped "
        "reviews the mean of three means, of those about women, about men and about both. 0: both "
        "score alike. It is not harm."
    ),
    "log-odds": (
        "log P(positive) - log P(negative). A step of 1 moves P = .50 to .73, and P = .99 to .996."
    ),
    "interval": (
        "Where the gap lies, with 95 % confidence. It takes into account that pairs share "
        "sentences and people."
    ),
    "verdict": (
        "What the tests say: a difference, no difference beyond the margin, no evidence, or not "
        "measurable."
    ),
    "margin": "The largest gap that counts as none; shaded in figures.",
    "declared": (
        "Of a test: fixed before anything was measured. All else is exploratory, which is a hint."
    ),
    "stands": (
        "Shown not to be 0, even after correction for the number of tests. What does not stand "
        "was not shown; it may still be there."
    ),
    "power": "The probability that a test finds what it looks for, if it is there.",
    "transfer": (
        "What distilling did to a student's gap: that of the distilled student minus that of a "
        "reference, the baseline or a control such as swap-averaged, beside the teacher's own gap."
    ),
    "slope": (
        "Whether a student tells apart the pairs that its teacher tells apart: 0, not at all; 1, "
        "as far as the teacher."
    ),
}

# Of each architecture: what one is called in a sentence, and what a model card says it is.
ARCHITECTURES = {
    "bow": ("a bag of words", "a bag of words (mean of word embeddings, one linear layer)"),
    "cnn": ("a convolutional network", "a convolutional network over words"),
    "transformer": ("the encoder {student}", "a transformer encoder"),
}
