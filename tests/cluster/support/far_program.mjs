// Programs on the machine outside of the cluster.
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { program } from '../../e2e/support/chromium.mjs';
import { cleanUp, temporaryFolder } from '../../support/cleanup.mjs';
import { wholeTestMs } from './kit.mjs';

const here = dirname(fileURLToPath(import.meta.url));

// Starts a program of this folder that says once in a JSON line that it is ready, and then answers each command, a JSON
// object a line, with one. Gives what sends it a command and waits for the answer.
export async function farProgram(t, cluster, file, options) {
  let child;
  const ended = cluster.client([process.execPath, join(here, file), JSON.stringify(options)],
    { input: null, timeout: wholeTestMs, started: (running) => { child = running; } });
  cleanUp(t, file, () => {
    child.stdin.end();
    return ended;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await lines.next();
    if (value === undefined) assert.fail(`${file} has ended: ${(await ended).stderr}`);
    return JSON.parse(value);
  };
  await next();
  return (command) => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return next();
  };
}

// Chromium as it runs on that machine: the same program, entered there.
export function chromiumOutside(t, cluster) {
  const path = join(temporaryFolder(t), 'chromium-outside');
  writeFileSync(path, `#!/bin/sh\nexec "${cluster.enter}" client "${program}" "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}
