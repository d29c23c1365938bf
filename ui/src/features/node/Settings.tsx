import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Icon } from "@/parts/Icon";
import { Failure, Loading } from "@/parts/States";
import { settingsQuery } from "./queries";

/** Every setting in force, where it comes from and what it is for; none is changed here. */
export function Settings() {
  const { data, error, refetch } = useQuery(settingsQuery);
  const [search, setSearch] = useState("");
  if (error && !data) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading what="the settings" rows={12} />;
  const wanted = search.trim().toLowerCase();
  const shown = data.settings.filter((each) =>
    `${each.section} ${each.name} ${each.variable} ${each.description}`.toLowerCase().includes(wanted),
  );
  return (
    <section className="blk" aria-labelledby="h-settings">
      <h2 className="vh" id="h-settings">
        Settings
      </h2>
      <div className="filters">
        <div className="input words">
          <Icon name="search" />
          <input
            type="search"
            aria-label="Search settings"
            placeholder="Search"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
      </div>
      <p className="small muted">
        They are set by environment variables{data.file ? `, and in ${data.file}` : ""}, and take effect when the node
        starts.
      </p>
      {data.unknown.length > 0 && (
        <div className="note warn">
          <Icon name="warn" />
          <p>
            <b>Nothing reads these:</b> {data.unknown.join(", ")}
          </p>
        </div>
      )}
      <ul className="tentacles">
        {shown.map((each) => (
          <li key={each.variable}>
            <div className="name">
              <b className="mono">{each.section ? `${each.section}.${each.name}` : each.name}</b>
              <span className="why-line mono">{each.variable}</span>
            </div>
            <div>
              <p>
                <code>{each.value === "" ? "(empty)" : each.value}</code> <span className="muted">{each.origin}</span>
              </p>
              <p className="small muted">{each.description}</p>
            </div>
          </li>
        ))}
      </ul>
      {shown.length === 0 && <p className="muted none">No setting has that in its name.</p>}
    </section>
  );
}
