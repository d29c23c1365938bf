"""A master with its PostgreSQL, and two consumers on machines of their own, as far as the network knows."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.deploy.conftest import Make
from tests.deploy.stacks import Stack, docker, more_than, until

INSIDE = "?sslmode=verify-full&sslrootcert=/run/secrets/database_ca.crt"


@dataclass(frozen=True, slots=True)
class Fleet:
    """The stacks, and the address of the master's machine."""

    master: Stack
    consumers: list[Stack]
    address: str

    @property
    def all(self) -> list[Stack]:
        return [self.master, *self.consumers]


@pytest.fixture(scope="module")
def fleet(make_stack: Make) -> Fleet:
    # An address of this machine that containers of other stacks reach, as they would another machine's.
    listed = subprocess.run(["ip", "-4", "-o", "address", "show"], capture_output=True, text=True, check=True).stdout
    address = next(each for each in re.findall(r"inet ([\d.]+)/", listed) if not each.startswith("127."))
    master = make_stack(
        "master",
        COMPOSE_PROFILES="postgres",
        OCTOBOT_ROLE="master",
        OCTOBOT_DATABASE_URL=f"postgresql://octobot@postgres:5432/octobot{INSIDE}",
        DATABASE_HOSTS=address,
        DATABASE_BIND=address,
        OCTOBOT_API_ALLOWED_HOSTS="",
    )
    master.up()
    # A container of this machine comes through Docker's proxy, with the gateway's address; a machine with its own.
    gateway = docker("network", "inspect", f"{master.name}_consumers", "--format", "{{(index .IPAM.Config 0).Gateway}}")
    master.write(DATABASE_CONSUMERS=gateway)
    master.up()
    consumers = []
    for name in ("one", "two"):
        consumer = consumer_of(make_stack, master, name, address)
        consumer.up()
        consumers.append(consumer)
    master.sign_in()
    for consumer in consumers:
        consumer.token = master.token
    return Fleet(master, consumers, address)


def consumer_of(make_stack: Make, master: Stack, name: str, address: str) -> Stack:
    """Make a consumer's stack: it is given the database's password, its authority and the key to what is sealed."""

    def prepare(stack: Stack) -> None:
        (stack.folder / "state" / "secrets").mkdir(parents=True)
        for secret in ("database_password", "database_ca.crt", "secret_key"):
            shutil.copy(master.folder / "state" / "secrets" / secret, stack.folder / "state" / "secrets")

    url = f"postgresql://octobot@{address}:{master.settings['DATABASE_PORT']}/octobot{INSIDE}"
    return make_stack(name, before=prepare, OCTOBOT_ROLE="consumer", OCTOBOT_DATABASE_URL=url)


def nodes(stack: Stack) -> dict[str, str]:
    listed = json.loads(stack.inside("octobot", "octobot-node", "nodes", "--json"))["nodes"]
    return {each["host"]: each["state"] for each in listed}


def test_the_nodes_know_each_other_and_all_work(fleet: Fleet) -> None:
    until(lambda: list(nodes(fleet.master).values()).count("live") == 3, what="three nodes")
    fleet.master.trade(12)
    assert until(lambda: len(fleet.master.fills()) >= 24, what="trading")
    # Whichever is asked says the same.
    assert len(fleet.consumers[0].fills()) >= 24


def test_the_database_is_asked_with_tls_and_by_a_role_that_may_little(fleet: Fleet) -> None:
    def says(statement: str) -> str:
        return fleet.master.inside(
            "postgres", "psql", "-h", "/run/postgresql", "-U", "postgres", "-d", "octobot", "-Atc", statement
        ).strip()

    assert (
        says(
            "SELECT DISTINCT ssl, version FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'octobot'"
        )
        == "t|TLSv1.3"
    )
    assert (
        says("SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication FROM pg_roles WHERE rolname = 'octobot'")
        == "f|f|f|f"
    )
    assert says("SHOW data_checksums") == "on"
    assert says("SHOW shared_buffers") == "128MB"
    assert says("SELECT pg_catalog.pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'octobot'") == "postgres"


