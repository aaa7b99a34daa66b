"""Speed and equality of the teacher's labelling, against the original study's loop.

python benchmarks/label.py                           sentences of the default study, SmolLM2
python benchmarks/label.py --teacher qwen2.5-0.5b --examples 0
python benchmarks/label.py --reviews imdb.parquet --quantization int8 --quantization cpu-int8
python benchmarks/label.py --memory                  peak memory with ten times the texts

The reference is the original algorithm, written plainly: three prompts per batch, padded to the
longest, every prompt read whole, logits at every position. Reference and ours take turns in one
process, on the same token ids.
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
from meter import Meter, matmul_flops
from transformers import AutoModelForCausalLM

from bias_transfer.corpora import sources, text_id
from bias_transfer.pretrained import hub
from bias_transfer.students.evaluation import evaluate
from bias_transfer.study import params as parameters
from bias_transfer.teacher import labels, model
from bias_transfer.teacher.calibration import Calibration, log_odds
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.scoring import Scorer

PARAMS = parameters.load(Path(__file__).resolve().parents[1] / "params.yaml")
REFERENCE_BATCH = 3
ROUNDS = 2


class Reference:
    """The plain loop over a model."""

    def __init__(self, network: torch.nn.Module) -> None:
        self.network = network
        self.meter = Meter(network)

    def score(self, contexts: list[list[int]], label_ids: list[int]) -> np.ndarray:
        """Log-probabilities of the two labels, shape (prompts, 2)."""
        answers = []
        for start in range(0, len(contexts), REFERENCE_BATCH):
            batch = contexts[start : start + REFERENCE_BATCH]
            width = max(map(len, batch))
            ids = torch.tensor(
                [[0] * (width - len(row)) + row for row in batch], device=self.network.device
            )
            mask = torch.tensor(
                [[0] * (width - len(row)) + [1] * len(row) for row in batch], device=ids.device
            )
            positions = (mask.cumsum(1) - 1).clamp_min(0)
            with torch.no_grad():
                logits = self.network(
                    input_ids=ids, attention_mask=mask, position_ids=positions
                ).logits
            answers.append(
                logits[:, -1].float().log_softmax(-1)[:, label_ids].double().cpu().numpy()
            )
        return np.concatenate(answers)


class Ours:
    """A loaded teacher."""

    def __init__(self, teacher: parameters.Teacher, pool: Pool | None, device: str = "cpu") -> None:
        self.teacher: Scorer = model.load(teacher, pool, PARAMS.labelling, device)
        self.meter = Meter(self.teacher.engine.model)

    def score(self, texts: dict[str, str]) -> np.ndarray:
        """Log-probabilities of the two labels, shape (texts, 2)."""
        answers = {
            name: answer for batch in self.teacher.score(texts) for name, answer in batch.items()
        }
        return np.array([answers[name][:2] for name in texts])

    def score_alone(self, texts: dict[str, str]) -> np.ndarray:
        """The same, each text in a call of its own: no neighbours, no padding, nothing shared."""
        return np.concatenate([self.score({name: text}) for name, text in texts.items()])


def plain(teacher: parameters.Teacher) -> torch.nn.Module:
    """The teacher's model as ``transformers`` loads it."""
    checkpoint = hub.locate(teacher.model, teacher.revision)
    with hub.clear_errors(teacher.model):
        return AutoModelForCausalLM.from_pretrained(
            checkpoint.name, dtype=getattr(torch, teacher.dtype), **checkpoint.weights
        ).eval()


def read(path: str | None) -> pd.DataFrame:
    """Reviews in random order: ``id, text, label``."""
    if path is None:
        frame = sources.load(PARAMS.reviews["snippets"]).frame
    else:
        frame = pd.read_parquet(path) if path.endswith(".parquet") else pd.read_csv(path)
    frame = frame.drop_duplicates("text").sample(frac=1, random_state=0)
    return frame.assign(id=frame["text"].map(text_id))[["id", "text", "label"]].reset_index(
        drop=True
    )


def by_id(reviews: pd.DataFrame) -> dict[str, str]:
    """Id to text."""
    return dict(reviews[["id", "text"]].itertuples(index=False))


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


