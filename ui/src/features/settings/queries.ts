import { queryOptions } from "@tanstack/react-query";
import {
  listOwnKeys,
  listOwnSessions,
  listPackages,
  listSecrets,
  listTargets,
  listUserSessions,
  listUsers,
  readNotifications,
  readOwnSecondFactor,
  readPreferences,
} from "@/api/client/sdk.gen";
import type { KeyRow, SecretRow, UserRow } from "@/api/client/types.gen";

/** The newest that may be used: there are fifty at most. */
export const ownSessionsQuery = queryOptions({
  queryKey: ["own-sessions"],
  queryFn: async () => (await listOwnSessions({ query: { limit: 100 } })).data.sessions,
});

export const secondFactorQuery = queryOptions({
  queryKey: ["own-second-factor"],
  queryFn: async () => (await readOwnSecondFactor()).data,
});

export const targetsQuery = queryOptions({
  queryKey: ["targets"],
  queryFn: async () => (await listTargets()).data.targets,
});

/** By which ways the node tells of everything, without anything secret: for admins. */
export const nodeWaysQuery = queryOptions({
  queryKey: ["node-ways"],
  queryFn: async () => (await readNotifications()).data,
});

/** What is installed beside the node: it changes with a restart. */
export const pythonPackagesQuery = queryOptions({
  queryKey: ["python-packages"],
  staleTime: Number.POSITIVE_INFINITY,
  queryFn: async () => (await listPackages()).data.packages,
});

/** What there is of a list that comes in pages. */
async function everything<Row>(
  page: (cursor: string | null) => Promise<{ rows: Row[]; next: string | null }>,
): Promise<Row[]> {
  const found: Row[] = [];
  let cursor: string | null = null;
  do {
    const { rows, next } = await page(cursor);
    found.push(...rows);
    cursor = next;
  } while (cursor);
  return found;
}

export const ownKeysQuery = queryOptions({
  queryKey: ["own-keys"],
  queryFn: () =>
    everything<KeyRow>(async (cursor) => {
      const { data } = await listOwnKeys({ query: { limit: 500, ...(cursor ? { cursor } : {}) } });
      return { rows: data.keys, next: data.next_cursor };
    }),
});

export const secretsQuery = queryOptions({
  queryKey: ["secrets"],
  queryFn: () =>
    everything<SecretRow>(async (cursor) => {
      const { data } = await listSecrets({ query: { limit: 500, ...(cursor ? { cursor } : {}) } });
      return { rows: data.secrets, next: data.next_cursor };
    }),
});

export const usersQuery = queryOptions({
  queryKey: ["users"],
  queryFn: () =>
    everything<UserRow>(async (cursor) => {
      const { data } = await listUsers({ query: { limit: 500, ...(cursor ? { cursor } : {}) } });
      return { rows: data.users, next: data.next_cursor };
    }),
});

export function userSessionsQuery(user: string) {
  return queryOptions({
    queryKey: ["users", user, "sessions"],
    queryFn: async () => (await listUserSessions({ path: { user }, query: { limit: 100 } })).data.sessions,
  });
}

export const preferencesQuery = queryOptions({
  queryKey: ["lists", "preferences"],
  queryFn: async () => (await readPreferences()).data,
});
