import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { KillSwitch } from "@/features/kill-switch/KillSwitch";
import { Finder } from "@/features/palette/Finder";
import { PanelLinks } from "@/features/panels/Panels";
import { sessionQuery } from "@/features/session/queries";
import { SignInForm } from "@/features/session/SignIn";
import { useSignOut } from "@/features/session/useSignOut";
import { listen, useConnection } from "@/live/connection";
import { Dialog } from "@/parts/Dialog";
import { Segments } from "@/parts/forms/Segments";
import { Brand, Icon, type IconName } from "@/parts/Icon";
import { setPreference, usePreference } from "@/parts/preferences";
import { useNow } from "@/parts/useNow";
import * as format from "@/text/format";
import { useBook } from "./book";
import { Connection, Offline } from "./Connection";
import { nodeQuery, nodesQuery } from "./queries";
import { lookForUpdate, useOutdated } from "./updates";

interface Place {
  to: "/" | "/automations" | "/new" | "/replays" | "/accounts" | "/activity" | "/node" | "/settings";
  label: string;
  icon: IconName;
}

const PLACES: readonly Place[] = [
  { to: "/", label: "Overview", icon: "overview" },
  { to: "/automations", label: "Automations", icon: "list" },
  { to: "/new", label: "New", icon: "new" },
  { to: "/replays", label: "Replays", icon: "replay" },
  { to: "/accounts", label: "Accounts", icon: "account" },
  { to: "/activity", label: "Activity", icon: "activity" },
  { to: "/node", label: "Node", icon: "node" },
  { to: "/settings", label: "Settings", icon: "settings" },
];

/** What is around every page: where one can go, how the node is, and the kill switch. */
export function Frame() {
  const queries = useQueryClient();
  const { shown } = useBook();
  useEffect(() => listen(queries), [queries]);
  return (
    <div className={`app ${shown}`}>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Rail />
      <TopBar />
      <main id="main" tabIndex={-1}>
        <Outdated />
        <Offline />
        <Outlet />
      </main>
      <TabBar />
      <SessionEnded />
    </div>
  );
}

function Rail() {
  const { data: node } = useQuery(nodeQuery);
  const counts = node?.automations ?? {};
  const all = Object.values(counts).reduce((sum, each) => sum + each, 0);
  const need = (counts["failed"] ?? 0) + (counts["held"] ?? 0);
  return (
    <nav className="rail" aria-label="Main">
      <Link className="brand" to="/">
        <Brand />
        OctoBot Node
      </Link>
      <ul>
        {PLACES.map((place) => (
          <li key={place.to}>
            <PlaceLink place={place}>
              {place.to === "/automations" && node && <span className="count">{format.count(all)}</span>}
              {place.to === "/" && need > 0 && (
                <span className="count bad" title="failed or held">
                  {format.count(need)}
                </span>
              )}
            </PlaceLink>
          </li>
        ))}
      </ul>
      <PanelLinks />
      <Foot />
    </nav>
  );
}

function PlaceLink({ place, children }: { place: Place; children?: React.ReactNode }) {
  return (
    <Link to={place.to} activeOptions={{ exact: place.to === "/" }} activeProps={{ "aria-current": "page" }}>
      <Icon name={place.icon} />
      {place.label}
      {children}
    </Link>
  );
}

const ON_PHONE = new Set<Place["to"]>(["/", "/automations", "/new", "/activity"]);

