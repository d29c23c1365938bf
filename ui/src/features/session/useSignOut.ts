import { useQueryClient } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { signOut } from "./queries";

/** End the session, and forget what it saw. */
export function useSignOut(): () => void {
  const queries = useQueryClient();
  const router = useRouter();
  return () => {
    void (async () => {
      await signOut();
      queries.clear();
      await router.navigate({ to: "/sign-in" });
    })();
  };
}
