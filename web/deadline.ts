// A deadline in time during which this page could look.
//
// A page that stood still (a busy machine, one that was asleep) has what the server said meanwhile in its queue: a
// timer that fires first would call the server silent. So the delay is waited for in pieces, each counts as no more
// than its own length however late its end is seen, and the last one lets what is queued be read before the verdict.
// Few pieces, as browsers let a hidden page's timers fire once a minute only. Times are milliseconds.

import type { Timers } from './pacer.js';

const pieces = 4;

export class Deadline {
  private timer: unknown = null;

  constructor(private readonly timers: Timers) {}

  // Instead of what was set before.
  set(delay: number, run: () => void): void {
    this.clear();
    this.wait(delay / pieces, pieces, run);
  }

  clear(): void {
    this.timers.clearTimer(this.timer);
    this.timer = null;
  }

  private wait(piece: number, left: number, run: () => void): void {
    this.timer = this.timers.setTimer(
      () => {
        this.timer = null;
        if (left === 0) run();
        else this.wait(piece, left - 1, run);
      },
      left === 0 ? 0 : piece,
    );
  }
}
