"""Automations and their accounts as a run file that ``create`` takes back; secrets are left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from decimal import Decimal
from typing import Any

import yaml

from octobot_node.automation import AutomationStatus
from octobot_node.market import from_ms
from octobot_node.operations.automations.models.automations import AutomationsExported, ExportAutomations
from octobot_node.operations.context import OperationContext
from octobot_node.operations.lookup import automation_id
from octobot_node.plugin_system.registry import Registry
from octobot_node.run_files.exact_yaml import YamlProblem, read_yaml
from octobot_node.sealing.connector_settings import without_secrets
from octobot_node.specs import AccountSpec
from octobot_node.store import automations as automation_statements
from octobot_node.store.queries import lists
from octobot_node.store.queries.lists import AutomationFilter
from octobot_node.store.rows.automation import ListedAutomationRow
from octobot_node.store.rows.node import AccountRow
from octobot_node.text.printable import json_shown, printable

__all__ = ["account_spec", "export"]

_PAGE = 500


def export(context: OperationContext, request: ExportAutomations) -> AutomationsExported:
    """Return automations as a run file, with the accounts that they trade on; none named: all that have not ended.

    Their config, limits, budget and whether they have a shadow are exported, not their state, money or orders.
    """
    rows = _rows(context, request.automations)
    ids = {row.account_id for row in rows}
    with context.core.storage.read() as connection:
        budgets: dict[str, dict[str, Decimal]] = {}
        for start in range(0, len(rows), _PAGE):
            budgets |= lists.budget(connection, [row.id for row in rows[start : start + _PAGE]])
        shadowed = set(automation_statements.shadows_of(connection, [row.id for row in rows]))
        held = lists.accounts_by_id(connection, ids)
    content, left_out = _content(context.registry, rows, held, budgets, shadowed)
    if not context.may("accounts:read"):
        # Only their names are in what the caller may see.
        left_out = [f"accounts.{name}" for name in sorted(content.pop("accounts"))]
    resting = [row.name for row in rows if not AutomationStatus(row.status).runs]
    if request.format == "json":
        return AutomationsExported(text=_to_json(content), left_out=left_out)
    return AutomationsExported(text=f"{_heading(context, left_out, resting)}{_to_yaml(content)}", left_out=left_out)


def _is_over(status: AutomationStatus) -> bool:
    return status.over or status.ending


def _rows(context: OperationContext, names: Sequence[str]) -> list[ListedAutomationRow]:
    if names:
        ids = [automation_id(context, name) for name in names]
        with context.core.storage.read() as connection:
            return list(lists.automations_by_id(connection, ids))
    found: list[ListedAutomationRow] = []
    with context.core.storage.read() as connection:
        page = lists.automation_page(connection, AutomationFilter(context.owner), None, _PAGE)
        while page:
            found += [row for row in page if not _is_over(AutomationStatus(row.status))]
            page = lists.automation_page(connection, AutomationFilter(context.owner), page[-1].id, _PAGE)
    return found


def _content(
    registry: Registry,
    rows: Sequence[ListedAutomationRow],
    held: Sequence[AccountRow],
    budgets: Mapping[str, Mapping[str, Decimal]],
    shadowed: Set[str],
) -> tuple[dict[str, Any], list[str]]:
    accounts: dict[str, Any] = {}
    left_out: list[str] = []
    for account in held:
        spec, secret = _account(account, registry)
        accounts[account.name] = spec
        left_out += [f"accounts.{account.name}.{place}" for place in secret]
    automations = []
    for row in rows:
        # Where more was taken out than was given, gains, nothing was given.
        budget = {asset: amount for asset, amount in budgets[row.id].items() if amount > 0}
        spec = {"name": row.name, "type": row.type, "account": row.account, "budget": budget}
        spec |= {"limits": row.limits, "config": json.loads(row.config), "tags": json.loads(row.tags)}
        spec |= {"shadow": True} if row.id in shadowed else {}
        automations.append({key: value for key, value in spec.items() if value not in ({}, [], None)})
    return {"accounts": accounts, "automations": automations}, left_out


def account_spec(row: AccountRow, registry: Registry) -> AccountSpec:
    """Return an account as a run file writes it, without its secrets."""
    return AccountSpec.model_validate(_account(row, registry)[0])


def _account(row: AccountRow, registry: Registry) -> tuple[dict[str, Any], list[str]]:
    """Return an account's part of a run file, and the places of the secrets that it lacks."""
    spec: dict[str, Any] = {}
    left_out: list[str] = []
    for what in ("market_data", "trading"):
        model = registry.settings_model(what, getattr(row, what))
        told, secret = without_secrets(model, getattr(row, f"{what}_settings"))
        left_out += [f"{what}.{name}" for name in secret]
        spec[what] = {"use": getattr(row, what), **told}
    balances = spec["trading"].get("balances")
    if isinstance(balances, Mapping) and _simulated(registry, row.trading):
        del spec["trading"]["balances"]
        spec["balances"] = {asset: Decimal(amount) for asset, amount in balances.items()}
    spec["limits"] = row.limits
    if row.egress != "direct":
        spec["egress"] = row.egress
    if row.mode != "live":
        spec["mode"] = row.mode
    if row.market_data_egress != row.egress:
        spec["market_data_egress"] = row.market_data_egress
    return {key: value for key, value in spec.items() if value != {}}, left_out


