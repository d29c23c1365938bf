"""What configs of automations are made of: kinds of fields that they share, and how their form looks.

``kinds`` has the fields, ``hints`` what an author says of the form, ``schema`` the JSON schema that it is made of.
"""

from __future__ import annotations

from octobot_node.fields.hints import either, form, hint
from octobot_node.fields.kinds import (
    Asset,
    AutomationName,
    ConfigModel,
    CronTime,
    DailyTime,
    Duration,
    Interval,
    Symbol,
    Zone,
)
from octobot_node.fields.schema import config_schema
from octobot_node.fields.secrets import SecretRef
from octobot_node.text.patterns import told_as

__all__ = [
    "Asset",
    "AutomationName",
    "ConfigModel",
    "CronTime",
    "DailyTime",
    "Duration",
    "Interval",
    "SecretRef",
    "Symbol",
    "Zone",
    "config_schema",
    "either",
    "form",
    "hint",
    "told_as",
]
