"""What Ansible and its linter say of the playbooks, and what they would write. Real machines are in tests/deploy."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.variables import VARIABLES

ROOT = Path(__file__).parents[3]
ANSIBLE = ROOT / "deploy" / "ansible"
BIN = Path(sys.executable).parent
INVENTORIES = sorted(path.name for path in (ANSIBLE / "inventories").iterdir())
PLAYBOOKS = sorted((ANSIBLE / "playbooks").glob("*.yml"))
#: Writes what the machines of an inventory would get, without asking one of them.
RENDER = """
- hosts: octobot_nodes
  gather_facts: false
  connection: local
  tasks:
    - ansible.builtin.include_role: {name: "{{ item }}", tasks_from: nothing.yml, public: true}
      loop: [hardening, firewall, octobot_node, backup]
    - ansible.builtin.template:
        src: "{{ ansible }}/roles/{{ item.role }}/templates/{{ item.name }}.j2"
        dest: "{{ made }}/{{ inventory_hostname }}.{{ item.name }}"
        mode: "0600"
      loop:
        - {role: octobot_node, name: env}
        - {role: firewall, name: firewall.nft}
        - {role: hardening, name: sshd.conf}
        - {role: backup, name: octobot-node-backup}
"""


def run(folder: Path, program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {"LANG": "C.UTF-8", "HOME": str(folder), "ANSIBLE_HOME": str(folder), "ANSIBLE_NOCOLOR": "1", **environment}
    return subprocess.run(
        [str(BIN / program), *arguments],
        cwd=ANSIBLE,
        env={"PATH": f"{BIN}:{os.environ['PATH']}", **given},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_linter_finds_nothing_by_its_strictest_profile(tmp_path: Path) -> None:
    found = run(tmp_path, "ansible-lint", "--nocolor", "-qq", "--strict", "--config-file", ".ansible-lint")
    assert (found.returncode, found.stdout) == (0, ""), found.stderr


@pytest.mark.parametrize("inventory", INVENTORIES)
def test_every_playbook_is_one_with_every_inventory(inventory: str, tmp_path: Path) -> None:
    found = run(tmp_path, "ansible-playbook", "--syntax-check", "-i", f"inventories/{inventory}", *map(str, PLAYBOOKS))
    assert found.returncode == 0, found.stderr
    assert found.stdout.count("playbook: ") == len(PLAYBOOKS)


def rendered(folder: Path, inventory: str, **variables: str) -> Mapping[str, str]:
    """Return what the machines of an inventory would get, by name of machine and file."""
    roles = folder / "roles"
    for role in (ANSIBLE / "roles").iterdir():
        (roles / role.name).mkdir(parents=True)
        for part in role.iterdir():
            (roles / role.name / part.name).symlink_to(part) if part.name != "tasks" else None
        (roles / role.name / "tasks").mkdir()
        (roles / role.name / "tasks" / "nothing.yml").write_text("[]\n")
    (folder / "made").mkdir()
    (folder / "group_vars").symlink_to(ANSIBLE / "playbooks" / "group_vars")
    (folder / "render.yml").write_text(RENDER)
    extra = {**variables, "ansible": ANSIBLE, "made": folder / "made", "ansible_python_interpreter": sys.executable}
    given = [part for name, value in extra.items() for part in ("-e", f"{name}={value}")]
    # Where an inventory is a file of the test's, its path is whole.
    playbook = ["-i", str(Path("inventories", inventory)), *given, str(folder / "render.yml")]
    found = run(folder, "ansible-playbook", *playbook, ANSIBLE_ROLES_PATH=str(roles))
    assert found.returncode == 0, found.stdout[-3_000:] + found.stderr
    return {path.name: path.read_text() for path in (folder / "made").iterdir()}


def settings(text: str) -> dict[str, str]:
    return dict(re.findall(r"^(\w+)='(.*)'$", text, flags=re.MULTILINE))


DEFAULTS = {each.name: each.default for each in VARIABLES if each.default}


def test_a_node_that_stands_alone_gets_what_its_inventory_says(tmp_path: Path) -> None:
    made = rendered(tmp_path, "standalone")
    assert settings(made["node.example.org.env"]) == {
        **DEFAULTS,
        "COMPOSE_PROFILES": "nginx,acme,backup",
        "NODE_NAME": "node.example.org",
        "SERVER_NAME": "node.example.org",
        "ACME_EMAIL": "you@example.org",
        "OCTOBOT_IMAGE": "registry.example.org/octobot-node:1.0.0",
    }
    rules = made["node.example.org.firewall.nft"]
    assert "tcp dport { 80, 443 } accept" in rules
    # Nobody reaches a database that there is not.
    assert "elements" not in rules
    assert "flush ruleset" not in re.sub(r"#.*", "", rules)


def test_a_fleet_s_consumers_know_their_master_and_it_knows_them(tmp_path: Path) -> None:
    made = rendered(tmp_path, "replica")
    verified = "/octobot?sslmode=verify-full&sslrootcert=/run/secrets/database_ca.crt"
    together = {**DEFAULTS, "OCTOBOT_IMAGE": "registry.example.org/octobot-node:1.0.0"}
    assert settings(made["master.example.org.env"]) == {
        **together,
        "COMPOSE_PROFILES": "nginx,postgres,backup",
        "NODE_NAME": "master.example.org",
        "SERVER_NAME": "master.example.org",
        "OCTOBOT_ROLE": "master",
        "OCTOBOT_STANDBY": "true",
        "OCTOBOT_DATABASE_URL": f"postgresql://octobot@postgres:5432{verified}",
        "DATABASE_HOSTS": "192.0.2.10",
        "DATABASE_CONSUMERS": "192.0.2.11,198.51.100.12",
        "DATABASE_NODES": "4",
        "DATABASE_BIND": "0.0.0.0",
    }
    # Nothing of it says how many there are: it is the same when another one comes or goes.
    assert settings(made["consumer-2.example.org.env"]) == {
        **together,
        "NODE_NAME": "consumer-2.example.org",
        "OCTOBOT_ROLE": "consumer",
        "OCTOBOT_DATABASE_URL": f"postgresql://octobot@192.0.2.10:5432{verified}",
    }
    listed = re.compile(r"set database_from \{[^}]*elements = \{ ([^}]*) \}")
    assert listed.findall(made["master.example.org.firewall.nft"]) == ["192.0.2.11, 198.51.100.12"]
    assert listed.findall(made["consumer-1.example.org.firewall.nft"]) == []
    # Before what is open already: who was a consumer is shut out at once.
    rules = made["master.example.org.firewall.nft"].partition("chain input")[2]
    assert rules.index("dport 5432 jump database") < rules.index("established : accept")
    assert {
        line for line in made["master.example.org.sshd.conf"].splitlines() if line.startswith(("Permit", "Password"))
    } >= {
        "PermitRootLogin no",
        "PasswordAuthentication no",
    }


def said_of(folder: Path, inventory: Any, playbook: Path) -> str:
    """Return what a playbook that refuses says of an inventory."""
    (folder / "hosts.json").write_text(json.dumps(inventory))
    found = run(folder, "ansible-playbook", "-i", str(folder / "hosts.json"), str(playbook))
    said = re.sub(r"\\n|\s+", " ", found.stdout + found.stderr)
    # None of these addresses answers: it would be another failure.
    assert "UNREACHABLE" not in said
    return said


def machines(*names: str, **variables: Any) -> dict[str, Any]:
    return {name: {"ansible_host": f"192.0.2.{ord(name[0])}", **variables} for name in names}


#: Masters and consumers that cannot be, and what is said of them.
FLEETS = {
    "2 masters (a, b) for 1 consumers": (["a", "b"], ["c"]),
    "0 masters () for 1 consumers": ([], ["c"]),
    "a is a master with nobody to hand work to": (["a"], []),
    "There are master_nodes, and enable_replica_mode is not true": (["b"], ["c"]),
    "consumers c, and others b, n.": (["a"], ["c"]),
    "each needs one of its own, as numbers": (["a"], ["c", "b", "n"]),
}


def test_what_a_master_gets_while_a_consumer_leaves_is_what_it_gets_without_that_one(tmp_path: Path) -> None:
    (tmp_path / "while").mkdir()
    (tmp_path / "after").mkdir()
    leaving = "consumer-2.example.org"
    meanwhile = rendered(tmp_path / "while", "replica", leaving=leaving)
    inventory = yaml.safe_load((ANSIBLE / "inventories" / "replica" / "hosts.yml").read_text())
    del inventory["octobot_nodes"]["children"]["consumer_nodes"]["hosts"][leaving]
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
    after = rendered(tmp_path / "after", str(tmp_path / "hosts.yml"))
    # A run after it changes nothing.
    assert after == {name: text for name, text in meanwhile.items() if not name.startswith(leaving)}


def test_a_fleet_that_cannot_be_is_refused_before_a_machine_is_asked(tmp_path: Path) -> None:
    check = {"ansible.builtin.include_tasks": str(ANSIBLE / "playbooks" / "tasks" / "check-fleet.yml")}
    told = {"ansible.builtin.debug": {"var": "ansible_failed_result.msg"}}
    plays = [
        {
            "hosts": "a",
            "gather_facts": False,
            "vars": {"fleet_masters": masters, "fleet_consumers": consumers},
            "tasks": [{"block": [check, {"ansible.builtin.fail": {"msg": "taken"}}], "rescue": [told]}],
        }
        for masters, consumers in FLEETS.values()
    ]
    (tmp_path / "group_vars").symlink_to(ANSIBLE / "playbooks" / "group_vars")
    (tmp_path / "check.yml").write_text(yaml.safe_dump(plays))
    hosts = {**machines("a", enable_replica_mode=True), **machines("b", "c"), "n": {"ansible_host": "n.example.org"}}
    said = said_of(tmp_path, {"octobot_nodes": {"hosts": hosts}}, tmp_path / "check.yml")
    assert [text for text in FLEETS if text not in said] == [], said
    assert said.count("Nothing was changed") >= len(FLEETS)
    assert "taken" not in said


def test_a_node_that_cannot_be_is_refused_before_a_machine_is_asked(tmp_path: Path) -> None:
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "image": ({"octobot_image": ""}, "image: set octobot_image"),
        "onion": ({"exchange_traffic": "tor"}, "onion: exchange_traffic is tor: write any, or tor with enable_tor"),
        "signed": ({"enable_acme": True}, "signed: enable_acme needs enable_nginx"),
        "database": ({"octobot_database_url": "sqlite:///x"}, "database: octobot_database_url is set"),
        "bare": (
            {"octobot_tentacles": "my-momentum", "enable_tentacles": False},
            "bare: octobot_tentacles names what nothing installs: take enable_tentacles out",
        ),
        "quote": ({"server_name": "it's"}, "quote: a setting has a quote or a line break in it"),
    }
    hosts = {name: {"octobot_image": "octobot-node:1", **variables} for name, (variables, _) in wrong.items()}
    said = said_of(tmp_path, {"octobot_nodes": {"hosts": hosts}}, ANSIBLE / "playbooks" / "site.yml")
    assert [text for _, text in wrong.values() if text not in said] == [], said
    assert re.findall(r"(\w+) : ok=\d+ changed=0 unreachable=0 failed=1", said) == sorted(wrong)


def test_an_image_that_cannot_be_had_is_said_before_anything_is_changed(tmp_path: Path) -> None:
    # Stands for Docker: nothing is there, and no registry answers.
    (tmp_path / "docker").write_text(f'#!/bin/sh\necho "$*" >>{tmp_path / "told"}\nexit 1\n')
    (tmp_path / "docker").chmod(0o755)
    folder = tmp_path / "machine" / "stack"
    role = {"role": "octobot_node", "octobot_node_folder": str(folder), "octobot_node_image_archives": []}
    images = {"ansible.builtin.include_role": {"name": "octobot_node", "tasks_from": "images.yml"}}
    after = {"ansible.builtin.fail": {"msg": "taken"}}
    play = {
        "hosts": "m",
        "gather_facts": False,
        "connection": "local",
        "environment": {"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        "vars": {**role, "ansible_python_interpreter": sys.executable},
        "tasks": [images, after],
    }
    (tmp_path / "group_vars").symlink_to(ANSIBLE / "playbooks" / "group_vars")
    (tmp_path / "images.yml").write_text(yaml.safe_dump([play]))
    inventory = {"octobot_nodes": {"hosts": machines("m", octobot_image="registry.invalid/octobot-node:9")}}
    said = said_of(tmp_path, inventory, tmp_path / "images.yml")
    assert (
        "m has no image registry.invalid/octobot-node:9, and it cannot be fetched: see its name (octobot_image)" in said
    )
    assert "Nothing was changed" in said
    assert "taken" not in said
    assert (tmp_path / "told").read_text().splitlines()[-1] == "pull --quiet registry.invalid/octobot-node:9"
    assert not folder.exists()


def test_every_variable_of_a_role_has_a_comment() -> None:
    for path in sorted((ANSIBLE / "roles").glob("*/defaults/main.yml")):
        lines = path.read_text().splitlines()
        for name in yaml.safe_load("\n".join(lines)):
            at = next(number for number, line in enumerate(lines) if line.startswith(f"{name}:"))
            # One comment may be of several that follow each other.
            above = next(line for line in reversed(lines[:at]) if not re.match(r"[a-z_]+:|\s", line))
            assert above.startswith("#"), f"{path.parent.parent.name}: {name} has no comment"
