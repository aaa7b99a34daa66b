"""Several copies of the teacher on a Ray cluster, each given chunks of texts as it becomes free.

The cluster is the one that this process is connected to, else that of ``RAY_ADDRESS``, else one on
this machine alone. A worker whose process is killed is started anew and asked the same chunk again.
"""

import logging
import os
from collections.abc import Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import bias_transfer
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Labelling, Teacher
from bias_transfer.teacher import model
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.journal import Answer
from bias_transfer.teacher.scoring import Scorer, chunks

RETRIES = 4
# Ray sends no statistics and prints no tip.
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@dataclass(frozen=True)
class RayScorer:
    """``scoring.Scorer`` on ``labelling.ray_workers`` processes (one at least), each with a model.

    Chunks, and so batches, are those of a single process. Rounding may depend on the number of
    threads. A worker on CPUs therefore has as many threads as this process (``OMP_NUM_THREADS``
    sets them) and asks for as many cores; by default Ray would choose. Answers from processors of
    one kind are then the same to the bit. A worker asks for one GPU where the cluster has any and
    ``device`` is not ``cpu``.
    """

    params: Teacher
    pool: Pool | None
    labelling: Labelling
    device: str

    def score(
        self, texts: Mapping[str, str], done: Container[str] = ()
    ) -> Iterator[dict[str, Answer]]:
        """Ask about every text (id to text) that is not ``done``, and yield the answers per chunk.

        Raises
        ------
        InputError
            If Ray is missing or out of reach, the teacher cannot be loaded (see ``model.load``) or
            answers with something that is not a number, or one chunk's workers are killed time and
            again.
        """
        parts: list[dict[str, list[Any]]] = [
            {
                "id": list(chunk),
                "text": list(chunk.values()),
                "done": [name in done for name in chunk],
            }
            for chunk in chunks(texts)
        ]
        if missing := [part for part in parts if not all(part["done"])]:
            data = connect()
            dataset = data.from_items(missing, override_num_blocks=len(missing))
            with clear_errors():
                answered = self.map(dataset, _ChunkWorker, 1, len(missing))
                for rows in answered.iter_batches(
                    batch_size=None, batch_format="pyarrow", prefetch_batches=0
                ):
                    yield {row.pop("id"): Answer(**row) for row in rows.to_pylist()}

    def map(
        self, dataset: Any, worker: type["Worker"], batch_size: int, most: int | None = None
    ) -> Any:
        """Put a Ray dataset's rows, in Arrow tables of ``batch_size``, through workers of a kind.

        There are at most ``most`` workers, or ``labelling.ray_workers`` without it.
        """
        import ray
        import torch

        threads = torch.get_num_threads()
        workers = max(1, self.labelling.ray_workers)
        return dataset.map_batches(
            worker,
            fn_constructor_args=(self, threads),
            batch_size=batch_size,
            batch_format="pyarrow",
            compute=ray.data.ActorPoolStrategy(size=min(workers, most or workers)),
            max_restarts=-1,
            max_task_retries=RETRIES,  # so that a text that kills every worker ends the run
            **_resources(self.device, threads),
        )


class Worker:
    """A process of the cluster, which loads the model when it is given its first texts.

    It does not load in its constructor, since Ray hands on an error there as mere text and counts
    only deaths in a task.
    """

    def __init__(self, job: RayScorer, threads: int) -> None:
        import torch

        self._job = job
        torch.set_num_threads(threads)

    def answer(self, texts: Mapping[str, str], done: Container[str] = ()) -> dict[str, Answer]:
        """Answers to the texts (id to text, one chunk) that are not ``done``."""
        return {
            name: answer
            for batch in self._scorer.score(texts, done)
            for name, answer in batch.items()
        }

    @cached_property
    def _scorer(self) -> Scorer:
        job = self._job
        return model.load(job.params, job.pool, job.labelling, job.device)


class _ChunkWorker(Worker):
    def __call__(self, rows: Any) -> Any:
        import pyarrow as pa

        (chunk,) = rows.to_pylist()
        finished = {name for name, done in zip(chunk["id"], chunk["done"], strict=True) if done}
        answers = self.answer(dict(zip(chunk["id"], chunk["text"], strict=True)), finished)
        columns = dict(zip(Answer._fields, zip(*answers.values(), strict=True), strict=True))
        return pa.table({"id": list(answers)} | columns)


def connect() -> Any:
    """``ray.data``, connected to the cluster, and quiet.

    Workers on other machines get this package from here, but not the packages that it needs.

    Raises
    ------
    InputError
        If Ray is not installed, or the cluster of ``RAY_ADDRESS`` is out of reach.
    """
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
        import ray.data
    except ImportError:
        message = "ray_workers and label-parquet need Ray: pip install 'ray[data]'"
        raise InputError(message) from None
    if not ray.is_initialized():
        address = os.environ.get("RAY_ADDRESS")
        options = (
            {"runtime_env": {"py_modules": [bias_transfer]}}
            if address
            else {"include_dashboard": False}
        )
        try:
            ray.init(
                address or "local", log_to_driver=False, logging_level=logging.ERROR, **options
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise InputError(
                f"the Ray cluster {address or 'of this machine'} cannot be reached: "
                f"{_first_line(error)} (RAY_ADDRESS says which one it is)"
            ) from error
    logging.getLogger("ray.data").setLevel(logging.CRITICAL)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.raise_original_map_exception = True
    return ray.data


@contextmanager
def clear_errors() -> Iterator[None]:
    """Raise a worker's own error, and an ``InputError`` if workers are killed time and again."""
    from ray.exceptions import RayError, RayTaskError

    try:
        yield
    except RayTaskError as error:
        raise error.cause from (None if isinstance(error.cause, InputError) else error)
    except RayError as error:
        raise InputError(
            f"Ray gave up after {RETRIES} retries of the same texts, perhaps for want of memory: "
            f"lower batch_tokens or ray_workers ({_first_line(error)})"
        ) from error


def _resources(device: str, threads: int) -> dict[str, int]:
    import ray

    if device == "cuda" or (device == "auto" and ray.cluster_resources().get("GPU")):
        return {"num_gpus": 1}
    # A worker that asks for more cores than any machine has would wait for ever.
    largest = max(node["Resources"].get("CPU", 0) for node in ray.nodes() if node["Alive"])
    return {"num_cpus": max(1, min(threads, int(largest)))}


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