def test_each_container_that_is_killed_returns_and_nothing_is_lost(fleet: Fleet) -> None:
    for stack, service in [(fleet.consumers[0], "octobot"), (fleet.master, "octobot"), (fleet.master, "postgres")]:
        before = fleet.master.fills()
        stack.kill(service)
        fleet.master.healthy("octobot")
        after = more_than(fleet.master, len(before) + 12)
        assert set(before) <= set(after)
        assert len(set(after)) == len(after)
    until(lambda: list(nodes(fleet.master).values()).count("live") == 3, what="three nodes")


@pytest.fixture
def stranger() -> Iterator[tuple[str, str]]:
    """Return a machine on a cable to this one, and its address: a network namespace."""
    name = f"octobot{secrets.token_hex(2)}"
    here, there = f"10.203.{os.getpid() % 250}.1", f"10.203.{os.getpid() % 250}.2"
    for command in (
        f"ip netns add {name}",
        f"ip link add {name} type veth peer name eth0 netns {name}",
        f"ip address add {here}/24 dev {name}",
        f"ip link set {name} up",
        f"ip -n {name} address add {there}/24 dev eth0",
        f"ip -n {name} link set eth0 up",
        f"ip -n {name} link set lo up",
        f"ip -n {name} route add default via {here}",
    ):
        subprocess.run(command.split(), check=True)
    yield name, there
    subprocess.run(["ip", "netns", "delete", name], check=True)


CONNECT = """
import sys, psycopg
try:
    with psycopg.connect(sys.argv[1], connect_timeout=10) as connection:
        print("in", connection.execute("SELECT 1").fetchone()[0])
except psycopg.OperationalError as error:
    print("out:", " ".join(str(error).split()))
"""


def test_the_database_answers_consumers_that_are_listed_and_nobody_else(
    fleet: Fleet, stranger: tuple[str, str]
) -> None:
    name, address = stranger
    secrets_folder = fleet.master.folder / "state" / "secrets"
    password = (secrets_folder / "database_password").read_text()

    def tries(options: str = "?sslmode=verify-full") -> str:
        url = (
            f"postgresql://octobot:{password}@{fleet.address}:{fleet.master.settings['DATABASE_PORT']}/octobot{options}"
        )
        if "verify-full" in options:
            url += f"&sslrootcert={secrets_folder / 'database_ca.crt'}"
        command = ["ip", "netns", "exec", name, sys.executable, "-c", CONNECT, url]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()

    assert f'pg_hba.conf rejects connection for host "{address}"' in tries()
    fleet.master.write(DATABASE_CONSUMERS=f"{fleet.master.settings['DATABASE_CONSUMERS']},{address}")
    fleet.master.up()
    assert tries() == "in 1"
    assert "no encryption" in tries("?sslmode=disable")
    # It leaves, and is shut out again.
    fleet.master.write(DATABASE_CONSUMERS=fleet.master.settings["DATABASE_CONSUMERS"].rpartition(",")[0])
    fleet.master.up()
    assert tries().startswith("out:")


def test_the_password_is_changed_in_one_place(fleet: Fleet) -> None:
    file = fleet.master.folder / "state" / "secrets" / "database_password"
    owner, new = file.stat(), secrets.token_urlsafe(24)
    for stack in fleet.all:
        path = stack.folder / "state" / "secrets" / "database_password"
        # Written into the same file: what is mounted is that one.
        path.chmod(0o600)
        path.write_text(new)
        path.chmod(0o440)
    os.chown(file, owner.st_uid, owner.st_gid)
    fleet.master.compose("restart", "postgres")
    fleet.master.healthy("postgres")
    for stack in fleet.all:
        stack.compose("restart", "octobot")
    for stack in fleet.all:
        stack.healthy("octobot")
    until(lambda: list(nodes(fleet.master).values()).count("live") == 3, what="three nodes")


def test_another_master_is_refused_by_the_first(fleet: Fleet, make_stack: Make) -> None:
    def prepare(stack: Stack) -> None:
        shutil.copytree(fleet.master.folder / "state", stack.folder / "state")

    url = f"postgresql://octobot@{fleet.address}:{fleet.master.settings['DATABASE_PORT']}/octobot{INSIDE}"
    second = make_stack("second", before=prepare, OCTOBOT_ROLE="master", OCTOBOT_DATABASE_URL=url)
    second.compose("up", "--detach", "--no-build")
    assert until(lambda: "is the master of this database" in second.logs("octobot"), what="the refusal")
    assert until(lambda: nodes(fleet.master)[fleet.master.name] == "live")
