// Not the index: it brings a registry for tests, and with it a validator that the policy refuses.
import Form from "@rjsf/core/lib/components/Form.js";
import type {
  ArrayFieldItemTemplateProps,
  ArrayFieldTemplateProps,
  BaseInputTemplateProps,
  FieldTemplateProps,
  ObjectFieldTemplateProps,
  TemplatesType,
  ValidatorType,
  WidgetProps,
  WrapIfAdditionalTemplateProps,
} from "@rjsf/utils";
import { createContext, useContext, useState } from "react";
import { Segments } from "@/parts/forms/Segments";
import { Icon } from "@/parts/Icon";
import type { FieldErrors } from "./check";
import type { Schema } from "./schema";

interface Context {
  base: string;
  quote: string;
}

/** The form of a type's config, drawn from its schema in our own dress. */
export default function ConfigForm({
  schema,
  value,
  errors,
  context,
  onChange,
}: {
  schema: Schema;
  value: Record<string, unknown>;
  errors: FieldErrors;
  context: Context;
  onChange: (value: Record<string, unknown>) => void;
}) {
  return (
    <Errors value={errors}>
      <Form
        schema={schema}
        formData={value}
        formContext={context}
        validator={SILENT}
        templates={TEMPLATES}
        widgets={WIDGETS}
        tagName="div"
        noValidate
        showErrorList={false}
        noHtml5Validate
        // What is left out is left to the type's own default, which the placeholder says.
        experimental_defaultFormStateBehavior={{ emptyObjectFields: "skipDefaults" }}
        onChange={({ formData }) => onChange((formData ?? {}) as Record<string, unknown>)}
      >
        <span />
      </Form>
    </Errors>
  );
}

/** What is wrong, by dotted path, and of the field that is drawn. */
const Errors = createContext<FieldErrors>({});
const OwnErrors = createContext<readonly string[]>([]);

/**
 * Validators that come with the library make functions out of text, which the Content-Security-Policy refuses: what is
 * wrong is found by `check` and by the node, and told beside the library.
 */
const SILENT: ValidatorType = {
  validateFormData: () => ({ errors: [], errorSchema: {} }),
  isValid: () => true,
  rawValidation: () => ({ errors: [] }),
};

function unitOf(schema: Schema, context: Context | undefined): string {
  const unit = schema["x-unit"];
  if (typeof unit !== "string") return "";
  return unit === "base" ? (context?.base ?? "") : unit === "quote" ? (context?.quote ?? "") : unit;
}

function Field({ id, label, required, rawDescription, hidden, schema, fieldPathId, children }: FieldTemplateProps) {
  const wrong = useContext(Errors)[fieldPathId.path.join(".")] ?? NONE;
  if (hidden) return <div hidden>{children}</div>;
  if (schema.type === "object" || schema.type === "array") return children;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label}
        {!required && <span className="faint"> optional</span>}
      </label>
      <OwnErrors value={wrong}>{children}</OwnErrors>
      {wrong.length > 0 ? (
        <p className="hint bad" id={`${id}-hint`} role="alert">
          {wrong.join(" ")}
        </p>
      ) : (
        rawDescription && (
          <p className="hint" id={`${id}-hint`}>
            {plain(rawDescription)}
          </p>
        )
      )}
    </div>
  );
}

const NONE: readonly string[] = [];

/** Authors mark names of fields as code. */
function plain(text: string): string {
  return text.replaceAll("`", "");
}

