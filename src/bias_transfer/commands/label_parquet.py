"""A teacher's labels for parquet files of any size and at any fsspec URL.

There is no study here, and no journal.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import fsspec
import pandas as pd

from bias_transfer.io import stores
from bias_transfer.io.errors import InputError
from bias_transfer.study.params import Labelling, Teacher
from bias_transfer.teacher import labels
from bias_transfer.teacher.cluster import RayScorer, Worker, clear_errors, connect
from bias_transfer.teacher.examples import Pool
from bias_transfer.teacher.scoring import CHUNK

_COLUMNS = ("id", "text")
_IO = {"num_cpus": 0}  # reading and writing never wait for a core that a worker holds


def run(
    source: str, target: str, teacher: Teacher, pool: Pool | None, labelling: Labelling, device: str
) -> int:
    """Write the teacher's labels for ``source`` (file, folder or pattern) to folder ``target``.

    The files have columns ``id`` and ``text``, and any others; those written have ``id``,
    ``label_0``, ``label_1`` and ``label_mass`` as in a study's labels, in no particular order. Rows
    stream through ``labelling.ray_workers`` workers and are never all in one place; what was
    written before an error stays there.

    Returns
    -------
    int
        How many texts were labelled.

    Raises
    ------
    InputError
        If the teacher has examples and there is no pool for them, a file, column, text or id is
        missing, an id is a duplicate of one near it, ``target`` holds files already, or for any
        reason of ``RayScorer.score``.
    """
    if teacher.examples and pool is None:
        raise InputError(
            "the teacher's examples come from a training split: name its reviews with --reviews, "
            "or choose a teacher without examples"
        )
    system, files = _files(source)
    to, folder = _open(target)
    n = _check(system, files)
    if to.exists(folder) and to.find(folder):
        raise InputError(f"{target} holds files already: choose another folder, or remove it")
    data = connect()
    try:
        with clear_errors():
            texts = data.read_parquet(
                files,
                filesystem=system,
                columns=list(_COLUMNS),
                include_paths=True,
                file_extensions=None,
                partitioning=None,
                ray_remote_args=_IO,
            )
            labelled = RayScorer(teacher, pool, labelling, device).map(texts, _LabelWorker, CHUNK)
            labelled.write_parquet(folder, filesystem=to, ray_remote_args=_IO)
    except OSError as error:
        raise InputError(
            f"cannot read {source} or write {target}: {' '.join(str(error).split())}"
        ) from error
    return n


class _LabelWorker(Worker):
    def __call__(self, rows: Any) -> Any:
        import pyarrow as pa

        texts: dict[Any, str] = {}
        for name, text, path in zip(
            *(rows[column].to_pylist() for column in (*_COLUMNS, "path")), strict=True
        ):
            for column, value in zip(_COLUMNS, (name, text), strict=True):
                if value is None:
                    raise InputError(f"{path}: a row has no {column} (its id: {name})")
            if name in texts:
                raise InputError(f"{path}: id {name} stands twice")
            texts[name] = text
        return pa.Table.from_pandas(
            labels.to_labels(pd.Series(list(texts)), self.answer(texts)), preserve_index=False
        )


def _open(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        return fsspec.url_to_fs(url)
    except (ImportError, ValueError) as error:  # no such protocol, or its package is not installed
        raise InputError(f"{url} cannot be opened: {error}{stores.advice(url, error)}") from None


def _files(source: str) -> tuple[fsspec.AbstractFileSystem, list[str]]:
    system, path = _open(source)
    try:
        found = system.glob(path) if "*" in path else system.find(path)
    except FileNotFoundError:
        found = []
    except Exception as error:  # fsspec's stores each raise their own kinds
        what = " ".join(str(error).split())[:300] or type(error).__name__
        raise InputError(
            f"{source} cannot be read: {what}{stores.advice(source, error)}"
        ) from error
    files = sorted(file for file in found if file.endswith(".parquet") or file == path)
    if not files:
        raise InputError(f"{source} holds no parquet files: give one, a folder or a pattern")
    return system, files


def _check(system: fsspec.AbstractFileSystem, files: list[str]) -> int:
    """Count the rows of all files, and check that each has the columns, of one type everywhere.

    Only the files' footers are read.
    """
    import pyarrow as pa
    from pyarrow import parquet

    def read(file: str) -> tuple[int, dict[str, str]]:
        try:
            with system.open(file) as stream:
                footer = parquet.ParquetFile(stream)
                kinds = {
                    field.name: str(field.type).removeprefix("large_")
                    for field in footer.schema_arrow
                }
                return footer.metadata.num_rows, kinds
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"{file} cannot be read: {' '.join(str(error).split())}") from None

    with ThreadPoolExecutor(16) as threads:
        footers = dict(zip(files, threads.map(read, files), strict=True))
    expected = {"text": "string"}
    for file, (_, kinds) in footers.items():
        for column in _COLUMNS:
            if column not in kinds:
                raise InputError(
                    f"{file}: column {column!r} is missing (columns: {', '.join(kinds)})"
                )
            if kinds[column] != expected.setdefault(column, kinds[column]):
                raise InputError(
                    f"{file}, column {column!r}: must be {expected[column]}, not {kinds[column]}"
                )
    if not (rows := sum(n for n, _ in footers.values())):
        raise InputError(f"{files[0]}: holds no rows")
    return rows
