// What a test makes it takes away again, whatever happened: the last made first, each within a deadline of its own, and
// also if another could not be taken away. node's own hooks run in the order in which they were made and end with the
// first that fails or hangs, so that this is the only file that has them (tests/lint/cleanup.py).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { within } from './wait.mjs';

const cleanUpMs = 60_000;
const stacks = new Map();  // by context, until all is done

async function unwind(context) {
  const stack = stacks.get(context);
  const errors = [];
  for (let last = stack.pop(); last; last = stack.pop()) {
    try {
      await within(Promise.resolve().then(last.action), 'cleaning up', last.ms);
    } catch (error) {
      errors.push(new Error(`${last.what}: ${error?.message ?? error}`, { cause: error }));
    }
  }
  stacks.delete(context);
  if (errors.length > 0) throw new AggregateError(errors, `not cleaned up: ${errors.map(({ message }) => message).join('; ')}`);
}

// `t` is the context of a test or what suite() gives; `what` names the action if it fails or takes longer than `ms`.
export function cleanUp(t, what, action, ms = cleanUpMs) {
  if (!stacks.has(t)) {
    stacks.set(t, []);
    // node tells nobody what failed after a test that has failed already.
    t.after(() => unwind(t).catch((error) => {
      t.diagnostic?.(error.message);
      throw error;
    }));
  }
  stacks.get(t).push({ what, action, ms });
}

// For what the tests of a suite, or of a file, share: called in the body of `describe`, or of the file.
export function suite() {
  const context = {};
  stacks.set(context, []);
  after(() => unwind(context));
  return context;
}

const children = new Set();
const ignore = () => {};
// Also where a file ends without its tests' ends, as far as it goes without waiting.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const { action } of [...stacks.values()].reverse().flatMap((stack) => stack.reverse())) {
    try {
      action()?.catch?.(ignore);
    } catch {
      // The others all the same; nobody can be told.
    }
  }
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

export function temporaryFolder(t, prefix = 'waaft-test-') {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  cleanUp(t, `the folder ${folder}`, () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// The child is killed if this process ends before it does. Answers the child.
export function endsWithUs(child) {
  children.add(child);
  for (const end of ['exit', 'error']) child.once(end, () => children.delete(child));
  return child;
}

// Has ended, and is reaped; also for a program that could not be started.
export async function endProcess(child, signal = 'SIGKILL') {
  if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => { child.once('exit', resolve); });
  child.kill(signal);
  await exited;
}

// Ends it at the end of the test; what it holds is made before it.
export function endAfter(t, what, child, signal) {
  endsWithUs(child);
  cleanUp(t, what, () => endProcess(child, signal));
  return child;
}

export function closeAfter(t, what, server) {
  cleanUp(t, what, () => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections?.();
  }));
  return server;
}
