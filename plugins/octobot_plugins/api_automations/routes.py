"""Automations over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from octobot_node.api import Api, ApiProblem, ApiRouter, FieldError, allow
from octobot_node.api.etags import IfMatch, expected, optional, tag
from octobot_node.api.params import AutomationPath, Cursor
from octobot_node.contracts.operation import Operation
from octobot_node.errors import InvalidRunFile
from octobot_node.operations.automations.catalogue import (
    CHANGE_MANY_AUTOMATIONS,
    CLONE_AUTOMATION,
    CREATE_AUTOMATIONS,
    DELETE_AUTOMATION,
    EDIT_AUTOMATION,
    EXPORT_AUTOMATIONS,
    LIST_AUTOMATIONS,
    LIST_SIGNALS,
    PAUSE_AUTOMATION,
    PLAN_AUTOMATION,
    RESUME_AUTOMATION,
    RUN_AUTOMATION_NOW,
    SEND_SIGNAL,
    SHOW_AUTOMATION,
    STOP_AUTOMATION,
)
from octobot_node.operations.automations.models.automations import (
    AutomationDetail,
    AutomationPage,
    AutomationRow,
    ChangeAutomation,
    Changed,
    CreateAutomations,
    Created,
    EditAutomation,
    ExportAutomations,
    ListAutomations,
    OneAutomation,
    RunFileText,
    StopAutomation,
)
from octobot_node.operations.automations.models.bulk import BulkAutomations, BulkDone
from octobot_node.operations.automations.models.cloning import CloneAutomation
from octobot_node.operations.automations.models.plans import PlanAutomation, PlannedTick
from octobot_node.operations.automations.models.signals import (
    ListSignals,
    SendSignal,
    SignalPage,
    SignalSent,
    SignalStatus,
)
from octobot_node.operations.models import Limit
from octobot_node.operations.trading.catalogue import LIST_POSTINGS, SHOW_EQUITY
from octobot_node.operations.trading.models.money import EquitySeries, ListPostings, PostingPage, ShowEquity
from octobot_node.specs import Amount, Asset, LimitsSpec, Name

__all__ = ["router"]

Reads = Annotated[Api, allow("automations:read")]
Writes = Annotated[Api, allow("automations:write")]
ReadsOrders = Annotated[Api, allow("orders:read")]
ReadsSignals = Annotated[Api, allow("signals:read")]
Signals = Annotated[Api, allow("signals:write")]
_IMPORTED = frozenset({"application/yaml", "application/x-yaml", "application/json"})

router = ApiRouter(prefix="/automations", tags=["automations"])
_EXAMPLE: dict[str, JsonValue] = {
    "name": "dca-btc",
    "type": "dca",
    "account": "paper",
    "budget": {"USD": "5000"},
    "config": {"symbol": "BTC/USD", "amount": "100", "every": "1d"},
}

_RUN_FILE = """automations:
  - {name: dca-btc, type: dca, account: paper, budget: {USD: 5000}, config: {symbol: BTC/USD, amount: 100, every: 1d}}
"""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewAutomation(_Body):
    """An automation to create, as a run file has it; it is active, and due at once."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [_EXAMPLE]})

    name: Name
    type: str = Field(min_length=1, max_length=128, description="package.name, or name alone; GET /types has them.")
    account: str = Field(min_length=1, max_length=128, description="An account's name.")
    budget: dict[Asset, Amount] = Field(default={}, description="What it may spend, by asset.")
    limits: LimitsSpec | None = None
    config: dict[str, Any] = Field(default={}, description="As the type's config schema says.")


class AutomationChanges(_Body):
    """What changes of an automation: a whole config or single fields of it, its name, its limits."""

    config: dict[str, Any] | None = None
    changes: dict[str, Any] = Field(
        default={}, description="Single fields by dotted name.", examples=[{"safety_orders.count": 3}]
    )
    name: Name | None = None
    limits: LimitsSpec | None = Field(default=None, description="All its limits from now on; {} is none.")


class Stop(_Body):
    """How to stop."""

    close: bool = Field(default=False, examples=[True], description="Also sell what it holds, at market.")


class Clone(_Body):
    """A new name, and what is to be other than in the automation that it is made from."""

    name: Name
    account: str | None = Field(default=None, min_length=1, max_length=128, description="null: the same.")
    budget: dict[Asset, Amount] | None = Field(default=None, description="All its money by asset; null: as much.")
    limits: LimitsSpec | None = Field(default=None, description="All its limits; null: the same.")
    config: dict[str, Any] | None = Field(default=None, description="The whole config; null: the same.")
    changes: dict[str, Any] = Field(default={}, description="Changes of the config by dotted field.")


class Plan(_Body):
    """Which tick to plan."""

    at_once: bool = Field(default=False, examples=[True], description="As if something woke it now, not as it is due.")


