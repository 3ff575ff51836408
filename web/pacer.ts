// Spreads messages over time, so that a burst (the candidates of many peer connections) stays under
// the server's limit. Times are milliseconds; order is kept.

export interface Timers {
  now(): number;
  setTimer(run: () => void, delay: number): unknown;
  clearTimer(timer: unknown): void;
}

const share = 0.7; // of the server's limit; the rest is for what does not wait

export class Pacer<T> {
  private queue: T[] = [];
  private tokens = 0;
  private at = 0;
  private rate = 0; // a second
  private timer: unknown = null;

  constructor(
    private readonly timers: Timers,
    private readonly write: (message: T) => void,
  ) {}

  start(limitPerSecond: number): void {
    this.stop();
    this.rate = Math.max(1, limitPerSecond * share);
    this.tokens = this.rate;
    this.at = this.timers.now();
  }

  // What waits is void.
  stop(): void {
    this.timers.clearTimer(this.timer);
    this.timer = null;
    this.queue = [];
  }

  send(message: T): void {
    this.queue.push(message);
    if (this.timer === null) this.flush();
  }

  private flush(): void {
    this.timer = null;
    const now = this.timers.now();
    this.tokens = Math.min(this.rate, this.tokens + ((now - this.at) / 1000) * this.rate);
    this.at = now;
    while (this.queue.length > 0 && this.tokens >= 1) {
      this.tokens--;
      this.write(this.queue.shift() as T);
    }
    if (this.queue.length === 0) return;
    const wait = Math.ceil(((1 - this.tokens) / this.rate) * 1000);
    this.timer = this.timers.setTimer(() => this.flush(), Math.max(10, wait));
  }
}
