"""The kinds of proxies, by name."""

from __future__ import annotations

from octobot_node.contracts.proxies import Proxy, ProxyAddress, ProxyContext, ProxyKind
from octobot_node.errors import InvalidSettings
from octobot_plugins.proxies.settings import ProxySettings, host_and_port

__all__ = ["KINDS"]

_USER_MAX = 255


def _open_direct(address: ProxyAddress | None, context: ProxyContext) -> Proxy:
    from octobot_plugins.proxies.direct import DirectProxy

    del address
    return DirectProxy(_check_url(context))


def _open_http(address: ProxyAddress | None, context: ProxyContext) -> Proxy:
    from octobot_plugins.proxies.http_proxy import HttpProxy

    assert address is not None
    if address.password and not address.user:
        raise InvalidSettings("its password is without a user: write USER:PASSWORD@HOST:PORT")
    return HttpProxy(address, _check_url(context))


def _open_socks5(address: ProxyAddress | None, context: ProxyContext) -> Proxy:
    from octobot_plugins.proxies.socks5 import Socks5Proxy

    assert address is not None
    for each in (address.user, address.password):
        if not each.isascii() or len(each) > _USER_MAX:
            raise InvalidSettings("its user or password is not ASCII, or longer than 255: SOCKS5 has no other")
    if bool(address.user) != bool(address.password):
        raise InvalidSettings("its user is without a password, or the other way round: SOCKS5 takes both or neither")
    return Socks5Proxy(address, _check_url(context))


def _open_tor(address: ProxyAddress | None, context: ProxyContext) -> Proxy:
    from octobot_plugins.proxies.tor import TorProxy

    settings = context.plugin_settings(ProxySettings)
    if address is None:
        address = ProxyAddress("tor", *host_and_port(settings.tor_socks))
    elif address.user or address.password:
        raise InvalidSettings("its user and password are what keeps accounts apart: leave them out")
    return TorProxy(address, settings)


def _check_url(context: ProxyContext) -> str:
    return context.plugin_settings(ProxySettings).check_url.get_secret_value()


KINDS = (
    ProxyKind("direct", _open_direct, alone=True),
    ProxyKind("http", _open_http, schemes=("http", "https")),
    ProxyKind("socks5", _open_socks5, schemes=("socks5", "socks5h")),
    ProxyKind("tor", _open_tor, schemes=("tor",), alone=True),
)
