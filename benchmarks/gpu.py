"""What this project does on a GPU, beside what the card can do; one JSON file.

benchmarks/gpu.sh OUT.json              everything: 8 minutes or less on one H100
benchmarks/gpu.sh OUT.json large        some parts: peaks, teacher, students, large
benchmarks/gpu.sh OUT.json --tiny       small sizes, on whatever device there is: does it run?

Nothing is downloaded. Where SmolLM2 is not in the cache of packages, the tests' tiny Llama takes
its place; where MiniLM or the reviews are not, random weights of MiniLM's shape learn which
sentences of the EEC are joyful. The file says so. It is written after each part, and keeps the
parts that were not asked for.
"""

import json
import platform
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
import torch
import transformers
from label import PARAMS, Reference, probabilities
from large_teacher import SHAPE, memory
from meter import Meter, clock, matmul_flops
from transformers import BertConfig, BertModel, LlamaConfig, LlamaForCausalLM

from bias_transfer.corpora import eec, sources
from bias_transfer.distillation.arm import fit_arm
from bias_transfer.distillation.fit import Setting
from bias_transfer.pretrained import hub, packages
from bias_transfer.students.evaluation import evaluate
from bias_transfer.study.params import Encoder
from bias_transfer.teacher import model
from bias_transfer.teacher.engines.hf import HfEngine
from bias_transfer.teacher.engines.linear import Int8WeightLinear, replace_linear
from bias_transfer.teacher.scoring import Question

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import tiny_models

DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
TOLERANCE = 1e-4  # in P, between float32 labels: what `label --check` allows
PARTS = ("peaks", "teacher", "students", "large")
MINILM = {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12}
TINY = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "head_dim": 16}
TINY |= {"num_attention_heads": 4, "num_key_value_heads": 2, "vocab_size": 512}


def peaks(tiny: bool) -> dict[str, Any]:
    """One large multiplication in each precision."""
    rows, hidden, wide = (256, 64, 128) if tiny else (8192, 4096, 14_336)
    return {
        f"matmul_tflops_{name}": matmul_flops(rows, hidden, wide, getattr(torch, name), DEVICE)
        / 1e12
        for name in ("float32", "bfloat16")
    }


def teacher(tiny: bool, folder: Path) -> dict[str, Any]:
    """Labels of EEC sentences: the CPU's in float32, and this device's, in batches of two sizes."""
    real = cached("smollm2") and not tiny
    changes = {} if real else {"model": str(tiny_models.llama(folder)), "variants": ()}
    params = PARAMS.teachers["smollm2"].model_copy(update=changes)
    frame = eec.generate().sample(24 if tiny else 200, random_state=0)
    texts = dict(frame[["id", "sentence"]].itertuples(index=False))

    def ask(device: str, dtype: str, batch_tokens: int | None = None) -> tuple[float, np.ndarray]:
        how = PARAMS.labelling.model_copy(update={"batch_tokens": batch_tokens})
        loaded = model.load(params.model_copy(update={"dtype": dtype}), None, how, device)
        started = clock(DEVICE)
        answers = {name: found for batch in loaded.score(texts) for name, found in batch.items()}
        return clock(DEVICE) - started, np.array([answers[name][:2] for name in texts])

    _, cpu = ask("cpu", "float32")
    expected = probabilities(cpu)["label_1"]
    log_odds = cpu[:, 1] - cpu[:, 0]
    found: dict[str, Any] = {
        "model": "SmolLM2" if real else "the tests' two-layer Llama",
        "n": len(texts),
        "sd_log_odds_cpu": float(log_odds.std()),
    }
    for name, batch_tokens in (("float32", None), ("float32", 512), ("bfloat16", None)):
        seconds, answers = ask(DEVICE.type, name, batch_tokens)
        key = name if batch_tokens is None else f"{name}_small_batches"
        change = np.abs(probabilities(answers)["label_1"] - expected)
        found |= {
            f"{key}_max_change_p": change.max(),
            f"{key}_mean_change_p": change.mean(),
            f"{key}_max_change_log_probability": np.abs(answers - cpu).max(),
            f"{key}_seconds": seconds,
        }
    found["within_1e-4"] = bool(found["float32_max_change_p"] <= TOLERANCE)
    return found


