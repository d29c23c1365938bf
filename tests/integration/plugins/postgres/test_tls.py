"""TLS as the URL asks for it: who is let in, who is refused, and what is said of it."""

from __future__ import annotations

import ipaddress
import ssl
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from octobot_node.errors import StorageUnavailable
from octobot_plugins.postgres.storage import PostgresStorage
from tests.integration.plugins.postgres.tls import TlsServer
from tests.support.postgres import Server

Open = Callable[..., PostgresStorage]


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> str:
    """The file of whoever signed the server's certificate."""
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return str(path)


@pytest.fixture
def url(secure: TlsServer, postgres: Server) -> str:
    return postgres.create_database().replace(f":{postgres.port}/", f":{secure.port}/")


def pid(storage: PostgresStorage) -> int:
    with storage.read() as connection:
        return int(connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())


def refusal(open_storage: Open, url: str, password: str) -> str:
    with pytest.raises(StorageUnavailable) as caught:
        open_storage(url)
    assert password not in f"{caught.value!r} {caught.value.__cause__!r}"
    return str(caught.value).partition(" has ")[2] or str(caught.value)


def test_a_server_whose_certificate_the_url_s_authority_signed_is_worked_with(
    secure: TlsServer, url: str, trusted: str, open_storage: Open
) -> None:
    storage = open_storage(f"{url}?sslmode=verify-full&sslrootcert={trusted}")
    with storage.write() as connection:
        connection.exec_driver_sql("CREATE TABLE t AS SELECT generate_series(1, 5000) AS n, repeat('x', 200) AS wide")
    with storage.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*), max(wide) FROM t").one() == (5_000, "x" * 200)
        assert len(connection.exec_driver_sql("SELECT * FROM t").all()) == 5_000
    # What TLS itself sends between two questions is no reason to take a connection for a dead one.
    assert len({pid(storage) for _ in range(5)}) == 1
    assert set(secure.versions) == {"TLSv1.3"}


def test_announcements_are_heard_by_tls(url: str, trusted: str, open_storage: Open) -> None:
    one, two = (open_storage(f"{url}?sslmode=verify-full&sslrootcert={trusted}") for _ in range(2))
    heard: list[str] = []
    done = threading.Event()

    def hear(topic: str) -> None:
        heard.append(topic)
        if {f"topic {number}" for number in range(100)} <= set(heard):
            done.set()

    one.listen(hear)
    one.announce("ready")
    deadline = time.monotonic() + 10
    while "ready" not in heard:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    for number in range(100):
        two.announce(f"topic {number}")
    assert done.wait(10)


def test_a_server_that_another_authority_signed_for_is_refused(
    url: str, tmp_path: Path, postgres: Server, open_storage: Open
) -> None:
    path = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    said = refusal(open_storage, f"{url}?sslmode=verify-full&sslrootcert={path}", postgres.password)
    assert said == (
        "a certificate of somebody whom the URL's sslrootcert does not know: give the file of whoever signed it, and"
        " have the server send what is between the two"
    )


def signed_for(days: tuple[int, int], *, itself: bool = False) -> tuple[bytes, bytes]:
    """Return (who signs, the server's key and certificate) for days from today on."""
    now = datetime.now(UTC)

    def made(name: str, issuer: str, key: ec.EllipticCurvePrivateKey, by: ec.EllipticCurvePrivateKey) -> bytes:
        own = name != issuer or itself
        begin, end = (now + timedelta(days=day) for day in (days if own else (-100, 100)))
        names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in (name, issuer)]
        builder = x509.CertificateBuilder(names[1], names[0], key.public_key(), x509.random_serial_number(), begin, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=not own, path_length=None), critical=True)
        address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        return builder.add_extension(address, critical=False).sign(by, SHA256()).public_bytes(Encoding.PEM)

    signer, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = made("signer", "signer", signer, signer)
    leaf = made("server", "server", key, key) if itself else made("server", "signer", key, signer)
    return root, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + leaf


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (
            (-20, -10),
            "has expired, or one that it is signed with has: renew it at the server; if it is still good, this",
        ),
        (
            (10, 20),
            "is not valid yet, or one that it is signed with: this machine's clock is behind, or the server's was",
        ),
        ((-10, 10), ""),
    ],
)
def test_a_certificate_of_another_time_is_not_taken_for_one_of_another_authority(
    days: tuple[int, int], said: str, tmp_path: Path, postgres: Server, open_storage: Open
) -> None:
    root, key_and_chain = signed_for(days)
    (tmp_path / "root.pem").write_bytes(root)
    (tmp_path / "server.pem").write_bytes(key_and_chain)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    with TlsServer(postgres.port, context) as server:
        url = postgres.create_database().replace(f":{postgres.port}/", f":{server.port}/")
        url = f"{url}?sslmode=verify-full&sslrootcert={tmp_path / 'root.pem'}"
        if said:
            assert refusal(open_storage, url, postgres.password).startswith(f"a certificate that {said}")
        else:
            pid(open_storage(url))


def test_a_certificate_that_signed_itself_is_said_to_be_one(
    tmp_path: Path, postgres: Server, trusted: str, open_storage: Open
) -> None:
    _, key_and_chain = signed_for((-10, 10), itself=True)
    (tmp_path / "server.pem").write_bytes(key_and_chain)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    with TlsServer(postgres.port, context) as server:
        url = postgres.create_database().replace(f":{postgres.port}/", f":{server.port}/")
        said = refusal(open_storage, f"{url}?sslmode=verify-ca&sslrootcert={trusted}", postgres.password)
    assert said == ("a certificate that it signed itself, and nobody knows: give a copy of it as the URL's sslrootcert")


def test_a_server_with_a_certificate_for_another_host_is_refused(
    url: str, trusted: str, postgres: Server, open_storage: Open
) -> None:
    elsewhere = url.replace("127.0.0.1", "localhost")
    said = refusal(open_storage, f"{elsewhere}?sslmode=verify-full&sslrootcert={trusted}", postgres.password)
    assert said == "a certificate for another host: write the host as the certificate has it"


def test_a_file_of_the_url_that_is_not_there_is_named_by_its_parameter(
    url: str, postgres: Server, open_storage: Open
) -> None:
    said = refusal(open_storage, f"{url}?sslmode=verify-full&sslrootcert=/nowhere.pem", postgres.password)
    assert "the file of the URL's sslrootcert is not there" in said


def test_a_server_that_insists_on_tls_refuses_who_comes_without(open_storage: Open, url: str, postgres: Server) -> None:
    said = refusal(open_storage, f"{url}?sslmode=disable", postgres.password)
    assert "cannot be used just now (connection failed" in said


def test_tls_asked_for_in_the_url_is_insisted_on(open_storage: Open, postgres: Server) -> None:
    said = refusal(open_storage, f"{postgres.create_database()}?sslmode=require", postgres.password)
    assert "does not speak TLS, which the URL's sslmode asks for" in said
