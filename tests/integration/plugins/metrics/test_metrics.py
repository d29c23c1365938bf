"""What /metrics says is what happened, for whoever may read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics

from octobot_node import Decision, LimitOrder, Wake
from octobot_node.contracts.exchanges import RequestBudget
from octobot_node.contracts.streams import StreamState
from octobot_node.engine.market.metered_connectors import MeteredTrading
from octobot_node.errors import DataUnavailable, NotSent, OrderRefused, Unresolved
from octobot_node.operations.models import EmptyRequest
from octobot_node.plugin_system.plugin_set import plugin_set
from octobot_node.store.queries import lists, metric_queries
from octobot_node.store.tables import accounts, automations, installation
from tests.integration.api.conftest import Service
from tests.integration.plugins.metrics.conftest import scrape
from tests.support.bench import Bench


def buys(*prices: int) -> Any:
    """Decide these orders in the first tick, and nothing after."""

    def decide(tick: Any) -> Decision:
        orders: list[Any] = [LimitOrder("BTC/USDT", "buy", amount=Decimal(1), price=Decimal(price)) for price in prices]
        return Decision(
            orders=orders if tick.number == 0 else [], independent=True, wake=Wake(every=timedelta(hours=1))
        )

    return decide


def test_nobody_reads_them_without_a_key_that_may(service: Service) -> None:
    other = service.do("keys.create", user="root", name="other", scopes=["node:read"]).token
    mine = service.do("keys.create", user="root", name="prometheus", scopes=["metrics:read"]).token
    answers = [
        service.client.get("/metrics"),
        service.anonymous(authorization="Bearer ock_nonsense").get("/metrics"),
        service.anonymous(authorization=f"Bearer {other}").get("/metrics"),
        service.anonymous(authorization=f"Bearer {mine}").get("/metrics"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 403, 200]
    assert "octobot_" not in "".join(answer.text for answer in answers[:3])


def test_the_text_is_what_the_scraper_asks_for(service: Service) -> None:
    client = service.as_("vera")
    plain = client.get("/metrics", headers={"accept": "*/*"})
    asked = client.get("/metrics", headers={"accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert plain.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert asked.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert asked.text.endswith("# EOF\n")
    # The strict reader of OpenMetrics refuses what has the wrong name, order or type.
    names = {family.name for family in openmetrics(asked.text)}
    assert {"octobot_ticks", "octobot_node", "octobot_api_request_seconds", "process_cpu_seconds"} <= names


def test_a_node_says_what_it_is_and_may_do(service: Service) -> None:
    found, office = scrape(service), service.office
    (info,) = [sample.labels for sample in found.samples if sample.name == "octobot_node_info"]
    assert info == {
        "version": office.do("node.status", **EmptyRequest().model_dump()).version,
        "role": "standalone",
        "node_id": office.bench.base.node_id,
        "plugins": plugin_set(office.bench.registry),
    }
    names = ("leads", "works", "draining")
    assert [found(f"octobot_node_{name}") for name in names] == [1, 1, 0]
    office.bench.core.draining.set()
    assert scrape(service)("octobot_node_draining") == 1
    assert found("octobot_database_up") == 1
    assert found("octobot_database_bytes") > 100_000
    assert found("octobot_disk_free_bytes") > found("octobot_disk_reserve_bytes") == 0
    assert found("process_resident_memory_bytes") > 10_000_000


def test_ticks_are_counted_by_what_became_of_them_and_by_how_late_they_were(service: Service) -> None:
    bench = service.office.bench

    def fails(_tick: Any) -> Decision:
        raise ValueError("no")

    bench.automation("good", buys())
    bench.automation("bad", fails)
    bench.automation("blind", buys(), symbols=("DOGE/USDT",))
    bench.advance(3_000)
    assert scrape(service)("octobot_tick_lag_seconds") == 3
    bench.tick()
    found = scrape(service)
    assert found.by("octobot_ticks_total", "outcome") == {"done": 1, "failed": 1, "waiting": 1, "slow": 0, "held": 0}
    assert found("octobot_tick_lag_seconds") == 0
    assert (found("octobot_tick_late_seconds_count"), found("octobot_tick_late_seconds_sum")) == (2, 6)
    assert found("octobot_tick_late_seconds_bucket", le="2.5") == 0
    assert found("octobot_tick_late_seconds_bucket", le="5.0") == 2
    assert found("octobot_tick_batch_seconds_count") == 1
    assert found.by("octobot_automations", "status") == {"active": 2, "waiting": 1}


def test_automations_in_a_batch_and_price_levels_are_counted(service: Service) -> None:
    bench = service.office.bench
    bench.automation("good", lambda _tick: Decision(wake=Wake(above={"BTC/USDT": Decimal(200)})))
    bench.dispatcher.dispatch()
    assert scrape(service)("octobot_automations_in_batch") == 1
    bench.settle()
    bench.crossed()
    found = scrape(service)
    assert (found("octobot_automations_in_batch"), found("octobot_hub_levels")) == (0, 1)


def test_orders_are_counted_as_they_are_sent_filled_refused_and_unknown(service: Service) -> None:
    bench = service.office.bench
    bench.trading.will(bench.trading.rest, OrderRefused("too small"), Unresolved("the line broke"), bench.trading.rest)
    bench.automation("buyer", buys(90, 91, 92, 93))
    bench.settle()
    bench.trading.fill("x1")
    bench.settle()
    found = scrape(service)
    assert found.by("octobot_orders_total", "status") == {
        "sent": 4, "filled": 1, "cancelled": 0, "expired": 0, "refused": 1, "unknown": 0,
    }  # fmt: skip
    assert found.by("octobot_intents", "status") == {"planned": 0, "sent": 1, "open": 1, "unknown": 0}
    assert (found("octobot_fills_total"), found("octobot_orders_unknown")) == (1, 0)
    bench.trading.faults["find_order"] = Unresolved("no answer")
    bench.run(40_000, step=2_000)
    found = scrape(service)
    assert (found("octobot_orders_total", status="unknown"), found("octobot_orders_unknown")) == (1, 1)
    assert found("octobot_intents", status="unknown") == 1


def test_requests_to_exchanges_are_counted_by_call_and_failures_by_kind(service: Service) -> None:
    bench = service.office.bench
    bench.trading.will(
        NotSent("no route"),
        OrderRefused("no"),
        Unresolved("the line broke"),
        RuntimeError("a mistake of the connector"),
    )
    bench.automation("buyer", buys(90, 91, 92, 93))
    bench.settle()
    found = scrape(service)
    assert found("octobot_exchange_requests_total", exchange="fake", call="create_order") == 4
    assert found("octobot_exchange_request_seconds_count", exchange="fake", call="create_order") == 4
    assert found("octobot_exchange_requests_total", exchange="fake", call="open_orders") >= 1
    kinds = {"not_sent": 1, "refused": 1, "unresolved": 1, "other": 1}
    assert found.by("octobot_exchange_errors_total", "kind") == kinds
    bench.market.fault = DataUnavailable("down")
    bench.advance(3_600_000)
    bench.tick()
    assert scrape(service)("octobot_exchange_errors_total", kind="unavailable") == 1


def test_a_request_that_is_broken_off_is_a_time_out(make_service: Any) -> None:
    service = make_service(request_timeout=0.05)
    bench = service.office.bench

    async def never(_request: Any) -> Any:
        import asyncio

        await asyncio.sleep(60)

    bench.trading.create_order = never
    bench.automation("buyer", buys(90))
    bench.settle()
    assert scrape(service).by("octobot_exchange_errors_total", "kind") == {"timeout": 1}


def test_what_the_hub_had_is_a_hit_and_its_prices_have_an_age(service: Service) -> None:
    bench = service.office.bench
    bench.automation("a", buys())
    bench.automation("b", buys())
    bench.tick()
    bench.advance(7_000)
    found = scrape(service)
    assert found("octobot_hub_lookups_total", source="fake", what="tickers", result="miss") == 1
    assert found("octobot_hub_price_age_seconds", source="fake") == 7


class Stating:
    """A connector that states a budget; several accounts share it."""

    def __init__(self, inner: Any, budgets: Callable[[], Sequence[RequestBudget]]) -> None:
        self._inner, self.request_budgets = inner, budgets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Listening:
    """A connector that listens."""

    def __init__(self, inner: Any, streams: Sequence[StreamState]) -> None:
        self._inner = inner
        self.streams = lambda: streams

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def test_a_budget_is_told_where_a_connector_states_one_and_otherwise_there_is_none(service: Service) -> None:
    bench = service.office.bench
    bench.automation("a", buys(90))
    bench.settle()
    assert scrape(service).by("octobot_exchange_budget_remaining", "budget") == {}
    trading = bench.core.accounts.get(bench.account).trading
    assert isinstance(trading, MeteredTrading)
    budgets = [
        RequestBudget("weight", 1_200, 900),
        RequestBudget("orders", 50, 49),
        RequestBudget("weight", 1_200, 7),
    ]
    trading.inner = Stating(trading.inner, lambda: budgets)
    found = scrape(service)
    assert found.by("octobot_exchange_budget_remaining", "budget") == {"weight": 7, "orders": 49}
    assert found.by("octobot_exchange_budget_limit", "budget") == {"weight": 1_200, "orders": 50}

    def broken() -> Sequence[RequestBudget]:
        raise KeyError("weight")

    trading.inner = Stating(trading.inner, broken)
    assert scrape(service).by("octobot_exchange_budget_remaining", "budget") == {}


def test_streams_that_are_listened_to_are_told_by_how_they_are(service: Service) -> None:
    bench = service.office.bench
    bench.automation("a", buys(90))
    bench.settle()
    assert scrape(service).by("octobot_exchange_streams", "status") == {}
    trading = bench.core.accounts.get(bench.account).trading
    assert isinstance(trading, MeteredTrading)
    trading.inner = Listening(trading.inner, [StreamState("orders", "down", 1, "it was cut", 3)])
    found = scrape(service)
    assert found.by("octobot_exchange_streams", "status") == {"down": 1}
    assert found.by("octobot_exchange_stream_breaks", "of") == {"orders": 3}


def test_requests_to_the_api_are_told_by_route_and_status_whatever_the_path_and_the_method(service: Service) -> None:
    ada = service.as_("ada")
    for name in ("one", "two"):
        assert ada.get(f"/api/v1/automations/{name}").status_code == 404
    service.client.get("/api/v1/automations")
    for method in ("BREW", "WHEN", "PROPFIND"):
        service.client.request(method, f"/{method}")
    found = scrape(service)
    labels = [sample.labels for sample in found.samples if sample.name == "octobot_api_request_seconds_count"]
    assert {label["method"] for label in labels} == {"GET", "(other)"}
    count = "octobot_api_request_seconds_count"
    assert found(count, route="/api/v1/automations/{automation}", status="404") == 2
    assert found(count, route="/api/v1/automations", status="401") == 1
    assert found(count, method="(other)", route="(none)") == 3


def test_thrown_kill_switches_are_told_by_scope(service: Service) -> None:
    bench = service.office.bench
    a, _ = bench.automation("a", buys()), bench.automation("b", buys())
    assert scrape(service).by("octobot_sending_off", "scope") == {"all": 0, "account": 0, "automation": 0}
    with bench.core.storage.write() as connection:
        connection.execute(automations.update().where(automations.c.id == a).values(sending=False))
        connection.execute(accounts.update().values(sending=False))
        connection.execute(installation.update().values(sending=False))
    assert scrape(service).by("octobot_sending_off", "scope") == {"all": 1, "account": 1, "automation": 1}


def test_a_node_that_does_not_lead_tells_of_its_process_alone(service: Service) -> None:
    """Where several tell the database's counts, a sum over nodes would count everything twice."""
    leading = {family.name for family in scrape(service).families}
    coordinator = service.office.bench.core.coordinator
    coordinator.may_dispatch = lambda: False  # type: ignore[method-assign]
    following = scrape(service)
    mine = {family.name for family in following.families}
    assert following("octobot_node_leads") == 0
    assert leading - mine == {
        "octobot_audit_bytes",
        "octobot_audit_entries",
        "octobot_automations",
        "octobot_automations_in_batch",
        "octobot_database_bytes",
        "octobot_event_horizon_seconds",
        "octobot_intents",
        "octobot_node_heartbeat_age_seconds",
        "octobot_nodes",
        "octobot_orders_unknown",
        "octobot_queue_depth",
        "octobot_sending_off",
        "octobot_tick_lag_seconds",
    }


