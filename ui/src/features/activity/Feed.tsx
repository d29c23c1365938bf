import type { NodeEvent } from "@/live/reader";
import * as format from "@/text/format";
import { Sentence } from "./sentences";

/** Sentences under the day they are of. */
export function Feed({ events, now }: { events: readonly NodeEvent[]; now: Date }) {
  const days = new Map<string, NodeEvent[]>();
  for (const event of events) {
    const day = format.date(new Date(event.at));
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  const today = format.date(now);
  return (
    <div className="feeds">
      {[...days].map(([day, of]) => (
        <section key={day} aria-label={day}>
          {day !== today && <h3 className="day">{format.day(new Date(of[0]?.at ?? now), now)}</h3>}
          <ol className="feed">
            {of.map((event) => (
              <li key={event.id}>
                <time dateTime={event.at}>{format.clock(new Date(event.at))}</time>
                <Sentence event={event} />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
