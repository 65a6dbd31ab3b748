"""The page of a run: what it says, and what a real browser makes of it with the network off."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tfline.components.evaluator.evidence.evidence_file import Evidence
from tfline.pipelines.report.run_files import RunFiles
from tfline.pipelines.report.sections import SECTIONS

EVIL = "<script>alert(1)</script>"
MOST_BYTES = 5_000_000


class Links(HTMLParser):
    """Collects what a page would load, and what it links to in itself."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.loaded += [found[name] for name in ("src", "srcset", "data") if name in found]
        if tag == "link":
            self.loaded.append(found["href"])
        elif found.get("href", "").startswith("#"):
            self.anchors.add(found["href"][1:])
        if "id" in found:
            self.ids.append(found["id"])


def read_links(page: Path) -> Links:
    links = Links()
    links.feed(page.read_text())
    return links


def write_page(project: Any, folder: Path, *arguments: str) -> Path:
    page = folder / "page.html"
    out = ("--no-open", "--out", str(page))
    assert project.tfline("report", "spec.yaml", *out, *arguments) == 0
    return page


@pytest.fixture(scope="module")
def page(finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the run."""
    return write_page(finished, tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def compared(finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the run and of another one, whose evaluation and spec differ."""
    folder = tmp_path_factory.mktemp("compared")
    [record] = finished.records
    evaluation = finished.output("Evaluator", "evaluation")
    other = folder / "evaluation" / "99"
    shutil.copytree(evaluation, other)
    verdict = json.loads((other / "verdict.json").read_text())
    verdict["slices"][0]["metrics"]["accuracy"] -= 0.25
    (other / "verdict.json").write_text(json.dumps(verdict))
    later = record.model_copy(deep=True, update={"id": "29990101-000000-000000"})
    later.components["Evaluator"].outputs["evaluation"] = str(other)
    later.spec["train"]["epochs"] = 7
    later.write(finished.work.runs)
    try:
        return write_page(finished, folder, "--compare", "1", "2999")
    finally:
        (finished.work.runs / f"{later.id}.json").unlink()


@pytest.fixture(scope="module")
def failed(make_project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a run that anomalies have stopped, on data with a feature named as markup."""
    project = make_project()
    for split, rows in project.rows.items():
        project.write(split, [{**row, EVIL: EVIL, "day": "monday"} for row in rows])
    assert project.run() == 2
    return write_page(project, tmp_path_factory.mktemp("failed"))


def test_run_writes_its_page(finished) -> None:
    [record] = finished.records
    path = finished.work.report(record.id)
    assert path.is_file()
    assert "Blessed: it may go live" in path.read_text()
    assert list(path.parent.glob(".*")) == []


@pytest.mark.parametrize("name", ["page", "compared", "failed"])
def test_page_needs_nothing_beside_it(name: str, request: pytest.FixtureRequest) -> None:
    file: Path = request.getfixturevalue(name)
    links = read_links(file)
    assert [address for address in links.loaded if not address.startswith("data:")] == []
    assert links.anchors <= set(links.ids)
    assert len(links.ids) == len(set(links.ids))
    assert file.stat().st_size < MOST_BYTES


def test_page_has_every_section_that_the_run_has(finished, page: Path) -> None:
    [record] = finished.records
    ids = set(read_links(page).ids)
    assert {section.name for section in SECTIONS} <= ids
    text = page.read_text()
    for words in (record.id, "160", "z_score", "mlp", "Certificate".lower(), "Cramér"):
        assert words in text
    assert str(finished.output("Trainer", "model")) in text


def test_plotly_accepts_every_figure_of_the_run(finished) -> None:
    [record] = finished.records
    files = RunFiles(record, finished.work.metadata)
    drawn = 0
    for section in SECTIONS:
        for figure in section.draw(section.collect(files)).values():
            if hasattr(figure, "spec"):
                go.Figure(figure.spec)
                drawn += 1
    assert drawn >= 10


def test_evidence_agrees_with_the_verdict(finished) -> None:
    [record] = finished.records
    files = RunFiles(record, finished.work.metadata)
    assert files.sample is not None
    assert files.verdict is not None
    labels, scores, weights = files.sample
    assert weights is None
    accuracy = float(np.mean((scores >= 0.5) == labels))
    assert accuracy == pytest.approx(files.verdict["slices"][0]["metrics"]["accuracy"])
    evidence = files.evidence
    assert isinstance(evidence, Evidence)
    assert evidence.records == len(labels) == 80
    assert evidence.importances is not None
    assert evidence.importances.features[0].feature == "fare"  # the tip follows from the fare
    assert len(evidence.mistakes) == round((1 - accuracy) * 80)


def test_page_of_a_failed_run_says_why_and_names_are_text(failed: Path) -> None:
    text = failed.read_text()
    assert "Failed in ExampleValidator" in text
    assert "constant" in text
    assert "No model was trained in this run." in text
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_comparison_shows_what_differs(compared: Path) -> None:
    text = compared.read_text()
    row = re.search(r"train\.epochs</th><td><code>2</code></td><td><code>7</code>", text)
    assert row is not None
    assert "-0.2500 worse" in text
    assert "Both runs have the same statistics." in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--run", "9"), "There is no run '9'"),
        (("--compare", "1", "x"), "There is no run 'x'"),
        (("--out", "/proc/page.html"), "The report cannot be written"),
    ],
    ids=["number", "id", "place"],
)
def test_page_that_cannot_be_made_is_an_error_in_words(
    finished, arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert finished.tfline("report", "spec.yaml", "--no-open", *arguments) == 2
    assert message in capsys.readouterr().err


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium: the system's, or the one that Playwright has downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, names)), playwright.chromium.executable_path)
        if not Path(path).exists():
            pytest.skip("no browser: `apt-get install chromium` or `playwright install chromium`")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


Open = Callable[[Path, int], contextlib.AbstractContextManager[Page]]


@pytest.fixture
def open_page(browser: Browser) -> Open:
    """Opens a page with the network off; whatever it complains of, or asks for, is a failure."""

    @contextlib.contextmanager
    def opened(file: Path, width: int) -> Iterator[Page]:
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        tab = context.new_page()
        heard: list[str] = []
        tab.on("console", lambda message: heard.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: heard.append(str(error)))
        tab.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
        tab.on("request", lambda request: heard.append(request.url))
        tab.goto(file.as_uri())
        tab.wait_for_selector("html[data-drawn]", state="attached", timeout=60_000)
        yield tab
        context.close()
        assert [
            text for text in heard if not text.startswith((file.as_uri(), "blob:", "data:"))
        ] == []

    return opened


@pytest.mark.parametrize("width", [1280, 390], ids=["desk", "phone"])
@pytest.mark.parametrize("name", ["page", "compared", "failed"])
def test_browser_draws_every_plot(
    name: str, width: int, open_page: Open, request: pytest.FixtureRequest
) -> None:
    with open_page(request.getfixturevalue(name), width) as tab:
        plots = tab.locator(".plot")
        assert plots.count() >= 1
        assert tab.locator(".plot[data-drawn] svg.main-svg").count() >= plots.count()
        assert tab.get_attribute("html", "data-drawn") == str(plots.count())
        # Nothing is wider than the screen: tables scroll in boxes of their own.
        assert tab.evaluate("document.documentElement.scrollWidth") == width


def test_click_sorts_the_table_and_the_keyboard_too(page: Path, open_page: Open) -> None:
    with open_page(page, 1280) as tab:
        table = tab.locator("#slices-table")
        head = table.locator("th", has=tab.get_by_role("button", name="records", exact=True))

        def sizes() -> list[int]:
            cells = table.locator("tbody tr td:nth-child(2)").all()
            return [int(cell.get_attribute("data-value") or -1) for cell in cells]

        assert head.get_attribute("aria-sort") == "none"
        head.get_by_role("button").click()
        assert head.get_attribute("aria-sort") == "descending"
        assert sizes() == sorted(sizes(), reverse=True)
        head.get_by_role("button").focus()
        tab.keyboard.press("Enter")
        assert head.get_attribute("aria-sort") == "ascending"
        assert sizes() == sorted(sizes())
        assert len(set(sizes())) == 3


def test_page_is_labelled_for_those_who_cannot_see_it(page: Path, open_page: Open) -> None:
    with open_page(page, 1280) as tab:
        tab.keyboard.press("Tab")
        assert tab.evaluate("document.activeElement.className") == "skip"
        unnamed = "[role=img]:not([aria-label]), img:not([alt]), section:not([aria-labelledby])"
        assert tab.locator(unnamed).count() == 0
        assert tab.locator("h1").count() == 1
        assert tab.get_attribute("html", "lang") == "en"


def test_name_that_is_markup_is_shown_as_text(failed: Path, open_page: Open) -> None:
    with open_page(failed, 1280) as tab:
        assert tab.locator("#data th", has_text=EVIL).first.is_visible()


def test_page_is_printed_with_all_its_details(page: Path, open_page: Open) -> None:
    with open_page(page, 1280) as tab:
        tab.emulate_media(media="print")
        assert not tab.locator("nav").is_visible()
        assert tab.pdf().startswith(b"%PDF")
        assert tab.locator("details:not([open])").count() == 0
