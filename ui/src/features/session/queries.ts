import { queryOptions } from "@tanstack/react-query";
import { createSession, deleteSession, giveSessionCode, readSession } from "@/api/client/sdk.gen";
import type { Challenge, Session } from "@/api/client/types.gen";
import { isProblem, setCsrfToken } from "@/api/http";

/** Who is signed in; null for nobody, which is an answer and no error. */
export const sessionQuery = queryOptions({
  queryKey: ["session"],
  staleTime: 60_000,
  async queryFn(): Promise<Session | null> {
    try {
      const { data } = await readSession();
      setCsrfToken(data.csrf_token);
      return data;
    } catch (error) {
      if (isProblem(error, "unauthenticated")) return null;
      throw error;
    }
  },
});

/** A session, or, for who has a second factor, the ticket that the code goes with. */
export async function signIn(user: string, password: string): Promise<Session | Challenge> {
  const { data } = await createSession({ body: { user, password } });
  if (!isChallenge(data)) setCsrfToken(data.csrf_token);
  return data;
}

export async function giveCode(ticket: string, code: string): Promise<Session> {
  const { data } = await giveSessionCode({ body: { ticket, code } });
  setCsrfToken(data.csrf_token);
  return data;
}

export function isChallenge(answer: Session | Challenge): answer is Challenge {
  return "ticket" in answer;
}

export async function signOut(): Promise<void> {
  await deleteSession();
  setCsrfToken(null);
}
