/** One stream for all tabs of a browser: HTTP/1.1 allows six connections to a host, and each tab would take one. */

import { EventReader, type Heard } from "./reader";

export type Asked = "start" | "hurry" | "bye";

const ports = new Set<MessagePort>();
let last: Heard | null = null;

const reader = new EventReader((heard) => {
  if (heard.type !== "event") last = heard;
  for (const port of ports) port.postMessage(heard);
});

addEventListener("connect", (event) => {
  const [port] = (event as MessageEvent).ports;
  if (!port) return;
  ports.add(port);
  port.onmessage = ({ data }: MessageEvent<Asked>) => {
    if (data === "start") reader.start();
    if (data === "hurry") reader.hurry();
    if (data === "bye") {
      ports.delete(port);
      if (ports.size === 0) reader.stop();
    }
  };
  // A tab that comes later must know how things stand.
  if (last) port.postMessage(last);
});
