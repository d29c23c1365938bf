import { useQuery } from "@tanstack/react-query";
import { sessionQuery } from "@/features/session/queries";
import { usersQuery } from "./queries";

/** Whose is what is made here; an admin sees what everybody has, and makes what is of one of them. */
export function useOwner(): string | null {
  const { data: session } = useQuery(sessionQuery);
  const { data: users } = useQuery({ ...usersQuery, enabled: session?.owner === null });
  return session?.owner ?? users?.find((each) => each.name === session?.user)?.owner ?? null;
}
