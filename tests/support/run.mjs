// Runs files of tests, each in a process of its own:
//
//   node support/run.mjs [--concurrency N] [--deadline-s N] FILE|FOLDER...
//
// A file that is not done by its deadline (900 s) is ended with all that it started, and so is what outlives a file that
// came to its end: both are failures, and the processes are named. With a concurrency above 1 what a file says comes when
// it is done. Whoever waits is told once a minute what is running. What failed is said again at the end, and written to
// the end of the file that WAAFT_TEST_FAILURES names: whoever runs this several times has it all in one place.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { markName, processesOf, signal } from './processes.mjs';

const killMs = 10_000;
const lookMs = 50;
const failureLinesMax = 60;  // of one file

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const listed = (processes) => processes.map(({ pid, command }) => `    ${pid} ${command.slice(0, 300)}\n`).join('');
const lastLine = (text) => text.trimEnd().split('\n').at(-1).trim();

class File {
  constructor(name, { say, live, graceMs }) {
    this.name = name;
    this.say = say;
    this.live = live;
    this.graceMs = graceMs;  // for what is about to end by itself
    this.said = '';
    this.faults = [];
    this.mark = randomBytes(8).toString('hex');
    this.seen = new Set();
  }

  start() {
    // It would talk to another runner, and write to another one's list.
    const { NODE_TEST_CONTEXT: context, WAAFT_TEST_FAILURES: list, ...inherited } = process.env;
    const mark = `${inherited[markName] ?? ''} ${this.mark}`;
    this.begun = performance.now();
    // A session of its own, by which all that it starts is found.
    this.child = spawn(process.execPath, ['--test-reporter=spec', this.name],
      { detached: true, env: { ...inherited, [markName]: mark }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.exited = once(this.child, 'exit').then(([code, name]) => code ?? name);
    this.closed = once(this.child, 'close');
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        this.said += text;
        if (this.live) this.say(text);
      });
    }
  }

  get processes() { return processesOf({ session: this.child.pid, mark: this.mark, seen: this.seen }); }
  grace() { return sleep(this.graceMs, undefined, { ref: false }); }
  get ms() { return (this.ended ?? performance.now()) - this.begun; }

  fault(text) {
    this.faults.push(text);
    const told = `FAILED ${this.name}: ${text}\n`;
    this.said += told;
    if (this.live) this.say(told);
  }

  // Nothing of it is left afterwards.
  async end() {
    signal(this.child.pid, 'SIGTERM');  // it may still clean up, and tell which test it was in
    await Promise.race([this.exited, this.grace()]);
    await this.kill();
  }

  async kill() {
    const left = await this.lasting(killMs, (found) => {
      for (const { pid } of found) signal(pid, 'SIGKILL');
    });
    if (left.length > 0) this.fault(`these processes cannot be ended:\n${listed(left)}`);
  }

  // Looks until nothing is left, or gives what still is after so many milliseconds.
  async lasting(ms, act = () => {}) {
    const limit = performance.now() + ms;
    for (;;) {
      const left = this.processes;
      if (left.length === 0 || performance.now() > limit) return left;
      act(left);
      await sleep(lookMs);
    }
  }

  async endWhatIsLeft() {
    const left = await this.lasting(this.graceMs);
    if (left.length === 0) return;
    this.fault(`these processes outlived it and are ended now:\n${listed(left)}`);
    await this.kill();
  }

  // Until it is done or `stop` says why it shall not go on.
  async run(stop) {
    this.start();
    const looking = setInterval(() => this.processes, 1000);
    const end = await Promise.race([this.exited.then((result) => ({ result })), stop.then((why) => ({ why }))]);
    if (end.why) {
      this.fault(`${end.why} after ${seconds(this.ms)}; it said last: ${lastLine(this.said)}\n  these processes are ended now:\n${listed(this.processes)}`);
      await this.end();
    } else {
      if (end.result !== 0) this.faults.push(`ended with ${end.result}`);
      await this.endWhatIsLeft();
    }
    clearInterval(looking);
    await Promise.race([this.closed, sleep(killMs, undefined, { ref: false })]);  // nobody holds its output any more
    for (const stream of [this.child.stdout, this.child.stderr]) stream.destroy();
    this.ended = performance.now();
  }
}

// What node's reporter counted, of all files together.
function countsOf(files) {
  const counts = {};
  for (const { said } of files) {
    for (const [, what, count] of said.matchAll(/^ℹ (tests|pass|fail|cancelled|skipped|todo) (\d+)$/gm)) counts[what] = (counts[what] ?? 0) + Number(count);
  }
  return Object.entries(counts).map(([what, count]) => `${what} ${count}`).join(', ');
}

