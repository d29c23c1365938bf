import { Copy } from "./Copy";
import { download } from "./saving";

/** What is told this once: to be copied, or saved as a file, before it is gone. */
export function Once({ label, text, file }: { label: string; text: string; file?: string }) {
  return (
    <div className="once">
      <p className="label">{label}</p>
      <pre className="mono" data-testid="once">
        {text}
      </pre>
      <p className="go">
        <Copy text={text} />
        {file && (
          <button className="btn small" type="button" onClick={() => download(file, `${text}\n`, "text/plain")}>
            Save as a file
          </button>
        )}
      </p>
    </div>
  );
}
