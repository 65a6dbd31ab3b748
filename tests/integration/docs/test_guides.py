"""README, how-to pages, explanations and guides: their commands, on a pipeline that has run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.docs.pages import ROOT, blocks, pages
from tests.integration.docs.session import Session

TUTORIALS = ("tutorials", "own-code")

PAGES = [
    page
    for page in pages()
    if page.parent.name not in TUTORIALS and any(b.is_run for b in blocks(page, "sh", "python"))
]


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """A folder for all pages: README, which comes first, runs a pipeline in it."""
    folder = tmp_path_factory.mktemp("guides")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield Session(folder, most_records=100_000)


def test_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.whole
@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_page_does_what_it_says(
    page: Path, session: Session, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        session.follow(page, capfd)
    finally:
        session.end_servers()
