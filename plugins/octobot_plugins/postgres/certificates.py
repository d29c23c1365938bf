"""Why a server's certificate is refused: libpq says only that it is, so the server is asked for it once more."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

__all__ = ["EXPIRED", "NOT_YET", "REFUSED", "SELF_SIGNED", "STRANGE", "why_refused"]

#: As libpq says it, and what is appended to it.
REFUSED = "certificate verify failed"
EXPIRED, NOT_YET, SELF_SIGNED, STRANGE = "it has expired", "not yet valid", "it is self-signed", "unknown issuer"
#: OpenSSL's X509_V_ERR_…
_REASONS = {
    **dict.fromkeys((2, 19, 20, 21), STRANGE),
    9: NOT_YET,
    10: EXPIRED,
    18: SELF_SIGNED,
}
#: libpq's SSLRequest.
_TLS_PLEASE = (8).to_bytes(4, "big") + (80_877_103).to_bytes(4, "big")
_PATIENCE_S = 5.0


def why_refused(keywords: Mapping[str, str]) -> str:
    """Return why the first of the hosts whose certificate does not hold is refused, or "" where that is not found."""
    hosts = (keywords.get("hostaddr") or keywords.get("host") or "localhost").split(",")
    ports = (keywords.get("port") or "5432").split(",")
    for index, host in enumerate(hosts):
        if host and not host.startswith("/"):
            reason = _why(host, int(ports[index if len(ports) > 1 else 0] or 5432), keywords.get("sslrootcert", ""))
            if reason:
                return reason
    return ""


def _why(host: str, port: int, root: str) -> str:
    # Whatever else is wrong with it was not why libpq refused the certificate.
    with suppress(OSError, ValueError):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # The host's name is libpq's own matter, and said by itself.
        context.check_hostname = False
        if root == "system":
            context.set_default_verify_paths()
        else:
            default = os.environ.get("PGSSLROOTCERT") or str(Path("~/.postgresql/root.crt").expanduser())
            context.load_verify_locations(root or default)
        with socket.create_connection((host, port), _PATIENCE_S) as plain:
            plain.sendall(_TLS_PLEASE)
            if plain.recv(1) == b"S":
                try:
                    context.wrap_socket(plain, server_hostname=host).close()
                except ssl.SSLCertVerificationError as error:
                    return _REASONS.get(error.verify_code, error.verify_message)
    return ""
