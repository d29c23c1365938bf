"""Pages for browsers beside the API: of one origin with it, on a port of their own, and never in its way."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from octobot_node.api.app import create_app
from octobot_node.api.server import ApiServer
from octobot_node.api.sites import OpenSite, open_sites
from octobot_node.contracts.context import PluginContext
from octobot_node.contracts.panels import Panel
from octobot_node.errors import PluginError
from octobot_plugins.dashboard import pages
from tests.integration.api.conftest import Service, kept_router

HTML = {"accept": "text/html,application/xhtml+xml"}
SCRIPT = "console.log('hello');" * 100


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A dashboard as it is built, so that nothing here needs one."""
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>OctoBot Node</title>")
    (folder / "assets" / "index-abc.js").write_text(SCRIPT)
    monkeypatch.setattr(pages, "BUILT", folder)
    return folder


@pytest.fixture
def client(built: Path, service: Service) -> TestClient:
    context = service.office.context()
    app = create_app(context, open_sites(context.registry, context.plugin_context), make_router=kept_router)
    return service.stack.enter_context(TestClient(app, base_url="http://node.test"))


def test_every_address_of_the_application_is_its_page(client: TestClient) -> None:
    for path in ("/", "/automations", "/automations/019b1f00?tab=orders", "/sign-in", "/index.html"):
        page = client.get(path, headers=HTML)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert "OctoBot Node" in page.text
        # A page that was kept would ask for files that the node has no more.
        assert page.headers["cache-control"] == "no-cache"


def test_the_api_s_document_has_a_page_of_its_own(built: Path, service: Service) -> None:
    (built / "docs").mkdir()
    (built / "docs" / "index.html").write_text("<!doctype html><title>The REST API</title>")
    context = service.office.context()
    app = create_app(context, open_sites(context.registry, context.plugin_context), make_router=kept_router)
    with TestClient(app, base_url="http://node.test") as client:
        for path in ("/docs", "/docs/", "/docs/index.html"):
            page = client.get(path, headers=HTML)
            assert (page.status_code, "The REST API" in page.text) == (200, True)
            assert "unsafe" not in page.headers["content-security-policy"]
        # What is below it is the application's own address, as any.
        assert "The REST API" not in client.get("/docs/else", headers=HTML).text


def test_files_are_kept_for_ever_since_their_names_change_with_them(client: TestClient) -> None:
    script = client.get("/assets/index-abc.js")
    packed = client.get("/assets/index-abc.js", headers={"accept-encoding": "gzip"})
    plain = client.get("/assets/index-abc.js", headers={"accept-encoding": "identity"})
    again = client.get("/assets/index-abc.js", headers={"if-none-match": script.headers["etag"]})

    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text == SCRIPT
    assert (again.status_code, again.text) == (304, "")


def test_a_page_may_load_nothing_from_elsewhere_and_no_script_that_is_written_into_it(client: TestClient) -> None:
    policy = client.get("/", headers=HTML).headers["content-security-policy"]
    allowed = dict(each.split(" ", 1) for each in policy.split("; "))

    assert allowed["default-src"] == "'none'"
    assert allowed["script-src"] == allowed["style-src"] == allowed["connect-src"] == "'self'"
    assert "unsafe" not in policy
    assert set(re.findall(r"[a-z]+:", policy)) <= {"data:"}


@pytest.mark.parametrize(
    "path", ["/api/v1/nothing", "/api/nothing", "/health/nothing", "/hooks/nothing", "/assets/gone.js"]
)
def test_what_programs_ask_for_and_is_not_there_is_a_problem_and_no_page(client: TestClient, path: str) -> None:
    found = client.get(path, headers=HTML)
    assert found.status_code in (404, 405)
    assert found.headers["content-type"] == "application/problem+json"


def test_whoever_wants_no_page_gets_none(client: TestClient) -> None:
    assert client.get("/automations").status_code == 404
    assert client.post("/automations", headers=HTML).status_code == 404
    assert client.get("/../pyproject.toml").status_code == 404
    assert client.get("/assets/%2e%2e/%2e%2e/settings.py").status_code == 404


def test_the_api_is_there_on_the_same_origin(client: TestClient) -> None:
    assert client.get("/api/v1/session").status_code == 401
    assert client.get("/health/live").status_code == 200


def settings_of(**given: Any) -> PluginContext:
    settings = SimpleNamespace(api_port=given.pop("api_port", 8000))
    return cast(
        "PluginContext",
        SimpleNamespace(settings=settings, offered=lambda kind: {}, plugin_settings=lambda model: model(**given)),
    )


def test_there_are_no_pages_where_they_are_switched_off_or_not_built(built: Path) -> None:
    assert pages.open_pages(settings_of()) is not None
    assert pages.open_pages(settings_of(enabled=False)) is None
    (built / "index.html").unlink()
    with capture_logs() as logs:
        assert pages.open_pages(settings_of()) is None
    assert [(log["event"], "`make ui`" in log["cure"]) for log in logs] == [("dashboard_not_built", True)]


def test_the_port_is_any_where_the_apis_is_unless_somebody_chose_one() -> None:
    given = [settings_of(), settings_of(port=5002), settings_of(api_port=0), settings_of(api_port=0, port=5002)]
    assert [pages.port(each) for each in given] == [5001, 5002, 0, 5002]


@pytest.fixture
def server(built: Path, make_service: Callable[..., Service]) -> Iterator[ApiServer]:
    server = ApiServer(make_service(api_port=0).office.context())
    server.start()
    yield server
    server.stop()


