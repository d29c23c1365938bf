"""Automations over HTTP."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from octobot_node.api import Api, ApiProblem, ApiRouter, allow
from octobot_node.api.etags import IfMatch, expected, tag
from octobot_node.api.params import AutomationPath
from octobot_node.contracts.operation import Route
from octobot_node.operations.automations.catalogue import (
    ADD_SHADOW,
    CHANGE_BUDGET,
    CHANGE_MANY_AUTOMATIONS,
    CLONE_AUTOMATION,
    CREATE_AUTOMATION,
    DELETE_AUTOMATION,
    EDIT_AUTOMATION,
    EXPORT_AUTOMATIONS,
    IMPORT_AUTOMATIONS,
    LIST_AUTOMATIONS,
    LIST_CONFIGS,
    LIST_SIGNALS,
    LIST_TICKS,
    PAUSE_AUTOMATION,
    PLAN_AUTOMATION,
    PLAN_BUDGET,
    REMOVE_SHADOW,
    RESTORE_CONFIG,
    RESUME_AUTOMATION,
    RUN_AUTOMATION_NOW,
    SEND_SIGNAL,
    SHOW_AUTOMATION,
    SHOW_CONFIG,
    SHOW_SHADOW,
    STOP_AUTOMATION,
)
from octobot_node.operations.automations.models.automations import (
    AUTOMATION_EXAMPLE,
    AutomationCreated,
    AutomationDetail,
    AutomationsCreated,
    EditAutomation,
    EditedAutomation,
    ExportAutomations,
    ImportAutomations,
    RunFileText,
    ShowAutomation,
)
from octobot_node.operations.automations.models.cloning import CloneAutomation
from octobot_node.operations.trading.catalogue import LIST_POSTINGS, SHOW_COURSE, SHOW_EQUITY
from octobot_node.specs import Asset, LimitsSpec, Name, PositiveAmount, Tags
from octobot_node.text.from_outside import decoded

__all__ = ["router"]

Reads = Annotated[Api, allow("automations:read")]
Writes = Annotated[Api, allow("automations:write")]
ReadsOrders = Annotated[Api, allow("orders:read")]
ReadsSignals = Annotated[Api, allow("signals:read")]
Signals = Annotated[Api, allow("signals:write")]
_IMPORTED = frozenset({"application/yaml", "application/x-yaml", "application/json"})

router = ApiRouter(prefix="/automations", tags=["automations"])
_LEFT_OUT_MAX = 4_000
_RUN_FILE = """automations:
  - {name: dca-btc, type: dca, account: paper, budget: {USD: 5000}, config: {symbol: BTC/USD, amount: 100, every: 1d}}
"""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AutomationChanges(_Body):
    """What changes of an automation: a whole config or single fields of it, its name, limits or tags."""

    config: dict[str, Any] | None = None
    changes: dict[str, Any] = Field(
        default={}, description="Single fields by dotted name.", examples=[{"safety_orders.count": 3}]
    )
    name: Name | None = None
    limits: LimitsSpec | None = Field(default=None, description="All its limits from now on; {} is none.")
    tags: Tags | None = Field(default=None, description="All its tags from now on; [] is none.")


class Clone(_Body):
    """A new name, and what is to be other than in the automation that it is made from."""

    name: Name
    account: str | None = Field(default=None, min_length=1, max_length=128, description="null: the same.")
    budget: dict[Asset, PositiveAmount] | None = Field(
        default=None, description="All its money by asset; null: as much."
    )
    limits: LimitsSpec | None = Field(default=None, description="All its limits; null: the same.")
    config: dict[str, Any] | None = Field(default=None, description="The whole config; null: the same.")
    changes: dict[str, Any] = Field(default={}, description="Changes of the config by dotted field.")
    start: bool = Field(default=True, description="false: it is paused until somebody resumes it.")
    shadow: bool = Field(
        default=False, description="true: with a shadow, a twin on paper; its account must be at an exchange."
    )


router.add_operation(LIST_AUTOMATIONS, Route("GET", "", "automations:read", "Automations"))


router.add_operation(
    CREATE_AUTOMATION,
    Route(
        "POST",
        "",
        "automations:write",
        "Create an automation",
        name="create_automation",
        status=201,
        location="/automations/{id}",
    ),
)
router.add_operation(
    CHANGE_MANY_AUTOMATIONS,
    Route("POST", "/bulk", "automations:write", "One command for many automations", name="command_many_automations"),
)


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
                "application/json": {"schema": {"type": "object"}, "example": {"automations": [AUTOMATION_EXAMPLE]}},
            },
        }
    },
)
async def import_automations(
    request: Request,
    api: Writes,
    start: Annotated[bool, Query(description="false: they are paused until somebody resumes them.")] = True,
) -> AutomationsCreated:
    """Create what a run file has; an account that exists need not be written out."""
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _IMPORTED:
        raise ApiProblem("unsupported-media-type", f"send a run file as {' or '.join(sorted(_IMPORTED))}, not {kind!r}")
    return await run_sync(partial(_import, api, body, start=start))


def _import(api: Api, body: bytes, *, start: bool) -> AutomationsCreated:
    # JSON is YAML, and read as exactly.
    try:
        text = decoded(body)
    except UnicodeDecodeError:
        raise ApiProblem("bad-request", "the run file is not UTF-8") from None
    request = ImportAutomations(files=[RunFileText(name="run file", text=text)], start=start)
    return api.perform(IMPORT_AUTOMATIONS, request)


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
    # A header has ASCII only, and an account's name any script.
    names = ", ".join(found.left_out).encode("ascii", "backslashreplace").decode()
    left_out = {"X-Left-Out": names[:_LEFT_OUT_MAX]} if names else {}
    return Response(found.text, media_type=f"application/{format}", headers=left_out)


router.add_operation(
    SHOW_AUTOMATION, Route("GET", "/{automation}", "automations:read", "An automation", name="read_automation")
)


@router.patch("/{automation}", summary="Edit an automation")
def edit_automation(
    automation: AutomationPath, body: AutomationChanges, response: Response, api: Writes, if_match: IfMatch = None
) -> EditedAutomation:
    """Edit an automation and let it evaluate with that at once; its orders are cancelled first, as its type wants."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    request = EditAutomation(automation=automation, revision=expected(if_match), **given)
    found = api.perform(EDIT_AUTOMATION, request)
    return EditedAutomation(**dict(_detail(api, found.id, response)), findings=found.findings)


