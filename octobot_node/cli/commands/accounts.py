"""``octobot-node accounts …``: its commands and their options."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from octobot_node.cli.operation_groups import OperationGroup
from octobot_node.cli.options import AccountArgument, Cursor, DataDir, Json, Limit, Yes, group

__all__ = ["commands", "exchanges"]

_Limits = Annotated[
    list[str] | None,
    typer.Option("--limit-set", metavar="NAME=VALUE", help="A limit, such as max_open_orders=5; may be repeated."),
]

_Egress = Annotated[
    str | None,
    typer.Option("--egress", metavar="ROUTE", help="How it leaves this machine: direct, tor, or a route by its name."),
]
_MarketDataEgress = Annotated[
    str | None,
    typer.Option("--market-data-egress", metavar="ROUTE", help="Another route for its prices alone."),
]


def commands() -> typer.Typer:
    """Return the group; without a command it lists."""
    app = group(OperationGroup)
    app.info.no_args_is_help = False
    app.callback(invoke_without_command=True)(_list)
    app.command("create")(_create)
    app.command("edit")(_edit)
    app.command("money")(_money)
    app.command("check")(_check)
    app.command("observe")(_observe)
    app.command("go-live")(_go_live)
    app.command("rotate-keys")(_rotate_keys)
    app.command("delete")(_delete)
    return app


def _list(
    context: typer.Context,
    limit: Limit = 50,
    cursor: Cursor = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """List accounts, oldest first; or show, create, change and delete them."""
    if context.invoked_subcommand is not None:
        return
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_accounts import print_accounts
    from octobot_node.operations.trading.catalogue import LIST_ACCOUNTS

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_ACCOUNTS, limit=limit, cursor=cursor), print_accounts)


def _create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to call it.")],
    market_data: Annotated[str, typer.Option("--market-data", metavar="NAME", help="Where prices come from.")],
    trading: Annotated[str, typer.Option("--trading", metavar="NAME", help="Where orders go.")] = "paper",
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="A setting: market_data.seed=7, trading.fee=0.001, …"),
    ] = None,
    secrets: Annotated[
        Path | None,
        typer.Option(
            "--secrets", metavar="FILE", help="A YAML or JSON mapping of trading.FIELD to its secret; - for stdin."
        ),
    ] = None,
    balances: Annotated[
        list[str] | None,
        typer.Option("--balance", metavar="ASSET=AMOUNT", help="A paper account's money; may be repeated."),
    ] = None,
    limits: _Limits = None,
    observe: Annotated[
        bool, typer.Option("--observe", help="Only write down what its automations decide, until `accounts go-live`.")
    ] = False,
    egress: _Egress = None,
    market_data_egress: _MarketDataEgress = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not ask its exchange first whether the keys are well.")
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Create an account."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import add_secrets, connector_settings, fields
    from octobot_node.cli.output.show_accounts import print_created_account
    from octobot_node.operations.trading.catalogue import CREATE_ACCOUNT

    halves = connector_settings(settings or [], market_data=market_data, trading=trading)
    add_secrets(halves, secrets)
    given = {"balances": fields(balances or [], "--balance"), "limits": fields(limits or [], "--limit-set")}
    ways = {"egress": egress, "market_data_egress": market_data_egress, "mode": "observe" if observe else "live"}
    client = NodeClient(context, data_dir, as_json=as_json)
    made = client.ask(CREATE_ACCOUNT, name=name, **halves, **given, **ways, check=not unchecked)
    client.show(made, print_created_account)


def _edit(
    context: typer.Context,
    account: AccountArgument,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="What to call it from now on.")] = None,
    limits: _Limits = None,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Lift all its limits.")] = False,
    egress: _Egress = None,
    market_data_egress: _MarketDataEgress = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Rename an account, set all its limits anew, or its routes; they hold for the next order."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import fields
    from octobot_node.cli.output.show_accounts import print_account
    from octobot_node.operations.trading.catalogue import EDIT_ACCOUNT

    found = fields(limits or [], "--limit-set")
    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"account": account, "name": name, "limits": found if found or no_limits else None}
    given |= {"egress": egress, "market_data_egress": market_data_egress}
    client.show(client.ask(EDIT_ACCOUNT, **given), print_account)


def _money(
    context: typer.Context,
    account: AccountArgument,
    currency: Annotated[
        str | None, typer.Option("--currency", metavar="ASSET", help="What to tell its worth in; else your preference.")
    ] = None,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Tell what an account has at its exchange, what automations have of it, and what is left for budgets."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_accounts import print_account_money
    from octobot_node.operations.trading.catalogue import SHOW_ACCOUNT_MONEY

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(SHOW_ACCOUNT_MONEY, account=account, currency=currency), print_account_money)


def _check(context: typer.Context, account: AccountArgument, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Ask an account's exchange for prices, money and orders. Exit code 1: it does not answer everything."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_accounts import print_account_check
    from octobot_node.operations.trading.catalogue import CHECK_ACCOUNT

    client = NodeClient(context, data_dir, as_json=as_json)
    found = client.ask(CHECK_ACCOUNT, account=account)
    client.show(found, print_account_check)
    if not found.ok:
        raise typer.Exit(1)


def _observe(context: typer.Context, account: AccountArgument, as_json: Json = False, data_dir: DataDir = None) -> None:
    """Send no order of an account from now on: what its automations decide is only written down."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_accounts import print_mode_change
    from octobot_node.operations.trading.catalogue import OBSERVE_ACCOUNT

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(OBSERVE_ACCOUNT, account=account), print_mode_change)


