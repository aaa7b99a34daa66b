"""Fit a student. Targets differ in their soft labels; a baseline has alpha 0."""

import copy
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import torch
from accelerate import PartialState
from accelerate.utils import reduce
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from bias_transfer.distillation.loss import distillation_loss
from bias_transfer.io.errors import InputError
from bias_transfer.students.evaluation import log_loss
from bias_transfer.students.student import Student
from bias_transfer.study.params import Distillation, Encoder, Training

GROUP = 16
Watching = Callable[[Student], dict[str, float]]


@dataclass(frozen=True)
class LabelledTexts:
    """Texts, hard labels of shape (n,) and teacher probabilities of shape (n, 2), row by row.

    ``other`` holds another version of each text: an epoch takes one of the two, drawn row by row.
    """

    texts: list[str]
    labels: np.ndarray
    teacher: np.ndarray
    other: "LabelledTexts | None" = None

    @property
    def versions(self) -> "list[LabelledTexts]":
        """The texts, and their other version where there is one."""
        return [self] if self.other is None else [self, *self.other.versions]


@dataclass(frozen=True)
class Setting:
    """How one arm is fitted: the teacher's weight in the loss, seed, device, and a name to show."""

    alpha: float
    seed: int
    device: str
    name: str


def fit(
    student: Student,
    train: LabelledTexts,
    validation: LabelledTexts,
    training: Training,
    shared: Distillation,
    setting: Setting,
    watch: Watching | None = None,
) -> pd.DataFrame:
    """Train ``student`` in place, and leave it at its best epoch.

    The best epoch has the lowest validation log loss on hard labels. The fit stops once
    ``patience`` epochs have passed without a lower one. The optimizer is AdamW; the learning rate
    rises over ``warmup_share`` of the steps and then falls to 0 in a straight line. Weights are
    float32; an encoder multiplies in its ``dtype`` (autocast). Batch order and dropout follow from
    the seed alone, so arms of one seed see the same batches.

    Started by ``torchrun``, each process takes its share of every batch, on a GPU of its own. But
    for dropout and rounding, the student is the one that a single process would fit.

    ``watch`` looks at the student after each epoch, for numbers by name. It must draw nothing at
    random: the fit is the same without it.

    Returns
    -------
    DataFrame
        One row per epoch: ``epoch`` (from 1), ``train_loss`` (mean over the epoch, in the units of
        its own target), ``validation_log_loss`` and ``validation_accuracy`` (on hard labels,
        whatever the target), ``learning_rate`` at its end, and what ``watch`` gives.

    Raises
    ------
    InputError
        If the loss becomes something that is not a number.
    """
    loop = _Loop(student, train, training, shared, setting)
    held_out = student.encode(validation.texts)
    history: list[dict[str, float]] = []
    best: dict[str, torch.Tensor] = {}
    best_epoch, best_loss = 0, np.inf
    with loop.progress() as bar:
        for epoch in range(1, training.epochs + 1):
            total = loop.epoch(bar)
            scores = student.score(held_out)
            now = log_loss(validation.labels, scores[:, 1])
            total, now = loop.agree(total, now)
            if not np.isfinite(total + now):
                raise InputError(
                    f"{setting.name}: the training loss is not a number: lower the student's "
                    "learning_rate"
                )
            right = (scores[:, 1] > 0.5) == validation.labels
            history.append(
                {
                    "epoch": epoch,
                    "train_loss": total / len(train.texts),
                    "validation_log_loss": now,
                    "validation_accuracy": float(right.mean()),
                    "learning_rate": loop.learning_rate,
                    **(watch(student) if watch else {}),
                }
            )
            bar.set_postfix(validation_log_loss=f"{now:.4f}")
            if now < best_loss:
                best, best_epoch, best_loss = loop.weights(), epoch, now
            if epoch - best_epoch >= shared.patience:
                break
    student.network.to("cpu").load_state_dict(best)
    return pd.DataFrame(history)


