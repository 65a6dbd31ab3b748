"""The example notebook runs from its first cell to its last, and is kept without outputs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import nbclient
import nbformat
import pytest

pytestmark = pytest.mark.whole

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "notebooks" / "first_run.ipynb"


@pytest.fixture(scope="module")
def notebook() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_notebook_is_kept_without_outputs(notebook: Any) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in cells] == [[] for _ in cells]
    assert {cell.execution_count for cell in cells} == {None}


def text_of(cell: Any) -> str:
    """What a cell has printed, and its value."""
    texts = [output.get("text", "") for output in cell.outputs]
    return "".join(
        [*texts, *(output.get("data", {}).get("text/plain", "") for output in cell.outputs)]
    )


def test_notebook_runs(notebook: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")  # or jupyter_core warns
    client = nbclient.NotebookClient(
        notebook,
        timeout=900,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute()
    cells = {cell.source.strip().splitlines()[-1]: cell for cell in notebook.cells}
    shown = cells["run"]
    assert "Evaluator" in text_of(shown)  # the progress, a line a component
    [page] = [out for out in shown.outputs if "text/html" in out.get("data", {}) and "Run" in
              out["data"].get("text/plain", "")]  # fmt: skip
    assert "BLESSED" in page["data"]["text/html"]
    assert "iframe" in cells["run.report()"].outputs[-1]["data"]["text/html"]
    assert 0.8 < float(text_of(cells['run.metrics["auc"]'])) < 1
    assert "big tip" in text_of(
        cells["[(prediction.label, prediction.probabilities) for prediction in predictions]"]
    )
    why = text_of(cells['print(own.why("Trainer"))'])
    assert 'Trainer: model.name: "wide_deep" -> "tfline_notebook.small_' in why
    assert "source tfline_notebook.small_" in why
