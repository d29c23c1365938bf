import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Suspense } from "react";
import { sessionQuery } from "@/features/session/queries";
import { useSignOut } from "@/features/session/useSignOut";
import { lazyPart } from "@/parts/lazyPart";
import { Loading } from "@/parts/States";
import { Appearance } from "./Appearance";
import { Password } from "./access/Password";
import { Sessions } from "./access/Sessions";
import { secondFactorQuery } from "./queries";
import { SETTINGS_TABS, type SettingsTab } from "./tabs";

const SecondFactor = lazyPart(() => import("./access/SecondFactor"));
const Keys = lazyPart(() => import("./access/Keys"));
const Secrets = lazyPart(() => import("./Secrets"));
const Users = lazyPart(() => import("./access/Users"));
const Notifications = lazyPart(() => import("./Notifications"));
const About = lazyPart(() => import("./About"));

const NAMES: Record<SettingsTab, string> = {
  you: "You",
  keys: "API keys",
  secrets: "Secrets",
  users: "Users",
  notifications: "Notifications",
  appearance: "Appearance",
  about: "About",
};

/** What is one's own, and of an admin who else may come in. */
export function SettingsPage({ tab }: { tab: SettingsTab }) {
  const { data: session } = useQuery(sessionQuery);
  const leave = useSignOut();
  const admin = session?.scopes.includes("users:read") ?? false;
  const sees = session?.scopes.includes("accounts:read") ?? false;
  return (
    <div className="page settings">
      <div className="page-head">
        <div>
          <h1>Settings</h1>
          <p className="muted says">
            {session && `Signed in as ${session.user}, ${session.role}`}
            {session?.owner && session.owner !== session.user && `, who sees what ${session.owner} has`}
          </p>
        </div>
        <div className="actions">
          <button className="btn" type="button" onClick={leave}>
            Sign out
          </button>
        </div>
      </div>
      <nav className="tabs" aria-label="Parts of the settings">
        {SETTINGS_TABS.filter((each) => (each === "users" ? admin : each !== "secrets" || sees)).map((each) => (
          <Link
            key={each}
            to="/settings"
            search={each === "you" ? {} : { tab: each }}
            activeOptions={{ exact: true, includeSearch: true }}
            replace
          >
            {NAMES[each]}
          </Link>
        ))}
      </nav>
      <Suspense fallback={<Loading what="this part" rows={6} />}>
        {tab === "you" && <You />}
        {tab === "keys" && <Keys />}
        {tab === "secrets" && <Secrets />}
        {tab === "users" && admin && <Users />}
        {tab === "notifications" && <Notifications />}
        {tab === "appearance" && <Appearance />}
        {tab === "about" && <About />}
      </Suspense>
    </div>
  );
}

/** What is above the others is waited for: nothing moves as it comes. */
function You() {
  const factor = useQuery(secondFactorQuery);
  if (factor.isPending) return <Loading what="what is yours" rows={6} />;
  return (
    <div className="money">
      <div>
        <SecondFactor />
        <Password />
      </div>
      <Sessions />
    </div>
  );
}
