"""Words in the names of columns that tell what a column is for. They break ties, and no more."""

from __future__ import annotations

import re

_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_A-Za-z]+")

LABEL = frozenset({"label", "labels", "target", "class", "y", "outcome", "response", "output"})
"""Names that a label is given for its own sake."""

EVENT = frozenset(
    [
        "churn",
        "churned",
        "exited",
        "attrition",
        "survived",
        "default",
        "defaulted",
        "fraud",
        "fraudulent",
        "converted",
        "purchased",
        "clicked",
        "cancelled",
        "canceled",
        "approved",
        "diagnosis",
        "species",
        "readmitted",
        "subscribed",
        "sentiment",
        "spam",
        "category",
        "grade",
        "quality",
    ]
)
"""What is often predicted: events and verdicts."""

AMOUNT = frozenset(
    [
        "price",
        "value",
        "cost",
        "sales",
        "revenue",
        "demand",
        "score",
        "rent",
        "salary",
        "charges",
        "income",
    ]
)
"""Amounts that are often predicted."""

ID = frozenset(
    ["id", "ids", "uuid", "guid", "key", "index", "idx", "rowid", "rownames", "ssn", "iban"]
)
"""Words for what names a record, or whom it belongs to."""

TIME = frozenset(
    [
        "time",
        "date",
        "datetime",
        "timestamp",
        "ts",
        "epoch",
        "day",
        "at",
        "when",
        "created",
        "updated",
        "month",
        "started",
        "start",
    ]
)
"""Words for when something happened."""

NOT_EVENT_TIME = frozenset(
    ["birth", "born", "dob", "birthday", "birthdate", "expiry", "expires", "expiration", "due"]
)
"""Words for dates that are no time of the record."""

PROTECTED = frozenset(
    [
        "sex",
        "gender",
        "race",
        "ethnic",
        "ethnicity",
        "religion",
        "age",
        "nationality",
        "citizenship",
        "marital",
        "disability",
        "disabled",
        "pregnant",
        "pregnancy",
        "orientation",
        "caste",
        "skin",
    ]
)
"""Words for what a person is protected by law from being judged by, in many countries."""

IMAGE = frozenset(["image", "images", "img", "picture", "photo", "pixels", "pixel"])
"""Words for pictures."""


def words_of(name: str) -> list[str]:
    """Returns the words of a name, in lower case: ``customerID`` is ``customer`` and ``id``."""
    return [part.lower() for part in _PARTS.findall(name)]


def has_word(name: str, words: frozenset[str]) -> bool:
    """Tells whether one of the words of a name is among some."""
    return not words.isdisjoint(words_of(name)) or name.lower() in words
