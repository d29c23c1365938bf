"""The stack's files hold to each other: one list of variables, and no container may more than it needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.variables import VARIABLES, ansible_defaults, env_example

DOCKER = Path(__file__).parents[3] / "deploy" / "docker"
TEXT = (DOCKER / "compose.yaml").read_text()
STACK: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
#: Read by ./prepare and by Compose itself.
NOT_IN_COMPOSE = {"COMPOSE_PROFILES", "DATABASE_HOSTS"}


def test_the_example_of_the_settings_is_what_the_list_says() -> None:
    assert (DOCKER / ".env.example").read_text() == env_example(), "run `make reference`"


def test_every_variable_is_on_the_list_with_the_default_that_it_has() -> None:
    used = set(re.findall(r"\$\{(\w+):-([^}]*)\}", TEXT))
    assert used == {(each.name, each.default) for each in VARIABLES} - {(name, "") for name in NOT_IN_COMPOSE}
    # No other form: a variable without a default would be a warning, or empty.
    assert len(re.findall(r"(?<!\$)\$\{", TEXT)) == len(re.findall(r"\$\{\w+:-", TEXT))


def test_a_variable_is_on_the_list_once_and_says_what_it_is() -> None:
    names = [each.name for each in VARIABLES]
    assert len(names) == len(set(names))
    assert [each.name for each in VARIABLES if not each.what.endswith(".")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_no_more_than_it_must(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "cap_add" not in service
    assert "privileged" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), "it runs as root"
    assert set(service["deploy"]["resources"]["limits"]) == {"memory", "cpus", "pids"}
    assert all(re.search(r"noexec,nosuid,nodev$", each) for each in service["tmpfs"])
    assert "docker.sock" not in str(service)


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_comes_back_its_log_is_bounded_and_it_has_time_to_end(name: str) -> None:
    service = SERVICES[name]
    # Tentacles are installed once, before the node starts.
    assert service["restart"] == ("no" if name == "tentacles" else "unless-stopped")
    assert service["init"] is True
    assert set(service["logging"]["options"]) == {"max-size", "max-file"}
    assert re.fullmatch(r"\d+s", service["stop_grace_period"])
    # ACME's failures are in its log, and what it is for is seen at nginx.
    assert ("healthcheck" in service) is (name not in {"acme", "tentacles"})


def test_no_secret_is_in_the_environment() -> None:
    given = {variable for service in SERVICES.values() for variable in service.get("environment", {})}
    assert [name for name in given if "PASSWORD" in name and not name.endswith("_FILE")] == []
    assert [each.name for each in VARIABLES if re.search("PASSWORD|SECRET|TOKEN", each.name)] == []
    assert {each["file"].rpartition("/")[0] for each in STACK["secrets"].values()} == {"./state/secrets"}


def test_ports_are_on_loopback_but_nginx_s() -> None:
    bound = {
        (name, port.partition(":-")[2].partition("}")[0]) for name, s in SERVICES.items() for port in s.get("ports", ())
    }
    assert bound == {("octobot", "127.0.0.1"), ("postgres", "127.0.0.1"), ("nginx", "0.0.0.0")}


def test_what_is_in_another_service_s_network_is_what_it_talks_to() -> None:
    networks = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert networks == {
        "octobot": {"inside", "database", "${EXCHANGE_TRAFFIC:-any}"},
        "nginx": {"inside", "edge"},
        "acme": {"any"},
        "tentacles": {"any"},
        "tor": {"tor", "any"},
        "postgres": {"database", "consumers"},
        "backup": {"database"},
    }
    internal = {name for name, network in STACK["networks"].items() if network.get("internal")}
    assert internal == {"inside", "database", "tor"}
    # The host has no address on them: what listens on it, a resolver or a proxy, would be a way out.
    for name in internal:
        assert STACK["networks"][name]["driver_opts"] == {"com.docker.network.bridge.inhibit_ipv4": "true"}


@pytest.mark.parametrize("file", ["Dockerfile", "tor/Dockerfile", "acme/Dockerfile"])
def test_an_image_is_made_of_a_base_that_is_given_with_a_public_one_by_digest(file: str) -> None:
    text = (DOCKER / file).read_text()
    (base,) = re.findall(r"^ARG BASE=(.+)$", text, flags=re.MULTILINE)
    assert re.fullmatch(r"[a-z]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}", base)
    stages = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", text, flags=re.MULTILINE)
    assert {image for image, _ in stages} <= {"${BASE}", "scratch", *(name for _, name in stages)}
    # A frontend would be fetched before anything else.
    assert not text.startswith("# syntax")
    (*_, user) = re.findall(r"^USER (.+)$", text, flags=re.MULTILINE)
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)


def test_the_containers_limit_is_above_what_it_lets_its_processes_have() -> None:
    defaults = {each.name: each.default for each in VARIABLES}
    limit = int(defaults["OCTOBOT_MEM_LIMIT"].removesuffix("m"))
    # The node idles at some 160 MB.
    assert limit - int(defaults["OCTOBOT_EVALUATE_MEMORY_MB"]) >= 256
    assert limit - int(defaults["OCTOBOT_REPLAYS_MEMORY_MB"]) >= 256


def test_ansible_s_defaults_are_what_the_list_says() -> None:
    path = DOCKER.parent / "ansible" / "roles" / "octobot_node" / "defaults" / "main.yml"
    text = path.read_text()
    assert text == ansible_defaults(text), "run `make reference`"
    defaults = yaml.safe_load(text)
    assert defaults["octobot_node_variables"] == [each.name for each in VARIABLES]
    # By the same names, and with the same defaults where the inventory says nothing.
    assert {
        each.name: defaults[each.name.lower()] for each in VARIABLES if "{{" not in defaults[each.name.lower()]
    }.items() <= {each.name: each.default for each in VARIABLES}.items()
