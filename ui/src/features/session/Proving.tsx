import { Suspense } from "react";
import { isProblem } from "@/api/http";
import { lazyPart } from "@/parts/lazyPart";
import { Failure } from "@/parts/States";

/** Seldom wanted, and on pages that are opened first. */
const ProofForm = lazyPart(() => import("./Proof"));

/** What was refused until somebody shows again that it is them, or what else went wrong. */
export function Proving({ error, onProved }: { error: unknown; onProved: () => void }) {
  if (!error) return null;
  if (!isProblem(error, "proof-required")) return <Failure error={error} />;
  return (
    <Suspense fallback={null}>
      <ProofForm onProved={onProved} />
    </Suspense>
  );
}
