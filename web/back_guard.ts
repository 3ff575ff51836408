// The browser's Back in a running room asks first.
//
// No page can hold Back up, so a second entry of the room's address stands above the one by which people came in: Back
// goes from that guard to the entry below, which is the same page, and the page asks and goes forward again. Who does
// want to leave goes where Back would have gone without a guard, and so does Back once the room has ended. Browsers skip
// the entries of a page in which nobody has done anything yet; then Back leaves, as everywhere.
// No DOM here: the browser's history comes in as Entries.

export interface Entries {
  onGuard(): boolean; // the current entry is a guard
  addGuard(): void;
  address(): string;
  go(delta: number): void; // not at once; nowhere if there is no such entry
}

export interface Guarded {
  ask(): void;
  leave(): void;
}

export class BackGuard {
  private room: Guarded | null = null; // that runs
  private asking = false;
  private above = false; // on the guard
  private address = ''; // of the guard

  constructor(private readonly entries: Entries) {
    this.moved();
  }

  arm(room: Guarded): void {
    if (!this.entries.onGuard()) this.entries.addGuard();
    this.moved();
    this.asking = false;
    this.room = room;
  }

  // The guard stays: to take it away would last a moment, in which the next room may begin.
  disarm(): void {
    this.room = null;
  }

  // The page itself has gone to another entry.
  moved(): void {
    this.above = this.entries.onGuard();
    if (this.above) this.address = this.entries.address();
  }

  stay(): void {
    this.asking = false;
  }

  leave(): void {
    const delta = this.above ? -2 : -1;
    this.above = false;
    this.room?.leave();
    this.room = null;
    this.entries.go(delta);
  }

  // The browser has gone to another entry. True: the page goes on showing what it shows.
  popped(): boolean {
    const wasAbove = this.above;
    this.moved();
    if (this.above) return this.room !== null;
    // Somebody who goes to another address over several entries does so by hand, and means it.
    if (!wasAbove || this.entries.address() !== this.address) return false;
    if (!this.room || this.asking) this.leave();
    else this.ask(this.room);
    return true;
  }

  private ask(room: Guarded): void {
    this.asking = true;
    this.entries.go(1);
    room.ask();
  }
}
