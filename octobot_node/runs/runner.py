"""Run a run file: on past candles with a virtual clock, or live until it is done or stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import octobot_node
from octobot_node.automation import AutomationStatus
from octobot_node.clock import SystemClock
from octobot_node.configuration import Configuration
from octobot_node.engine.base import open_base
from octobot_node.errors import NodeError, StartInterrupted, StorageUnavailable, UsageError
from octobot_node.live.node import Node
from octobot_node.live.stopping import asked_to_stop
from octobot_node.market import from_ms
from octobot_node.plugin_system.discovery import plugins_for
from octobot_node.plugin_system.registry import Registry
from octobot_node.reports.automation_reports import automation_reports
from octobot_node.reports.models import RunReport
from octobot_node.reports.problems import with_problems
from octobot_node.reports.run_view import RunView
from octobot_node.run_files.apply import create_missing, go_on, new_account, take_over_changes
from octobot_node.run_files.checks import check_accounts, check_automations, check_connectors
from octobot_node.run_files.run_file import RunFile
from octobot_node.run_files.signal_files import refuse_signals
from octobot_node.runs.notice_feed import NoticeFeed
from octobot_node.runs.options import RunOptions
from octobot_node.runs.replay_results import FinishedReplay
from octobot_node.runs.replay_run import ReplayRun

__all__ = ["run"]

_TABLE_S = 0.5
#: When nothing is left to run, notices have this long to be delivered.
_TELLING_S = 10.0
#: After this a start that was broken off is begun again.
_AGAIN_S = 0.5


def run(
    run_file: RunFile, options: RunOptions, view: RunView, keep: Callable[[FinishedReplay], None] | None = None
) -> RunReport:
    """Carry out ``run_file`` and report.

    With `replay` market data the clock is virtual and the run ends with the candles; otherwise it is real and the run
    ends when every automation has, after ``options.duration``, or on Ctrl-C. State lives in the data folder: run
    again, it goes on where it was. ``keep`` is given what a replay leaves beside its report.
    """
    configuration = Configuration.load(data_dir=options.data_dir)
    settings = configuration.settings
    registry = plugins_for(settings)
    for left_out in configuration.check(registry.settings_models):
        view.message(left_out)
    for broken in registry.broken:
        view.message(f"plugin {broken.name} is left out: {broken.error}")
    for plugin in registry.plugins:
        for reason in plugin.left_out:
            view.message(f"plugin {plugin.name} is not used whole: {reason}")
    check_connectors(run_file, registry)
    if _is_past(run_file, registry):
        if options.serve:
            raise UsageError("--serve is about a live run; a replay is over before anybody could look: leave it out")
        return ReplayRun(run_file, options, view, settings, registry, configuration).run(keep)
    return _live(run_file, options, view, configuration, registry)


def _is_past(run_file: RunFile, registry: Registry) -> bool:
    past = {name: registry.market_data[account.market_data.use].replay for name, account in run_file.accounts.items()}
    if len(set(past.values())) > 1:
        replayed = ", ".join(name for name, replay in past.items() if replay)
        live = ", ".join(name for name, replay in past.items() if not replay)
        raise UsageError(
            f"accounts on past candles ({replayed}) and on live markets ({live}) cannot run together:"
            " put them into files of their own"
        )
    return any(past.values())


def _live(
    run_file: RunFile, options: RunOptions, view: RunView, configuration: Configuration, registry: Registry
) -> RunReport:
    _refuse_replay_options(options)
    refuse_signals(run_file)
    clock, settings = SystemClock(), configuration.settings
    accounts = {name: new_account(name, spec, registry) for name, spec in run_file.accounts.items()}
    check_accounts(run_file, accounts, registry)
    configs = check_automations(run_file, registry)
    base = open_base(settings, registry, clock.now(), configuration=configuration)
    for broken in base.registry.broken:
        if broken not in registry.broken:
            view.message(f"plugin {broken.name} is left out: {broken.error}")
    try:
        take_over_changes(base, run_file, accounts, view)
    finally:
        base.close()
    # From here on Ctrl-C must break nothing off: whoever holds a lock just then would hold up the node's end.
    made = Node(settings, registry=registry, configuration=configuration, serve_api=options.serve and settings.api)
    with asked_to_stop() as asked, started_again(made, view, asked) as node:
        started = from_ms(clock.now())
        _tell_where(node, view)
        create_missing(node.core, node.commands, run_file, configs, accounts, view)
        go_on(node.core, node.commands, run_file, configs, view)
        node.hurry()
        deadline = None if options.duration is None else clock.monotonic() + options.duration
        if not _follow(node, view, deadline, clock, asked):
            view.message("stopping: state is kept, the same command goes on")
        reports = with_problems(node.core.storage, automation_reports(node.core))
        ended = from_ms(clock.now())
    return RunReport(
        version=octobot_node.__version__,
        clock="real",
        started_at=started,
        ended_at=ended,
        finished=all(AutomationStatus(report.status).ended for report in reports),
        candles=None,
        gaps=[],
        automations=reports,
    )


@contextmanager
def started_again(node: Node, view: RunView, asked: Callable[[], bool], pause: float = _AGAIN_S) -> Iterator[Node]:
    """Start a node and stop it at the end; one whose database is lost in the middle of its start begins it again.

    One that had its database once waits for it, until it is asked to end; one that never had it fails at once.
    """
    had = False
    while True:
        try:
            node.start()
            break
        except StorageUnavailable as error:
            had = had or isinstance(error, StartInterrupted)
            if not had or asked():
                raise
            view.message(f"{error}; it is begun again by itself")
            time.sleep(pause)
    try:
        yield node
    finally:
        node.stop()


def _tell_where(node: Node, view: RunView) -> None:
    """Say where a browser finds what is served, and how to sign in."""
    if node.api is None:
        return
    for site, url in node.api.sites.items():
        view.message(f"{site}: {url}")
    kept = node.settings.data_dir / "admin-password"
    if kept.exists():
        view.message(f"sign in as admin; the password is in {kept}")


def _refuse_replay_options(options: RunOptions) -> None:
    if options.data:
        raise UsageError("--data gives candles for replay, but no account has `market_data: {use: replay}`")
    if options.fresh:
        raise UsageError("--fresh starts a replay over; to start a live run over, use another --data-dir")
    if options.gaps != "count":
        raise UsageError("--gaps is about the candles of a replay; this run is live: leave it out")


def _follow(node: Node, view: RunView, deadline: float | None, clock: SystemClock, asked: Callable[[], bool]) -> bool:
    """Show what happens until the end of the run; return False if it was asked to stop before."""
    said = NoticeFeed(node.core.storage)
    while deadline is None or clock.monotonic() < deadline:
        if asked():
            return False
        if node.leaving.is_set():
            raise NodeError(node.failure or "the database is not as it was left: give the same command again")
        rows = automation_reports(node.core)
        for line in said.new():
            view.message(line)
        view.table(rows, from_ms(clock.now()))
        if all(AutomationStatus(row.status).ended for row in rows):
            _tell_all(view, clock, said)
            break
        left = _TABLE_S if deadline is None else min(_TABLE_S, deadline - clock.monotonic())
        time.sleep(max(left, 0))
    return True


def _tell_all(view: RunView, clock: SystemClock, said: NoticeFeed) -> None:
    """Wait until what was said last has reached whoever is to be told: there is no node any more after this."""
    until = clock.monotonic() + _TELLING_S
    while said.waiting() and clock.monotonic() < until:
        time.sleep(0.1)
    left = said.waiting()
    if left:
        view.message(f"{left} notices are not delivered yet: the next start goes on with them")
