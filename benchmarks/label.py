"""Speed and equality of the teacher's labelling, against the original study's loop on the same prompts.

python benchmarks/label.py                          sentences of the default study
python benchmarks/label.py --reviews imdb.parquet   reviews of your own: columns text, label
python benchmarks/label.py --memory                 peak memory with ten times the texts

The reference is the original algorithm, written plainly: three prompts a batch, padded to the longest, every prompt
read whole, logits at every position. Reference and ours take turns in one process, on the same token ids.
"""

import resource
import subprocess
import sys
import time
from pathlib import Path

import click
import numpy as np
import pandas as pd
import torch
from transformers import AutoModelForCausalLM

from bias_transfer import hub
from bias_transfer import params as parameters
from bias_transfer.corpora import sources, text_id
from bias_transfer.evaluation import evaluate
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.calibration import Calibration, log_odds
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.scoring import Teacher

PARAMS = parameters.load(Path(__file__).resolve().parents[1] / "params.yaml")
REFERENCE_BATCH = 3
ROUNDS = 2


class Reference:
    """The plain loop; counts the tokens that it feeds to the model."""

    def __init__(self, teacher: parameters.Teacher) -> None:
        source = hub.locate(teacher.model, teacher.revision)
        with hub.clear_errors(teacher.model):
            model_ = AutoModelForCausalLM.from_pretrained(source.name, dtype=torch.float32, **source.weights)
        self.network = model_.eval()
        self.tokens = 0

    def score(self, contexts: list[list[int]], label_ids: list[int]) -> np.ndarray:
        """Log-probabilities of the two labels, shape (prompts, 2)."""
        answers = []
        for start in range(0, len(contexts), REFERENCE_BATCH):
            batch = contexts[start : start + REFERENCE_BATCH]
            width = max(map(len, batch))
            ids = torch.tensor([[0] * (width - len(row)) + row for row in batch])
            mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in batch])
            positions = (mask.cumsum(1) - 1).clamp_min(0)
            with torch.no_grad():
                logits = self.network(input_ids=ids, attention_mask=mask, position_ids=positions).logits
            answers.append(logits[:, -1].log_softmax(-1)[:, label_ids].double().numpy())
            self.tokens += ids.numel()
        return np.concatenate(answers)


class Ours:
    """A loaded teacher; counts the tokens that its engine feeds to the model."""

    def __init__(self, teacher: parameters.Teacher, pool: Pool) -> None:
        self.teacher: Teacher = model.load(teacher, pool, PARAMS.labelling, "cpu")
        self.tokens = 0
        self.teacher.engine.model.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, _: torch.nn.Module, args: tuple, options: dict) -> None:
        self.tokens += options["input_ids"].numel()

    def score(self, texts: dict[str, str]) -> np.ndarray:
        """Log-probabilities of the two labels, shape (texts, 2)."""
        answers = {name: answer for batch in self.teacher.score(texts) for name, answer in batch.items()}
        return np.array([answers[name][:2] for name in texts])


def read(path: str | None) -> pd.DataFrame:
    """Reviews in random order: ``id, text, label``."""
    if path is None:
        frame = sources.load(PARAMS.reviews["snippets"]).frame
    else:
        frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    frame = frame.drop_duplicates("text").sample(frac=1, random_state=0)
    return frame.assign(id=frame["text"].map(text_id))[["id", "text", "label"]].reset_index(drop=True)


def timed(function, *arguments):
    """Seconds, and the result."""
    start = time.perf_counter()
    result = function(*arguments)
    return time.perf_counter() - start, result


def probabilities(answers: np.ndarray) -> pd.DataFrame:
    """Labels from log-probabilities of shape (texts, 2)."""
    ids = [str(i) for i in range(len(answers))]
    return labels.to_labels(pd.Series(ids), dict(zip(ids, answers, strict=True)))


def accuracy(found: pd.DataFrame, hard: np.ndarray) -> float:
    """Of labels without their mean log-odds."""
    calibrated = Calibration(offset=log_odds(found).mean()).apply(found)
    return evaluate(hard, calibrated["label_1"].to_numpy())["accuracy"]


