// Virtual time for tests: timers run when the test lets time pass, in order, and never by themselves.

export class VirtualTime {
  at = 1_000_000;
  private timers = new Map<number, { at: number; run: () => void }>();
  private next = 1;

  now = (): number => this.at;

  setTimer = (run: () => void, delay: number): number => {
    const id = this.next++;
    this.timers.set(id, { at: this.at + Math.max(0, delay), run });
    return id;
  };

  clearTimer = (id: unknown): void => {
    this.timers.delete(id as number);
  };

  // Lets time pass; promises settle after every timer.
  async pass(duration: number): Promise<void> {
    const end = this.at + duration;
    await settle();
    for (let due = this.due(end); due !== null; due = this.due(end)) {
      const timer = this.timers.get(due) as { at: number; run: () => void };
      this.timers.delete(due);
      this.at = Math.max(this.at, timer.at);
      timer.run();
      await settle();
    }
    this.at = end;
  }

  // Time passes in which nothing runs; one timer of those that are due then fires, and what came meanwhile is next.
  stand(duration: number): void {
    this.at += duration;
    const due = this.due(this.at);
    if (due === null) return;
    const timer = this.timers.get(due) as { at: number; run: () => void };
    this.timers.delete(due);
    timer.run();
  }

  pending(): number {
    return this.timers.size;
  }

  private due(end: number): number | null {
    let best: number | null = null;
    for (const [id, { at }] of this.timers) {
      const earlier = best === null || at < (this.timers.get(best)?.at ?? Infinity);
      if (at <= end && earlier) best = id;
    }
    return best;
  }
}

// Long enough for any chain of promises that waits for nothing but promises.
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}
