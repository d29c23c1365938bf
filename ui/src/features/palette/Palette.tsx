import { type KeyboardEvent, useEffect, useId, useMemo, useRef, useState } from "react";
import { Icon, Shape } from "@/parts/Icon";
import { type Command, marked, offered } from "./commands";
import { useCommands } from "./useCommands";

/** Everything by a few letters: places, automations by their name, and what can be done with them. */
export default function Palette({
  early,
  onClose,
  onHelp,
}: {
  /** What was typed before it was there. */
  early?: () => string;
  onClose: () => void;
  onHelp: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [typed, setTyped] = useState("");
  const [place, setPlace] = useState(0);
  const ids = { list: useId(), option: useId() };
  useEffect(() => {
    const element = dialog.current;
    if (element && !element.open) element.showModal();
    const before = early?.();
    if (before) setTyped((typed) => before + typed);
    return () => element?.close();
  }, [early]);
  const { commands, said, wrong } = useCommands(typed, onClose, onHelp);
  const shown = useMemo(() => offered(commands, typed), [commands, typed]);
  const at = Math.min(place, Math.max(0, shown.length - 1));
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  });
  function onKeyDown(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step !== undefined && shown.length > 0) {
      event.preventDefault();
      setPlace(
        Math.abs(step) === 1
          ? (at + step + shown.length) % shown.length
          : Math.min(shown.length - 1, Math.max(0, at + step)),
      );
    }
    if (event.key === "Enter") {
      event.preventDefault();
      shown[at]?.run();
    }
  }
  return (
    <dialog
      ref={dialog}
      className="dialog palette"
      aria-label="Find or run a command"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="ask">
        <Icon name="search" />
        <input
          autoFocus
          role="combobox"
          aria-label="Find or run a command"
          aria-expanded="true"
          aria-controls={ids.list}
          aria-activedescendant={shown[at] ? `${ids.option}-${at}` : undefined}
          autoComplete="off"
          spellCheck={false}
          placeholder="Find or run a command"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setPlace(0);
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>Esc</kbd>
      </div>
      <div className="offers" ref={list} id={ids.list} role="listbox" aria-label="What fits" tabIndex={-1}>
        {shown.map((command, index) => (
          <div key={command.id} role="presentation">
            {shown[index - 1]?.group !== command.group && <p className="label">{command.group}</p>}
            <Offer
              command={command}
              typed={typed}
              id={`${ids.option}-${index}`}
              on={index === at}
              onPoint={() => setPlace(index)}
            />
          </div>
        ))}
        {shown.length === 0 && <p className="muted none">Nothing has that in its name.</p>}
      </div>
      <div className="foot">
        {wrong ? (
          <span className="bad" role="alert">
            {wrong}
          </span>
        ) : said ? (
          <span role="status">{said}</span>
        ) : (
          <>
            <span>
              <kbd>↑</kbd> <kbd>↓</kbd> choose
            </span>
            <span>
              <kbd>Enter</kbd> do
            </span>
          </>
        )}
        <button className="btn quiet small" type="button" onClick={onHelp}>
          <kbd>?</kbd> all shortcuts
        </button>
      </div>
    </dialog>
  );
}

function Offer({
  command,
  typed,
  id,
  on,
  onPoint,
}: {
  command: Command;
  typed: string;
  id: string;
  on: boolean;
  onPoint: () => void;
}) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are the field's, which names it as active
    <div
      id={id}
      role="option"
      className="offer"
      aria-selected={on}
      tabIndex={-1}
      onPointerMove={on ? undefined : onPoint}
      onClick={() => command.run()}
    >
      {command.mark ? <Shape mark={command.mark} /> : <Icon name={command.icon ?? "right"} />}
      <span className="grow cut">
        {marked(command.label, typed).map((piece, index) =>
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one label
          piece.hit ? <mark key={index}>{piece.text}</mark> : <span key={index}>{piece.text}</span>,
        )}
      </span>
      {command.hint && <span className="small muted cut">{command.hint}</span>}
      {command.keys?.map((key) => (
        <kbd key={key}>{key}</kbd>
      ))}
    </div>
  );
}