class NewSignal(_Body):
    """A message for an automation's inbox."""

    payload: Any = Field(description="What the automation is given.", examples=[{"side": "buy"}])
    channel: str = Field(default="default", min_length=1, max_length=64)
    key: str | None = Field(
        default=None, min_length=1, max_length=128, description="One that arrived before is not taken again."
    )
    expires_in: float | None = Field(default=None, gt=0, le=31_536_000, description="Seconds until it is worthless.")


@router.get("", summary="Automations")
def list_automations(request: Annotated[ListAutomations, Query()], api: Reads) -> AutomationPage:
    """List automations, oldest first."""
    return api.perform(LIST_AUTOMATIONS, request)


@router.post("", summary="Create an automation", status_code=201)
def create_automation(body: NewAutomation, response: Response, api: Writes) -> AutomationRow:
    """Create an automation on an account that exists."""
    spec = body.model_dump(exclude={"limits"})
    if body.limits is not None:
        spec["limits"] = body.limits.model_dump(mode="json", exclude_none=True)
    try:
        made = api.perform(CREATE_AUTOMATIONS, CreateAutomations(run_file={"automations": [spec]}))
    except InvalidRunFile as error:
        raise _of_one(error) from None
    row = made.automations[0]
    tag(response, row.revision)
    response.headers["Location"] = f"/api/v1/automations/{row.id}"
    return row


def _of_one(error: InvalidRunFile) -> ApiProblem:
    """Return what is wrong with the one automation of a request, without its place in a list."""
    place = error.field.removeprefix("automations.0").lstrip(".")
    where = f"body.{place}" if place else "body"
    fields = [FieldError(field=where, reason=error.reason)]
    return ApiProblem("invalid", f"{where}: {error.reason}", fields=fields)


@router.post("/bulk", summary="One command for many automations")
def command_many_automations(body: BulkAutomations, api: Writes) -> BulkDone:
    """Pause, resume, run, stop or delete every automation that fits; read on with the cursor until it is null."""
    return api.perform(CHANGE_MANY_AUTOMATIONS, body)


@router.post(
    "/import",
    summary="Import automations",
    status_code=201,
    responses={413: {}, 415: {}, 422: {}},
    openapi_extra={
        "requestBody": {
            "required": True,
            "description": "A run file: its accounts and automations are created, all or none.",
            "content": {
                "application/yaml": {"schema": {"type": "string"}, "example": _RUN_FILE},
                "application/json": {"schema": {"type": "object"}, "example": {"automations": [_EXAMPLE]}},
            },
        }
    },
)
async def import_automations(request: Request, api: Writes) -> Created:
    """Create what a run file has; an account that exists need not be written out."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _IMPORTED:
        raise ApiProblem("unsupported-media-type", f"send a run file as {' or '.join(sorted(_IMPORTED))}, not {kind!r}")
    return await run_sync(_import, api, body)


def _import(api: Api, body: bytes) -> Created:
    # JSON is YAML, and read as exactly.
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ApiProblem("bad-request", "the run file is not UTF-8") from None
    request = CreateAutomations(files=[RunFileText(name="run file", text=text)])
    return api.perform(CREATE_AUTOMATIONS, request)


@router.get(
    "/export",
    summary="Export automations",
    response_class=Response,
    responses={
        200: {
            "description": "A run file that an import takes back. X-Left-Out names the secrets that it does not have.",
            "content": {
                "application/yaml": {"schema": {"type": "object"}},
                "application/json": {"schema": {"type": "object"}},
            },
        },
        404: {},
    },
)
def export_automations(
    api: Reads,
    automation: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=128)]],
        Query(max_length=500, description="Ids or names; none: all that have not ended."),
    ] = [],  # noqa: B006 - FastAPI copies it
    format: Annotated[Literal["yaml", "json"], Query()] = "yaml",  # noqa: A002 - what people write into the address
) -> Response:
    """Give automations as a run file, with the accounts that they trade on, without secrets."""
    found = api.perform(EXPORT_AUTOMATIONS, ExportAutomations(automations=automation, format=format))
    left_out = {"X-Left-Out": ", ".join(found.left_out)} if found.left_out else {}
    return Response(found.text, media_type=f"application/{format}", headers=left_out)


@router.get("/{automation}", summary="An automation")
def read_automation(automation: AutomationPath, response: Response, api: Reads) -> AutomationDetail:
    """Tell everything about an automation: config, state, money, orders that can change, newest events, figures."""
    return _detail(api, automation, response)


@router.patch("/{automation}", summary="Edit an automation")
def edit_automation(
    automation: AutomationPath, body: AutomationChanges, response: Response, api: Writes, if_match: IfMatch = None
) -> AutomationDetail:
    """Edit an automation and let it evaluate with that at once; its orders are cancelled first, as its type wants."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    request = EditAutomation(automation=automation, revision=expected(if_match), **given)
    found = api.perform(EDIT_AUTOMATION, request)
    return _detail(api, found.id, response)