def compare(
    name: str, reviews: str | None, n: int, examples: int, quantizations: tuple[str, ...]
) -> None:
    """Print a table of speeds and differences, and the two figures that it comes down to."""
    frame = read(reviews)
    shown = parameters.Examples(count=examples, choice="fixed", seed=0) if examples else None
    teacher = PARAMS.teachers[name].model_copy(update={"examples": shown})
    rows, pool = frame.iloc[:n], Pool(frame.iloc[n:], shown) if shown else None
    reference = Reference(plain(teacher))
    quantized = {
        f"ours, {quantization}": teacher.model_copy(update={"quantization": quantization})
        for quantization in quantizations
    }
    ours = {name: Ours(params, pool) for name, params in {"ours": teacher, **quantized}.items()}
    names = ["reference", *ours]

    def run(part: pd.DataFrame) -> list[tuple[float, np.ndarray]]:
        texts = by_id(part)
        queries = ours["ours"].teacher.prompt.queries(texts)
        contexts = [query.context for query in queries]
        label_ids = [token for (token,) in queries[0].labels]  # the loop knows labels of one token
        return [
            timed(reference.score, contexts, label_ids),
            *(timed(one.score, texts) for one in ours.values()),
        ]

    run(rows.iloc[:REFERENCE_BATCH])  # warms up
    for one in (reference, *ours.values()):
        one.meter.reset()
    runs = [run(rows.iloc[part]) for part in np.array_split(np.arange(n), ROUNDS)]
    tokens, flops = reference.meter.tokens / ours["ours"].meter.tokens, ours["ours"].meter.flops
    seconds = np.array([[each[0] for each in turn] for turn in runs])
    found = [
        probabilities(np.concatenate([turn[i][1] for turn in runs])) for i in range(len(names))
    ]
    differences = [np.abs(one["label_1"] - found[0]["label_1"]) for one in found]
    few = rows.iloc[: n // 4]
    alone = [None, *(probabilities(one.score_alone(by_id(few))) for one in ours.values())]
    hard = rows["label"].to_numpy()
    speedups = np.median(seconds[:, [0]] / seconds, axis=0)

    print(
        f"\n{name}, {teacher.dtype}, {n} reviews, {examples} examples, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}"
    )
    print(
        "differences are of P(positive): from the reference, and of texts asked alone from the "
        "same in batches"
    )
    columns = (
        "texts/s",
        "speedup",
        "max diff",
        "mean diff",
        "alone max",
        "alone mean",
        "accuracy",
        "mass",
    )
    print(f"{'':16}" + "".join(f"{column:>11}" for column in columns))
    for i, one in enumerate(names):
        moved = (
            np.abs(alone[i]["label_1"] - found[i]["label_1"][: len(few)])
            if i
            else np.full(1, np.nan)
        )
        print(
            f"{one:16}{n / seconds[:, i].sum():11.2f}{speedups[i]:11.2f}"
            f"{differences[i].max():11.1e}{differences[i].mean():11.1e}"
            f"{moved.max():11.1e}{moved.mean():11.1e}"
            f"{accuracy(found[i], hard):11.4f}{found[i]['label_mass'].mean():11.3f}"
        )
    config, dtype = reference.network.config, getattr(torch, teacher.dtype)
    most = matmul_flops(
        2048, config.hidden_size, config.intermediate_size, dtype, torch.device("cpu")
    )
    print(
        f"the reference feeds the model {tokens:.2f} times as many tokens: that bounds the speedup "
        f"by their number; ours is {speedups[1] / tokens:.0%} of it"
    )
    speed = flops / seconds[:, 1].sum()
    print(f"ours: {speed / 1e9:.0f} GFLOP/s of {most / 1e9:.0f} in one matmul")
    print(f"share_of_matmul: {speed / most:.2f}")
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
@click.option(
    "--teacher",
    type=click.Choice(sorted(PARAMS.teachers)),
    default="smollm2",
    show_default=True,
    help="Of the catalogue, with labels of one token.",
)
@click.option(
    "--reviews",
    help="Parquet or CSV with columns text and label (default: the default study's source).",
)
@click.option("--n", default=120, show_default=True, help="How many reviews.")
@click.option(
    "--examples", default=3, show_default=True, help="Solved examples in the prompt; 0: none."
)
@click.option(
    "--quantization",
    type=click.Choice(["int8", "cpu-int8"]),
    multiple=True,
    help="Another copy of the teacher in 8 bits, beside the others in memory.",
)
@click.option(
    "--memory", is_flag=True, help="Peak memory of 1,000 and of 10,000 short texts instead."
)
@click.option("--peak-of", type=int, hidden=True)
def main(
    teacher: str,
    reviews: str | None,
    n: int,
    examples: int,
    quantization: tuple[str, ...],
    memory: bool,
    peak_of: int | None,
) -> None:
    """Compare the teacher's labelling with the original study's loop."""
    if peak_of:
        peak(peak_of)
    elif memory:
        for size in (1_000, 10_000):
            command = [sys.executable, __file__, "--peak-of", str(size)]
            subprocess.run(command, check=True)  # noqa: S603 - this file
    else:
        compare(teacher, reviews, n, examples, quantization)


if __name__ == "__main__":
    main()
