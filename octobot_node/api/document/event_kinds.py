"""Events in the document: for each group of kinds what is known of it, told apart by ``kind``.

A kind that is in none of them is a plugin's, or a newer node's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from octobot_node.operations.node.event_kinds import GROUPS
from octobot_node.text.patterns import DECIMAL_PATTERN

__all__ = ["GAP", "tell_kinds", "tell_stream"]

Schema = dict[str, Any]
_STREAM = "text/event-stream"


def _text(description: str) -> Schema:
    return {"type": "string", "description": description}


def _decimal(description: str) -> Schema:
    return {"type": "string", "format": "decimal", "pattern": DECIMAL_PATTERN, "description": description}


def _amounts(description: str) -> Schema:
    return {"type": "object", "additionalProperties": _decimal("An amount."), "description": description}


def _whole(description: str) -> Schema:
    return {"type": "integer", "description": description}


_SIDE: Schema = {"type": "string", "enum": ["buy", "sell"], "description": "Whether it buys or sells."}
_REASON = _text("Why.")
_CHANGED: Schema = {
    "type": "object",
    "description": "What it was and what it is.",
    "properties": {"before": {"description": "What it was."}, "after": {"description": "What it is."}},
}
#: Name of a group of kinds -> what their data may have.
_DATA: Mapping[str, Mapping[str, Schema]] = {
    "AutomationEvent": {
        "name": _text("What it is called."),
        "type": _text("Its type, package.name."),
        "reason": _REASON,
        "close": {"type": "boolean", "description": "Whether what it holds is sold, too."},
    },
    "AutomationEdited": {
        "name": _CHANGED,
        "limits": _CHANGED,
        "tags": _CHANGED,
        "config": {
            "type": "array",
            "items": {"type": "string"},
            "description": "The dotted names of the fields of its config that changed.",
        },
    },
    "ShadowEvent": {"by": _text("Who gave it a shadow, or took it away.")},
    "BudgetEvent": {
        "changes": _amounts("What was given, by asset; below 0: what was taken."),
        "budget": _amounts("What it was given in all, by asset, of those that changed."),
        "by": _text("Who changed it."),
    },
    "OrderEvent": {
        "id": _text("The order's id."),
        "symbol": _text("The market, BASE/QUOTE."),
        "side": _SIDE,
        "type": {"type": "string", "enum": ["market", "limit", "stop"], "description": "Of which type."},
        "amount": _decimal("How much, in base."),
        "spend": _decimal("What it spends, in quote."),
        "price": _decimal("Its price, in quote."),
        "stop": _decimal("The price that sets it off, in quote."),
        "filled": _decimal("How much of it was traded, in base."),
        "tag": _text("The automation's own word for it."),
        "reason": _REASON,
        "exchange_order_id": _text("The exchange's own id of it."),
        "by": _text("Who settled it."),
    },
    "FillEvent": {
        "order": _text("The order's id."),
        "symbol": _text("The market, BASE/QUOTE."),
        "side": _SIDE,
        "amount": _decimal("How much, in base."),
        "price": _decimal("At which price, in quote."),
        "fee": _decimal("The fee that was paid."),
        "fee_asset": {"type": ["string", "null"], "description": "What the fee was paid in."},
        "tag": _text("The automation's own word for the order."),
    },
    "TickEvent": {
        "tick": _whole("The tick's number."),
        "reason": _REASON,
        "missed": _whole("How many planned times passed while no node ran."),
    },
    "LogEvent": {"tick": _whole("The tick's number."), "text": _text("What the automation's own code noted.")},
    "NoticeEvent": {
        "level": _text("How grave it is."),
        "message": _text("What was told."),
        "field": _text("Of what its type finds in a config: the field, dotted; empty for the whole."),
        "notice": _text("The notice's id."),
        "notifier": _text("Who did not take it."),
        "reason": _REASON,
    },
    "ActionEvent": {
        "action": _text("The action's name."),
        "payload": {"type": "object", "description": "What it was given."},
        "tick": _whole("The number of the tick that asked for it."),
        "asked": _whole("The id of the event that asked for it."),
        "reason": _text("What came of it, or why nothing did."),
    },
    "RequestEvent": {
        "target": _text("The name of the automation that was asked."),
        "command": {"type": "string", "enum": ["stop", "close", "pause"], "description": "What it was asked."},
        "reason": _REASON,
    },
}

#: The data of ``event: gap``.
GAP: Schema = {
    "type": "object",
    "description": "Events are missing before the next one of a stream.",
    "properties": {
        "reason": {
            "type": "string",
            "enum": ["pruned", "restored", "moved", "unknown"],
            "description": "Why they are missing.",
        },
        "detail": {"type": "string", "description": "The cause, and what to do."},
    },
    "required": ["reason", "detail"],
}


def tell_kinds(schemas: dict[str, Any]) -> None:
    """Make of the document's one shape of events one for each group of kinds."""
    whole = schemas.get("EventRow")
    if whole is None:
        return
    mapping: dict[str, str] = {}
    for name, kinds in GROUPS.items():
        schemas[name] = _of_group(whole, list(kinds), dict(_DATA.get(name, {})))
        mapping |= dict.fromkeys(kinds, f"#/components/schemas/{name}")
    other = _of_group(whole, [], {})
    other["properties"]["kind"] |= {"not": {"enum": sorted(mapping)}}
    schemas["OtherEvent"] = other | {"description": "What a plugin tells, or a newer node."}
    schemas["EventGap"] = GAP
    schemas["EventRow"] = {
        "description": whole["description"],
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in (*GROUPS, "OtherEvent")],
        "discriminator": {"propertyName": "kind", "mapping": mapping},
    }


def _of_group(whole: Schema, kinds: list[str], data: dict[str, Schema]) -> Schema:
    properties = {name: dict(about) for name, about in whole["properties"].items()}
    if kinds:
        properties["kind"] |= {"enum": kinds}
    properties["data"] |= {"additionalProperties": True} | ({"properties": data} if data else {})
    told = f"An event of the kinds {', '.join(f'`{kind}`' for kind in kinds)}." if kinds else whole["description"]
    return {"type": "object", "description": told, "properties": properties, "required": whole["required"]}


def tell_stream(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Say of a stream what its events are: ``x-events`` maps their names to what is in ``data:``.

    A route that is nothing but a stream says it by a model with a field for each name, which is in the document for
    that alone; one that answers with JSON, too, streams what that is, or the events of its pages.
    """
    for response in operation["responses"].values():
        stream = response.get("content", {}).get(_STREAM)
        if stream is None:
            continue
        model = schemas.pop(_name(stream["schema"]), None)
        if model is not None:
            events = {name: _to(_name(about)) for name, about in model["properties"].items()}
        else:
            page = _name(response["content"].get("application/json", {}).get("schema", {}))
            events = (
                {"message": _to("EventRow"), "gap": _to("EventGap")} if page == "EventPage" else {"message": _to(page)}
            )
        stream["schema"] = {
            "type": "string",
            "description": _STREAMED if "gap" in events else "Server-sent events, each with its `data` as JSON.",
            "x-events": events,
        }


_STREAMED = (
    "Server-sent events, each with its `data` as JSON; one that is about events has as `id` the cursor to go on after."
    " `event: gap` says that events before the next one are missing. Comments keep it alive."
)


def _name(schema: Schema) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _to(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
