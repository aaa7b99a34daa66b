"""Metadata of a data set in Croissant, which search engines and loaders of data read.

Format: MLCommons, "Croissant Format Specification" 1.0 (2024). What a column means comes from
``io.schemas``.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandera.pandas as pa

from bias_transfer.commands.export.about import About
from bias_transfer.commands.export.contents import Content
from bias_transfer.commands.export.hashed import Hashed
from bias_transfer.io import schemas

FORMATS = {
    ".csv": "text/csv",
    ".html": "text/html",
    ".json": "application/json",
    ".parquet": "application/x-parquet",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".yaml": "application/yaml",
}
_TYPES = {"str": "sc:Text", "int": "sc:Integer", "flo": "sc:Float", "boo": "sc:Boolean"}
_SYSTEM = schemas.ACCURACY.columns["system"]
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}


def metadata(about: About, files: Iterable[Hashed]) -> dict[str, Any]:
    """``croissant.json`` of a study's files."""
    files = list(files)
    parts: dict[str, list[Content]] = {}
    for file in files:
        if file.content.part:
            parts.setdefault(file.content.part, []).append(file.content)
    tables = [file.content for file in files if file.content.schema is not None]
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": about.name,
        "description": about.description,
        "citeAs": about.citation,
        "datePublished": about.date,
        "license": f"https://spdx.org/licenses/{about.licence}",
        "version": about.version,
        "distribution": [*map(_file, files), *(_file_set(*part) for part in parts.items())],
        "recordSet": [*map(_table, tables), *(_predictions(*part) for part in parts.items())],
    }


def format_of(path: Path) -> str:
    """Media type of a file, by its suffix."""
    return FORMATS.get(path.suffix, "text/plain")


def _file(file: Hashed) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": str(file.content.path),
        "name": str(file.content.path),
        "description": file.content.about,
        "contentUrl": str(file.content.path),
        "contentSize": f"{file.size} B",
        "encodingFormat": format_of(file.content.path),
        "sha256": file.sha256,
    }


def _file_set(part: str, files: list[Content]) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"files-{part}",
        "name": f"files-{part}",
        "description": f"The predictions of every system: {part}.",
        "encodingFormat": format_of(files[0].path),
        "includes": f"predictions/*/{part}.parquet",
    }


def _table(content: Content) -> dict[str, Any]:
    assert content.schema is not None  # noqa: S101 - for mypy; the caller chose those that have one
    source = {"fileObject": {"@id": str(content.path)}}
    return _record_set(content.table, content.about, content.schema, source)


def _predictions(part: str, files: list[Content]) -> dict[str, Any]:
    source = {"fileSet": {"@id": f"files-{part}"}}
    name = f"predictions-{part}"
    made = _record_set(name, f"Scores of every system: {part}.", schemas.PREDICTIONS, source)
    system = _field(name, "system", "sc:Text", str(_SYSTEM.description))
    system["source"] = source | {
        "extract": {"fileProperty": "fullpath"},
        "transform": {"regex": rf"predictions/[^/]+/(.+)/{part}\.parquet$"},
    }
    return made | {"field": [system, *made["field"]]}


def _record_set(
    name: str, about: str, schema: pa.DataFrameSchema, source: dict[str, Any]
) -> dict[str, Any]:
    fields = []
    for column, of in schema.columns.items():
        made = _field(name, column, _kind(of), _meaning(of))
        made["source"] = source | {"extract": {"column": column}}
        fields.append(made)
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "description": about,
        "field": fields,
    }


def _field(record_set: str, column: str, kind: str, about: str) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{record_set}/{column}",
        "name": column,
        "description": about,
        "dataType": kind,
    }


def _kind(column: pa.Column) -> str:
    return _TYPES[str(column.dtype)[:3]]


def _meaning(column: pa.Column) -> str:
    """Description of a column with its unit, its sign, and what its values mean."""
    meaning = column.metadata or {}
    parts = [str(column.description)]
    parts += [f"Unit: {meaning['unit']}."] if meaning.get("unit") else []
    parts += [f"Sign: {meaning['sign']}."] if meaning.get("sign") else []
    parts += [f"{value}: {what}" for value, what in meaning.get("values", {}).items()]
    return " ".join(parts)
