import { isProblem } from "@/api/http";
import { Failure } from "@/parts/States";
import { ProofForm } from "./Proof";

/** What was refused until somebody shows again that it is them, or what else went wrong. */
export function Proving({ error, onProved }: { error: unknown; onProved: () => void }) {
  if (!error) return null;
  return isProblem(error, "proof-required") ? <ProofForm onProved={onProved} /> : <Failure error={error} />;
}