function Group({
  title,
  description,
  properties,
  fieldPathId,
  required,
  schema,
  onAddProperty,
  formData,
}: ObjectFieldTemplateProps) {
  const own = schema as Schema;
  const isRoot = fieldPathId.path.length === 0;
  const ordered = [...properties].sort((a, b) => order(own, a.name) - order(own, b.name));
  const groups = (own["x-groups"] as string[] | undefined) ?? [];
  const groupOf = (name: string) => hint(own, name, "x-group");
  const inner = (
    <>
      <Fields
        own={own}
        fields={ordered.filter((each) => !groups.includes(String(groupOf(each.name))))}
        given={formData}
      />
      {groups.map((group) => {
        const fields = ordered.filter((each) => groupOf(each.name) === group);
        return (
          fields.length > 0 && (
            <fieldset className="part" key={group}>
              <legend className="label">{group}</legend>
              <Fields own={own} fields={fields} given={formData} />
            </fieldset>
          )
        );
      })}
      {schema.additionalProperties && (
        <button className="btn small add" type="button" onClick={onAddProperty}>
          <Icon name="new" />
          Add
        </button>
      )}
    </>
  );
  if (isRoot) return <div className="fields">{inner}</div>;
  if (required) {
    return (
      <fieldset className="part">
        <legend className="label">{title}</legend>
        {description && <p className="hint">{plain(String(description))}</p>}
        <div className="fields">{inner}</div>
      </fieldset>
    );
  }
  return (
    <details className="fold" open={formData !== undefined && Object.keys(formData).length > 0}>
      <summary>
        {title} <span className="faint">optional</span>
      </summary>
      {description && <p className="hint">{plain(String(description))}</p>}
      <div className="fields">{inner}</div>
    </details>
  );
}

interface Either {
  title: string;
  required?: boolean;
  options: ReadonlyArray<{ title: string; fields: readonly string[] }>;
}

/** Fields in their order; of those that exclude each other the chosen ones, and what is advanced folded away. */
function Fields({
  own,
  fields,
  given,
}: {
  own: Schema;
  fields: ObjectFieldTemplateProps["properties"];
  given: Record<string, unknown> | undefined;
}) {
  const names = new Set(fields.map((each) => each.name));
  const choices = ((own["x-either"] as Either[] | undefined) ?? []).filter((each) =>
    each.options.some((option) => option.fields.some((name) => names.has(name))),
  );
  const chosen = new Set(choices.flatMap((each) => each.options.flatMap((option) => option.fields)));
  const free = fields.filter((each) => !chosen.has(each.name));
  const advanced = free.filter((each) => hint(own, each.name, "x-advanced") === true);
  return (
    <div className="fields">
      {choices.map((choice) => (
        <Choose key={choice.title} choice={choice} fields={fields} given={given} />
      ))}
      {free.filter((each) => !advanced.includes(each)).map((each) => each.content)}
      {advanced.length > 0 && (
        <details className="fold">
          <summary>More</summary>
          <div className="fields">{advanced.map((each) => each.content)}</div>
        </details>
      )}
    </div>
  );
}

function Choose({
  choice,
  fields,
  given,
}: {
  choice: Either;
  fields: ObjectFieldTemplateProps["properties"];
  given: Record<string, unknown> | undefined;
}) {
  const filledIn = choice.options.find((option) =>
    option.fields.some((name) => given?.[name] !== undefined && given[name] !== ""),
  );
  const [picked, setPicked] = useState<string | null>(null);
  const title = picked ?? filledIn?.title ?? choice.options[0]?.title ?? "";
  const option = choice.options.find((each) => each.title === title);
  // What was filled in elsewhere stays seen: two that exclude each other are for the eye to sort out.
  const shown = fields.filter(
    (each) =>
      option?.fields.includes(each.name) ||
      (given?.[each.name] !== undefined && choice.options.some((other) => other.fields.includes(each.name))),
  );
  return (
    <>
      <Segments
        label={choice.title}
        value={title}
        choices={choice.options.map((each) => ({ value: each.title, label: each.title }))}
        onChange={setPicked}
      />
      {shown.map((each) => each.content)}
    </>
  );
}

function hint(schema: Schema, name: string, which: `x-${string}`): unknown {
  const found = schema.properties?.[name];
  return found && typeof found === "object" ? (found as Schema)[which] : undefined;
}

function order(schema: Schema, name: string): number {
  const found = hint(schema, name, "x-order");
  return typeof found === "number" ? found : 0;
}