def students(tiny: bool, folder: Path) -> dict[str, Any]:
    """One fit of MiniLM, or of its shape: here in bfloat16, and on the CPU in float32."""
    real = cached("minilm") and cached("snippets") and not tiny
    params = PARAMS.students["minilm"]
    if not real:  # it has learnt nothing yet, and needs more
        changes = {"model": str(random_encoder(folder, tiny)), "learning_rate": 3e-4, "epochs": 3}
        params = params.model_copy(update=changes | {"max_length": 64})
    train, test = texts_to_learn(real, 64 if tiny else 2000)
    hard = np.eye(2)[train["label"]]
    found: dict[str, Any] = {
        "model": "MiniLM" if real else "random weights of MiniLM's shape",
        "texts": "reviews" if real else "EEC: is the emotion joy?",
        "n_train": len(train),
        "n_test": len(test),
    }
    scores = {}
    for name, device, dtype in (("cpu", "cpu", "float32"), ("gpu", DEVICE.type, "bfloat16")):
        scores[name], found[f"minilm_{dtype}_{name}"] = fitted(
            train, test, hard, params.model_copy(update={"dtype": dtype}), device
        )
    change = np.abs(scores["gpu"] - scores["cpu"])
    found["accuracy_minus_cpu"] = (
        found["minilm_bfloat16_gpu"]["accuracy"] - found["minilm_float32_cpu"]["accuracy"]
    )
    return found | {"max_change_p": change.max(), "mean_change_p": change.mean()}


def fitted(
    train: pd.DataFrame, test: pd.DataFrame, hard: np.ndarray, params: Encoder, device: str
) -> tuple[np.ndarray, dict[str, Any]]:
    """P(positive) of the test texts, and time, accuracy and memory of the fit."""
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
    setting = Setting(alpha=0.0, seed=0, device=device, name=f"minilm {device} {params.dtype}")
    started = clock(DEVICE)
    fit = fit_arm(train, hard, params, PARAMS.distillation, setting)
    seconds = clock(DEVICE) - started
    fit.student.network.to(device)
    scores = fit.student.predict_proba(test["text"].tolist())[:, 1]
    measured = evaluate(test["label"].to_numpy(), scores)
    return scores, {
        "precision": params.dtype,
        "seconds_fit": seconds,
        "texts_per_s_fit": len(fit.history) * len(train) / seconds,
        "epochs": len(fit.history),
        "accuracy": measured["accuracy"],
        "log_loss": measured["log_loss"],
        "peak_gb": memory(torch.device(device)),
    }


