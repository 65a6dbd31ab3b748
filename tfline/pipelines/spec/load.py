"""A spec out of its file: found, read, checked, and its errors put into words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pydantic

from tfline.pipelines.spec.document import Document, read_document
from tfline.pipelines.spec.errors import explain_all
from tfline.pipelines.spec.pipeline import PipelineSpec
from tfline.transforms.errors import SpecError, did_you_mean

CATALOG = Path(__file__).parents[1] / "catalog"
"""The pipelines that ship with tfline."""


def find_spec(name: str) -> Path:
    """Returns the file of a spec: a path, or the name of a catalog pipeline.

    Raises:
        SpecError: There is neither.
    """
    path = Path(name)
    if path.is_file():
        return path
    catalog = {file.stem: file for file in sorted(CATALOG.glob("*.yaml"))}
    if name in catalog:
        return catalog[name]
    raise SpecError(
        f"There is no spec '{name}': neither a file nor a pipeline of the catalog",
        hint=did_you_mean(name, catalog),
    )


def load_spec(name: str, overrides: Sequence[str] = ()) -> PipelineSpec:
    """Reads a spec.

    Args:
        name: A path, or the name of a catalog pipeline.
        overrides: Each ``key.path=value``.

    Raises:
        SpecError: Anything is wrong with it; the first line names the first error.
    """
    return read_spec(read_document(find_spec(name), overrides))


def read_spec(document: Document) -> PipelineSpec:
    """Reads the spec that a document writes.

    Raises:
        SpecError: Anything is wrong with it; the first line names the first error.
    """
    try:
        return PipelineSpec.model_validate(document.data)
    except pydantic.ValidationError as exc:
        raise explain_all(exc.errors(), document, PipelineSpec) from exc