router.add_operation(
    DELETE_AUTOMATION,
    Route(
        "DELETE",
        "/{automation}",
        "automations:write",
        "Delete an automation",
        name="delete_automation",
        problems=(412,),
    ),
)
router.add_operation(
    LIST_CONFIGS,
    Route("GET", "/{automation}/configs", "automations:read", "An automation's configs", tag="automations"),
)
router.add_operation(
    SHOW_CONFIG,
    Route(
        "GET",
        "/{automation}/configs/{number}",
        "automations:read",
        "One of an automation's configs",
        name="read_config",
        tag="automations",
    ),
)
router.add_operation(
    RESTORE_CONFIG,
    Route(
        "POST",
        "/{automation}/configs/{number}/restore",
        "automations:write",
        "Go back to a config",
        name="restore_config",
        tag="automations",
    ),
)
router.add_operation(
    PLAN_BUDGET,
    Route(
        "POST",
        "/{automation}/budget/plan",
        "automations:read",
        "What a change of its budget would come to",
        name="plan_budget",
        tag="automations",
    ),
)
router.add_operation(
    CHANGE_BUDGET,
    Route(
        "POST",
        "/{automation}/budget",
        "automations:write",
        "Change an automation's budget",
        name="change_budget",
        tag="automations",
    ),
)
router.add_operation(
    SHOW_SHADOW,
    Route(
        "GET",
        "/{automation}/shadow",
        "automations:read",
        "How an automation differs from its shadow",
        name="show_shadow",
        tag="automations",
    ),
)
router.add_operation(
    ADD_SHADOW,
    Route(
        "POST",
        "/{automation}/shadow",
        "automations:write",
        "Give an automation a shadow",
        name="add_shadow",
        tag="automations",
    ),
)
router.add_operation(
    REMOVE_SHADOW,
    Route(
        "DELETE",
        "/{automation}/shadow",
        "automations:write",
        "Take an automation's shadow away",
        name="remove_shadow",
        tag="automations",
    ),
)
router.add_operation(
    PAUSE_AUTOMATION,
    Route("POST", "/{automation}/pause", "automations:write", "Pause an automation", name="pause_automation"),
)
router.add_operation(
    RESUME_AUTOMATION,
    Route("POST", "/{automation}/resume", "automations:write", "Resume an automation", name="resume_automation"),
)
router.add_operation(
    RUN_AUTOMATION_NOW,
    Route("POST", "/{automation}/run", "automations:write", "Run an automation now", name="run_automation"),
)
router.add_operation(
    STOP_AUTOMATION,
    Route("POST", "/{automation}/stop", "automations:write", "Stop an automation", name="stop_automation"),
)


@router.post("/{automation}/clone", summary="Clone an automation", status_code=201)
def clone_automation(automation: AutomationPath, body: Clone, response: Response, api: Writes) -> AutomationCreated:
    """Create another automation like this one: its config, limits and budget, not its state, money or orders."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    made = api.perform(CLONE_AUTOMATION, CloneAutomation(automation=automation, **given))
    row = made.automations[0]
    tag(response, row.revision)
    response.headers["Location"] = f"/api/v1/automations/{row.id}"
    return row


router.add_operation(
    PLAN_AUTOMATION,
    Route(
        "POST",
        "/{automation}/plan",
        "automations:read",
        "What the next tick would do",
        name="plan_automation",
        problems=(503,),
    ),
)
router.add_operation(
    SEND_SIGNAL,
    Route(
        "POST",
        "/{automation}/signals",
        "signals:write",
        "Send an automation a signal",
        name="send_signal",
        tag="signals",
        status=202,
    ),
)
router.add_operation(
    LIST_SIGNALS, Route("GET", "/{automation}/signals", "signals:read", "An automation's inbox", tag="signals")
)
router.add_operation(
    LIST_POSTINGS,
    Route("GET", "/{automation}/ledger", "orders:read", "An automation's postings", name="list_postings", tag="orders"),
)
router.add_operation(
    SHOW_EQUITY,
    Route("GET", "/{automation}/equity", "automations:read", "What an automation was worth", name="read_equity"),
)
router.add_operation(
    LIST_TICKS,
    Route(
        "GET",
        "/{automation}/ticks",
        "automations:read",
        "Ticks that did something",
        name="list_ticks",
    ),
)
router.add_operation(
    SHOW_COURSE,
    Route(
        "GET",
        "/{automation}/course",
        "automations:read",
        "What an automation was worth at the prices of then",
        name="read_course",
    ),
)


def _detail(api: Api, automation: str, response: Response) -> AutomationDetail:
    found = api.perform(SHOW_AUTOMATION, ShowAutomation(automation=automation))
    tag(response, found.revision)
    return found
