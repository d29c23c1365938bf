import { expect, test } from "vitest";
import { type Message, MessageParser } from "./sse";

function parsed(...pieces: string[]): Array<Message | { comment: string | null }> {
  const found: Array<Message | { comment: string | null }> = [];
  const parser = new MessageParser(
    (message) => found.push(message),
    (comment) => found.push({ comment }),
  );
  for (const piece of pieces) parser.feed(piece);
  return found;
}

test("messages arrive whole, however the stream is cut", () => {
  const whole = 'data: {"id":1}\nid: 0-0-1\n\nevent: gap\ndata: {"reason":"pruned"}\n\n';
  const expected = [
    { event: "message", data: '{"id":1}', id: "0-0-1" },
    { event: "gap", data: '{"reason":"pruned"}', id: null },
  ];
  expect(parsed(whole)).toEqual(expected);
  expect(parsed(...whole)).toEqual(expected);
});

test("a sign of life is told with the place it is at, and half a message is not told", () => {
  expect(parsed(": events\nretry: 2000\n\n: alive\nid: 0-0-9\n\ndata: {")).toEqual([
    { comment: null },
    { comment: "0-0-9" },
  ]);
});
