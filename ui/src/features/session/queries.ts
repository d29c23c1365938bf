import { queryOptions } from "@tanstack/react-query";
import { createSession, deleteSession, readSession } from "@/api/client/sdk.gen";
import type { Session } from "@/api/client/types.gen";
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

export async function signIn(user: string, password: string): Promise<Session> {
  const { data } = await createSession({ body: { user, password } });
  setCsrfToken(data.csrf_token);
  return data;
}

export async function signOut(): Promise<void> {
  await deleteSession();
  setCsrfToken(null);
}
