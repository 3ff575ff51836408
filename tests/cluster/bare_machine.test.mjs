// The README's first command on a machine that has nothing: what it installs is all that a build looks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { root, run } from './support/kit.mjs';

const engine = await run(['docker', 'version', '--format', '{{.Server.Version}}']).catch(() => ({ code: 1 }));
const skip = engine.code !== 0 && 'no Docker engine answers';

// As far as the compiler's first line: what a build lacks is missed before.
test('`make run` installs what it needs to be built', { skip }, async (t) => {
  cleanUp(t, 'the image of a bare machine', () => run(['docker', 'rmi', '-f', 'waaft-fresh-bookworm']));
  const done = await run(['tests/packaging/fresh.sh', 'bookworm', 'make deps web build/release/build.ninja'], { cwd: root });
  assert.equal(done.code, 0, `${done.stdout.slice(-2000)}\n${done.stderr.slice(-2000)}`);
  assert.match(done.stdout, /Build files have been written to: \S+\/build\/release/);
});