/** On a phone four places are at hand, and the others behind the fifth. */
function TabBar() {
  const [open, setOpen] = useState(false);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const others = PLACES.filter((place) => !ON_PHONE.has(place.to));
  return (
    <nav className="tabbar" aria-label="Main, phone">
      {PLACES.filter((place) => ON_PHONE.has(place.to)).map((place) => (
        <PlaceLink key={place.to} place={place} />
      ))}
      <button
        type="button"
        aria-haspopup="dialog"
        aria-current={others.some((place) => path.startsWith(place.to)) ? "page" : undefined}
        onClick={() => setOpen(true)}
      >
        <Icon name="more" />
        More
      </button>
      {open && (
        <Dialog
          title="More"
          onClose={() => setOpen(false)}
          foot={
            <button className="btn" type="button" onClick={() => setOpen(false)}>
              Close
            </button>
          }
        >
          <ul className="more-places">
            {others.map((place) => (
              <li key={place.to}>
                <Link to={place.to} onClick={() => setOpen(false)}>
                  <Icon name={place.icon} />
                  {place.label}
                </Link>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </nav>
  );
}

function Foot() {
  const { data: nodes } = useQuery(nodesQuery);
  const now = useNow();
  const here = nodes?.find((node) => node.this);
  const silent = nodes?.filter((node) => node.state === "dead").length ?? 0;
  return (
    <div className="foot">
      <Who />
      {here && (
        <span>
          {here.host || here.id}, {here.leads ? "leads" : here.role}
        </span>
      )}
      {silent > 0 && (
        <span className="bad">{silent === 1 ? "1 node is" : `${format.count(silent)} nodes are`} silent</span>
      )}
      <span className="faint tnum">
        {format.zoneName()} {format.timeOfDay(now)}
      </span>
    </div>
  );
}

function Who() {
  const { data: session } = useQuery(sessionQuery);
  const leave = useSignOut();
  if (!session) return null;
  return (
    <span className="row">
      <span className="grow cut">
        {session.user} <span className="faint">{session.role}</span>
      </span>
      <button className="btn quiet small" type="button" onClick={leave}>
        Sign out
      </button>
    </span>
  );
}

function TopBar() {
  const { shown, both } = useBook();
  const hidden = usePreference("hidden");
  return (
    <header className="top">
      <Link className="phone-top" to="/">
        <Brand />
        <span className="vh">Overview</span>
      </Link>
      <Finder />
      {both ? (
        <Segments
          label="Money shown"
          value={shown}
          choices={[
            { value: "live", label: "Live" },
            { value: "paper", label: "Paper" },
          ]}
          onChange={(value) => setPreference("book", value)}
        />
      ) : (
        <span className={`tag ${shown}`}>{shown === "paper" ? "Play money" : "Live"}</span>
      )}
      <div className="end">
        <Connection />
        <button
          className="btn quiet icon"
          type="button"
          aria-pressed={hidden}
          aria-label="Hide amounts"
          title={hidden ? "Show amounts" : "Hide amounts"}
          onClick={() => setPreference("hidden", !hidden)}
        >
          <Icon name={hidden ? "eye-off" : "eye"} />
        </button>
        <KillSwitch />
      </div>
    </header>
  );
}

/** A session that ended under somebody's hands: what is on the page, and typed into it, stays. */
function SessionEnded() {
  const connection = useConnection();
  const queries = useQueryClient();
  const [user, setUser] = useState("");
  const { data: session } = useQuery(sessionQuery);
  useEffect(() => {
    if (session) setUser(session.user);
  }, [session]);
  if (connection.state !== "signed-out" || session) return null;
  return (
    <Dialog
      title="Your session has ended"
      lead="Nothing on this page is lost. Sign in, and go on."
      onClose={() => undefined}
      foot={null}
    >
      <SignInForm
        user={user}
        onSignedIn={() => {
          listen(queries);
          void queries.invalidateQueries();
        }}
      />
    </Dialog>
  );
}

function Outdated() {
  const { state } = useConnection();
  const was = useRef(state);
  useEffect(() => {
    if (was.current === "lost" && state === "live") lookForUpdate();
    was.current = state;
  }, [state]);
  if (!useOutdated()) return null;
  return (
    <div className="note unk band" role="alert">
      <Icon name="info" />
      <p>
        <b>The node was updated since this page was opened.</b> Load it anew to go on: what was typed into a new
        automation or an edit is kept.
      </p>
      <button className="btn small" type="button" onClick={() => location.reload()}>
        Load anew
      </button>
    </div>
  );
}
