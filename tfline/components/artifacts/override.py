"""A person's word against the gate's: who lets a model go live that is not blessed, and why."""

from __future__ import annotations

from tfline.transforms.features import FrozenModel


class Override(FrozenModel):
    """Who lets a model go live that is not blessed.

    Attributes:
        why: The reason.
        by: The user.
        at: When, UTC, ISO 8601.
    """

    why: str
    by: str
    at: str

    def __str__(self) -> str:
        return f"overridden by {self.by}: {self.why}"


def property_name(field: str) -> str:
    """Returns the custom property of a blessing that holds a field of its override."""
    return f"override_{field}"