class _Loop:
    """Batches, optimizer and schedule of one fit."""

    def __init__(
        self,
        student: Student,
        train: LabelledTexts,
        training: Training,
        shared: Distillation,
        setting: Setting,
    ) -> None:
        device = setting.device
        self._processes = PartialState(cpu=device == "cpu")
        torch.manual_seed(setting.seed + self._processes.process_index)
        self._order = np.random.default_rng(setting.seed)
        self._network = student.network.to(device)
        alone = self._processes.num_processes == 1
        network = self._network if alone else DistributedDataParallel(self._network)
        self._student = replace(student, network=network)
        self._version = np.random.default_rng([setting.seed, 1])  # leaves the order as it is
        self._ids = [student.encode(version.texts) for version in train.versions]
        self._lengths = np.array([len(tokens) for tokens in self._ids[0]])
        self._labels = torch.tensor(train.labels, device=device)  # a copy: pandas' is read-only
        teacher = np.stack([version.teacher for version in train.versions])
        self._teacher = torch.from_numpy(teacher).float().to(device)
        self._optimizer = torch.optim.AdamW(
            self._network.parameters(),
            lr=training.learning_rate,
            weight_decay=training.weight_decay,
            fused=True,
        )
        self._batch_size = training.batch_size
        self._steps = training.epochs * -(-len(self._lengths) // training.batch_size)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, _warmup_then_linear(self._steps, shared.warmup_share)
        )
        bfloat16 = isinstance(training, Encoder) and training.dtype == "bfloat16"
        self._autocast = torch.autocast(device, torch.bfloat16, enabled=bfloat16)
        self._alpha, self._temperature = setting.alpha, shared.temperature
        self._name = setting.name

    def progress(self) -> tqdm:
        """A bar over all steps; of several processes, the first shows it."""
        quiet = not self._processes.is_main_process
        return tqdm(
            total=self._steps, desc=self._name, unit="step", file=sys.stderr, mininterval=1,
            disable=quiet,
        )  # fmt: skip

    def epoch(self, bar: tqdm) -> float:
        """Go once over the training texts; the sum of the loss over them."""
        self._network.train()
        total = 0.0
        version = self._version.integers(len(self._ids), size=len(self._lengths))
        for batch in batches(self._lengths, self._batch_size, self._order):
            rows, weight = _share(batch, self._processes)
            with self._autocast:
                logits = self._student.logits([self._ids[version[i]][i] for i in rows])
            loss = weight * distillation_loss(
                logits.float(),
                self._teacher[version[rows], rows],
                self._labels[rows],
                self._alpha,
                self._temperature,
            )
            self._optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._optimizer.step()
            self._schedule.step()
            total += loss.item() * len(batch)
            bar.update()
        return total

    def agree(self, *values: float) -> list[float]:
        """The processes' mean of each value, so that all stop at the same epoch."""
        sums = torch.tensor(values, dtype=torch.float64, device=self._labels.device)
        return reduce(sums, "mean").tolist()

    def weights(self) -> dict[str, torch.Tensor]:
        """A copy of the network's weights, on the CPU."""
        return copy.deepcopy({k: v.cpu() for k, v in self._network.state_dict().items()})

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        return float(self._schedule.get_last_lr()[0])


def batches(lengths: np.ndarray, size: int, random: np.random.Generator) -> list[np.ndarray]:
    """Split positions at random into batches of texts of similar length, so that little is padded.

    Texts are shuffled and dealt into groups of ``GROUP`` batches. Each group is sorted by length
    and cut into batches. The batches of all groups are shuffled again.
    """
    order = random.permutation(len(lengths))
    groups = [order[start : start + size * GROUP] for start in range(0, len(order), size * GROUP)]
    grouped = np.concatenate([group[np.argsort(lengths[group], kind="stable")] for group in groups])
    parts = [grouped[start : start + size] for start in range(0, len(grouped), size)]
    return [parts[i] for i in random.permutation(len(parts))]


def _share(batch: np.ndarray, processes: PartialState) -> tuple[np.ndarray, float]:
    """Rows of a batch for one process, and the weight of their loss.

    With these weights the mean over processes is the mean over the batch.
    """
    rows = batch[processes.process_index :: processes.num_processes]
    weight = len(rows) * processes.num_processes / len(batch)
    return (rows, weight) if len(rows) else (batch[:1], 0.0)


def _warmup_then_linear(steps: int, share: float) -> Callable[[int], float]:
    warmup = int(steps * share)

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (steps - step) / max(1, steps - warmup))

    return factor
