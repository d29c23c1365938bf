import type { Schema } from "@/features/new/config/schema";
import * as format from "@/text/format";
import { Value } from "./Value";

/** A config field by field: what people call it, what the file calls it, what it is; what is not set is folded away. */
export function Fields({ value, schema }: { value: Record<string, unknown>; schema?: Schema | undefined }) {
  const all = fieldsOf(value, schema);
  const set = all.filter((each) => !isEmpty(each.value));
  const empty = all.filter((each) => isEmpty(each.value));
  return (
    <>
      <Shown fields={set} />
      {empty.length > 0 && (
        <details className="fold unset">
          <summary>
            {format.count(empty.length)} {empty.length === 1 ? "is" : "are"} not set
          </summary>
          <Shown fields={empty} />
        </details>
      )}
    </>
  );
}

function Shown({ fields }: { fields: readonly One[] }) {
  return (
    <dl className="facts conf-fields">
      {fields.map((each) => (
        <Field key={each.path} {...each} />
      ))}
    </dl>
  );
}

interface One {
  path: string;
  value: unknown;
  schema: Schema | undefined;
}

function isEmpty(value: unknown): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value as object).length === 0);
}

function fieldsOf(value: Record<string, unknown>, schema: Schema | undefined, above = ""): One[] {
  const known = (schema?.properties ?? {}) as Record<string, Schema>;
  const order = (name: string) => Number(known[name]?.["x-order"] ?? 0);
  return Object.entries(value)
    .sort(([a], [b]) => order(a) - order(b))
    .flatMap(([name, each]) => {
      const path = above ? `${above}.${name}` : name;
      if (isNested(each)) return fieldsOf(each, known[name], path);
      return [{ path, value: each, schema: known[name] }];
    });
}

function isNested(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 0;
}

function Field({ path, value, schema }: One) {
  const labels = schema?.["x-labels"] as Record<string, string> | undefined;
  const shown = labels && typeof value === "string" ? (labels[value] ?? value) : value;
  const unit = schema?.["x-unit"];
  return (
    <div>
      <dt>
        {schema?.title && <>{schema.title} </>}
        <span className={`mono ${schema?.title ? "tiny faint" : ""}`}>{path}</span>
      </dt>
      <dd>
        <Value value={shown} />
        {typeof unit === "string" && value !== null && unit !== "base" && unit !== "quote" && (
          <span className="unit">{unit}</span>
        )}
      </dd>
    </div>
  );
}
