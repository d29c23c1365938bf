import { Dialog } from "@/parts/Dialog";
import { Copy } from "@/parts/forms/Copy";
import { Icon } from "@/parts/Icon";

export interface Secret {
  name: string;
  /** What follows the node's own address. */
  path: string | null;
  secret: string | null;
}

/** An address or a secret, shown this once: the node keeps only what proves it. */
export function ToldOnce({ secret, onClose }: { secret: Secret; onClose: () => void }) {
  const address = secret.path === null ? null : `${location.origin}${secret.path}`;
  const here = /^(localhost|127\.|\[::1\])/.test(location.host);
  return (
    <Dialog
      wide
      title={`${secret.name}: keep this now`}
      lead="It is told this once. Whoever has it can send signals; nobody can read it here again, but it can be replaced."
      onClose={onClose}
      foot={
        <>
          <span className="grow" />
          <button className="btn primary" type="button" onClick={onClose}>
            I have it
          </button>
        </>
      }
    >
      {address !== null && <Kept label="Address, to send POST requests to" text={address} />}
      {secret.secret !== null && <Kept label="Secret, to sign with" text={secret.secret} />}
      {address !== null && here && (
        <div className="note">
          <Icon name="info" />
          <p>
            This begins with the address at which your browser finds the node. A sender elsewhere needs the node’s
            public name before <code>/hooks/</code>, over TLS.
          </p>
        </div>
      )}
    </Dialog>
  );
}

function Kept({ label, text }: { label: string; text: string }) {
  return (
    <div className="field">
      <span className="label">{label}</span>
      <div className="kept">
        <code>{text}</code>
        <Copy text={text} />
      </div>
    </div>
  );
}
