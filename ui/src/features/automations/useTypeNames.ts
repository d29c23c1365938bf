import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { typesQuery } from "./queries";
import { typeName } from "./words";

/** What types are called, everywhere: as their catalogue calls them. */
export function useTypeNames(): (type: string) => string {
  const { data } = useQuery(typesQuery);
  return useMemo(() => {
    const titles = new Map(data?.map((each) => [each.type, each.title]));
    return (type) => titles.get(type) ?? typeName(type);
  }, [data]);
}
