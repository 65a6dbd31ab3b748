"""Whose a push folder is: a model goes live only in place of one that answers the same question."""

from __future__ import annotations

from pathlib import Path

import pydantic

from tfline.components.artifacts.history import OWN
from tfline.components.artifacts.versions import list_versions, read_metadata
from tfline.serving.files import replace_text
from tfline.transforms.errors import PushError
from tfline.transforms.features import FrozenModel

_FILE = "owner.json"


class Owner(FrozenModel):
    """The pipeline that pushes to a folder.

    Attributes:
        pipeline: Its name, which is that of the model.
        label: The raw feature that it predicts.
        features: The raw features that it predicts from.
    """

    pipeline: str
    label: str
    features: tuple[str, ...] = pydantic.Field(default=(), strict=False)

    def difference(self, other: Owner) -> str:
        """Returns why another pipeline is none of the same model; empty if it may be.

        Features may come and go; a model that has none of them in common is another.
        """
        for name in ("pipeline", "label"):
            own, its = getattr(self, name), getattr(other, name)
            if own != its:
                return f"{name} '{own}', not '{its}'"
        own_features, its_features = set(self.features), set(other.features)
        if own_features and its_features and not own_features & its_features:
            return f"no feature in common: {_some(own_features)}, not {_some(its_features)}"
        return ""


def check_owner(folder: Path, owner: Owner) -> None:
    """Raises if a push folder is another pipeline's.

    Raises:
        PushError: It says whose it is, and what to do.
    """
    known = _read_owner(folder)
    difference = known.difference(owner) if known is not None else ""
    if difference:
        raise PushError(
            f"The push folder belongs to another pipeline: {difference}",
            str(folder),
            f"Give this one a folder of its own, such as `push: {_other_name(folder, owner)}`. If "
            f"it is the same model under another name, write {owner.model_dump_json()} into "
            f"{folder / OWN / _FILE}.",
        )


def claim(folder: Path, owner: Owner) -> None:
    """Writes down whose a push folder is; the caller holds its lock.

    Raises:
        PushError: It is another pipeline's.
    """
    check_owner(folder, owner)
    (folder / OWN).mkdir(exist_ok=True)
    replace_text(folder / OWN / _FILE, owner.model_dump_json(indent=1) + "\n")


def _read_owner(folder: Path) -> Owner | None:
    """Returns the owner of a folder, by its file or else by its newest version; None: nobody."""
    path = folder / OWN / _FILE
    try:
        return Owner.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, UnicodeDecodeError, pydantic.ValidationError) as exc:
        raise PushError(
            f"Whose the push folder is cannot be read: {exc}",
            str(path),
            "Remove the file; the next push writes it.",
        ) from exc
    for version in reversed(list_versions(folder)):
        card = read_metadata(version.path)
        if {"pipeline", "label"} <= card.keys():
            features = tuple(card.get("features", ()))
            return Owner(pipeline=card["pipeline"], label=card["label"], features=features)
    return None


def _other_name(folder: Path, owner: Owner) -> Path:
    name = owner.pipeline if owner.pipeline != folder.name else f"{owner.pipeline}-{owner.label}"
    return folder.parent / name


def _some(names: set[str]) -> str:
    first = ", ".join(f"'{name}'" for name in sorted(names)[:3])
    return f"{first}, ..." if len(names) > 3 else first