// What node's reporter says at the end of the tests that failed.
function failuresOf(said) {
  const lines = said.split('\n');
  const begin = lines.lastIndexOf('✖ failing tests:');
  return begin < 0 ? '' : `${lines.slice(begin + 1, begin + 1 + failureLinesMax).join('\n').trim()}\n`;
}

function tell(files, say, failuresFile) {
  say('\n---- time of each file\n');
  for (const { name, ms, faults } of files) say(`${seconds(ms).padStart(10)}  ${name}${faults.length > 0 ? '  FAILED' : ''}\n`);
  const failures = files.flatMap(({ name, faults, said }) => (faults.length === 0 ? []
    : [...faults.map((fault) => `FAILED ${name}: ${fault.trimEnd()}\n`), failuresOf(said)])).join('');
  say(failures);
  if (failuresFile) appendFileSync(failuresFile, failures);
  say(`${countsOf(files)}\n`);
}

// Says once in `quietMs` without a word what is running; the answer ends it.
function watchSilence(files, say, quietMs) {
  const timer = setInterval(() => {
    if (performance.now() - say.last() < quietMs) return;
    const done = files.filter(({ ended }) => ended).length;
    const running = files.filter(({ begun, ended }) => begun && !ended).map((file) => `    ${file.name}, ${seconds(file.ms)}: ${lastLine(file.said)}\n`);
    say(`.... ${done} of ${files.length} files are done; running:\n${running.join('')}`);
  }, Math.min(quietMs, 1000));
  return () => clearInterval(timer);
}

function timed(out) {
  let last = performance.now();
  const say = (text) => {
    last = performance.now();
    out(text);
  };
  say.last = () => last;
  return say;
}

const afterDeadline = (ms) => sleep(ms, 'not done', { ref: false });

// True if all passed. `out` gets the text; `stopOf(name)` resolves, with the reason, when that file shall not go on.
export async function runFiles(names, { concurrency = 1, deadlineMs = 900_000, quietMs = 60_000, graceMs = 10_000,
  interrupted = new AbortController().signal, stopOf = () => afterDeadline(deadlineMs), failuresFile, out = (text) => process.stdout.write(text) } = {}) {
  const say = timed(out);
  const live = concurrency === 1 || names.length === 1;
  const files = names.map((name) => new File(name, { say, live, graceMs }));
  const interrupt = once(interrupted, 'abort').then(() => 'interrupted');
  const stopWatching = watchSilence(files, say, quietMs);
  const waiting = [...files];
  const worker = async () => {
    for (let file = waiting.shift(); file && !interrupted.aborted; file = waiting.shift()) {
      if (live) say(`---- ${file.name}\n`);
      await file.run(Promise.race([stopOf(file.name), interrupt]));
      const done = files.filter(({ ended }) => ended).length;
      if (!live) say(`---- ${file.name}\n${file.said}.... ${done} of ${files.length} files are done\n`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  stopWatching();
  tell(files.filter(({ begun }) => begun), say, failuresFile);
  return files.every(({ ended, faults }) => ended && faults.length === 0);
}

const filesOf = (path) => (statSync(path).isDirectory()
  ? readdirSync(path).filter((name) => name.endsWith('.test.mjs')).sort().map((name) => join(path, name)) : [path]);

async function main() {
  const { values, positionals } = parseArgs({
    options: { concurrency: { type: 'string', default: '1' }, 'deadline-s': { type: 'string', default: '900' } }, allowPositionals: true,
  });
  const [concurrency, deadlineMs] = [Number(values.concurrency), Number(values['deadline-s']) * 1000];
  const names = positionals.flatMap(filesOf);
  if (!(concurrency >= 1 && deadlineMs > 0 && names.length > 0)) throw new Error('usage: run.mjs [--concurrency N] [--deadline-s N] FILE|FOLDER...');
  // They have sessions of their own, so a terminal's Ctrl-C does not reach them.
  const interrupt = new AbortController();
  let status;
  for (const [name, code] of [['SIGINT', 130], ['SIGTERM', 143]]) {
    process.on(name, () => {
      status = code;
      interrupt.abort();
    });
  }
  const passed = await runFiles(names, { concurrency, deadlineMs, interrupted: interrupt.signal, failuresFile: process.env.WAAFT_TEST_FAILURES });
  process.exitCode = status ?? (passed ? 0 : 1);
}
if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