def test_no_label_has_a_value_for_each_automation_account_or_key(service: Service) -> None:
    bench = service.office.bench
    ids = [bench.automation(f"automation{number}", buys(90)) for number in range(5)]
    bench.settle()
    service.as_("ada").get(f"/api/v1/automations/{ids[0]}")
    values = {value for sample in scrape(service).samples for value in sample.labels.values()}
    assert values.isdisjoint({*ids, bench.account, *(f"automation{number}" for number in range(5)), "vera", "ada"})


COUNTS = {
    "automations_by_status": (lambda c: lists.automations_by_status(c, None), "ix_automations_status"),
    "longest_due": (lambda c: lists.longest_due(c, None), "ix_schedule_due"),
    "claimed": (metric_queries.claimed, "ix_schedule_claim"),
    "live_intents": (metric_queries.live_intents, "ix_intents_live"),
    "silent_automations": (metric_queries.silent_automations, "ix_automations_silent"),
    "depths": (None, "idx_workflow_status_in_flight_v2"),
}


@pytest.mark.parametrize("name", sorted(COUNTS))
def test_a_count_rides_its_index_on_either_database(bench: Bench, name: str) -> None:
    from octobot_node.engine.workers.durable import depths

    count, index = COUNTS[name]
    seen: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, sql: str, parameters: Any, *_rest: Any) -> None:
        seen.append((sql, parameters))

    with bench.core.storage.read() as connection:
        sa.event.listen(connection, "before_cursor_execute", note)
        (count or depths)(connection)
        sa.event.remove(connection, "before_cursor_execute", note)
        ((sql, parameters),) = seen
        if bench.core.storage.shared:
            # In a table of no rows a scan is cheapest: what is asked is whether the index can be used.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if bench.core.storage.shared else "EXPLAIN QUERY PLAN"
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {sql}", parameters))
    assert index in plan
