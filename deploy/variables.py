"""Every variable of the stack, once: ``.env.example``, Ansible's defaults, the documentation's table are made of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

__all__ = ["VARIABLES", "Variable", "ansible_defaults", "env_example", "table"]


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what compose.yaml has where it is not set, and what it is, in a sentence."""

    part: str
    name: str
    default: str
    what: str
    #: How upstream's Ansible calls what it answers to, where that is another name.
    upstream: str = ""


def _of(part: str, *rows: tuple[str, str, str] | tuple[str, str, str, str]) -> Sequence[Variable]:
    return [Variable(part, *row) for row in rows]


_URL = "postgresql://octobot@postgres:5432/octobot?sslmode=verify-full&sslrootcert=/run/secrets/database_ca.crt"
_LIMITS = (
    ("OCTOBOT", "512m", "2", "256", "the node, with what evaluates and one small replay"),
    ("NGINX", "256m", "1", "64", "nginx"),
    ("TOR", "256m", "1", "64", "Tor"),
    ("POSTGRES", "512m", "2", "256", "PostgreSQL, which sizes its buffers by it"),
    ("ACME", "128m", "0.5", "32", "what asks for certificates"),
    ("BACKUP", "256m", "0.5", "64", "what makes backups"),
    ("TENTACLES", "512m", "1", "64", "what installs tentacles"),
)

VARIABLES: Sequence[Variable] = (
    *_of(
        "What is in the stack",
        (
            "COMPOSE_PROFILES",
            "",
            "What there is beside the node, with commas: nginx, tor, postgres, acme, backup, tentacles.",
            "enable_nginx, enable_tor, enable_replica_mode",
        ),
        ("NODE_NAME", "node", "The node's name in `octobot-node nodes`."),
        (
            "EXCHANGE_TRAFFIC",
            "any",
            "any: as each account says. tor: the node has no way out but Tor, and none into it but nginx.",
        ),
    ),
    *_of(
        "Several nodes",
        (
            "OCTOBOT_ROLE",
            "standalone",
            "standalone, master (hands out work) or consumer (does it).",
            "enable_replica_mode",
        ),
        ("OCTOBOT_WORK", "true", "Whether a master does work, too."),
        ("OCTOBOT_STANDBY", "false", "Whether a master waits while another one is there."),
        (
            "OCTOBOT_DATABASE_URL",
            "",
            f"Empty for SQLite in the volume. With the profile postgres: {_URL}; on consumers with the master's name.",
        ),
        ("DATABASE_HOSTS", "", "What consumers call the master's database by, names or addresses, with commas."),
        ("DATABASE_CONSUMERS", "", "Addresses or networks of consumers, with commas: from nowhere else it answers."),
        ("DATABASE_NODES", "3", "Nodes on the database: connections are counted by it."),
        ("DATABASE_BIND", "127.0.0.1", "The address of this machine that consumers reach the database at."),
        ("DATABASE_PORT", "5432", "Its port."),
    ),
    *_of(
        "Ways in",
        ("API_BIND", "127.0.0.1", "Where the API is published without nginx."),
        ("API_PORT", "8000", "Its port."),
        ("WEB_UI_BIND", "127.0.0.1", "Where the dashboard is published without nginx."),
        ("WEB_UI_PORT", "5001", "Its port."),
        ("OCTOBOT_API_ALLOWED_HOSTS", "", "Names that the API may be asked under; none: any."),
        ("SERVER_NAME", "", "The name that people call the node by, such as node.example.org; empty: any."),
        (
            "EXPOSE_WEB_UI",
            "true",
            "Whether nginx lets browsers to the dashboard; where not, they are refused (403).",
            "expose_web_ui",
        ),
        ("EXPOSE_METRICS", "false", "Whether nginx lets Prometheus to /metrics, which wants a key, too."),
        ("HTTP_BIND", "0.0.0.0", "Where nginx listens for plain HTTP, which it redirects."),  # noqa: S104 - the one door
        ("HTTP_PORT", "80", "Its port."),
        ("HTTPS_BIND", "0.0.0.0", "Where nginx listens for HTTPS."),  # noqa: S104 - the one door
        ("HTTPS_PORT", "443", "Its port."),
        ("NGINX_RATE", "50r/s", "Requests of one address."),
        ("NGINX_RATE_SIGN_IN", "10r/m", "Tries of one address to sign in."),
        ("NGINX_RATE_HOOKS", "60r/m", "Signals of one address to /hooks/."),
        ("NGINX_BURST_API", "20", "So many more at once, of the API."),
        ("NGINX_BURST_WEB_UI", "50", "So many more at once, of the dashboard's files."),
        ("NGINX_BURST_SIGN_IN", "5", "So many more at once, of tries to sign in."),
        ("NGINX_BURST_HOOKS", "20", "So many more at once, of signals."),
        ("ACME_EMAIL", "", "With the profile acme: the address that the authority writes to."),
        (
            "ACME_SERVER",
            "https://acme-v02.api.letsencrypt.org/directory",
            "The authority: Let's Encrypt unless you say otherwise.",
        ),
        ("ACME_CA", "", "File with the certificate of an authority of your own, as the container sees it."),
    ),
    *_of(
        "Tentacles",
        (
            "OCTOBOT_TENTACLES",
            "",
            "With the profile tentacles: packages that are installed before the node starts, with commas.",
            "additional_tentacles_package_url",
        ),
        (
            "OCTOBOT_TENTACLES_FROM_MASTER",
            "false",
            "Whether a consumer installs what its master has by itself, before it starts.",
        ),
        ("TENTACLES_INDEX", "https://pypi.org/simple", "The index that they come from."),
    ),
    *_of(
        "Backups",
        ("BACKUP_AT", "03:00", "When a backup is made each night, UTC."),
        ("BACKUP_KEEP", "14", "How many are kept."),
    ),
    *_of(
        "Limits and logs",
        *(
            (f"{name}_{what}_LIMIT", default, f"{text} of {of}.", f"{name.lower()}_mem_limit" if what == "MEM" else "")
            for name, memory, cpus, pids, of in _LIMITS
            for what, default, text in (("MEM", memory, "Memory"), ("CPU", cpus, "CPUs"), ("PIDS", pids, "Processes"))
        ),
        ("OCTOBOT_EVALUATE_MEMORY_MB", "192", "Memory of a process that evaluates; less than the node's."),
        ("OCTOBOT_REPLAYS_MEMORY_MB", "256", "Memory of a replay; less than the node's."),
        ("LOG_MAX_SIZE", "10m", "How large a container's log grows."),
        ("LOG_MAX_FILES", "5", "How many of them are kept."),
        ("HEALTH_INTERVAL", "4s", "How often health is asked for."),
    ),
    *_of(
        "Images and networks",
        ("OCTOBOT_IMAGE", "octobot-node:local", "The node's image; `docker compose build` makes this one."),
        (
            "NGINX_IMAGE",
            "nginx:1.28.0-bookworm@sha256:552e7481ca93ffccd046aa658dbbed22caefbc09c66fa7cd247cbb90b8a5c609",
            "nginx, by digest.",
        ),
        (
            "POSTGRES_IMAGE",
            "postgres:17-bookworm@sha256:4f736ae292687621d4dbe0d499ffd024a36bd2ee7d8ca6f2ccd4c800f047b394",
            "PostgreSQL, by digest.",
        ),
        ("TOR_IMAGE", "octobot-tor:local", "Tor; `docker compose build` makes it of Debian's packages."),
        ("ACME_IMAGE", "octobot-acme:local", "lego; `docker compose build` makes it of Debian's packages."),
        ("INSIDE_SUBNET", "172.30.87.0/24", "Addresses between nginx and the node; change them where they clash."),
        ("INSIDE_RANGE", "172.30.87.128/25", "Those of them that are given out."),
        ("NGINX_ADDRESS", "172.30.87.10", "nginx's own, the only proxy that the node believes."),
        ("DATABASE_SUBNET", "172.30.88.0/24", "Addresses between the database and the node."),
    ),
)


