"""Fit a student. Baseline and distilled are the same call but for ``alpha``."""

import copy
import sys
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from bias_transfer.distillation.loss import distillation_loss
from bias_transfer.errors import InputError
from bias_transfer.evaluation import log_loss
from bias_transfer.params import Training
from bias_transfer.students.student import Student

GROUP = 16


@dataclass(frozen=True)
class Examples:
    """Texts, hard labels of shape (n,) and teacher probabilities of shape (n, 2), row by row."""

    texts: list[str]
    labels: np.ndarray
    teacher: np.ndarray


def fit(
    student: Student,
    train: Examples,
    validation: Examples,
    training: Training,
    *,
    alpha: float,
    temperature: float,
    warmup_share: float,
    patience: int,
    seed: int,
    device: str,
    precision: str,
    name: str,
) -> pd.DataFrame:
    """Train ``student`` in place and leave it at the epoch with the lowest validation log loss on hard labels.

    It stops early once ``patience`` epochs have passed without a lower one. AdamW; the learning rate rises over
    ``warmup_share`` of the steps and then falls to 0 in a straight line. Weights are float32; with ``precision``
    bfloat16 the network multiplies in that (autocast). Batch order and dropout follow from ``seed`` alone, so two arms
    that differ in ``alpha`` see the same batches.

    Started by ``torchrun``, each process takes its share of every batch, on a GPU of its own; but for dropout and
    rounding the student is the one that a single process would fit.

    Returns
    -------
    DataFrame
        One row an epoch: ``epoch`` (from 1), ``train_loss`` (mean over the epoch, in the units of its own target),
        ``validation_log_loss`` and ``validation_accuracy`` (hard labels, in both arms), ``learning_rate`` at its end.

    Raises
    ------
    InputError
        If the loss becomes something that is not a number.
    """
    processes = PartialState(cpu=device == "cpu")
    torch.manual_seed(seed + processes.process_index)
    order = np.random.default_rng(seed)
    network = student.network.to(device)
    if processes.num_processes > 1:
        student = replace(student, network=DistributedDataParallel(network))
    ids, held_out = student.encode(train.texts), student.encode(validation.texts)
    lengths = np.array([len(tokens) for tokens in ids])
    labels = torch.tensor(train.labels, device=device)  # a copy: pandas lends its own for reading only
    teacher = torch.from_numpy(train.teacher).float().to(device)
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=training.learning_rate, weight_decay=training.weight_decay, fused=True
    )
    steps = training.epochs * -(-len(ids) // training.batch_size)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, _warmup_then_linear(steps, warmup_share))
    autocast = torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16")

    history, best, best_epoch, best_loss = [], None, 0, np.inf
    quiet = not processes.is_main_process
    with tqdm(total=steps, desc=name, unit="step", file=sys.stderr, mininterval=1, disable=quiet) as bar:
        for epoch in range(1, training.epochs + 1):
            network.train()
            total = 0.0
            for batch in batches(lengths, training.batch_size, order):
                rows, weight = _share(batch, processes)
                with autocast:
                    logits = student.logits([ids[i] for i in rows])
                loss = weight * distillation_loss(logits.float(), teacher[rows], labels[rows], alpha, temperature)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item() * len(batch)
                bar.update()
            scores = student.score(held_out)
            sums = torch.tensor([total, log_loss(validation.labels, scores[:, 1])], dtype=torch.float64, device=device)
            total, loss_now = reduce(sums, "mean").tolist()  # or processes might not stop together
            if not np.isfinite(total + loss_now):
                raise InputError(f"{name}: the training loss is not a number: lower the student's learning_rate")
            history.append(
                {
                    "epoch": epoch,
                    "train_loss": total / len(ids),
                    "validation_log_loss": loss_now,
                    "validation_accuracy": float(((scores[:, 1] > 0.5) == validation.labels).mean()),
                    "learning_rate": schedule.get_last_lr()[0],
                }
            )
            bar.set_postfix(validation_log_loss=f"{loss_now:.4f}")
            if loss_now < best_loss:
                best_epoch, best_loss = epoch, loss_now
                best = copy.deepcopy({k: v.cpu() for k, v in network.state_dict().items()})
            if epoch - best_epoch >= patience:
                break
    network.to("cpu").load_state_dict(best)
    return pd.DataFrame(history)


def batches(lengths: np.ndarray, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """Split positions at random into batches of texts of similar length, so that little is spent on padding.

    Texts are shuffled and dealt into groups of ``GROUP`` batches; a group is sorted by length and cut; the batches of
    all groups are shuffled again.
    """
    order = random.permutation(len(lengths))
    groups = [order[start : start + size * GROUP] for start in range(0, len(order), size * GROUP)]
    grouped = np.concatenate([group[np.argsort(lengths[group], kind="stable")] for group in groups])
    parts = [grouped[start : start + size] for start in range(0, len(grouped), size)]
    return [parts[i] for i in random.permutation(len(parts))]


def _share(batch: np.ndarray, processes: PartialState) -> tuple[np.ndarray, float]:
    """Rows of a batch for one process, and the weight of its loss with which the processes' mean is the batch's."""
    rows = batch[processes.process_index :: processes.num_processes]
    weight = len(rows) * processes.num_processes / len(batch)
    return (rows, weight) if len(rows) else (batch[:1], 0.0)


def _warmup_then_linear(steps: int, share: float):
    warmup = int(steps * share)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor
