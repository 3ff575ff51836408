// The README's first command on a machine that has nothing: what it installs is all that a build looks for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { root, run } from './support/kit.mjs';

async function missing() {
  const engine = await run(['docker', 'version', '--format', '{{.Server.Version}}']).catch(() => ({ code: 1 }));
  if (engine.code !== 0) return 'no Docker engine answers';
  const machine = await run(['tests/packaging/make-machine', 'bookworm'], { cwd: root });
  if (machine.code !== 0) return `there is no image of Debian: ${machine.stderr.trim()}`;
  const reached = await run(['docker', 'run', '--rm', machine.stdout.trim(), 'apt-get', 'update', '-qq', '--error-on=any']);
  return reached.code !== 0 && 'a container reaches no Debian packages';
}

// As far as the compiler's first line: what a build lacks is missed before.
test('`make run` installs what it needs to be built', { skip: await missing() }, async (t) => {
  cleanUp(t, 'the image of a bare machine', () => run(['docker', 'rmi', '-f', 'waaft-fresh-bookworm']));
  const done = await run(['tests/packaging/fresh.sh', 'bookworm', 'make deps web build/release/build.ninja'], { cwd: root });
  assert.equal(done.code, 0, `${done.stdout.slice(-2000)}\n${done.stderr.slice(-2000)}`);
  assert.match(done.stdout, /Build files have been written to: \S+\/build\/release/);
});
