"""A replica by Ansible, from bare machines to a consumer that leaves: each test goes on where the one before ended."""

from __future__ import annotations

import re
import subprocess
import time

import pytest
import testinfra

from tests.deploy.ansible.conftest import BROKEN, NEWER
from tests.deploy.ansible.machines import Fleet, Machine
from tests.deploy.stacks import docker, more_than, until
from tests.support.wheels import make_wheel

# Machines are made, and playbooks wait for nodes: on one that is busy with something else that takes its time.
pytestmark = pytest.mark.timeout(1_200)
LIVE_S = 180.0


def image_of(machine: Machine) -> str:
    return machine.compose("ps --format '{{.Image}}' octobot").strip()


def live(fleet: Fleet, count: int) -> None:
    until(lambda: list(fleet.master.nodes().values()).count("live") == count, LIVE_S, f"{count} nodes")
    # nginx finds a node that was made anew in a moment.
    until(lambda: fleet.asked.ask("GET", "/health/live").status == 200, LIVE_S, "the API")


def test_looking_changes_nothing_on_machines_that_have_nothing_yet(fleet: Fleet) -> None:
    played = fleet.play("site", "--check", "--diff")
    assert fleet.master.run("ls -d /opt/octobot-node /etc/octobot-node 2>/dev/null", check=False) == ""
    assert not (fleet.folder / "secrets").exists()
    assert min(played.changed.values()) > 0


def test_two_masters_are_refused_before_anything_is_touched(fleet: Fleet) -> None:
    played = fleet.play("site", "--extra-vars", f'{{"fleet_masters": ["{fleet.master.name}", "another"]}}', fails=True)
    assert "2 masters" in played.text
    assert "Nothing was changed" in re.sub(r"\s+", " ", played.text)
    assert set(played.changed.values()) == {0}


def test_everything_is_set_up_and_both_nodes_work(fleet: Fleet) -> None:
    began = time.monotonic()
    fleet.play("site")
    print(f"two machines from nothing to a fleet: {time.monotonic() - began:.0f} s")
    live(fleet, 2)


def test_a_second_run_changes_nothing(fleet: Fleet) -> None:
    began = time.monotonic()
    played = fleet.play("site")
    print(f"a run that changes nothing: {time.monotonic() - began:.0f} s")
    assert played.changed == {fleet.master.name: 0, fleet.consumers[0].name: 0}


def test_secrets_are_made_once_on_the_controller_for_their_owner_alone(fleet: Fleet) -> None:
    made = fleet.folder / "secrets" / "fleet"
    modes = {"admin_password": 0o400, "database_password": 0o440, "secret_key": 0o400}
    assert {path.name for path in made.iterdir()} == set(modes)
    for path in made.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        secret = path.read_text().strip()
        host = testinfra.get_host(f"docker://{fleet.consumers[0].name}")
        there = host.file(f"/opt/octobot-node/stack/state/secrets/{path.name}")
        assert there.content_string == secret
        assert (there.uid, there.mode) == (10001, modes[path.name])
    consumer = testinfra.get_host(f"docker://{fleet.consumers[0].name}")
    assert not consumer.file("/opt/octobot-node/stack/state/secrets/database_ca.key").exists


def test_machines_are_hardened(fleet: Fleet) -> None:
    for machine in (fleet.master, fleet.consumers[0]):
        host = testinfra.get_host(f"docker://{machine.name}")
        ssh = dict(line.split(" ", 1) for line in host.check_output("sshd -T").splitlines())
        wanted = {
            "permitrootlogin": "no",
            "passwordauthentication": "no",
            "kbdinteractiveauthentication": "no",
            "maxauthtries": "3",
            "allowtcpforwarding": "no",
            "allowagentforwarding": "no",
            "x11forwarding": "no",
        }
        assert {name: ssh[name] for name in wanted} == wanted
        assert host.package("unattended-upgrades").is_installed
        assert 'Unattended-Upgrade "1"' in host.file("/etc/apt/apt.conf.d/52octobot-node").content_string
        assert host.service("systemd-timesyncd").is_enabled
        assert "kernel.kptr_restrict = 2" in host.file("/etc/sysctl.d/60-octobot-node.conf").content_string
        assert host.service("octobot-node-firewall").is_enabled
        assert "policy drop" in host.check_output("nft list table inet octobot_node")
        assert host.service("docker").is_running
        env = host.file("/opt/octobot-node/stack/.env")
        assert (env.user, env.mode) == ("root", 0o600)
    assert testinfra.get_host(f"docker://{fleet.master.name}").service("octobot-node-backup.timer").is_running


