import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BackGuard, type Entries } from '../back_guard.js';

interface Entry {
  address: string;
  guard: boolean;
}

// A browser's history; what is asked of it happens in `settle`, as in a browser it happens later.
class Browser implements Entries {
  at: number;
  private asked: number[] = [];

  constructor(
    readonly entries: Entry[],
    private readonly popped: () => void,
  ) {
    this.at = entries.length - 1;
  }

  private get entry(): Entry {
    return this.entries[this.at] as Entry;
  }

  onGuard = () => this.entry.guard;
  address = () => this.entry.address;
  addGuard = () => this.push({ address: this.entry.address, guard: true });
  go = (delta: number) => void this.asked.push(delta);

  push(entry: Entry): void {
    this.entries.splice(++this.at, Infinity, entry);
  }

  move(delta: number): void {
    this.go(delta);
    this.settle();
  }

  settle(): void {
    for (let next = this.asked.shift(); next !== undefined; next = this.asked.shift()) {
      if (!this.entries[this.at + next]) continue;
      this.at += next;
      this.popped();
    }
  }
}

// Somebody who came to the room /r/tea over these addresses. `did`: what the page did, in order.
function bench(...before: string[]) {
  const did: string[] = [];
  const entries = [...before, '/r/tea'].map((address) => ({ address, guard: false }));
  const browser = new Browser(entries, () => {
    if (!guard.popped()) did.push(`shows ${browser.address()}`);
  });
  const guard = new BackGuard(browser);
  const room = { ask: () => did.push('asks'), leave: () => did.push('leaves') };
  return { browser, guard, room, did };
}

test('Back in a room asks; the address and the page stay', () => {
  const { browser, guard, room, did } = bench('/');
  guard.arm(room);
  browser.move(-1);
  assert.deepEqual(did, ['asks']);
  assert.equal(browser.address(), '/r/tea');
  guard.stay();
  browser.move(-1);
  assert.deepEqual(did, ['asks', 'asks']);
  assert.equal(browser.entries.length, 3, 'however often somebody stays');
});

test('yes goes to where Back would have gone', () => {
  const { browser, guard, room, did } = bench('/about', '/');
  guard.arm(room);
  browser.move(-1);
  guard.stay(); // the question is closed by either answer
  guard.leave();
  browser.settle();
  assert.deepEqual(did, ['asks', 'leaves', 'shows /']);
});

test('a second Back while the question is open leaves', () => {
  const { browser, guard, room, did } = bench('/');
  guard.arm(room);
  browser.move(-1);
  browser.move(-1);
  assert.deepEqual(did, ['asks', 'leaves', 'shows /']);
});

test('where Back could go nowhere, yes leaves the room all the same', () => {
  const { browser, guard, room, did } = bench();
  guard.arm(room);
  browser.move(-1);
  guard.leave();
  browser.settle();
  assert.deepEqual(did, ['asks', 'leaves']);
  guard.arm(room);
  browser.move(-1);
  assert.deepEqual(did, ['asks', 'leaves', 'asks']);
});

test('after the room has ended Back is as if there had been no guard', () => {
  const { browser, guard, room, did } = bench('/');
  guard.arm(room);
  guard.disarm();
  browser.move(-1);
  assert.deepEqual(did, ['shows /']);
  browser.move(1);
  assert.deepEqual(did, ['shows /', 'shows /r/tea']);
});

test('who comes in again, or loads the page again, stands on the same guard', () => {
  const { browser, guard, room, did } = bench('/');
  guard.arm(room);
  guard.disarm();
  guard.arm(room);
  const again = new BackGuard(browser);
  again.arm(room);
  assert.equal(browser.entries.length, 3);
  browser.move(-1);
  assert.deepEqual(did, ['asks']);
});

test('who goes back over several entries by hand is not asked', () => {
  const { browser, guard, room, did } = bench('/');
  guard.arm(room);
  browser.move(-2);
  assert.deepEqual(did, ['shows /']);
});

test('from a page that was opened after the room Back shows the room’s address, and the next one what was before', () => {
  const { browser, guard, room, did } = bench('/about');
  guard.arm(room);
  guard.disarm();
  browser.push({ address: '/', guard: false });
  guard.moved();
  browser.move(-1);
  browser.move(-1);
  assert.deepEqual(did, ['shows /r/tea', 'shows /about']);
});
