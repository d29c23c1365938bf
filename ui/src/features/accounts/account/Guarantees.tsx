import type { CapabilitiesRow } from "@/api/client/types.gen";
import * as format from "@/text/format";

const LOOKUP: Record<CapabilitiesRow["lookup"], string> = {
  none: "never",
  open: "while they are open",
  recent: "for a while",
  all: "always",
};
const DEDUPE: Record<CapabilitiesRow["dedupe"], string> = {
  none: "never",
  open: "while the first is open",
  forever: "for ever",
};

/** Orders that the exchange has not: automations that decide one are told so before it is sent. */
function lackingOrders(of: CapabilitiesRow): string[] {
  const has = { "at market": of.market_orders, "post-only": of.post_only, "fill-or-kill": of.fill_or_kill };
  return Object.entries(has)
    .filter(([, there]) => !there)
    .map(([name]) => name);
}

/** What its exchange does about an order that is sent twice, or whose answer is lost. */
export function Guarantees({ of }: { of: CapabilitiesRow }) {
  const lacking = lackingOrders(of);
  return (
    <section className="blk" aria-labelledby="h-cap">
      <div className="section-head">
        <h2 id="h-cap">What its exchange guarantees</h2>
      </div>
      <dl className="facts">
        <div>
          <dt>Orders are found by their own id</dt>
          <dd>
            {LOOKUP[of.lookup]}
            {of.lookup === "recent" && of.lookup_seconds !== null && `, ${format.span(of.lookup_seconds * 1_000)}`}
          </dd>
        </div>
        <div>
          <dt>The same order twice is refused</dt>
          <dd>{DEDUPE[of.dedupe]}</dd>
        </div>
        <div>
          <dt>Stops rest at the exchange</dt>
          <dd>{of.native_stops ? "yes" : "no: the node watches them"}</dd>
        </div>
        <div>
          <dt>Late requests are thrown away</dt>
          <dd>{of.request_expiry ? "yes" : "no"}</dd>
        </div>
        {lacking.length > 0 && (
          <div>
            <dt>Orders that it does not have</dt>
            <dd>{lacking.join(", ")}</dd>
          </div>
        )}
        {of.market_orders && !of.market_amount && (
          <div>
            <dt>Buys at market</dt>
            <dd>by what they may cost</dd>
          </div>
        )}
      </dl>
    </section>
  );
}