def test_nobody_comes_in_as_root(fleet: Fleet) -> None:
    asked = subprocess.run(
        ["ssh", "-i", str(fleet.key), "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no",
         "-o", "UserKnownHostsFile=/dev/null", f"root@{fleet.master.address}", "true"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (asked.returncode, "Permission denied (publickey)" in asked.stderr) == (255, True)


def test_the_database_is_reached_by_consumers_and_by_nobody_else(fleet: Fleet) -> None:
    master = fleet.master.address
    assert fleet.consumers[0].reaches(master, 5432)
    # Another machine that is no consumer yet, and one that never is.
    assert not fleet.consumers[1].reaches(master, 5432)
    assert not fleet.stranger.reaches(master, 5432)
    # nginx is for everybody; what Docker publishes otherwise is not, whatever it is bound to.
    assert fleet.stranger.reaches(master, 443)
    serve = "--entrypoint /opt/octobot/bin/python IMAGE -m http.server 8000 --directory /tmp"
    serve = serve.replace("IMAGE", fleet.variables["octobot_image"])
    fleet.master.run(f"docker run --detach --rm --name published --publish 0.0.0.0:8099:8000 {serve}")
    try:
        assert until(lambda: fleet.master.reaches("127.0.0.1", 8099), what="what is published")
        assert not fleet.stranger.reaches(master, 8099)
    finally:
        fleet.master.run("docker rm --force published")


@pytest.fixture(scope="module")
def trading(fleet: Fleet) -> Fleet:
    wanted = " ".join(
        f"--scope {scope}"
        for scope in ("automations:read", "automations:write", "accounts:write", "events:read", "orders:read")
    )
    made = fleet.master.compose(f"exec --no-TTY octobot octobot-node keys add admin test {wanted} --json")
    fleet.asked.token = re.findall(r'"token": ?"([^"]+)"', made)[0]
    fleet.asked.trade(5)
    until(lambda: len(fleet.asked.fills()) >= 10, what="trading")
    return fleet


def test_a_consumer_is_added_while_the_others_work(trading: Fleet) -> None:
    new = trading.consumers[1]
    trading.write(trading.consumers)
    before = trading.asked.fills()
    trading.play("add-consumer", joining=new.name)
    live(trading, 3)
    assert new.reaches(trading.master.address, 5432)
    after = more_than(trading.asked, len(before) + 10)
    assert after[: len(before)] == before


def test_a_consumer_gets_the_tentacles_that_its_master_has(trading: Fleet) -> None:
    make_wheel(trading.folder / "wheels", "my-momentum", requires=("octobot-node>=0.1", "pydantic>=2"))
    for each in trading.machines:
        docker("cp", str(trading.folder / "wheels"), f"{each.name}:/srv/wheels")
    install = "tentacles install my-momentum --wheelhouse /wheels"
    trading.master.compose(f"run --rm --no-deps --volume /srv/wheels:/wheels:ro octobot {install}")
    trading.master.compose("restart octobot")
    until(
        lambda: [trading.master.nodes().get(each.name) for each in trading.consumers] == ["drift"] * 2, LIVE_S, "drift"
    )
    trading.variables["octobot_node_wheelhouse"] = "/srv/wheels"
    trading.write(trading.consumers)
    trading.play("deploy-octobot-node")
    live(trading, 3)
    locks = {each.compose("exec --no-TTY octobot octobot-node tentacles list --json") for each in trading.machines}
    assert len(locks) == 1
    assert "my-momentum" in locks.pop()


def test_a_newer_image_goes_through_the_fleet_under_load(trading: Fleet) -> None:
    before, since = trading.asked.fills(), time.time()
    began = time.monotonic()
    trading.play("deploy-octobot-node", octobot_image=NEWER)
    print(f"three nodes were updated in {time.monotonic() - began:.0f} s")
    trading.variables["octobot_image"] = NEWER
    trading.write(trading.consumers)
    assert {image_of(each) for each in trading.machines} == {NEWER}
    live(trading, 3)
    after = more_than(trading.asked, len(before) + 20)
    assert set(before) <= set(after)
    assert len(set(after)) == len(after)
    print(f"the latest tick was {max(trading.asked.lateness(since)):.1f} s late")


def test_an_image_that_does_not_start_ends_it_at_the_first_node_as_it_was(trading: Fleet) -> None:
    played = trading.play("deploy-octobot-node", octobot_image=BROKEN, octobot_node_patience="20", fails=True)
    said = re.sub(r"\s+", " ", played.text)
    assert "runs again what it ran before" in said
    assert "The nodes after it were not touched" in said
    assert trading.master.run("docker inspect --format '{{.Config.Labels}}' octobot-node-octobot-1").count("1.2.4") == 1
    assert {image_of(each) for each in trading.consumers} == {NEWER}
    live(trading, 3)
    # Told what the others run, it is as they are.
    trading.play("deploy-octobot-node")
    assert trading.play("deploy-octobot-node").changed == {
        each.name: 0 for each in (trading.master, *trading.consumers)
    }


def test_secrets_are_rotated_and_the_fleet_works_on(trading: Fleet) -> None:
    before = (trading.folder / "secrets" / "fleet" / "database_password").read_text()
    played = trading.play("rotate-secrets", "-vv")
    new = (trading.folder / "secrets" / "fleet" / "database_password").read_text().strip()
    assert new != before.strip()
    assert new not in played.text
    live(trading, 3)
    assert more_than(trading.asked, len(trading.asked.fills()))


def test_a_backup_comes_to_the_controller_and_goes_back(trading: Fleet) -> None:
    trading.play("backup")
    folder = trading.folder / "backups" / trading.master.name
    names = sorted(path.name for path in folder.iterdir())
    assert [path.stat().st_mode & 0o777 for path in folder.iterdir()] == [0o600, 0o600]
    (backup,) = [name for name in names if name.endswith(".zip")]
    known = set(trading.asked.fills())
    trading.play("restore", backup_file=str(folder / backup), replaced=trading.master.name)
    live(trading, 3)
    assert len(known & set(trading.asked.fills())) > 0
    assert more_than(trading.asked, len(known))


def test_a_consumer_leaves_and_is_shut_out_while_the_others_work(trading: Fleet) -> None:
    gone = trading.consumers[1]
    played = trading.play("remove-node", leaving=gone.name)
    assert "Take it out of the inventory" in re.sub(r"\s+", " ", played.text)
    assert not gone.reaches(trading.master.address, 5432)
    assert trading.consumers[0].reaches(trading.master.address, 5432)
    live(trading, 2)
    # Without it in the inventory it stays shut out.
    trading.write(trading.consumers[:1])
    played = trading.play("site", "--check", "--diff")
    assert set(played.changed.values()) == {0}, [line for line in played.text.splitlines() if "changed" in line]
