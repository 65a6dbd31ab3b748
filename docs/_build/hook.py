"""What MkDocs does beside turning Markdown into pages.

The pages of the reference are made from the code, and the guides that live beside what they are
about (the server, Kubeflow, the models) become pages, so that nothing is written twice.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from tfline.pipelines.reference.markdown import pages

sys.path.insert(0, str(Path(__file__).parent))

import python_api  # noqa: E402 - beside this file, which MkDocs loads by its path

ROOT = Path(__file__).resolve().parents[2]

GUIDES = {
    "how-to/model-server.md": "tfline/serving/README.md",
    "how-to/cluster.md": "kubeflow/README.md",
    "reference/measured-models.md": "tfline/components/trainer/models/README.md",
    "contributing.md": "CONTRIBUTING.md",
    "changelog.md": "CHANGELOG.md",
}
"""Page to the file of the project that it shows."""

_LINK = re.compile(r"\[([^]]+)\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Adds the pages of the reference to the navigation."""
    folders: dict[str, list[object]] = {}
    for path in pages():
        folder, _, name = path.rpartition("/")
        page = f"reference/{path}"
        # under its group a page needs no more than the name of its family
        named = page if not folder or name == "index.md" else {_title(name): page}
        folders.setdefault(folder, []).append(named)
    top = [page for page in folders.pop("") if page != "reference/index.md"]
    groups = [{_title(folder): of_folder} for folder, of_folder in folders.items()]
    measured = ["reference/measured-models.md", "reference/python.md"]
    for section in config.nav or []:
        if "Reference" in section:
            section["Reference"] = ["reference/index.md", *groups, *top, *measured]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the generated pages and the guides."""
    for path, text in pages().items():
        files.append(File.generated(config, f"reference/{path}", content=text))
    files.append(File.generated(config, "reference/python.md", content=python_api.page()))
    for path, source in GUIDES.items():
        text = (ROOT / source).read_text(encoding="utf-8")
        files.append(File.generated(config, path, content=_without_dead_links(text, source)))
    return files


def _without_dead_links(text: str, source: str) -> str:
    """Returns a guide whose links to files of the project lead to their pages, or name the file."""
    shown = {(ROOT / file).resolve(): page for page, file in GUIDES.items()}
    here = next(page for page, file in GUIDES.items() if file == source)
    up = "../" * here.count("/")

    def replace(match: re.Match[str]) -> str:
        target = (ROOT / source).parent.joinpath(match[2]).resolve()
        docs = ROOT / "docs"
        if target in shown:
            return f"[{match[1]}]({up}{shown[target]}{match[3] or ''})"
        if target.is_relative_to(docs):
            return f"[{match[1]}]({up}{target.relative_to(docs)}{match[3] or ''})"
        if not target.exists():
            raise FileNotFoundError(f"{source} links to {match[2]}, which is not there")
        return f"{match[1]} (`{target.relative_to(ROOT)}`)"

    return _LINK.sub(replace, text)


def _title(folder: str) -> str:
    title = folder.removesuffix(".md").replace("-", " ")
    return title[0].upper() + title[1:]
