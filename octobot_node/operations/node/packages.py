"""Which Python packages the node is made of, and under which licences."""

from __future__ import annotations

from functools import cache
from importlib.metadata import Distribution, distributions

from octobot_node.operations.context import OperationContext
from octobot_node.operations.models import EmptyRequest
from octobot_node.operations.node.models.plugins import PackagePage, PackageRow
from octobot_node.text.printable import printable

__all__ = ["licence_of", "list_packages"]

_CLASSIFIER = "License :: "
#: A text is no name: some packages have the whole licence there.
_MOST = 80


def list_packages(context: OperationContext, request: EmptyRequest) -> PackagePage:
    """Return the packages that are installed, by name."""
    del context, request
    return PackagePage(packages=list(_installed()))


@cache
def _installed() -> tuple[PackageRow, ...]:
    """Return them as this process found them first: what is installed later takes a restart to be used."""
    found = {
        each.metadata["Name"]: PackageRow(
            name=printable(each.metadata["Name"]), version=printable(each.version), license=printable(licence_of(each))
        )
        for each in distributions()
        if each.metadata["Name"]
    }
    return tuple(found[name] for name in sorted(found, key=str.lower))


def licence_of(package: Distribution) -> str:
    """Return a package's licence: its SPDX expression, what its classifiers say, or its short text; "" for none."""
    told = package.metadata.json
    classifiers = [each for each in told.get("classifier", ()) if each.startswith(_CLASSIFIER)]
    # "OSI Approved" alone is a heading.
    named = ", ".join(each.rpartition(" :: ")[2] for each in classifiers if not each.endswith("OSI Approved"))
    text = " ".join(str(told.get("license", "")).split())
    return (
        str(told.get("license_expression", "")) or named or (text if len(text) <= _MOST and text != "UNKNOWN" else "")
    )
