"""Whatever is sent, as whoever: no 5xx, no status or body that the document does not have, no garbage accepted.

Two of each here; ``make test-all`` and ``make fuzz`` ask for longer (``FUZZ_EXAMPLES``).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.integration.api.conftest import Service

#: Candles that are sent are read in a process.
pytestmark = [pytest.mark.timeout(1_800), pytest.mark.process]
_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
#: Everybody brings credentials that are good here (test_who_may.py is about others); and what fits the schema may still
#: name an automation that there is not.
_NOT_ASKED = [ignored_auth, positive_data_acceptance]
#: What garbage may be answered with; an address that is too long is not looked at any further.
_REFUSALS = ["400", "401", "403", "404", "406", "409", "412", "413", "415", "422", "428", "429", "431"]
#: A stream without an end; tests/integration/plugins/api_events reads it.
_STREAMS = {"follow_live"}


def ask_everything(service: Service, examples: int, headers: dict[str, str], mode: GenerationMode) -> list[str]:
    """Send generated requests to every operation; return what was wrong with the answers."""
    config = schemathesis.Config.from_dict({"checks": {"negative_data_rejection": {"expected-statuses": _REFUSALS}}})
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", service.app, config=config)
    found: list[str] = []
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result
        operation = result.ok()
        if operation.definition.raw["operationId"] in _STREAMS:
            continue
        strategy = operation.as_strategy(generation_mode=mode)

        @given(case=strategy)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            derandomize=not os.environ.get("FUZZ_EXAMPLES"),
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Case[Any]) -> None:
            case.headers = case.headers.copy()
            case.headers.update(headers)
            try:
                case.call_and_validate(excluded_checks=_NOT_ASKED)
            except FailureGroup as group:
                found.extend(_told(case, failure) for failure in group.exceptions)
            except Failure as failure:
                found.append(_told(case, failure))

        try:
            ask()
        except Unsatisfiable:
            # In a request without parameters, body and credentials there is nothing that could be wrong.
            raw = operation.definition.raw
            if raw.get("parameters") or raw.get("requestBody") or raw.get("security"):
                found.append(f"{operation.label}: nothing could be generated")
        except Exception as error:  # what cannot be generated at all
            found.append(f"{operation.label}: {type(error).__name__}: {str(error)[:300]}")
    return found


def _told(case: Case[Any], failure: BaseException) -> str:
    asked = f"query={str(case.query)[:200]} body={str(case.body)[:200]}"
    return f"{case.method} {case.formatted_path[:100]} {asked}: {failure}"[:900]


def _asked() -> Iterator[Any]:
    """Everybody asks on both databases; what differs on PostgreSQL, the values, one of them is enough for."""
    for database, who, mode in product(["sqlite", "postgres"], ["nobody", "vera", "ada", "root"], GenerationMode):
        enough = database == "sqlite" or (who, mode) == ("ada", GenerationMode.POSITIVE)
        marks = [] if enough else [pytest.mark.long]
        yield pytest.param(database, who, mode, id=f"{database}-{who}-{mode.value}", marks=marks)


@pytest.mark.parametrize(("make_bench", "who", "mode"), list(_asked()), indirect=["make_bench"])
def test_every_request_is_answered_as_the_document_says(
    make_service: Callable[..., Service], request: pytest.FixtureRequest, who: str, mode: GenerationMode
) -> None:
    service = make_service()
    service.automation("ada", "nothing")
    headers: dict[str, Any] = {} if who == "nobody" else {"authorization": f"Bearer {service.keys[who]}"}
    # Who is let in asks most; the other database is asked what differs there: the values.
    many = who in {"ada", "root"} and ("sqlite" in request.node.name or mode is GenerationMode.POSITIVE)

    found = ask_everything(service, _EXAMPLES if many else max(_EXAMPLES // 3, 1), headers, mode)

    assert not found, "\n\n".join(found)
