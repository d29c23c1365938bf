"""The REST API's frame, and what an author of routes uses; the routes are plugins' (``register_api_routers``).

from typing import Annotated

from octobot_node.api import Api, ApiRouter, allow

router = ApiRouter(tags=["telex"])

@router.get("/telex")
def list_telex(api: Annotated[Api, allow("automations:read")]) -> Telex: ...
"""

from octobot_node.api.access import Api, allow, public
from octobot_node.api.callers import Caller
from octobot_node.api.exact import ApiRouter
from octobot_node.api.problems import ApiProblem, FieldError, Problem
from octobot_node.api_routes import ApiRoutes, Scope

__all__ = ["Api", "ApiProblem", "ApiRouter", "ApiRoutes", "Caller", "FieldError", "Problem", "Scope", "allow", "public"]
