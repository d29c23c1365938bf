/** An answer that takes longer is given up as far as what happened meanwhile has to wait for it. */
const PATIENCE_MS = 20_000;

/**
 * Something that is done soon after it was asked for, however often, and begun again only once it was answered. Where
 * events come faster than answers, a request that each of them began anew would never be answered, and what is on the
 * page would stay as it was for as long as they come.
 */
export class Gathered {
  private asked = false;
  private waits = false;
  private stopped = false;
  private begunAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly soon: number,
    private readonly apart: number,
    private readonly act: () => Promise<unknown>,
  ) {}

  ask(): void {
    this.asked = true;
    if (this.waits) return;
    this.waits = true;
    this.timer = setTimeout(() => void this.run(), Math.max(this.soon, this.begunAt + this.apart - Date.now()));
  }

  /** Nobody looks any more. */
  stop(): void {
    clearTimeout(this.timer);
    this.stopped = true;
  }

  private async run(): Promise<void> {
    this.asked = false;
    this.begunAt = Date.now();
    let late: ReturnType<typeof setTimeout> | undefined;
    const patience = new Promise((given) => {
      late = setTimeout(given, PATIENCE_MS);
    });
    await Promise.race([this.act(), patience]);
    clearTimeout(late);
    this.waits = false;
    if (this.asked && !this.stopped) this.ask();
  }
}