def status_of(url: str, path: str, **headers: str) -> tuple[int, str]:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", path, headers=HTML | headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def test_the_whole_application_listens_on_the_dashboards_port(server: ApiServer) -> None:
    url = server.sites["dashboard"]

    assert urlsplit(url).port != server.port
    assert status_of(url, "/automations")[0] == 200
    assert status_of(url, "/api/v1/session")[0] == 401
    assert status_of(f"http://127.0.0.1:{server.port}", "/api/v1/session")[0] == 401


def test_a_node_of_its_own_machine_is_asked_under_that_machines_names_alone(server: ApiServer) -> None:
    """A page elsewhere whose name is pointed at 127.0.0.1 reads nothing, and tries no password, on either port."""
    urls = (f"http://127.0.0.1:{server.port}", server.sites["dashboard"])
    own = (
        "127.0.0.1",
        "[::1]:8000",
        "localhost",
        "LOCALHOST.:5001",
        "node.localhost",
        "192.0.2.7:1",
        socket.gethostname(),
    )
    others = (
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "local host",
        "0x7f.1",
    )
    for url in urls:
        assert {status_of(url, "/api/v1/session", host=each)[0] for each in own} == {401}
        assert {status_of(url, "/api/v1/session", host=each)[0] for each in others} == {400}
        assert {status_of(url, "/automations", host=each)[0] for each in others} == {400}
    status, said = status_of(urls[0], "/docs", host="evil.example")
    assert (status, "name it in OCTOBOT_API_ALLOWED_HOSTS" in said, "evil" in said) == (400, True, False)
    # Probes of load balancers, and alerts through a tunnel: nobody has a session to lose there.
    assert status_of(urls[0], "/health/live", host="evil.example")[0] == 200
    assert status_of(urls[0], "/hooks/none", host="evil.example")[0] != 400


def test_a_port_that_is_taken_costs_the_dashboard_and_not_the_node(
    built: Path, make_service: Callable[..., Service], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        monkeypatch.setattr(pages, "port", lambda _context: port)
        context = make_service(api_port=0).office.context()
        server = ApiServer(context)
        server.start()
        try:
            assert server.sites == {}
            assert status_of(f"http://127.0.0.1:{server.port}", "/health/live")[0] == 200
        finally:
            server.stop()
    (told,) = context.core.plugin_failures.all()
    assert told.plugin == "octobot_plugins.dashboard"
    assert f"the dashboard cannot listen on 127.0.0.1:{port}" in told.error
    assert "OCTOBOT_DASHBOARD_PORT" in told.error


@pytest.fixture
def shown(built: Path, service: Service, tmp_path: Path) -> TestClient:
    """A node with a panel, and a secret beside its folder."""
    folder = tmp_path / "panel"
    (folder / "inner").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><script src=panel.js></script>")
    (folder / "panel.js").write_text("parent.postMessage({}, '*')")
    (tmp_path / "secret.txt").write_text("nobody's")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    context = service.office.context()
    panel = Panel("mood", "Mood", "automation", folder, types=("dca",))
    registry = replace(context.registry, panels={"mood": panel})
    answer = pages.Pages(built, registry.panels)
    owner = next(each for each in registry.plugins if each.name == "octobot_plugins.dashboard")
    app = create_app(context, [OpenSite("dashboard", owner, answer, 0)], make_router=kept_router)
    return service.stack.enter_context(TestClient(app, base_url="http://node.test"))


def test_a_panel_is_of_no_origin_and_may_ask_for_nothing_but_its_own_files(shown: TestClient) -> None:
    for path in ("/panels/mood/", "/panels/mood/index.html"):
        page = shown.get(path)
        assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
        policy = dict(each.split(" ", 1) for each in page.headers["content-security-policy"].split("; "))
        assert policy == {
            "default-src": "'none'",
            "script-src": "node.test/panels/mood/",
            "style-src": "node.test/panels/mood/",
            "font-src": "node.test/panels/mood/",
            "img-src": "node.test/panels/mood/ data:",
            "connect-src": "'none'",
            "form-action": "'none'",
            "base-uri": "'none'",
            "frame-ancestors": "'self'",
            # Without the origin of the node, and so without its session, also where its address itself is opened.
            "sandbox": "allow-scripts",
        }
        assert page.headers["x-frame-options"] == "SAMEORIGIN"
    assert shown.get("/panels/mood/panel.js").text == "parent.postMessage({}, '*')"
    assert "frame-src 'self'" in shown.get("/", headers=HTML).headers["content-security-policy"]


@pytest.mark.parametrize(
    "path",
    [
        *("mood/gone.js", "mood/inner", "mood/%2e%2e/secret.txt", "mood/link.txt"),
        *("other/index.html", "", "mood/index.html%00", "mood//etc/passwd"),
    ],
)
def test_of_a_panel_nothing_is_served_but_what_is_in_its_folder(shown: TestClient, path: str) -> None:
    found = shown.get(f"/panels/{path}", headers=HTML)
    assert (found.status_code, found.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"name": "My Panel"}, "is not called as one can be"),
        ({"title": " "}, "has no title"),
        ({"types": ()}, "names no types: say of which"),
        ({"folder": Path("/nowhere")}, "has no index.html in /nowhere"),
        ({"height": 5}, "is 5 pixels high: give 80 to 2000"),
        ({"bridge": 2}, "speaks version 2 of the bridge, and this node 1"),
    ],
)
def test_a_panel_that_cannot_be_shown_says_why(built: Path, given: dict[str, Any], reason: str) -> None:
    right: dict[str, Any] = {"name": "mood", "title": "Mood", "place": "automation", "folder": built, "types": ("dca",)}
    Panel(**right)
    with pytest.raises(PluginError, match=re.escape(reason)):
        Panel(**{**right, **given})
