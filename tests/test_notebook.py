"""The notebook runs from a clean kernel, in a folder of nothing, without a warning."""

from __future__ import annotations

import os
import re
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  # Its cache, made when first imported, is a warning.
import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config

PATH = Path(__file__).resolve().parents[1] / "notebooks/demo.ipynb"
QUIET = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # ipykernel's debugger grumbles at frozen modules
# A kernel that any process of this machine could listen to says so on stderr.
ENCRYPTED = Config({"KernelManager": {"transport_encryption": "required"}})


@pytest.fixture
def notebook() -> NotebookNode:
    return nbformat.read(PATH, as_version=nbformat.NO_CONVERT)


def outputs(notebook: NotebookNode) -> list[NotebookNode]:
    return [out for cell in notebook.cells for out in cell.get("outputs", ())]


def shown(notebook: NotebookNode, mime: str) -> list[str]:
    return [out.data[mime] for out in outputs(notebook) if mime in out.get("data", ())]


def printed(notebook: NotebookNode, stream: str) -> str:
    return "".join(out.text for out in outputs(notebook) if out.get("name") == stream)


def test_it_is_committed_small_and_without_outputs(notebook: NotebookNode) -> None:
    nbformat.validate(notebook)
    assert notebook.nbformat == 4
    assert PATH.stat().st_size < 20_000
    assert outputs(notebook) == []
    assert {cell.get("execution_count") for cell in notebook.cells} == {None}


def test_its_links_lead_somewhere(notebook: NotebookNode) -> None:
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    assert [link for link in links if not (PATH.parent / link).is_file()] == []


def test_it_runs_from_a_clean_kernel(
    notebook: NotebookNode, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    work, scratch = tmp_path / "work", tmp_path / "scratch"
    work.mkdir()
    scratch.mkdir()
    own = {"TMPDIR": str(scratch), "IPYTHONDIR": str(tmp_path / "ipython"), **QUIET}
    client = NotebookClient(
        notebook, timeout=240, kernel_name="python3", config=ENCRYPTED,
        resources={"metadata": {"path": str(work)}},
    )  # fmt: skip
    client.execute(env={**os.environ, **own})

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert printed(notebook, "stderr") == ""
    assert capfd.readouterr().err == ""
    assert list(work.iterdir()) == []

    said = printed(notebook, "stdout")
    assert "faults: []\n" in said
    assert "Of 13 conditions, both is clearly better than eyes under" in said
    assert "the same to the last bit: True\n" in said
    for page in said.splitlines()[-3:]:
        assert Path(page).is_relative_to(scratch)
        assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(shown(notebook, "image/png")) == 4
    [table] = [text for text in shown(notebook, "text/markdown") if "accuracy" in text]
    assert table.count("\n") == 2 + 13 - 1
    html = "".join(shown(notebook, "text/html"))
    assert html.count("<audio") == 4
    assert html.count("data:video/mp4;base64,") == 1
