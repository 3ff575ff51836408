// Starts the real redis-server for a test, and servers that share it.
import { spawn, execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { makeServer, startServer, temporaryFolder, until } from './server.mjs';

// WAAFT_REDIS_SERVER names another program: Valkey's.
export const redisServer = process.env.WAAFT_REDIS_SERVER ?? (() => {
  try {
    return execFileSync('sh', ['-c', 'command -v redis-server'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();
export const skipWithoutRedis = redisServer ? false : 'redis-server is not installed';

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
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
    this.child = spawn(redisServer, ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.folder, ...flags],
      { stdio: 'ignore' });
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
        if (text.endsWith('\r\n')) socket.end();
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
    this.child.kill(signal);
    await this.exited;
  }
}

export async function startRedis(t, options = {}) {
  const redis = new Redis(temporaryFolder(t), await freePort(), options);
  t.after(() => redis.child?.kill('SIGKILL'));
  await redis.start();
  return redis;
}

// One address, behind which another Redis can take over.
export async function startAddress(t, redis) {
  let to = redis.port;
  const sockets = new Set();
  const server = createServer((from) => {
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
  t.after(() => {
    server.close();
    cut();
  });
  return {
    url: `redis://127.0.0.1:${server.address().port}`,
    leadTo(other) {
      to = other.port;
      cut();
    },
  };
}

// Servers of one deployment: they share Redis and a secret.
export class Deployment {
  constructor(t, redis, settings) {
    this.t = t;
    const folder = temporaryFolder(t);
    const secret = join(folder, 'secret');
    writeFileSync(secret, randomBytes(32).toString('hex'), { mode: 0o600 });
    // At the end of a test Redis goes first: nobody shall wait for it.
    this.settings = { 'redis.url': redis.url, 'cluster.secret': secret, 'drain.spread': '0s', 'drain.grace': '2s', ...settings };
  }

  start(settings = {}, options = {}) {
    return startServer(this.t, { ...this.settings, ...settings }, options);
  }

  make(settings = {}, options = {}) {
    return makeServer(this.t, { ...this.settings, ...settings }, options);
  }
}
