"""The REST API's frame, and what an author of routes uses; the routes are plugins' (``register_api_routers``).

from typing import Annotated

from octobot_node.api import Api, ApiRouter, allow

router = ApiRouter(tags=["telex"])

@router.get("/telex")
def list_telex(api: Annotated[Api, allow("automations:read")]) -> Telex: ...
"""

from octobot_node.api.access import Api, allow, public
from octobot_node.api.exact import ApiRouter
from octobot_node.api.problems import ApiProblem, FieldError, Problem
from octobot_node.contracts.api_routes import ApiRoutes, Scope
from octobot_node.contracts.caller import Caller

__all__ = ["Api", "ApiProblem", "ApiRouter", "ApiRoutes", "Caller", "FieldError", "Problem", "Scope", "allow", "public"]
