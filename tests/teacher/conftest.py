"""Texts of many lengths, and what a model says about one prompt when nothing is batched, cached, padded or skipped."""

import random
from collections.abc import Callable

import pandas as pd
import pytest

from bias_transfer.corpora import text_id


@pytest.fixture(scope="session")
def texts(sentences) -> dict[str, str]:
    """40 texts by id, several of each length, some of them over the limit of the tiny teacher."""
    words = " ".join(sentences).split()
    pick = random.Random(0)
    drawn = [
        " ".join(pick.choices(words, k=pick.choice([1, 2, 3, 5, 8, 13, 60]))) for _ in range(40)
    ]
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
    """Log-probabilities of both labels: each as one string with its prompt, every position's logits, in float64."""
    import torch

    def answer(network, tokenizer, prompt: str, labels: tuple[str, str]) -> list[float]:
        start, answers = len(tokenizer.encode(prompt)), []
        for label in labels:
            ids = tokenizer.encode(prompt + label)
            assert ids[:start] == tokenizer.encode(
                prompt
            )  # the seam is a plain one; test_prompt has the others
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
