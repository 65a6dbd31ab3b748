"""The tutorials and the examples of one's own code, from the first line to the last."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.docs.pages import ROOT
from tests.integration.docs.session import Session

pytestmark = pytest.mark.whole

PAGES = sorted(
    page for room in ("tutorials", "own-code") for page in (ROOT / "docs" / room).glob("*.md")
)


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A new folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    return Session(tmp_path, most_records=300)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_page_does_what_it_says(
    page: Path, session: Session, capfd: pytest.CaptureFixture[str]
) -> None:
    try:
        session.follow(page, capfd)
    finally:
        session.end_servers()