def texts_to_learn(real: bool, n: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """``n`` training and n/2 test texts, and their labels."""
    if real:
        frame = sources.load(PARAMS.reviews["snippets"]).frame
    else:
        frame = eec.generate().dropna(subset="emotion").rename(columns={"sentence": "text"})
        frame = frame.assign(label=(frame["emotion"] == "joy").astype(int))
    frame = frame.sample(n + n // 2, random_state=0).reset_index(drop=True)
    return frame.iloc[:n], frame.iloc[n:].reset_index(drop=True)


def random_encoder(folder: Path, tiny: bool) -> Path:
    """A BERT of MiniLM's shape that has learnt nothing, with the tests' tokenizer."""
    tiny_models.encoder(folder)
    shape = {} if tiny else MINILM | {"intermediate_size": 1536, "max_position_embeddings": 512}
    config = BertConfig.from_pretrained(folder, **shape)
    torch.manual_seed(0)
    with hub.quiet():
        BertModel(config).save_pretrained(folder)
    return folder


def large(tiny: bool) -> dict[str, dict[str, Any]]:
    """Labels by random weights of Llama 3.1 8B's shape, made on the device.

    Prompts are random tokens: instruction and examples that all share, and a text of their own.
    """
    shape = SHAPE | TINY if tiny else SHAPE
    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(DEVICE):
        network = LlamaForCausalLM(LlamaConfig(**shape)).eval()
    torch.set_default_dtype(torch.float32)
    random = np.random.default_rng(0)
    shared, least, most, n = (32, 4, 40, 12) if tiny else (900, 60, 600, 512)
    start = random.integers(0, shape["vocab_size"], shared).tolist()
    prompts = [
        start + random.integers(0, shape["vocab_size"], length).tolist()
        for length in random.integers(least, most, n)
    ]
    meter = Meter(network)
    most_flops = matmul_flops(
        256 if tiny else 8192,
        shape["hidden_size"],
        shape["intermediate_size"],
        torch.bfloat16,
        DEVICE,
    )
    found = {}
    for name, batch_tokens in (("bfloat16", 32_768), ("bfloat16_131072", 131_072)):
        found[f"large_{name}"] = labelled(network, meter, prompts, batch_tokens, most_flops)
    expected, reference = by_the_plain_loop(network, prompts[: n // 20 or 2])
    for one in found.values():
        change = np.abs(one.pop("p")[: len(expected)] - expected)
        one |= reference | {"max_change_p_from_reference": change.max()}
    replace_linear(network, Int8WeightLinear)
    int8 = labelled(network, meter, prompts[: n // 2], 32_768, most_flops)
    change = np.abs(int8.pop("p")[: len(expected)] - expected)
    found["large_int8"] = int8 | {"weights": "int8", "max_change_p_from_bfloat16": change.max()}
    return found


def labelled(
    network: Any, meter: Meter, prompts: list[list[int]], batch_tokens: int, most_flops: float
) -> dict[str, Any]:
    """Speed, its share of one multiplication's, memory, and P of one of two tokens."""
    engine = HfEngine(network, batch_tokens)
    asked = [[Question(ids, [7, 3])] for ids in prompts]
    list(engine.score(asked[:2], ()))  # warms up
    meter.reset()
    if DEVICE.type == "cuda":
        torch.cuda.reset_peak_memory_stats()
    started = clock(DEVICE)
    answers = {i: rows[0] for batch in engine.score(asked, ()) for i, rows in batch.items()}
    seconds = clock(DEVICE) - started
    return {
        "weights": "bfloat16",
        "layers": network.config.num_hidden_layers,
        "n": len(prompts),
        "batch_tokens": engine.batch_tokens,
        "weights_gb": sum(tensor.nbytes for tensor in network.state_dict().values()) / 1e9,
        "peak_gb": memory(DEVICE),
        "mean_prompt_tokens": np.mean([len(ids) for ids in prompts]),
        "tokens_fed_per_text": meter.tokens / len(prompts),
        "seconds": seconds,
        "labels_per_s": len(prompts) / seconds,
        "tokens_per_s": meter.tokens / seconds,
        "tflops": meter.flops / seconds / 1e12,
        "matmul_tflops": most_flops / 1e12,
        "share_of_matmul": meter.flops / seconds / most_flops,
        "p": probabilities(np.array([answers[i] for i in range(len(prompts))]))["label_1"],
    }


def by_the_plain_loop(network: Any, prompts: list[list[int]]) -> tuple[np.ndarray, dict[str, Any]]:
    """P of the original study's loop, and its speed."""
    started = clock(DEVICE)
    answers = Reference(network).score(prompts, [7, 3])
    speed = len(prompts) / (clock(DEVICE) - started)
    figures = {"reference_n": len(prompts), "reference_labels_per_s": speed}
    return probabilities(answers)["label_1"].to_numpy(), figures


def cached(name: str) -> bool:
    """Whether a package's files are here already."""
    package = packages.PACKAGES[name]
    return (packages.cache() / f"{package.name}-{package.version}").is_dir()


def environment() -> dict[str, Any]:
    """Versions and the device."""
    cuda = DEVICE.type == "cuda"
    return {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "threads": torch.get_num_threads(),
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "gpu": torch.cuda.get_device_name() if cuda else None,
        "cuda": torch.version.cuda,
        "memory_gb": torch.cuda.get_device_properties(0).total_memory / 1e9 if cuda else None,
    }


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.argument("parts", nargs=-1, type=click.Choice(PARTS))
@click.option("--tiny", is_flag=True, help="Small sizes: does it run?")
def main(out: Path, parts: tuple[str, ...], tiny: bool) -> None:
    """Measure the project on the GPU that there is, and write one JSON file."""
    if DEVICE.type == "cpu" and not tiny:
        raise click.ClickException("torch sees no GPU here: --tiny runs small sizes on the CPU")
    found = json.loads(out.read_text(encoding="utf-8")) if out.exists() else {}
    found["environment"] = environment()
    with tempfile.TemporaryDirectory() as temporary:
        run = {
            "peaks": lambda: {"peaks": peaks(tiny)},
            "teacher": lambda: {"small_teacher": teacher(tiny, Path(temporary, "teacher"))},
            "students": lambda: {"students": students(tiny, Path(temporary, "student"))},
            "large": lambda: large(tiny),
        }
        for part in parts or PARTS:
            started = clock(DEVICE)
            new = run[part]()
            seconds = round(clock(DEVICE) - started, 2)
            found |= new | {"seconds": found.get("seconds", {}) | {part: seconds}}
            out.write_text(json.dumps(found, indent=1, default=float) + "\n", encoding="utf-8")
            click.echo(f"{part}: {seconds:.0f} s")


if __name__ == "__main__":
    main()
