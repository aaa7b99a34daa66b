"""Metadata of a run as an RO-Crate: files, software, sources, and the action that joins them.

Format: "Research Object Crate" 1.2 (https://w3id.org/ro/crate/1.2), as JSON-LD.
"""

from collections.abc import Iterable
from typing import Any

from bias_transfer.commands.export.about import About, Source
from bias_transfer.commands.export.croissant import format_of
from bias_transfer.commands.export.hashed import Hashed

NAME = "ro-crate-metadata.json"
_VERSION = "https://w3id.org/ro/crate/1.2"
_RUN, _SOFTWARE = "#run", "#bias-transfer"


def metadata(about: About, files: Iterable[Hashed]) -> dict[str, Any]:
    """``ro-crate-metadata.json`` of a study's files."""
    files = list(files)
    licence = f"https://spdx.org/licenses/{about.licence}"
    libraries = {name: v for name, v in about.versions.items() if name != "bias-transfer"}
    graph = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": _VERSION},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": about.name,
            "description": about.description,
            "datePublished": about.date,
            "license": {"@id": licence},
            "hasPart": _ids(str(file.content.path) for file in files),
            "mentions": [{"@id": _RUN}],
        },
        {
            "@id": licence,
            "@type": "CreativeWork",
            "name": about.licence,
            "description": "Licence of what this project made. The teacher and the reviews have "
            "terms of their own.",
        },
        {
            "@id": _RUN,
            "@type": "CreateAction",
            "name": f"Study {about.study}",
            "description": about.answer,
            "instrument": {"@id": _SOFTWARE},
            "object": _ids(
                [
                    *(source.id for source in about.sources),
                    *(str(file.content.path) for file in files if file.content.given),
                ]
            ),
            "result": _ids(str(file.content.path) for file in files if not file.content.given),
        },
        {
            "@id": _SOFTWARE,
            "@type": "SoftwareApplication",
            "name": "bias-transfer",
            "version": about.version,
            "license": {"@id": licence},
            "softwareRequirements": _ids(f"#{name}" for name in libraries),
        }
        | ({"identifier": f"git commit {about.commit}"} if about.commit else {}),
        *(
            {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "version": version}
            for name, version in libraries.items()
        ),
        *map(_source, about.sources),
        *map(_file, files),
    ]
    return {"@context": f"{_VERSION}/context", "@graph": graph}


def _ids(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"@id": name} for name in names]


def _source(source: Source) -> dict[str, Any]:
    return {
        "@id": source.id,
        "@type": "CreativeWork",
        "name": source.name,
        "identifier": source.address,
        "conditionsOfAccess": f"Not part of this crate. Licence: {source.licence}",
    }


def _file(file: Hashed) -> dict[str, Any]:
    return {
        "@id": str(file.content.path),
        "@type": "File",
        "name": file.content.path.name,
        "description": file.content.about,
        "encodingFormat": format_of(file.content.path),
        "contentSize": str(file.size),
        "sha256": file.sha256,
    }
