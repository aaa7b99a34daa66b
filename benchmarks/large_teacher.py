"""A teacher of the shape of Llama 3.1 8B, with random weights, on the device that there is.

python benchmarks/large_teacher.py --reviews imdb.parquet                       bfloat16
python benchmarks/large_teacher.py --reviews imdb.parquet --quantization int8   for a card of 24 GB
python benchmarks/large_teacher.py --layers 2 --n 8                             on a CPU, in part

Weights are written to a folder (16 GB) and loaded from there by the entry `llama3.1-8b` of
params.yaml, with its three examples, its budget for a review and its dtype. The tokenizer is
SmolLM2's, as the model's own is not to be had without its licence. Speed and memory do not depend
on what the weights are; what the model answers means nothing.
"""

import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import click
import numpy as np
import torch
from label import PARAMS, Ours, Reference, by_id, probabilities, read
from meter import clock, matmul_flops
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

from bias_transfer.pretrained import devices, hub
from bias_transfer.teacher.examples import Pool

SHAPE = {
    "vocab_size": 128_256,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "max_position_embeddings": 131_072,
    "rms_norm_eps": 1e-5,
}


def write(folder: Path, layers: int) -> None:
    """Random weights and a tokenizer, as `from_pretrained` reads them."""
    checkpoint = hub.locate(PARAMS.teachers["smollm2"].model, None)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint.name, **checkpoint.options)
    tokenizer.save_pretrained(folder)
    torch.set_default_dtype(torch.bfloat16)
    torch.manual_seed(0)
    LlamaForCausalLM(LlamaConfig(**SHAPE | {"num_hidden_layers": layers})).save_pretrained(folder)


def measure(
    folder: Path, reviews: str | None, n: int, reference: int, quantization: str | None
) -> None:
    """Print speed, its share of the device's, and memory, beside the original study's loop.

    The loop is timed on the first ``reference`` texts.
    """
    device = torch.device(devices.resolve(PARAMS.device))
    changes = {"model": str(folder), "revision": None, "quantization": quantization}
    teacher = PARAMS.teachers["llama3.1-8b"].model_copy(update=changes)
    frame = read(reviews)
    texts = by_id(frame.iloc[:n])
    ours = Ours(teacher, Pool(frame.iloc[n:], teacher.examples), device.type)
    network, dtype = ours.teacher.engine.model, getattr(torch, teacher.dtype)
    weights = sum(tensor.nbytes for tensor in network.state_dict().values()) / 1e9

    ours.score(dict(list(texts.items())[:2]))  # warms up
    ours.meter.reset()
    started = clock(device)
    found = probabilities(ours.score(texts))
    seconds, tokens, flops = clock(device) - started, ours.meter.tokens, ours.meter.flops
    peak = memory(device)

    queries = ours.teacher.prompt.queries(texts)
    contexts, label_ids = (
        [query.context for query in queries],
        [ids[0] for ids in queries[0].labels],
    )
    started = clock(device)
    expected = probabilities(Reference(network).score(contexts[:reference], label_ids))
    slow = (clock(device) - started) / len(expected)
    difference = np.abs(expected["label_1"] - found["label_1"][: len(expected)]).max()
    most = matmul_flops(8192, SHAPE["hidden_size"], SHAPE["intermediate_size"], dtype, device)

    name = (
        torch.cuda.get_device_name(device)
        if device.type == "cuda"
        else f"{torch.get_num_threads()} threads"
    )
    layers = network.config.num_hidden_layers
    print(
        f"\n{name}, torch {torch.__version__}, {layers} layers, {teacher.dtype}, quantization "
        f"{quantization}"
    )
    print(
        f"{weights:.1f} GB of weights, {peak:.1f} GB at most; batches of "
        f"{ours.teacher.engine.batch_tokens} tokens"
    )
    print(
        f"{n} reviews; prompts of {np.mean(list(map(len, contexts))):.0f} tokens, {tokens / n:.0f} "
        "of them fed"
    )
    print(f"texts/s: {n / seconds:.3g}, reference {1 / slow:.3g} on {len(expected)} of them")
    print(f"tokens/s: {tokens / seconds:.4g}")
    print(f"TFLOP/s: {flops / seconds / 1e12:.3g}, one matmul {most / 1e12:.3g}")
    print(f"share_of_matmul: {flops / seconds / most:.2f}")
    print(f"speedup: {slow * n / seconds:.2f}")
    print(f"max_abs_diff: {difference:.1e}")


def memory(device: torch.device) -> float:
    """Peak so far, in GB: of the GPU's memory, or of this process on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9


@click.command()
@click.option(
    "--reviews",
    help="Parquet or CSV with columns text and label (default: the default study's source).",
)
@click.option("--n", default=512, show_default=True, help="How many reviews.")
@click.option(
    "--reference",
    type=click.IntRange(min=1),
    default=24,
    show_default=True,
    help="How many of them the reference is asked.",
)
@click.option(
    "--layers", default=SHAPE["num_hidden_layers"], show_default=True, help="Layers of the model."
)
@click.option(
    "--quantization", type=click.Choice(["int8", "bnb-int8", "bnb-nf4"]), help="Of the weights."
)
@click.option(
    "--folder",
    type=Path,
    help="Where the weights are, or shall be kept (default: removed at the end).",
)
@click.option("--write", "only_write", is_flag=True, hidden=True)
def main(
    reviews: str | None,
    n: int,
    reference: int,
    layers: int,
    quantization: str | None,
    folder: Path | None,
    only_write: bool,
) -> None:
    """Label reviews with a model of the shape of Llama 3.1 8B."""
    if only_write:
        write(folder, layers)
        return
    with tempfile.TemporaryDirectory() as temporary:
        place = folder or Path(temporary)
        if not (place / "config.json").exists():
            options = ["--write", "--layers", str(layers), "--folder", str(place)]
            # In a process of its own, so that its memory is not counted.
            command = [sys.executable, __file__, *options]
            subprocess.run(command, check=True)  # noqa: S603 - this file
        measure(place, reviews, n, reference, quantization)


if __name__ == "__main__":
    main()