def _simulated(registry: Registry, trading: str) -> bool:
    return trading in registry.trading and registry.trading[trading].simulated


def _heading(context: OperationContext, left_out: Sequence[str], resting: Sequence[str]) -> str:
    from octobot_node import __version__

    lines = [f"# Exported by octobot-node {__version__} at {from_ms(context.core.clock.now()):%Y-%m-%d %H:%M:%S} UTC."]
    if left_out:
        lines.append(
            "# Left out, since they are secret or no plugin knows them; write them where the accounts are new:"
        )
        lines += [f"#   {place}" for place in left_out]
    if resting:
        lines.append("# These do not decide now (paused, held, failed or ended), but will where this file is run:")
        lines += [f"#   {name}" for name in resting]
    # A name of before there was a rule for them would end the comment and go on as a field.
    return "".join(f"{printable(line, lines=False)}\n" for line in lines)


# YAML ----------------------------------------------------------------------------------------------------------------


class _Dumper(yaml.SafeDumper):
    """Writes what ``exact_yaml`` reads back as it was: it reads YAML 1.2, PyYAML writes 1.1."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write every value out: two equal budgets are two."""
        del data
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=_style(value))


def _style(value: str) -> str | None:
    # In double quotes what nobody sees is escaped.
    if printable(value, lines=False) != value:
        return '"'
    return None if _reads_back(value) else "'"


def _number(dumper: _Dumper, value: Decimal) -> yaml.ScalarNode:
    digits = format(value, "f")
    return dumper.represent_scalar(f"tag:yaml.org,2002:{'float' if '.' in digits else 'int'}", digits)


def _reads_back(value: str) -> bool:
    try:
        return bool(read_yaml(value).value == value)
    except YamlProblem:
        return False


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _number)


def _to_yaml(content: Mapping[str, Any]) -> str:
    text = yaml.dump(_plain(content), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    # What PyYAML takes for printable, and is not, is inside double quotes, too.
    return printable(text)


def _to_json(content: Mapping[str, Any]) -> str:
    # Amounts as strings: many a reader of JSON makes a binary float of a number.
    return json_shown(f"{json.dumps(content, indent=2, ensure_ascii=False, default=_digits)}\n")


def _digits(value: Any) -> str:
    if not isinstance(value, Decimal):
        raise TypeError(f"{value!r} is nothing that a run file has")
    return format(value, "f")


def _plain(value: Any) -> Any:
    """Return floats as Decimals of the same digits: YAML 1.1 and 1.2 do not agree on exponents."""
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