def _go_live(
    context: typer.Context,
    account: AccountArgument,
    max_first_day: Annotated[
        str | None,
        typer.Option(
            "--max-first-day",
            metavar="AMOUNT",
            help="The most that buys come to, in each quote asset, in the first 24 hours.",
        ),
    ] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not ask its exchange first whether keys, clock and prices are well.")
    ] = False,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Send an account's orders from now on. Says what will happen, and asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_accounts import print_mode_change
    from octobot_node.operations.trading.catalogue import GO_LIVE, PLAN_GO_LIVE

    client = NodeClient(context, data_dir, as_json=as_json)
    given = {"account": account, "max_first_day": max_first_day}
    if not yes:
        print_mode_change(client.ask(PLAN_GO_LIVE, **given), sys.stderr)
        confirm(f"Send the orders of {account} from now on?", yes=False)
    client.show(client.ask(GO_LIVE, **given, check=not unchecked), print_mode_change)


#: Before the names of secrets of an account's market data; those of its trading are told without anything.
_PRICES = "market_data."


def _rotate_keys(
    context: typer.Context,
    account: AccountArgument,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="FILE", help="A YAML or JSON mapping of names to secrets; - for stdin."),
    ] = None,
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Do not ask the exchange with them before they replace the old ones.")
    ] = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Give an account other keys; what is on it goes on. Asks for each, and keeps those that are left empty."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.input_files import secrets_of
    from octobot_node.cli.output.show_accounts import print_account
    from octobot_node.operations.trading.catalogue import ROTATE_KEYS, SHOW_ACCOUNT

    client = NodeClient(context, data_dir, as_json=as_json)
    secrets = client.ask(SHOW_ACCOUNT, account=account).secrets
    given = secrets_of(file, [name.removeprefix("trading.") for name in secrets])
    prices = {name.removeprefix(_PRICES): value for name, value in given.items() if name.startswith(_PRICES)}
    trading = {name: value for name, value in given.items() if not name.startswith(_PRICES)}
    keys = {"trading": trading or None, "market_data": prices or None}
    client.show(client.ask(ROTATE_KEYS, account=account, check=not unchecked, **keys), print_account)


def _delete(
    context: typer.Context,
    account: AccountArgument,
    yes: Yes = False,
    as_json: Json = False,
    data_dir: DataDir = None,
) -> None:
    """Delete an account that no automation is on. Asks first."""
    from octobot_node.cli.ask_node import NodeClient, confirm
    from octobot_node.cli.output.show_accounts import print_account_deleted
    from octobot_node.operations.trading.catalogue import DELETE_ACCOUNT

    client = NodeClient(context, data_dir, as_json=as_json)
    confirm(f"Delete the account {account} with what it knows of its connectors?", yes=yes)
    client.show(client.ask(DELETE_ACCOUNT, account=account), print_account_deleted)


def exchanges(context: typer.Context, as_json: Json = False, data_dir: DataDir = None) -> None:
    """List where orders can go, and what each exchange guarantees."""
    from octobot_node.cli.ask_node import NodeClient
    from octobot_node.cli.output.show_accounts import print_exchanges
    from octobot_node.operations.trading.catalogue import LIST_EXCHANGES

    client = NodeClient(context, data_dir, as_json=as_json)
    client.show(client.ask(LIST_EXCHANGES), print_exchanges)
