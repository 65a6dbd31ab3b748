"""A page that has been written: a path for programs, the page itself in a notebook."""

from __future__ import annotations

import html
from pathlib import Path


class Page:
    """An HTML file that needs nothing else.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<Page {self.path}>"

    def _repr_html_(self) -> str:
        content = html.escape(self.path.read_text(encoding="utf-8"))
        style = "width:100%;height:80vh;border:1px solid #ccc"
        return f'<iframe srcdoc="{content}" style="{style}"></iframe>'

    def open(self) -> None:
        """Opens it in the user's browser, if there is one that does not take the terminal."""
        import webbrowser

        try:
            browser = webbrowser.get()
        except webbrowser.Error:
            return
        takes_terminal = isinstance(browser, webbrowser.GenericBrowser) and not isinstance(
            browser, webbrowser.BackgroundBrowser
        )
        if not takes_terminal:
            browser.open(self.path.as_uri())
