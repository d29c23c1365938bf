import { expect, test } from "vitest";
import { EventReader, type Heard } from "./reader";

function stream(...pieces: string[]): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  return new Response(body, { status: 200, headers: { "content-type": "text/event-stream" } });
}

test("a stream that breaks off goes on behind what was heard, and ends where nobody is signed in any more", async () => {
  const answers = [
    stream(': events\n\ndata: {"id":1,"kind":"order.fill"}\nid: 0-0-1\n\n', ": alive\nid: 0-0-5\n\n"),
    stream('event: gap\ndata: {}\n\ndata: {"id":9,"kind":"order.fill"}\nid: 0-0-9\n\n'),
    new Response(null, { status: 401 }),
  ];
  const asked: Array<string | null> = [];
  const heard: Heard[] = [];
  const ended = new Promise<void>((resolve) => {
    const reader = new EventReader(
      (what) => {
        heard.push(what);
        // It waits from then on; nobody has to wait with it.
        if (what.type === "lost") queueMicrotask(() => reader.hurry());
        if (what.type === "signed-out") resolve();
      },
      (_address, init) => {
        asked.push(new Headers(init?.headers).get("Last-Event-ID"));
        return Promise.resolve(answers.shift() ?? new Response(null, { status: 500 }));
      },
    );
    reader.start();
  });
  await ended;
  expect(asked).toEqual([null, "0-0-5", "0-0-9"]);
  const kinds = heard.map((what) => (what.type === "event" ? `event ${what.event.id}` : what.type));
  expect(kinds).toEqual(["open", "alive", "event 1", "alive", "lost", "open", "gap", "event 9", "lost", "signed-out"]);
});
