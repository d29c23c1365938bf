/** Server-sent events out of a stream of text, comments included: they are how one knows that a quiet node is there. */

export interface Message {
  event: string;
  data: string;
  id: string | null;
}

/** Feed it text as it arrives; it calls back for each whole message, and for each comment. */
export class MessageParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id: string | null = null;

  constructor(
    private readonly onMessage: (message: Message) => void,
    private readonly onComment: (id: string | null) => void,
  ) {}

  feed(text: string): void {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.line(line.replace(/\r$/, ""));
  }

  private line(line: string): void {
    if (line.startsWith(":")) return;
    if (line === "") {
      this.dispatch();
      return;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    if (name === "event") this.event = value;
    if (name === "id") this.id = value;
  }

  private dispatch(): void {
    if (this.data.length > 0) {
      this.onMessage({ event: this.event || "message", data: this.data.join("\n"), id: this.id });
    } else {
      this.onComment(this.id);
    }
    this.event = "";
    this.data = [];
    this.id = null;
  }
}
