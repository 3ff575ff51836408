// What runs the files of tests: a file that hangs or leaves something behind is ended, named and a failure.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { runFiles } from './run.mjs';

const folder = mkdtempSync(join(tmpdir(), 'waaft-run-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

let number = 0;
// A file of tests, {path, marker}; `body` knows its marker, a file that it writes or waits for.
function write(body) {
  number += 1;
  const [path, marker] = [join(folder, `${number}.test.mjs`), join(folder, `${number}.marker`)];
  writeFileSync(path, `import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
const marker = ${JSON.stringify(marker)};
const bare = { env: { PATH: process.env.PATH }, stdio: 'ignore' };
const hang = () => new Promise(() => { setInterval(() => {}, 1000); });
${body}`);
  return { path, marker };
}

async function there(path) {
  while (!existsSync(path)) await sleep(20);
}

// The deadline of a file is when it has written its marker, however long that takes.
const whenThere = (marker) => async () => {
  await there(marker);
  return 'not done';
};

async function run(files, options = {}) {
  let said = '';
  const passed = await runFiles(files.map(({ path }) => path), { stopOf: () => new Promise(() => {}), out: (text) => { said += text; }, ...options });
  return { passed, said };
}

const isRunning = (pid) => existsSync(`/proc/${pid}`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

test('a file that passes', async () => {
  const { passed, said } = await run([write("test('good', () => {});"), write("test('as well', () => {}); test('not here', { skip: 'no' }, () => {});")]);
  assert.ok(passed, said);
  assert.match(said, /✔ good[\s\S]*✔ as well/);
  assert.match(said, /^tests 3, pass 2, fail 0, cancelled 0, skipped 1, todo 0$/m);
  assert.match(said, /^ +\d+\.\d s {2}\S+1\.test\.mjs$/m);
});

test('a file with a test that fails, one that throws and one that ends by itself', async () => {
  for (const body of ["test('bad', () => assert.equal(1, 2));", "throw new Error('at once');", 'process.exit(3);']) {
    const failuresFile = join(mkdtempSync(join(folder, 'said-')), 'failures');
    writeFileSync(failuresFile, 'of another run\n');
    const { passed, said } = await run([write("test('good', () => {});"), write(body)], { failuresFile });
    assert.equal(passed, false, said);
    const failures = readFileSync(failuresFile, 'utf8');
    assert.match(failures, /^of another run\nFAILED \S+\.test\.mjs: ended with \d\n/);
    assert.doesNotMatch(failures, /good/);
    if (body.includes("'bad'")) assert.match(failures, /✖ bad[\s\S]*1 !== 2/);
    assert.match(said, /^FAILED \S+\.test\.mjs: ended with \d$/m);
    assert.match(said, /✔ good/);
  }
});

test('a file that hangs is ended with what it started, each named, and the next one still runs', async () => {
  const hanging = write(`test('before', () => {});
  test('hangs', async () => {
    const children = [spawn('sleep', ['7001'], bare), spawn('setsid', ['sleep', '7002'], bare), spawn('sh', ['-c', 'sleep 7003 & exit'], bare)];
    await Promise.all(children.map((child) => new Promise((resolve) => { child.once('spawn', resolve); })));
    await new Promise((resolve) => { children[2].once('exit', resolve); });
    writeFileSync(marker, '');
    await hang();
  });`);
  const next = write("test('next', () => {});");
  const { passed, said } = await run([hanging, next], { stopOf: (path) => (path === hanging.path ? whenThere(hanging.marker)() : new Promise(() => {})) });
  assert.equal(passed, false);
  assert.match(said, /^FAILED \S+\.test\.mjs: not done after [\d.]+ s; it said last: ✔ before .*\n  these processes are ended now:\n(.*\n)*? +\d+ \S*node .*\.test\.mjs$/m);
  for (const which of [7001, 7002, 7003]) {
    const pid = new RegExp(`^ +(\\d+) .*sleep ${which}\\b`, 'm').exec(said)?.[1];
    assert.ok(pid, said);
    assert.ok(!isRunning(pid), `${which} is still there`);
  }
  assert.match(said, /✔ next/);
});

test('a file that ignores SIGTERM is ended, too', async () => {
  const stubborn = write("process.on('SIGTERM', () => {}); test('hangs', async () => { writeFileSync(marker, `${process.pid}`); await hang(); });");
  const { passed } = await run([stubborn], { stopOf: whenThere(stubborn.marker), graceMs: 200 });
  assert.equal(passed, false);
  assert.ok(!isRunning(readFileSync(stubborn.marker, 'utf8')));
});

test('a process that outlives its file is named, ended and a failure', async () => {
  const leaving = write("test('leaves', () => { spawn('setsid', ['sleep', '7004'], { stdio: 'inherit' }).unref(); });");
  const { passed, said } = await run([leaving], { graceMs: 200 });
  assert.equal(passed, false);
  assert.match(said, /✔ leaves/);
  const [, pid] = /these processes outlived it and are ended now:\n +(\d+) .*sleep 7004\n/.exec(said) ?? assert.fail(said);
  assert.ok(!isRunning(pid));
});

test('a process that is about to end is waited for', async () => {
  const { passed, said } = await run([write("test('leaves', () => { spawn('setsid', ['sleep', '0.3'], { stdio: 'ignore' }).unref(); });")]);
  assert.ok(passed, said);
});

test('files beside each other do not mix what they say; while nothing is said, what runs is told', async () => {
  const waiting = write("test('one', () => {}); test('waits', async () => { while (!existsSync(marker)) await new Promise((resolve) => setTimeout(resolve, 20)); });");
  const quick = write("test('two', () => {}); test('three', () => {});");
  let said = '';
  const out = (text) => {
    said += text;
    if (/1 of 2 files are done; running:\n.*✔ one/.test(said)) writeFileSync(waiting.marker, '');
  };
  const { passed } = await run([waiting, quick], { concurrency: 2, quietMs: 50, out });
  assert.ok(passed, said);
  assert.match(said, /^---- \S+\n✔ two .*\n✔ three /m);
  assert.match(said, /^---- \S+\n✔ one .*\n✔ waits /m);
  assert.match(said, /1 of 2 files are done; running:\n +\S+\.test\.mjs, [\d.]+ s: ✔ one/);
});

test('Ctrl-C ends the file that runs, begins no other and is told by the exit code', async () => {
  const hanging = write("test('hangs', async () => { writeFileSync(marker, `${process.pid}`); await hang(); });");
  const next = write("test('next', () => writeFileSync(marker, ''));");
  const child = spawn(process.execPath, [fileURLToPath(new URL('./run.mjs', import.meta.url)), hanging.path, next.path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { said += text; });
  const ended = new Promise((resolve) => { child.once('close', resolve); });
  await there(hanging.marker);
  child.kill('SIGINT');
  assert.equal(await ended, 130);
  assert.match(said, /^FAILED \S+: interrupted after/m);
  assert.ok(!existsSync(next.marker));
  assert.ok(!isRunning(readFileSync(hanging.marker, 'utf8')));
});

test('a command line without files, or with numbers that are none, is refused', async () => {
  const program = fileURLToPath(new URL('./run.mjs', import.meta.url));
  for (const args of [[], ['--concurrency', 'x', folder], ['--deadline-s', '0', folder]]) {
    const child = spawn(process.execPath, [program, ...args], { stdio: 'ignore' });
    assert.equal(await new Promise((resolve) => { child.once('close', resolve); }), 1, args.join(' '));
  }
});
