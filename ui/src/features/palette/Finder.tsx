import { useNavigate } from "@tanstack/react-router";
import { Suspense, useCallback, useEffect, useRef, useState } from "react";
import { Icon } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { makeKeys } from "./keys";

const Palette = lazyPart(() => import("./Palette"));
const Shortcuts = lazyPart(() => import("./Shortcuts"));

/** The field above every page that opens the palette, and the keys that do. */
export function Finder() {
  const [open, setOpen] = useState<"nothing" | "palette" | "help">("nothing");
  const navigate = useNavigate();
  // What is typed while the palette is fetched is meant for it; null: it is there, or not asked for.
  const early = useRef<string | null>(null);
  const show = useCallback(() => {
    early.current = "";
    setOpen("palette");
  }, []);
  const takeEarly = useCallback(() => {
    const typed = early.current ?? "";
    early.current = null;
    return typed;
  }, []);
  useEffect(() => {
    const meant = makeKeys();
    const onKey = (event: KeyboardEvent) => {
      if (early.current !== null && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
        early.current += event.key;
        event.preventDefault();
        return;
      }
      const found = meant(event);
      if (!found) return;
      event.preventDefault();
      if (found.what === "palette") show();
      if (found.what === "help") setOpen("help");
      if (found.what === "new") void navigate({ to: "/new" });
      if (found.what === "go") void navigate({ to: found.to });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate, show]);
  const close = () => setOpen("nothing");
  return (
    <>
      <button className="find" type="button" aria-keyshortcuts="Control+K" aria-haspopup="dialog" onClick={show}>
        <Icon name="search" />
        <span className="w">Find or run a command</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Suspense fallback={null}>
        {open === "palette" && <Palette early={takeEarly} onClose={close} onHelp={() => setOpen("help")} />}
        {open === "help" && <Shortcuts onClose={close} />}
      </Suspense>
    </>
  );
}