@router.delete("/{automation}", summary="Delete an automation", responses={412: {}})
def delete_automation(automation: AutomationPath, api: Writes, if_match: IfMatch = None) -> Changed:
    """Remove an automation that has ended, with its orders, fills and money; its events stay."""
    return _command(api, DELETE_AUTOMATION, automation, if_match)


@router.post("/{automation}/pause", summary="Pause an automation")
def pause_automation(automation: AutomationPath, api: Writes, if_match: IfMatch = None) -> Changed:
    """Make no more decisions; resting orders stay, and their fills settle."""
    return _command(api, PAUSE_AUTOMATION, automation, if_match)


@router.post("/{automation}/resume", summary="Resume an automation")
def resume_automation(automation: AutomationPath, api: Writes, if_match: IfMatch = None) -> Changed:
    """Decide again, at once; also for one that failed or is held."""
    return _command(api, RESUME_AUTOMATION, automation, if_match)


@router.post("/{automation}/run", summary="Run an automation now")
def run_automation(automation: AutomationPath, api: Writes, if_match: IfMatch = None) -> Changed:
    """Evaluate as soon as possible."""
    return _command(api, RUN_AUTOMATION_NOW, automation, if_match)


@router.post("/{automation}/stop", summary="Stop an automation")
def stop_automation(
    automation: AutomationPath, api: Writes, body: Stop | None = None, if_match: IfMatch = None
) -> Changed:
    """Cancel its orders, settle, then end it; with `close` also sell what it holds."""
    close = body is not None and body.close
    request = StopAutomation(automation=automation, close=close, revision=optional(if_match))
    return api.perform(STOP_AUTOMATION, request)


@router.post("/{automation}/clone", summary="Clone an automation", status_code=201)
def clone_automation(automation: AutomationPath, body: Clone, response: Response, api: Writes) -> AutomationRow:
    """Create another automation like this one: its config, limits and budget, not its state, money or orders."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    made = api.perform(CLONE_AUTOMATION, CloneAutomation(automation=automation, **given))
    row = made.automations[0]
    tag(response, row.revision)
    response.headers["Location"] = f"/api/v1/automations/{row.id}"
    return row


@router.post("/{automation}/plan", summary="What the next tick would do", responses={503: {}})
def plan_automation(automation: AutomationPath, api: Reads, body: Plan | None = None) -> PlannedTick:
    """Evaluate the next tick on live data with actions disabled: nothing of it is written, sent or told."""
    at_once = body is not None and body.at_once
    return api.perform(PLAN_AUTOMATION, PlanAutomation(automation=automation, at_once=at_once))


@router.post("/{automation}/signals", summary="Send an automation a signal", tags=["signals"], status_code=202)
def send_signal(automation: AutomationPath, body: NewSignal, api: Signals) -> SignalSent:
    """Put a message into an automation's inbox, and wake it."""
    request = SendSignal(
        automation=automation,
        payload=body.payload,
        channel=body.channel,
        key=body.key,
        expires_in=body.expires_in,
    )
    return api.perform(SEND_SIGNAL, request)


@router.get("/{automation}/signals", summary="An automation's inbox", tags=["signals"])
def list_signals(
    automation: AutomationPath,
    api: ReadsSignals,
    status: Annotated[SignalStatus | None, Query()] = None,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Cursor = None,
) -> SignalPage:
    """List what is in an automation's inbox, or was, newest first."""
    request = ListSignals(automation=automation, status=status, limit=limit, cursor=cursor)
    return api.perform(LIST_SIGNALS, request)


@router.get("/{automation}/ledger", summary="An automation's postings", tags=["orders"])
def list_postings(
    automation: AutomationPath,
    api: ReadsOrders,
    asset: Annotated[str | None, Query(max_length=16)] = None,
    limit: Annotated[Limit, Query()] = 50,
    cursor: Cursor = None,
) -> PostingPage:
    """List what moved, newest first: budget, trades and fees, which are never changed."""
    request = ListPostings(automation=automation, asset=asset, limit=limit, cursor=cursor)
    return api.perform(LIST_POSTINGS, request)


@router.get("/{automation}/equity", summary="What an automation was worth")
def read_equity(
    automation: AutomationPath,
    api: Reads,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    points: Annotated[int, Query(ge=10, le=5_000, description="Points at most.")] = 500,
) -> EquitySeries:
    """Tell what an automation was worth, and had realised, after its fills; of longer ago, hour by hour."""
    request = ShowEquity(automation=automation, since=since, until=until, points=points)
    return api.perform(SHOW_EQUITY, request)


def _command(
    api: Api, operation: Operation[ChangeAutomation, Changed], automation: str, if_match: str | None
) -> Changed:
    return api.perform(operation, ChangeAutomation(automation=automation, revision=optional(if_match)))


def _detail(api: Api, automation: str, response: Response) -> AutomationDetail:
    found = api.perform(SHOW_AUTOMATION, OneAutomation(automation=automation))
    tag(response, found.revision)
    return found