def compare(reviews: str | None, n: int, examples: int) -> None:
    """Print a table of speeds and differences, and the two figures that it comes down to."""
    frame = read(reviews)
    shown = parameters.Examples(count=examples, choice="fixed", seed=0)
    teacher = PARAMS.teachers["smollm2"].model_copy(update={"examples": shown})
    rows, pool = frame.iloc[:n], Pool(frame.iloc[n:], shown)
    reference, fast = Reference(teacher), Ours(teacher, pool)
    int8 = Ours(teacher.model_copy(update={"quantization": "cpu-int8"}), pool)

    def run(part: pd.DataFrame) -> list[tuple[float, np.ndarray]]:
        texts = dict(part[["id", "text"]].itertuples(index=False))
        queries = fast.teacher.prompt.queries(texts)
        contexts, label_ids = [query.context for query in queries], [ids[0] for ids in queries[0].labels]
        return [timed(reference.score, contexts, label_ids), timed(fast.score, texts), timed(int8.score, texts)]

    run(rows.iloc[:REFERENCE_BATCH])  # warms up
    reference.tokens = fast.tokens = 0
    runs = [run(rows.iloc[part]) for part in np.array_split(np.arange(n), ROUNDS)]
    seconds = np.array([[each[0] for each in turn] for turn in runs])
    found = [probabilities(np.concatenate([turn[i][1] for turn in runs])) for i in range(3)]
    differences = [np.abs(labels_["label_1"] - found[0]["label_1"]) for labels_ in found]
    hard = rows["label"].to_numpy()
    speedups = np.median(seconds[:, [0]] / seconds, axis=0)

    print(f"\n{n} reviews, {examples} examples, {torch.get_num_threads()} threads, torch {torch.__version__}")
    print(f"{'':12}{'texts/s':>10}{'speedup':>10}{'max diff':>12}{'mean diff':>12}{'accuracy':>10}{'mass':>8}")
    for i, name in enumerate(("reference", "ours", "ours, int8")):
        print(
            f"{name:12}{n / seconds[:, i].sum():10.2f}{speedups[i]:10.2f}{differences[i].max():12.1e}"
            f"{differences[i].mean():12.1e}{accuracy(found[i], hard):10.4f}{found[i]['label_mass'].mean():8.3f}"
        )
    bound = reference.tokens / fast.tokens
    print(
        f"tokens through the model: {reference.tokens:,} and {fast.tokens:,}, {bound:.2f} times fewer; "
        f"the speedup is {speedups[1] / bound:.0%} of that"
    )
    print(f"speedup: {speedups[1]:.2f}")
    print(f"max_abs_diff: {differences[1].max():.1e}")


def peak(n: int) -> None:
    """Label ``n`` short texts and print this process's peak memory."""
    texts = {f"{i:016x}": f"film number {i} was rather good" for i in range(n)}
    teacher = model.load(PARAMS.teachers["smollm2"], None, PARAMS.labelling, "cpu")
    for _ in teacher.score(texts):
        pass
    print(f"{n:,} texts: peak {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GB")


@click.command()
@click.option("--reviews", help="Parquet or CSV with columns text and label (default: the default study's source).")
@click.option("--n", default=120, show_default=True, help="How many reviews.")
@click.option("--examples", default=3, show_default=True, help="Solved examples in the prompt.")
@click.option("--memory", is_flag=True, help="Peak memory of 1,000 and of 10,000 short texts instead.")
@click.option("--peak-of", type=int, hidden=True)
def main(reviews: str | None, n: int, examples: int, memory: bool, peak_of: int | None) -> None:
    """Compare the teacher's labelling with the original study's loop."""
    if peak_of:
        peak(peak_of)
    elif memory:
        for size in (1_000, 10_000):
            subprocess.run([sys.executable, __file__, "--peak-of", str(size)], check=True)
    else:
        compare(reviews, n, examples)


if __name__ == "__main__":
    main()
