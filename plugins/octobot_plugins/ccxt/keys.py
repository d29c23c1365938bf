"""What an account's keys may, and how far the clocks are apart."""

from __future__ import annotations

from collections.abc import Sequence

from octobot_node.contracts.exchanges import KeyFinding
from octobot_node.errors import OctoBotError
from octobot_plugins.ccxt.exchanges.record import ExchangeRecord, Rights
from octobot_plugins.ccxt.remote import Missing, Remote, urgently
from octobot_plugins.ccxt.settings import CcxtTradingSettings
from octobot_plugins.ccxt.verdicts import KeyRefused

__all__ = ["check_keys"]

#: Made up for in what is signed; worth a word.
_NOTED_MS = 1_000
#: So far apart nothing that either of them says about times can be trusted.
_TOO_FAR_MS = 30_000
_SET_IT = "set this machine's clock by the network's time (NTP)"


async def check_keys(remote: Remote, settings: CcxtTradingSettings) -> Sequence[KeyFinding]:
    """Ask the exchange for the key's rights and its own time.

    Raises NotSent or Unresolved where it cannot be asked, KeyRefused where it does not take the key.
    """
    remote.clock.doubt()
    with urgently():
        exchange = await remote.ready()
        permissions = await _permissions(remote, settings)
    return [permissions, _clock(remote, tells=bool(exchange.has.get("fetchTime")))]


async def _permissions(remote: Remote, settings: CcxtTradingSettings) -> KeyFinding:
    record = remote.record
    if record.rights is None:
        return _unknown(record, "it does not tell")
    wire, read = record.rights
    try:
        rights = read(await remote.ask(wire))
    except KeyRefused:
        raise
    except (OctoBotError, Missing) as error:
        return _unknown(record, str(error))
    except (KeyError, IndexError, TypeError, AttributeError) as error:
        return _unknown(record, f"its answer makes no sense: {error!r}")
    return _finding(record, rights, allowed=settings.allow_withdrawals)


def _unknown(record: ExchangeRecord, why: str) -> KeyFinding:
    detail = f"what the key may cannot be known: {why}"
    return KeyFinding("permissions", True, detail, f"see at {record.title} that it may trade, and may not withdraw")


def _finding(record: ExchangeRecord, rights: Rights, *, allowed: bool) -> KeyFinding:
    if rights.trade is False:
        return KeyFinding("permissions", False, "the key may not trade", f"let it trade on spot at {record.title}")
    if rights.withdraw and not allowed:
        cure = f"make one at {record.title} that may not; if it is meant, set allow_withdrawals: true"
        return KeyFinding("permissions", False, "the key may withdraw", cure)
    may = ["may trade" if rights.trade else "whether it may trade is not told"]
    may.append("may withdraw, as is allowed here" if rights.withdraw else "may not withdraw")
    if rights.bound is False:
        may.append("holds from any address")
    cure = "let it hold from this machine's address alone" if rights.bound is False else ""
    return KeyFinding("permissions", True, f"the key: {', '.join(may)}", cure)


def _clock(remote: Remote, *, tells: bool) -> KeyFinding:
    if not tells or remote.clock.is_due:
        return KeyFinding("clock", True, f"{remote.record.title} did not tell its time")
    ahead = remote.clock.ahead
    way = "ahead of" if ahead > 0 else "behind"
    apart_s, took_s = abs(ahead) / 1000, remote.clock.took / 1000
    told = f"{apart_s:.3f} s {way} this machine's" if ahead else "the same as this machine's, as far as it tells"
    detail = f"the exchange's clock is {told}; its answer took {took_s:.3f} s"
    apart = abs(ahead) > _NOTED_MS
    return KeyFinding("clock", abs(ahead) <= _TOO_FAR_MS, detail, _SET_IT if apart else "")
