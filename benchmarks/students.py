"""Speed and accuracy of the word-level students, against the original study's loops.

python benchmarks/students.py                                    sentences of the default study
python benchmarks/students.py --reviews imdb.parquet             columns text, label; drawn halves
python benchmarks/students.py --reviews imdb.parquet --epochs 1  shorter

The references are the original algorithms, written plainly: a Python list of tensors, padded batch
by batch, with torch's own layers. Timed are tokenising, fitting and scoring the test half. Ours
holds out a tenth of the training half to pick the epoch with; the references do not.
"""

import re
import time
from collections import Counter
from pathlib import Path

import click
import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.nn.utils.rnn import pad_sequence

from bias_transfer.corpora import sources
from bias_transfer.corpora.splits import split
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.study import params as parameters

PARAMS = parameters.load(Path(__file__).resolve().parents[1] / "params.yaml")
VOCABULARY, BATCH, LEARNING_RATE = 10_000, 32, 1e-3


class PlainBow(nn.Module):
    """Average of all embeddings, padding included, as the original had it."""

    length = 300

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 100, padding_idx=0)
        self.output = nn.Linear(100, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2)."""
        return self.output(self.embedding(ids).mean(1))


class PlainCnn(nn.Module):
    """Filters of widths 4, 5 and 6 over the padded batch."""

    length = 400

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 100, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(100, 100, width) for width in (4, 5, 6))
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(300, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits, shape (batch, 2)."""
        words = nn.functional.pad(self.embedding(ids).transpose(1, 2), (0, 5))
        pooled = [conv(words).relu().amax(-1) for conv in self.convolutions]
        return self.output(self.dropout(torch.cat(pooled, 1)))


def reference(
    kind: type[nn.Module], train: pd.DataFrame, test: pd.DataFrame, epochs: int
) -> np.ndarray:
    """P(positive) of the test texts."""
    torch.manual_seed(0)
    words = [re.findall("[a-z']+", text.lower()) for text in train["text"]]
    counts = Counter(word for text in words for word in text)
    index = {word: i + 2 for i, (word, _) in enumerate(counts.most_common(VOCABULARY - 2))}
    network = kind()

    def tensors(texts: list[list[str]]) -> list[torch.Tensor]:
        return [
            torch.tensor([index.get(word, 1) for word in text[: network.length]] or [1])
            for text in texts
        ]

    inputs, labels = tensors(words), torch.tensor(train["label"].tolist())
    optimizer = torch.optim.Adam(network.parameters(), lr=LEARNING_RATE)
    for _ in range(epochs):
        network.train()
        for rows in torch.randperm(len(inputs)).split(BATCH):
            batch = pad_sequence([inputs[i] for i in rows], batch_first=True)
            loss = nn.functional.cross_entropy(network(batch), labels[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    network.eval()
    held_out = tensors([re.findall("[a-z']+", text.lower()) for text in test["text"]])
    with torch.no_grad():
        batches = [
            network(pad_sequence(held_out[start : start + BATCH], batch_first=True)).softmax(-1)[
                :, 1
            ]
            for start in range(0, len(held_out), BATCH)
        ]
    return torch.cat(batches).numpy()


def ours(name: str, train: pd.DataFrame, test: pd.DataFrame, epochs: int) -> np.ndarray:
    """P(positive) of the test texts."""
    training = PARAMS.students[name].model_copy(update={"epochs": epochs})
    soft = np.full((len(train), 2), 0.5)  # has no weight: a baseline
    # As many epochs as the reference has.
    shared = PARAMS.distillation.model_copy(update={"patience": epochs})
    setting = Setting(alpha=0.0, seed=0, device="cpu", name=name)
    fitted = fit_arm(train, soft, training, shared, setting)
    return fitted.student.predict_proba(test["text"].tolist())[:, 1]


@click.command()
@click.option(
    "--reviews",
    help="Parquet or CSV with columns text and label (default: the default study's source).",
)
@click.option("--epochs", default=5, show_default=True)
@click.option("--students", default="bow,cnn", show_default=True)
def main(reviews: str | None, epochs: int, students: str) -> None:
    """Compare the word-level students with the original study's loops."""
    if reviews is None:
        frame = sources.load(PARAMS.reviews["snippets"]).frame
    else:
        frame = pd.read_parquet(reviews) if reviews.endswith(".parquet") else pd.read_csv(reviews)
    train, test, _ = split(frame.assign(split=""), None, None, 0, "refuse")
    print(
        f"{len(train)} training and {len(test)} test reviews, {epochs} epochs, "
        f"{torch.get_num_threads()} threads"
    )
    print(f"{'':16}{'seconds':>10}{'accuracy':>10}")
    figures = []
    for name, kind in (("bow", PlainBow), ("cnn", PlainCnn)):
        if name not in students.split(","):
            continue
        seconds, accuracy = {}, {}
        for who, call in (("reference", lambda k=kind: reference(k, train, test, epochs)),
                          ("ours", lambda n=name: ours(n, train, test, epochs))):  # fmt: skip
            start = time.perf_counter()
            positive = call()
            seconds[who] = time.perf_counter() - start
            accuracy[who] = float(((positive > 0.5) == test["label"].to_numpy()).mean())
            print(f"{name + ' ' + who:16}{seconds[who]:10.1f}{accuracy[who]:10.4f}", flush=True)
        figures.append(f"{name}_speedup: {seconds['reference'] / seconds['ours']:.2f}")
        figures.append(f"{name}_accuracy: {accuracy['ours']:.4f}")
    print("\n".join(figures))


if __name__ == "__main__":
    main()
