"""Encryption, with and without client certificates."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tfline.pipelines import cli
from tfline.serving.async_client import AsyncClient
from tfline.serving.client import Client, Tls
from tfline.serving.errors import ServingError, UnreachableError
from tfline.serving.process import ServerProcess, start_server
from tfline.serving.server.status import StatusError
from tfline.serving.server.tls import server_credentials

x509 = pytest.importorskip("cryptography.x509")
serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
hashes = pytest.importorskip("cryptography.hazmat.primitives.hashes")
ec = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ec")


def write_certificate(folder: Path, name: str) -> None:
    """Writes a self-signed certificate for localhost and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("server", "client"):
        write_certificate(folder, name)
    texts = {path.name: path.read_text() for path in folder.iterdir()}
    (folder / "ssl.config").write_text(
        f"server_key: {texts['server.key']!r} server_cert: {texts['server.pem']!r} "
        f"custom_ca: {texts['client.pem']!r} client_verify: true"
    )
    return folder


@pytest.fixture(scope="module")
def secure(publish: Callable[..., Path], folder: Path) -> Iterator[ServerProcess]:
    publish("price", folder / "price", 1)
    flags = [f"--ssl_config_file={folder / 'ssl.config'}"]
    with start_server(folder / "price", "price", flags=flags) as server:
        yield server


def test_client_with_a_certificate_is_answered(secure: ServerProcess, folder: Path):
    tls = Tls(*(str(folder / name) for name in ("server.pem", "client.key", "client.pem")))
    with Client(secure.target, "price", tls=tls) as client:
        assert client.predict([{"size": 1.0}])[0].value == 3.0

    async def ask() -> float | None:
        async with AsyncClient(secure.target, "price", tls=tls) as client:
            return (await client.predict([{"size": 1.0}]))[0].value

    assert asyncio.run(ask()) == 3.0


def test_command_line_has_the_files_too(
    secure: ServerProcess, folder: Path, capsys: pytest.CaptureFixture[str]
):
    spec, rows = folder / "spec.yaml", folder / "rows.json"
    spec.write_text(
        "name: price\ndata: {train: a, eval: b}\nlabel: c\nfeatures: {z_score: [size]}\nmodel: mlp"
    )
    rows.write_text('{"size": 1.0}')
    command = ["predict", str(spec), str(rows), "--server", secure.target, "--timeout", "5"]
    files = ("server.pem", "client.key", "client.pem")
    names = ("--tls-ca", "--tls-key", "--tls-certificate")
    tls = [f"{name}={folder / file}" for name, file in zip(names, files, strict=True)]
    assert cli.main([*command, *tls, "--version", "1"]) == 0
    assert capsys.readouterr().out == "3\n"
    assert cli.main([*command, *tls, "--label", "canary"]) == 2
    assert "Unrecognized servable version label: canary" in capsys.readouterr().err
    assert cli.main([*command, "--tls"]) == 2


@pytest.mark.parametrize(
    "files",
    [(), ("server.pem",), ("server.pem", "server.key", "server.pem"), ("client.pem",)],
    ids=["plain", "no certificate", "wrong certificate", "wrong authority"],
)
def test_client_without_the_right_certificates_is_refused(secure, folder: Path, files):
    tls = Tls(*(folder / file for file in files)) if files else None
    client = Client(secure.target, "price", tls=tls, timeout=5)
    with client, pytest.raises(UnreachableError) as caught:
        client.predict([{"size": 1.0}])
    assert "Does it ask for TLS" in str(caught.value.hint)


def test_missing_file_is_a_readable_error(folder: Path):
    with pytest.raises(ServingError, match="Cannot read a TLS file"):
        Client("localhost:1", "price", tls=Tls(folder / "nowhere.pem"))


def test_path_in_place_of_a_certificate_is_refused(tmp_path: Path):
    config = tmp_path / "ssl.config"
    config.write_text('server_key: "-----BEGIN PRIVATE KEY-----" server_cert: "server.pem"')
    with pytest.raises(StatusError, match="needs server_cert as PEM text"):
        server_credentials(str(config))


def test_certificate_is_renewed_without_a_restart(publish: Callable[..., Path], tmp_path: Path):
    publish("price", tmp_path / "price", 1)
    config = tmp_path / "ssl.config"

    def issue(name: str) -> None:
        write_certificate(tmp_path, name)
        key, certificate = ((tmp_path / f"{name}.{kind}").read_text() for kind in ("key", "pem"))
        (tmp_path / "next.config").write_text(f"server_key: {key!r} server_cert: {certificate!r}")
        (tmp_path / "next.config").rename(config)

    def trusts(name: str) -> bool:
        with Client(server.target, "price", tls=Tls(str(tmp_path / f"{name}.pem"))) as client:
            try:
                return client.predict([{"size": 1.0}])[0].value == 3.0
            except UnreachableError:
                return False

    issue("old")
    with start_server(tmp_path / "price", "price", flags=[f"--ssl_config_file={config}"]) as server:
        assert (trusts("old"), trusts("old")) == (True, True)
        issue("new")
        assert (trusts("new"), trusts("old")) == (True, False)
        config.write_text("server_key: 'broken'")
        assert trusts("new")
        assert "The certificates are not changed" in server.output()