def env_example() -> str:
    """Return what ``.env.example`` says: every variable, commented out, with its default."""
    lines = [
        "# The stack's settings: `./prepare` copies this to .env. What is not set is as it says here.",
        "# Written by `make reference` from deploy/variables.py; docs/deployment.md explains them. No secret is here.",
    ]
    for part, variables in groupby(VARIABLES, key=lambda each: each.part):
        lines += ["", f"# ---- {part}"]
        for each in variables:
            lines += [f"# {each.what}", f"#{each.name}={each.default}"]
    return "\n".join(lines) + "\n"


#: What Ansible knows of the inventory and `.env` cannot.
_FROM_INVENTORY = {
    "COMPOSE_PROFILES": "{{ octobot_node_profiles | join(',') }}",
    "NODE_NAME": "{{ inventory_hostname }}",
    "OCTOBOT_ROLE": "{{ fleet_role }}",
    "OCTOBOT_DATABASE_URL": "{{ fleet_database_url }}",
    "DATABASE_HOSTS": "{{ fleet_is_master | ternary(fleet_address, '') }}",
    "DATABASE_CONSUMERS": "{{ fleet_is_master | ternary(fleet_consumer_addresses | join(','), '') }}",
    # The master's alone: nothing is another one on the others when a consumer comes or goes. One more stands by.
    "DATABASE_NODES": "{{ fleet_is_master | ternary([fleet_consumers | length + 2, 3] | max, 3) }}",
    "DATABASE_BIND": "{{ (fleet_is_master and fleet_consumers | length > 0) | ternary('0.0.0.0', '127.0.0.1') }}",
    # Its successor stands by while it is updated.
    "OCTOBOT_STANDBY": "{{ fleet_is_master | ternary('true', 'false') }}",
    "OCTOBOT_TENTACLES": "{{ additional_tentacles_package_url | default('') }}",
}


def ansible_defaults(text: str) -> str:
    """Return the role's defaults with their part of this list anew: called as in ``.env``, in small letters."""
    lines: list[str] = []
    for part, variables in groupby(VARIABLES, key=lambda each: each.part):
        lines += ["", f"# ---- {part}"]
        for each in variables:
            default = json.dumps(_FROM_INVENTORY.get(each.name, each.default))
            lines += textwrap.wrap(f"# {each.what}", 150, subsequent_indent="# ", break_long_words=False)
            # For ansible-lint: the names are .env's; the role's name before each would make them others.
            lines += [f"{each.name.lower()}: {default} # noqa: var-naming[no-role-prefix]"]
    lines += ["", "# What .env has of it.", "octobot_node_variables:"]
    lines += [f"  - {each.name}" for each in VARIABLES]
    before, mark, _ = text.partition("# <stack>\n")
    assert mark, "there is no line that says where this list begins"
    return before + mark + "\n".join(lines) + "\n"


def table() -> Iterator[str]:
    """Yield the lines of the documentation's table."""
    yield "| in `.env` | default | what it is | upstream's Ansible |"
    yield "| --- | --- | --- | --- |"
    for each in VARIABLES:
        shown = each.default.partition("@")[0] + "@…" if "@sha256:" in each.default else each.default
        yield (
            f"| `{each.name}` | {f'`{shown}`' if shown else ''} | {each.what} |"
            f" {', '.join(f'`{name}`' for name in each.upstream.split(', ') if name)} |"
        )
