import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import {
  createUser,
  deleteUser,
  editUser,
  endUserSession,
  resetUserSecondFactor,
  setUserPassword,
} from "@/api/client/sdk.gen";
import type { UserRow } from "@/api/client/types.gen";
import { isProblem } from "@/api/http";
import { Proving } from "@/features/session/Proving";
import { sessionQuery } from "@/features/session/queries";
import { userSessionsQuery, usersQuery } from "@/features/settings/queries";
import { Section } from "@/features/settings/Section";
import { useOwner } from "@/features/settings/useOwner";
import { Dialog } from "@/parts/Dialog";
import { Moment } from "@/parts/Figures";
import { Line } from "@/parts/forms/Line";
import { Once } from "@/parts/forms/Once";
import { TwoSteps } from "@/parts/forms/TwoSteps";
import { Shape } from "@/parts/Icon";
import { useNow } from "@/parts/useNow";

type Role = UserRow["role"];

const ROLES: ReadonlyArray<{ value: Role; label: string; may: string }> = [
  { value: "viewer", label: "Viewer", may: "looks" },
  { value: "trader", label: "Trader", may: "looks, creates, changes and stops" },
  { value: "admin", label: "Admin", may: "may do everything, with what everybody has" },
];

/** Who may come in, and what they may do. */
export default function Users() {
  const users = useQuery(usersQuery);
  const { data: session } = useQuery(sessionQuery);
  const [changes, setChanges] = useState<string | null>(null);
  const now = useNow();
  const changed = users.data?.find((each) => each.name === changes);
  return (
    <>
      <Section title="Users" what="the users" add="Add one" form={(close) => <Add onDone={close} />} of={users}>
        {(rows) => (
          <table className="stack users" aria-label="Users">
            <thead>
              <tr>
                <th>Name</th>
                <th>Role</th>
                <th>Sees what is of</th>
                <th>Second factor</th>
                <th>State</th>
                <th className="num">Since</th>
                <th>
                  <span className="vh">What can be done</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {rows.map((each) => (
                <tr key={each.name}>
                  <th scope="row">
                    {each.name}
                    {each.name === session?.user && <span className="tag here">you</span>}
                  </th>
                  <td>{ROLES.find((role) => role.value === each.role)?.label}</td>
                  <td className="muted desk-only">{each.role === "admin" ? "everybody" : each.owner}</td>
                  <td className="muted desk-only">{each.second_factor ? "on" : "off"}</td>
                  <td>
                    <UserState user={each} />
                  </td>
                  <td className="num muted desk-only">
                    <Moment at={each.created_at} now={now} />
                  </td>
                  <td className="num">
                    <button className="btn small" type="button" onClick={() => setChanges(each.name)}>
                      Change…
                    </button>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Section>
      {changed && <Change user={changed} self={changed.name === session?.user} onClose={() => setChanges(null)} />}
    </>
  );
}

function UserState({ user }: { user: UserRow }) {
  if (user.disabled) {
    return (
      <span className="status bad">
        <Shape mark="stopped" />
        Disabled
      </span>
    );
  }
  return user.generated_password ? (
    <span className="status warn">
      <Shape mark="waiting" />
      Has its first password
    </span>
  ) : (
    <span className="status">
      <Shape mark="active" />
      May sign in
    </span>
  );
}

function RoleLine({ value, onChange, disabled }: { value: Role; onChange: (role: Role) => void; disabled?: boolean }) {
  const found = ROLES.find((each) => each.value === value);
  return (
    <Line label="Role" hint={`${found?.value === "admin" ? "An" : "A"} ${found?.value} ${found?.may}.`}>
      {(props) => (
        <select {...props} value={value} disabled={disabled} onChange={(event) => onChange(event.target.value as Role)}>
          {ROLES.map((each) => (
            <option key={each.value} value={each.value}>
              {each.label}
            </option>
          ))}
        </select>
      )}
    </Line>
  );
}

function Add({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("trader");
  const [owner, setOwner] = useState("");
  const [password, setPassword] = useState("");
  const queries = useQueryClient();
  // Who only looks and owns nothing would see nothing: they look at what whoever adds them has.
  const own = useOwner() ?? "";
  const watches = owner.trim() || (role === "viewer" ? own : "");
  const add = useMutation({
    mutationFn: async () =>
      (
        await createUser({
          body: { name: name.trim(), role, owner: watches || null, password: password || null },
        })
      ).data,
    onSuccess: () => queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  const fields = isProblem(add.error) ? add.error.fields : [];
  const wrong = (field: string) => fields.find((each) => each.field.endsWith(field))?.reason;
  function submit(event: FormEvent): void {
    event.preventDefault();
    add.mutate();
  }
  if (add.data) {
    return (
      <div className="made">
        <p>
          <b>{add.data.name} may sign in.</b>{" "}
          {add.data.password && "This password was made, and is shown now and never again."}
        </p>
        {add.data.password && <Once label={`First password of ${add.data.name}`} text={add.data.password} />}
        <p className="go">
          <button className="btn primary" type="button" onClick={onDone}>
            {add.data.password ? "I have passed it on" : "Good"}
          </button>
        </p>
      </div>
    );
  }
  return (
    <div className="made">
      <form className="fields" onSubmit={submit} aria-label="Add a user">
        <div className="two-eq">
          <Line label="Name" error={wrong("name")}>
            {(props) => (
              <input
                {...props}
                required
                autoComplete="off"
                autoCapitalize="none"
                value={name}
                onChange={(event) => setName(event.target.value)}
              />
            )}
          </Line>
          <RoleLine value={role} onChange={setRole} />
          <Line label="Password" optional error={wrong("password")} hint="Empty: one is made, and shown once.">
            {(props) => (
              <input
                {...props}
                type="password"
                autoComplete="new-password"
                value={password}
                onChange={(event) => setPassword(event.target.value)}
              />
            )}
          </Line>
          <Line
            label="Sees what is of"
            optional
            error={wrong("owner")}
            hint={
              role === "viewer"
                ? "Empty: what is yours, and only to look at."
                : role === "admin"
                  ? "An admin sees what everybody has."
                  : "Empty: what they make themselves."
            }
          >
            {(props) => (
              <input
                {...props}
                autoComplete="off"
                autoCapitalize="none"
                placeholder={role === "viewer" ? own : ""}
                value={owner}
                onChange={(event) => setOwner(event.target.value)}
              />
            )}
          </Line>
        </div>
        <p className="go">
          <button className="btn primary" type="submit" disabled={!name.trim() || add.isPending}>
            Add them
          </button>
          <button className="btn quiet" type="button" onClick={onDone}>
            Cancel
          </button>
        </p>
      </form>
      {fields.length === 0 && <Proving error={add.error} onProved={() => add.mutate()} />}
    </div>
  );
}

type Doing =
  | { what: "role"; role: Role }
  | { what: "disabled"; disabled: boolean }
  | { what: "password"; password: string }
  | { what: "factor" }
  | { what: "sessions"; ids: string[] }
  | { what: "delete" };

function Change({ user, self, onClose }: { user: UserRow; self: boolean; onClose: () => void }) {
  const queries = useQueryClient();
  const { data: sessions = [] } = useQuery(userSessionsQuery(user.name));
  const [password, setPassword] = useState("");
  const path = { user: user.name };
  const headers = { "If-Match": `"${user.revision}"` };
  const change = useMutation({
    async mutationFn(doing: Doing): Promise<string> {
      switch (doing.what) {
        case "role":
          await editUser({ path, headers, body: { role: doing.role } });
          return `${user.name} is ${doing.role} now.`;
        case "disabled":
          await editUser({ path, headers, body: { disabled: doing.disabled } });
          return doing.disabled
            ? `${user.name} is disabled: sessions ended, keys do nothing.`
            : `${user.name} may sign in again.`;
        case "password":
          await setUserPassword({ path, body: { password: doing.password } });
          setPassword("");
          return "It is set; their sessions ended, their keys are revoked.";
        case "factor":
          await resetUserSecondFactor({ path });
          return "It is taken away; their sessions ended.";
        case "sessions":
          for (const session of doing.ids) await endUserSession({ path: { ...path, session } });
          return "Their sessions ended.";
        case "delete":
          await deleteUser({ path });
          return "";
      }
    },
    async onSuccess(_, doing) {
      await queries.invalidateQueries({ queryKey: usersQuery.queryKey });
      if (doing.what === "delete") onClose();
    },
    onError: () => void queries.invalidateQueries({ queryKey: usersQuery.queryKey }),
  });
  const busy = change.isPending;
  return (
    <Dialog
      title={user.name}
      lead={self ? "This is you: another admin changes your role." : undefined}
      onClose={onClose}
      foot={
        <button className="btn" type="button" onClick={onClose}>
          Close
        </button>
      }
    >
      <div className="fields">
        <RoleLine
          value={user.role}
          disabled={self || busy}
          onChange={(role) => change.mutate({ what: "role", role })}
        />
        <dl className="facts">
          <div>
            <dt>{user.disabled ? "Is disabled" : "May sign in"}</dt>
            <dd>
              <button
                className={`btn small ${user.disabled ? "" : "danger"}`}
                type="button"
                disabled={self || busy}
                onClick={() => change.mutate({ what: "disabled", disabled: !user.disabled })}
              >
                {user.disabled ? "Enable" : "Disable"}
              </button>
            </dd>
          </div>
          <div>
            <dt>
              {sessions.length === 0
                ? "Signed in nowhere"
                : `Signed in at ${sessions.length} ${sessions.length === 1 ? "place" : "places"}`}
            </dt>
            <dd>
              <button
                className="btn small"
                type="button"
                disabled={sessions.length === 0 || busy}
                onClick={() => change.mutate({ what: "sessions", ids: sessions.map((each) => each.id) })}
              >
                End them
              </button>
            </dd>
          </div>
          <div>
            <dt>Second factor {user.second_factor ? "on" : "off"}</dt>
            <dd>
              <button
                className="btn small"
                type="button"
                disabled={!user.second_factor || self || busy}
                onClick={() => change.mutate({ what: "factor" })}
              >
                Take it away
              </button>
            </dd>
          </div>
          {!self && (
            <div>
              <dt>Deleting them takes all their keys, and can be while they own nothing</dt>
              <dd>
                <TwoSteps
                  ask="Delete…"
                  sure="Delete them"
                  disabled={busy}
                  onSure={() => change.mutate({ what: "delete" })}
                />
              </dd>
            </div>
          )}
        </dl>
        {!self && (
          <form
            aria-label="Set a password"
            onSubmit={(event) => {
              event.preventDefault();
              change.mutate({ what: "password", password });
            }}
          >
            <Line label="New password" hint="For who forgot theirs. All their sessions end.">
              {(props) => (
                <>
                  <input
                    {...props}
                    type="password"
                    autoComplete="new-password"
                    required
                    value={password}
                    onChange={(event) => setPassword(event.target.value)}
                  />
                  <button className="btn small quiet" type="submit" disabled={!password || busy}>
                    Set it
                  </button>
                </>
              )}
            </Line>
          </form>
        )}
        {change.data && <p role="status">{change.data}</p>}
        <Proving error={change.error} onProved={() => change.variables && change.mutate(change.variables)} />
      </div>
    </Dialog>
  );
}
