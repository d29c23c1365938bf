import { useNavigate } from "@tanstack/react-router";
import { Suspense, useEffect, useState } from "react";
import { Icon } from "@/parts/Icon";
import { lazyPart } from "@/parts/lazyPart";
import { makeKeys } from "./keys";

const Palette = lazyPart(() => import("./Palette"));
const Shortcuts = lazyPart(() => import("./Shortcuts"));

/** The field above every page that opens the palette, and the keys that do. */
export function Finder() {
  const [open, setOpen] = useState<"nothing" | "palette" | "help">("nothing");
  const navigate = useNavigate();
  useEffect(() => {
    const meant = makeKeys();
    const onKey = (event: KeyboardEvent) => {
      const found = meant(event);
      if (!found) return;
      event.preventDefault();
      if (found.what === "palette") setOpen((was) => (was === "palette" ? "nothing" : "palette"));
      if (found.what === "help") setOpen("help");
      if (found.what === "new") void navigate({ to: "/new" });
      if (found.what === "go") void navigate({ to: found.to });
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [navigate]);
  const close = () => setOpen("nothing");
  return (
    <>
      <button
        className="find"
        type="button"
        aria-keyshortcuts="Control+K"
        aria-haspopup="dialog"
        onClick={() => setOpen("palette")}
      >
        <Icon name="search" />
        <span className="w">Find or run a command</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Suspense fallback={null}>
        {open === "palette" && <Palette onClose={close} onHelp={() => setOpen("help")} />}
        {open === "help" && <Shortcuts onClose={close} />}
      </Suspense>
    </>
  );
}
