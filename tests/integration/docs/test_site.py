"""The site: it is built without a complaint, refuses dead links, and is read without a network."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort

from tests.integration.docs.pages import ROOT

pytestmark = pytest.mark.filterwarnings("ignore")  # MkDocs' and its theme's own

_LOADED = re.compile(r"<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)=\"?([^\" >]+)")
_URL = re.compile(r"^(?:https?:)?//")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole site."""
    folder = tmp_path_factory.mktemp("site")
    build(load_config(str(ROOT / "mkdocs.yml"), site_dir=str(folder)))
    return folder


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 60
    loaded = {url for page in pages for url in _LOADED.findall(page.read_text("utf-8"))}
    assert [url for url in loaded if _URL.match(url)] == []
    styles = "".join(file.read_text("utf-8") for file in site.rglob("*.css"))
    assert "@import" not in styles
    assert [url for url in re.findall(r"url\(([^)]+)\)", styles) if _URL.match(url)] == []


def test_reference_has_a_page_for_each_family_and_an_anchor_for_each_name(site: Path) -> None:
    text = (site / "reference/transforms/sequences.html").read_text("utf-8")
    assert 'id="z_score_steps"' in text
    text = (site / "reference/the-spec/train.html").read_text("utf-8")
    assert 'id="train-epochs"' in text


@pytest.mark.parametrize("link", ["nowhere.md", "index.md#nowhere"])
def test_dead_link_fails(link: str, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    shutil.copytree(ROOT / "docs" / "assets", docs / "assets")
    (docs / "index.md").write_text(f"# Start\n\n[there]({link})\n", encoding="utf-8")
    settings = {"docs_dir": str(docs), "site_dir": str(tmp_path / "site"), "hooks": [], "nav": []}
    with pytest.raises(Abort):
        build(load_config(str(ROOT / "mkdocs.yml"), **settings))


def test_search_finds_a_name_in_a_page_that_is_opened_as_a_file(site: Path) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    executable = next(filter(None, map(shutil.which, ("chromium", "google-chrome"))), None)
    with playwright.sync_playwright() as started:
        try:
            browser = started.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        except playwright.Error as exc:
            pytest.skip(f"no browser: {exc}")
        page = browser.new_context(offline=True).new_page()
        page.goto((site / "index.html").as_uri())
        page.keyboard.press("f")
        page.locator("input.md-search__input").press_sequentially("z_score_steps")
        page.locator(".md-search-result__item").first.wait_for()
        assert "matching document" in page.locator(".md-search-result__meta").inner_text()
        browser.close()
