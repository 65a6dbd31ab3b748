"""The section `metadata:` of a spec: the database that keeps what was run. No TensorFlow here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, Self

import pydantic
from pydantic import Field

from tfline.transforms.errors import SpecError
from tfline.transforms.features import FrozenModel


class MetadataSpec(FrozenModel):
    """Where ML Metadata keeps executions and artifacts: a file, or a database server."""

    backend: Literal["sqlite", "mysql", "postgresql"] = Field(
        default="sqlite", description="A file in the work folder, or a server."
    )
    host: str | None = Field(default=None, min_length=1, description="Of the server.")
    port: int | None = Field(default=None, ge=1, le=65535, description="Default: the server's.")
    database: str = Field(default="metadb", min_length=1, description="Made if it is not there.")
    user: str | None = Field(default=None, min_length=1, description="Whom the server knows.")
    password_env: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$",
        description="The environment variable that has the password.",
    )
    ca: str | None = Field(
        default=None, description="File of the authority that signs the server's certificate."
    )

    @pydantic.model_validator(mode="after")
    def _check_server(self) -> Self:
        given = {name for name in ("host", "port", "user", "password_env", "ca")
                 if getattr(self, name) is not None}  # fmt: skip
        if self.backend == "sqlite" and given:
            raise ValueError(f"`{min(given)}` is of a server, and sqlite has none")
        missing = [name for name in ("host", "user") if name not in given]
        if self.backend != "sqlite" and missing:
            raise ValueError(f"{self.backend} needs `{missing[0]}`")
        return self

    def place(self, file: Path) -> str:
        """Returns where the store is: `file` for SQLite, else such as ``mysql://host/metadb``."""
        if self.backend == "sqlite":
            return str(file)
        return f"{self.backend}://{self.host}/{self.database}"

    def password(self) -> str:
        """Returns the password; empty if there is none.

        Raises:
            SpecError: The environment variable is not set.
        """
        if self.password_env is None:
            return ""
        try:
            return os.environ[self.password_env]
        except KeyError as exc:
            raise SpecError(
                f"The environment variable {self.password_env} is not set",
                "metadata.password_env",
                "It has the password of the metadata store.",
            ) from exc
