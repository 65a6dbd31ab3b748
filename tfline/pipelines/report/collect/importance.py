"""Permutation importance of the raw features, as the Evaluator found it."""

from __future__ import annotations

from tfline.components.evaluator.evidence.evidence_file import Importances
from tfline.pipelines.report.run_files import RunFiles


def collect(files: RunFiles) -> Importances | None:
    """Returns the importances; None if there are none to tell apart."""
    return files.evidence.importances if files.evidence is not None else None
