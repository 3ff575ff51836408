// What a test made is taken away whatever happened: the support code of all other tests.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp, closeAfter, endAfter, endProcess, temporaryFolder } from './cleanup.mjs';
import { signalWhen } from './lines.mjs';
import { runFiles } from './run.mjs';

// A context whose end the test decides.
function context() {
  const hooks = [];
  return { after: (hook) => hooks.push(hook), said: [], diagnostic(text) { this.said.push(text); }, end: () => hooks.reduce((before, hook) => before.then(hook), Promise.resolve()) };
}

test('what was made last goes first, each after the other', async () => {
  const t = context();
  const done = [];
  cleanUp(t, 'the folder', () => done.push('folder'));
  cleanUp(t, 'the server', async () => {
    done.push('server is asked to stop');
    await new Promise((resolve) => setImmediate(resolve));
    done.push('server has stopped');
  });
  cleanUp(t, 'the client', () => done.push('client'));
  await t.end();
  assert.deepEqual(done, ['client', 'server is asked to stop', 'server has stopped', 'folder']);
});

test('what fails or hangs keeps no other from its turn, and all of it is named', async () => {
  const t = context();
  const done = [];
  cleanUp(t, 'the first', () => done.push('first'));
  cleanUp(t, 'the folder', () => { throw Object.assign(new Error('ENOTEMPTY: not empty'), { code: 'ENOTEMPTY' }); });
  cleanUp(t, 'the second', () => done.push('second'));
  cleanUp(t, 'the server', () => new Promise(() => {}), 20);
  cleanUp(t, 'the third', () => Promise.reject(new Error('refused')));
  await assert.rejects(t.end(), (error) => {
    assert.ok(error instanceof AggregateError);
    assert.deepEqual(error.errors.map(({ message }) => message),
      ['the third: refused', 'the server: not within 20 ms: cleaning up', 'the folder: ENOTEMPTY: not empty']);
    assert.equal(error.errors[2].cause.code, 'ENOTEMPTY');
    assert.match(error.message, /the third: refused; the server: .*; the folder: /);
    assert.deepEqual(t.said, [error.message], 'also where the test has failed already');
    return true;
  });
  assert.deepEqual(done, ['second', 'first']);
});

test('what is made while it is cleaned up goes, too', async () => {
  const t = context();
  const done = [];
  cleanUp(t, 'one', () => cleanUp(t, 'another', () => done.push('another')));
  await t.end();
  assert.deepEqual(done, ['another']);
});

test('in a real test and a real suite: the rest goes, the failure is told, and other tests run', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'real.test.mjs');
  const support = new URL('./cleanup.mjs', import.meta.url);
  writeFileSync(file, `import { before, describe, test } from 'node:test';
import { cleanUp, suite } from '${support}';
test('passes until its end', (t) => {
  cleanUp(t, 'the folder', () => console.log('folder goes'));
  cleanUp(t, 'the server', () => { throw new Error('it does not stop'); });
});
test('fails before its end', (t) => {
  cleanUp(t, 'the other', () => { throw new Error('nor does this'); });
  throw new Error('as it is');
});
describe('a suite', () => {
  const shared = suite();
  before(() => {
    cleanUp(shared, 'one', () => console.log('shared goes last'));
    cleanUp(shared, 'two', () => console.log('shared goes first'));
  });
  test('of one', () => console.log('shared is there'));
});
`);
  let said = '';
  assert.equal(await runFiles([file], { out: (text) => { said += text; } }), false);
  assert.match(said, /folder goes/);
  assert.match(said, /✖ passes until its end/);
  assert.match(said, /not cleaned up: the server: it does not stop/);
  assert.match(said, /not cleaned up: the other: nor does this/);
  assert.match(said, /as it is/);
  assert.match(said, /shared is there[\s\S]*shared goes first[\s\S]*shared goes last/);
});

test('a process has ended before the folder goes in which it writes', async (t) => {
  const inner = context();
  const folder = temporaryFolder(inner);
  const child = endAfter(inner, 'the writer', spawn('sh', ['-c', 'i=0; while :; do i=$((i + 1)); echo > "$0/$i"; done', folder], { stdio: 'ignore' }));
  cleanUp(t, 'the writer', () => endProcess(child));
  while (!existsSync(join(folder, '10'))) await new Promise((resolve) => setTimeout(resolve, 5));
  await inner.end();
  assert.equal(child.signalCode, 'SIGKILL');
  assert.ok(!existsSync(folder));
});

test('a process that has ended, or never began, is not waited for', async () => {
  const child = spawn('true');
  await new Promise((resolve) => { child.once('close', resolve); });
  await endProcess(child);
  const none = spawn('/nonexistent').on('error', () => {});
  await endProcess(none);
  await endProcess(undefined);
});

test('a server of HTTP is closed although somebody keeps a connection', async () => {
  const t = context();
  const server = closeAfter(t, 'a server', createServer((request, answer) => answer.end('yes')));
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  await (await fetch(`http://127.0.0.1:${server.address().port}`)).text();
  await t.end();
  assert.equal(server.listening, false);
});

test('what was made is gone where a file ends by itself, or is ended', async () => {
  const outer = mkdtempSync(join(tmpdir(), 'waaft-exit-'));
  const code = `import { cleanUp, temporaryFolder } from '${new URL('./cleanup.mjs', import.meta.url)}';
    import { rmdirSync } from 'node:fs';
    const t = { after() {} };
    const folder = temporaryFolder(t);
    const inner = temporaryFolder(t, 'later-');
    cleanUp(t, 'fails', () => { throw new Error('no'); });
    cleanUp(t, 'fails later', () => Promise.reject(new Error('no')));
    cleanUp(t, 'a mount', () => rmdirSync(inner));  // as a disk that must go before its folder
    console.log('made');
    `;
  for (const end of ['process.exit(0);', 'setInterval(() => {}, 1000);']) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', code + end], { env: { ...process.env, TMPDIR: outer }, stdio: ['ignore', 'pipe', 'ignore'] });
    signalWhen(child, child.stdout, (said) => said.includes('made\n'), 'SIGTERM');
    await new Promise((resolve) => { child.once('close', resolve); });
    assert.deepEqual(readdirSync(outer), [], end);
  }
  rmdirSync(outer);
});
