"""Texts of many lengths, and a model's plain answer: nothing batched, cached, padded or skipped."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from bias_transfer.corpora import text_id


@pytest.fixture(scope="session")
def texts(sentences) -> dict[str, str]:
    """40 texts by id, several of each length, some of them over the limit of the tiny teacher."""
    words = " ".join(sentences).split()
    random = np.random.default_rng(0)
    lengths = random.choice([1, 2, 3, 5, 8, 13, 60], 40)
    drawn = [" ".join(random.choice(words, length)) for length in lengths]
    return {text_id(text): text for text in drawn}


@pytest.fixture(scope="session")
def train(texts) -> pd.DataFrame:
    """The same texts as training reviews."""
    return pd.DataFrame(
        {
            "id": list(texts),
            "text": list(texts.values()),
            "label": [i % 2 for i in range(len(texts))],
        }
    )


@pytest.fixture(scope="session")
def plain() -> Callable[..., list[float]]:
    """Log-probabilities of both labels, from the logits of every position, in float64.

    Each label is one string with its prompt.
    """
    import torch

    def answer(network, tokenizer, prompt: str, labels: tuple[str, str]) -> list[float]:
        start, answers = len(tokenizer.encode(prompt)), []
        for label in labels:
            ids = tokenizer.encode(prompt + label)
            # No token crosses from prompt to label here; test_prompt has the other cases.
            assert ids[:start] == tokenizer.encode(prompt)
            with torch.inference_mode():
                logits = network(input_ids=torch.tensor([ids]), use_cache=False).logits[0]
            steps = logits.double().log_softmax(-1)
            answers.append(sum(steps[i - 1, ids[i]].item() for i in range(start, len(ids))))
        return answers

    return answer


@pytest.fixture(scope="session")
def cut() -> Callable[..., str]:
    """A text within the limit, or the first and last halves of what the limit leaves."""

    def fitted(tokenizer, text: str, limit: int) -> str:
        offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)[
            "offset_mapping"
        ]
        if len(offsets) <= limit:
            return text
        return (
            text[: offsets[limit // 2 - 1][1]] + " ... " + text[offsets[-(limit - limit // 2)][0] :]
        )

    return fitted