function List({ title, items, canAdd, onAddClick, schema, fieldPathId }: ArrayFieldTemplateProps) {
  const wrong = useContext(Errors)[fieldPathId.path.join(".")] ?? NONE;
  return (
    <fieldset className="part">
      <legend className="label">
        {title} <span className="faint">optional</span>
      </legend>
      {schema.description && <p className="hint">{plain(schema.description)}</p>}
      {items}
      {wrong.map((each) => (
        <p className="hint bad" key={each}>
          {each}
        </p>
      ))}
      {canAdd && (
        <button className="btn small add" type="button" onClick={onAddClick}>
          <Icon name="new" />
          Add
        </button>
      )}
    </fieldset>
  );
}

function Item({ children, index, buttonsProps }: ArrayFieldItemTemplateProps) {
  return (
    <div className="item">
      <div className="grow">{children}</div>
      <button
        className="btn quiet icon"
        type="button"
        aria-label={`Remove ${index + 1}`}
        onClick={buttonsProps.onRemoveItem}
      >
        <Icon name="x" />
      </button>
    </div>
  );
}

/** A key that somebody adds, such as an asset of a basket, beside its value. */
function Added({ children, id, label, schema, onKeyRenameBlur, onRemoveProperty }: WrapIfAdditionalTemplateProps) {
  if (!("__additional_property" in schema)) return <>{children}</>;
  return (
    <div className="item">
      <div className="field">
        <label htmlFor={`${id}-key`}>Name</label>
        <div className="input">
          <input id={`${id}-key`} defaultValue={label} onBlur={onKeyRenameBlur} />
        </div>
      </div>
      <div className="grow">{children}</div>
      <button className="btn quiet icon" type="button" aria-label={`Remove ${label}`} onClick={onRemoveProperty}>
        <Icon name="x" />
      </button>
    </div>
  );
}

function Input({ id, value, required, schema, onChange, registry }: BaseInputTemplateProps) {
  const wrong = useContext(OwnErrors).length > 0;
  const decimal = schema.format === "decimal";
  const whole = schema.type === "integer";
  const [example] = (schema.examples ?? []) as unknown[];
  const shown = schema.default ?? example;
  const unit = unitOf(schema as Schema, registry.formContext as Context);
  return (
    <div className={`input ${wrong ? "bad" : ""}`}>
      <input
        id={id}
        inputMode={decimal ? "decimal" : whole ? "numeric" : "text"}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        required={required}
        placeholder={shown === undefined || shown === null ? "" : String(shown)}
        value={value === undefined || value === null ? "" : String(value)}
        aria-invalid={wrong}
        aria-describedby={`${id}-hint`}
        onChange={(event) => {
          const text = event.target.value.trim();
          onChange(text === "" ? undefined : whole && /^-?\d+$/.test(text) ? Number(text) : text);
        }}
      />
      {unit && <span className="suffix">{unit}</span>}
    </div>
  );
}

function Choice({ id, value, options, schema, onChange }: WidgetProps) {
  const labels = (schema as Schema)["x-labels"] as Record<string, string> | undefined;
  const name = (each: unknown) => labels?.[String(each)] ?? String(each);
  return (
    <div className="input">
      <select
        id={id}
        value={value === undefined ? "" : String(value)}
        aria-describedby={`${id}-hint`}
        onChange={(event) =>
          onChange(
            event.target.value === ""
              ? undefined
              : options.enumOptions?.find((each) => String(each.value) === event.target.value)?.value,
          )
        }
      >
        <option value="">{schema.default === undefined ? "" : `${name(schema.default)}, by default`}</option>
        {options.enumOptions?.map((each) => (
          <option key={String(each.value)} value={String(each.value)}>
            {name(each.value)}
          </option>
        ))}
      </select>
    </div>
  );
}

const WIDGETS = { SelectWidget: Choice, CheckboxWidget: Choice };
const TEMPLATES: Partial<TemplatesType> = {
  FieldTemplate: Field,
  ObjectFieldTemplate: Group,
  ArrayFieldTemplate: List,
  ArrayFieldItemTemplate: Item,
  BaseInputTemplate: Input,
  WrapIfAdditionalTemplate: Added,
};
