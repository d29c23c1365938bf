import type { NodeEvent } from "@/live/reader";
import * as format from "@/text/format";
import { Sentence } from "./sentences";

const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", hour: "2-digit", minute: "2-digit" });

/** Sentences under the day they are of. */
export function Feed({ events, now }: { events: readonly NodeEvent[]; now: Date }) {
  const days = new Map<string, NodeEvent[]>();
  for (const event of events) {
    const day = event.at.slice(0, 10);
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  const today = now.toISOString().slice(0, 10);
  return (
    <div className="feeds">
      {[...days].map(([day, of]) => (
        <section key={day} aria-label={day}>
          {day !== today && <h3 className="day">{format.day(new Date(`${day}T00:00:00Z`), now)}</h3>}
          <ol className="feed">
            {of.map((event) => (
              <li key={event.id}>
                <time dateTime={event.at}>{clock.format(new Date(event.at))}</time>
                <Sentence event={event} />
              </li>
            ))}
          </ol>
        </section>
      ))}
    </div>
  );
}
