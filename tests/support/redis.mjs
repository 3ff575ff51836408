// Starts the real redis-server for a test, and servers that share it.
import { spawn, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { cleanUp, endProcess, endsWithUs, temporaryFolder } from './cleanup.mjs';
import { freePort } from './ports.mjs';
import { makeServer, startServer, until } from './server.mjs';

// WAAFT_REDIS_SERVER names another program: Valkey's.
export const redisServer = process.env.WAAFT_REDIS_SERVER ?? (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();
export const skipWithoutRedis = redisServer ? false : 'redis-server is not installed';

// It is all there: a line, or a string as long as the line before says. What is answered with a list is not asked.
function isReply(text) {
  const string = /^\$(\d+)\r\n/.exec(text);
  return string ? Buffer.byteLength(text) >= string[0].length + Number(string[1]) + 2 : text.endsWith('\r\n');
}

export class Redis {
  constructor(folder, port, options) {
    this.folder = folder;
    this.port = port;
    this.options = { appendonly: 'yes', appendfsync: 'always', save: '', 'maxmemory-policy': 'noeviction', ...options };
  }

  get url() { return `redis://127.0.0.1:${this.port}`; }

  async start() {
    const flags = Object.entries(this.options).flatMap(([name, value]) => [`--${name}`, value]);
    this.child = endsWithUs(spawn(redisServer, ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, ...flags],
      { stdio: 'ignore' }));
    this.exited = new Promise((resolve) => this.child.once('close', resolve));
    await until(() => this.ask('PING').then((answer) => /^(\+PONG|-NOAUTH)/.test(answer), () => false), 'Redis answers');
  }

  // One command in its inline form; the raw answer.
  ask(...words) {
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, '127.0.0.1');
      let text = '';
      socket.setEncoding('utf8').on('data', (part) => {
        text += part;
        if (isReply(text)) socket.end();
      });
      socket.on('error', reject).on('close', () => resolve(text));
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('');
      socket.write(`*${words.length}\r\n${parts}`);
    });
  }

  async keys() {
    return Number((await this.ask('DBSIZE')).slice(1));
  }

  async kill(signal = 'SIGKILL') {
    await endProcess(this.child, signal);
  }
}

// One that is not started yet. `folder` is where it keeps its data.
export async function makeRedis(t, options = {}, folder = temporaryFolder(t)) {
  const redis = new Redis(folder, await freePort(), options);
  cleanUp(t, 'Redis', () => redis.kill());
  return redis;
}

export async function startRedis(t, options = {}) {
  const redis = await makeRedis(t, options);
  await redis.start();
  return redis;
}

// One address, behind which another Redis can take over, or nobody answers.
export async function startAddress(t, redis) {
  let to = redis.port;
  let away = false;
  const sockets = new Set();
  const server = createServer((from) => {
    if (away) return from.destroy();
    const onward = connect(to, '127.0.0.1');
    for (const [socket, other] of [[from, onward], [onward, from]]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => { for (const socket of sockets) socket.destroy(); };
  cleanUp(t, 'the address of Redis', () => {
    server.close();
    cut();
  });
  return {
    url: `redis://127.0.0.1:${server.address().port}`,
    leadTo(other) {
      to = other.port;
      cut();
    },
    // Ends all connections, and takes no new one until it is back.
    leave() {
      away = true;
      cut();
    },
    comeBack() { away = false; },
    // Nothing more is passed on, and nobody is told, until the connections are cut.
    fallSilent() { for (const socket of sockets) socket.unpipe(); },
  };
}

// Servers of one deployment: they share Redis and a secret.
export class Deployment {
  constructor(t, redis, settings) {
    this.t = t;
    const folder = temporaryFolder(t);
    const secret = join(folder, 'secret');
    writeFileSync(secret, randomBytes(32).toString('hex'), { mode: 0o600 });
    this.settings = { 'redis.url': redis.url, 'cluster.secret': secret, 'drain.spread': '0s', 'drain.grace': '2s', ...settings };
  }

  start(settings = {}, options = {}) {
    return startServer(this.t, { ...this.settings, ...settings }, options);
  }

  make(settings = {}, options = {}) {
    return makeServer(this.t, { ...this.settings, ...settings }, options);
  }
}
