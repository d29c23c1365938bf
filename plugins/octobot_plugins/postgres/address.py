"""The database's URL: what is wrong with it, and how it may be shown."""

from __future__ import annotations

import sqlalchemy as sa

from octobot_node.errors import StorageUnavailable
from octobot_node.settings import Settings

__all__ = ["address", "shown"]

_DRIVERS = ("postgres", "postgresql", "postgresql+psycopg")
_ENCODE = (
    "a password with @ : / ? # % or spaces in it goes into OCTOBOT_DATABASE_PASSWORD as it is, or into the URL"
    " percent-encoded (@ is %40)"
)


def address(settings: Settings) -> sa.URL:
    """Return the URL with our driver and the password; raise StorageUnavailable where it cannot be meant so."""
    try:
        url = sa.make_url(settings.url())
        port = url.port
    except (sa.exc.ArgumentError, ValueError):
        raise StorageUnavailable(
            f"the database URL cannot be read: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE; {_ENCODE}"
        ) from None
    if url.drivername not in _DRIVERS:
        raise StorageUnavailable(
            f"the database URL begins with {url.drivername}://: write postgresql://, the driver is the node's own"
        )
    host = url.host or ""
    if "@" in host or "/" in host or (url.username and "@" in str(url.database)):
        raise StorageUnavailable(f"the database URL has no clear host: {_ENCODE}")
    if not url.database:
        raise StorageUnavailable("the database URL names no database: write postgresql://USER@HOST:PORT/DATABASE")
    del port
    if settings.database_password is not None:
        url = url.set(password=settings.database_password.get_secret_value())
    return url.set(drivername="postgresql+psycopg")


def shown(url: sa.URL) -> str:
    """Return the URL without password and parameters."""
    plain = sa.URL.create("postgresql", url.username, None, url.host, url.port, url.database)
    return plain.render_as_string()
