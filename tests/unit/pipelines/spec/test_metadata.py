"""The section `metadata:`: what it accepts, and the connection it becomes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tfline.pipelines.spec.metadata import MetadataSpec
from tfline.transforms.errors import SpecError

SERVER = {"host": "db.example", "user": "tfline", "password_env": "METADATA_PASSWORD"}


def connection(content: dict[str, Any]) -> Any:
    from tfline.pipelines.run.store import store_connection

    return store_connection(MetadataSpec.model_validate(content), Path("runs/metadata.db"))


def test_default_is_a_file() -> None:
    assert connection({}).sqlite.filename_uri == "runs/metadata.db"


def test_mysql_gets_its_server_and_the_password_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METADATA_PASSWORD", "secret")
    mysql = connection({"backend": "mysql", **SERVER, "database": "runs", "ca": "/ca.pem"}).mysql
    assert (mysql.host, mysql.port, mysql.database) == ("db.example", 3306, "runs")
    assert (mysql.user, mysql.password) == ("tfline", "secret")
    assert mysql.ssl_options.ca == "/ca.pem"
    assert mysql.ssl_options.verify_server_cert is True


def test_postgresql_gets_its_server_and_the_password_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("METADATA_PASSWORD", "secret")
    content = {"backend": "postgresql", **SERVER, "port": 6432, "ca": "/ca.pem"}
    postgresql = connection(content).postgresql
    assert (postgresql.host, postgresql.port, postgresql.dbname) == ("db.example", "6432", "metadb")
    assert (postgresql.user, postgresql.password) == ("tfline", "secret")
    assert postgresql.ssloption.sslmode == "verify-full"


def test_password_that_is_not_set_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("METADATA_PASSWORD", raising=False)
    with pytest.raises(SpecError, match="METADATA_PASSWORD is not set"):
        connection({"backend": "mysql", **SERVER})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"backend": "mysql"}, "mysql needs `host`"),
        ({"backend": "postgresql", "host": "a"}, "postgresql needs `user`"),
        ({"host": "a"}, "`host` is of a server"),
        ({"backend": "oracle"}, "sqlite"),
        ({"backend": "mysql", **SERVER, "port": 0}, "greater than or equal to 1"),
        ({"backend": "mysql", **SERVER, "password_env": "p w"}, "pattern"),
    ],
    ids=["host", "user", "sqlite", "backend", "port", "password"],
)
def test_what_cannot_be_reached_is_refused(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        MetadataSpec.model_validate(content)
