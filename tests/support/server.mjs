// Starts the real `waaft serve` for a test and cleans up after it.
//
//   const server = await startServer(t, {'rooms.create': 'key'});
//
// Settings are named as in waaft.yaml. The program is $WAAFT_BINARY (or $WAAFT), else the one of build/dev.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cleanUp, endsWithUs, temporaryFolder } from './cleanup.mjs';
import { eachLine } from './lines.mjs';
import { freePort } from './ports.mjs';
import { within } from './wait.mjs';

// What nearly every test needs comes from here.
export { cleanUp, temporaryFolder } from './cleanup.mjs';
export { deadlineMs, until, within } from './wait.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

function findBinary() {
  const named = process.env.WAAFT_BINARY ?? process.env.WAAFT;
  const candidates = named ? [named] : [join(root, 'build', 'dev', 'cmd', 'waaft'), join(root, 'build', 'dev', 'waaft')];
  const found = candidates.find((path) => existsSync(path));
  assert.ok(found, `no program at ${candidates.join(' or ')}; build it, or name it in WAAFT_BINARY`);
  return found;
}
export const binary = findBinary();

// Everything from one address is what a test does; limits are tested by setting them.
const testSettings = {
  'ops.port': 0,
  'limits.rooms_per_minute': 100000,
  'limits.handshakes_per_second': 100000,
};

export function flagsOf(settings) {
  return Object.entries(settings).map(([key, value]) => `--${key.replaceAll(/[._]/g, '-')}=${value}`);
}

export class Server {
  constructor(options) {
    this.prefix = options.prefix ?? [];  // a program that starts the server, such as ip netns exec
    this.program = options.program ?? binary;
    this.log = [];                       // the lines of the log, parsed
    this.output = '';                    // everything that was written to stderr
    this.stdout = '';
    this.port = 0;
    this.opsPort = 0;
    this.watchers = new Set();
  }

  // Starts it; true once it serves, false if it ended before that.
  async start() {
    this.settings['listen.port'] ??= await freePort();  // it may come back on it
    const command = [...this.prefix, this.program, 'serve', ...flagsOf({ ...this.settings, 'log.format': 'json' })];
    const environment = { PATH: process.env.PATH, HOME: this.data && existsSync(this.data) ? this.data : '/nonexistent' };
    this.log = [];
    this.output = '';
    this.child = spawn(command[0], command.slice(1), { cwd: '/', env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const child = endsWithUs(this.child);
    this.endedByTest = false;
    this.exited = new Promise((resolve) => {
      child.once('error', (error) => resolve({ code: null, signal: error.code }));
      child.once('close', (code, signal) => resolve({ code, signal }));
    });
    child.stdout.setEncoding('utf8').on('data', (text) => { this.stdout += text; });
    this.readLog(child.stderr);
    const serving = this.logged((line) => line.message === 'Serving.').then((line) => {
      this.port = Number(line.port);
      this.opsPort = Number(line.ops_port);
      return true;
    });
    return within(Promise.race([serving, this.exited.then(() => false)]), 'the server starts');
  }

  readLog(stream) {
    stream.setEncoding('utf8').on('data', (text) => { this.output += text; });
    eachLine(stream, (line) => {
      if (!line.startsWith('{')) return;
      this.log.push(JSON.parse(line));
      for (const watch of [...this.watchers]) watch();
    });
  }

  // Resolves with the first line of the log, written or yet to come, that fits.
  logged(fits) {
    return new Promise((resolve) => {
      const look = () => {
        const line = this.log.find(fits);
        if (!line) return;
        this.watchers.delete(look);
        resolve(line);
      };
      this.watchers.add(look);
      look();
    });
  }

  waitForLog(text) {
    return within(this.logged((line) => line.message.includes(text)), `the log says "${text}"`);
  }

  get pid() { return this.child.pid; }
  get origin() { return `http://127.0.0.1:${this.port}`; }
  get secureOrigin() { return `https://localhost:${this.port}`; }
  get running() { return this.child.exitCode === null && this.child.signalCode === null; }

  async kill(signal = 'SIGKILL') {
    this.child.kill(signal);
    const end = await within(this.exited, `the server ends after ${signal}`);
    this.endedByTest = true;
    return end;
  }

  // Again on the same data and the same port, as its clients expect.
  async restart() {
    if (this.running) await this.kill('SIGTERM');
    assert.ok(await this.start(), `the server must start again:\n${this.output}`);
  }

  // The end of every test: the server must still be there, and must end well.
  async stop() {
    if (this.endedByTest) return;
    const ranUntilNow = this.running;
    this.child.kill('SIGTERM');
    const end = await within(this.exited, 'the server stops').catch(() => this.kill('SIGKILL'));
    assert.ok(ranUntilNow && end.code === 0, `the server ended with ${JSON.stringify(end)}:\n${this.output.slice(-4000)}`);
  }

  async ops(path) {
    return within(new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port: this.opsPort, path, agent: false }, (answer) => {
        const parts = [];
        answer.on('data', (part) => parts.push(part));
        answer.on('end', () => resolve({ status: answer.statusCode, text: Buffer.concat(parts).toString() }));
      });
      asked.on('error', reject).end();
    }), `the operations listener answers ${path}`);
  }

  // One counter or gauge, summed over the shards.
  async metric(name) {
    const { text } = await this.ops('/metrics');
    const lines = text.split('\n').filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    assert.notEqual(lines.length, 0, `/metrics has ${name}`);
    return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  // What is not well, in sentences.
  async troubles() { return JSON.parse((await this.ops('/statusz')).text).troubles; }
}

// `settings.data` is a new folder unless it is given.
export function makeServer(t, settings = {}, options = {}) {
  const server = new Server(options);
  server.data = settings.data ?? join(temporaryFolder(t), 'data');
  server.settings = { ...testSettings, ...settings, data: server.data };
  cleanUp(t, `the server of ${server.data}`, () => server.child && server.stop());
  return server;
}

export async function startServer(t, settings = {}, options = {}) {
  const server = makeServer(t, settings, options);
  if (!await server.start()) {
    const end = await server.exited;
    server.endedByTest = true;
    assert.fail(`the server did not start: ${JSON.stringify(end)}\n${server.output}`);
  }
  return server;
}

// For a server that should refuse to start: how it ended and what it said.
export async function startRefused(t, settings = {}, options = {}) {
  const server = makeServer(t, settings, options);
  assert.equal(await server.start(), false, 'the server must not start');
  server.endedByTest = true;
  return { ...(await server.exited), output: server.output };
}
