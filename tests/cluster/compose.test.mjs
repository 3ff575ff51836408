// compose.yaml by the real docker-compose and engine: three servers behind nginx with one Redis.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp } from '../support/cleanup.mjs';
import { Client, resume } from '../support/client.mjs';
import { freePort } from '../support/ports.mjs';
import { createRoom, http } from '../support/rest.mjs';
import { programLayer } from './support/image.mjs';
import { binary, root, run, until } from './support/kit.mjs';
import { layerOf, redisLayer } from './support/redis_image.mjs';

const upMs = 300_000;

// Why it cannot run here; false: it can.
const skip = (() => {
  try {
    execFileSync('docker', ['info'], { stdio: 'pipe' });
  } catch {
    return 'no Docker engine answers';
  }
  try {
    execFileSync('docker-compose', ['version'], { stdio: 'pipe' });
    execFileSync('sh', ['-c', 'PATH=$PATH:/usr/sbin command -v nginx && command -v redis-server'], { stdio: 'pipe' });
  } catch {
    return 'docker-compose, nginx or redis-server is not installed';
  }
  return false;
})();

async function checked(argv, options = {}) {
  const done = await run(argv, { timeout: upMs, ...options });
  assert.equal(done.code, 0, `${argv.join(' ')}: ${done.stdout}${done.stderr}`);
  return done.stdout.trim();
}

// Images by the names that compose.yaml takes from the environment, made of what Debian has.
async function makeImages(t) {
  const prefix = `waaft-compose-${randomBytes(4).toString('hex')}`;
  const program = await programLayer(binary);
  const nginx = await layerOf(['nginx'], {
    '/etc/passwd': 'root:x:0:0:root:/:/bin/sh\n',
    '/etc/group': 'root:x:0:\n',
    '/tmp/.keep': '',
    '/etc/nginx/nginx.conf': ['user root;', 'pid /tmp/pid;', 'error_log stderr;', 'events {}', 'http {', 'access_log off;',
      ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path /tmp/${name};`),
      'include /etc/nginx/conf.d/*.conf;', '}', ''].join('\n'),
  });
  const images = {
    WAAFT_IMAGE: [program, 'USER 65532:65532', 'ENTRYPOINT ["/waaft", "serve"]'],
    REDIS_IMAGE: [await redisLayer(['mkdir', 'chmod', 'chown', 'od', 'tr', 'head', 'cp']), 'ENV PATH=/usr/bin'],
    NGINX_IMAGE: [nginx, 'ENTRYPOINT ["/usr/bin/nginx", "-e", "stderr", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]'],
  };
  const env = {};
  for (const [variable, [input, ...changes]] of Object.entries(images)) {
    env[variable] = `${prefix}-${variable.split('_')[0].toLowerCase()}`;
    await checked(['docker', 'import', ...changes.flatMap((change) => ['--change', change]), '-', env[variable]], { input });
    cleanUp(t, `the image ${env[variable]}`, () => run(['docker', 'rmi', '-f', env[variable]]));
  }
  return { prefix, env };
}

// What a STUN server answers a Binding request of 20 bytes.
async function askStun(port) {
  const socket = createSocket('udp4');
  const request = Buffer.concat([Buffer.from([0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42]), randomBytes(12)]);
  const again = setInterval(() => socket.send(request, port, '127.0.0.1'), 500);
  try {
    socket.send(request, port, '127.0.0.1');
    const [answer] = await once(socket, 'message', { signal: AbortSignal.timeout(upMs) });
    return [answer.readUInt16BE(0), answer.subarray(8, 20).equals(request.subarray(8, 20))];
  } finally {
    clearInterval(again);
    socket.close();
  }
}

test('three servers behind nginx share rooms; one is killed, all of it is stopped and started', { skip }, async (t) => {
  const { prefix, env } = await makeImages(t);
  const port = await freePort();
  const compose = (...args) => checked(['docker-compose', '-p', prefix, '-f', join(root, 'compose.yaml'), ...args], { env: { ...env, PORT: String(port) } });
  cleanUp(t, `the project ${prefix}`, () => compose('down', '-v', '-t', '1'), upMs);
  await compose('up', '-d', '--no-build');

  const containerOf = (service) => compose('ps', '-q', service);
  const statusz = async (service) => {
    const { NetworkSettings: { Networks } } = JSON.parse(await checked(['docker', 'inspect', await containerOf(service)]))[0];
    const [{ IPAddress }] = Object.values(Networks);
    return IPAddress ? (await fetch(`http://${IPAddress}:9090/statusz`)).json() : undefined;
  };
  const server = { port, origin: `http://127.0.0.1:${port}` };
  const answers = () => until('nginx hands the page on', () => http(server, '/').then(({ status }) => status === 200, () => false), upMs);
  const people = async () => Promise.all(['server1', 'server2', 'server3'].map(async (service) => (await statusz(service)).members));
  await answers();
  await until('the three know of each other', async () => (await statusz('server2')).serversAlive === 3);
  assert.deepEqual(await askStun(port), [0x0101, true]);

  const { room } = await createRoom(server);
  const join_ = async (name) => {
    const client = new Client(server);
    cleanUp(t, name, () => client.socket.terminate());
    return client.join({ room, name });
  };
  const all = [];
  for (const name of ['Ann', 'Bob', 'Cyd']) all.push(await join_(name));
  await until('nginx spread them', async () => (await people()).every((count) => count === 1));
  const [ann, bob, cyd] = all;
  await Promise.all(all.map((client) => client.chat(`${client.name} here`)));
  const texts = (client) => client.chats().map(({ text }) => text);
  await until('all heard all', () => all.every((client) => texts(client).length === 3));
  assert.deepEqual(texts(ann), texts(bob));
  assert.deepEqual(texts(ann), texts(cyd));

  await checked(['docker', 'kill', await containerOf('server2')]);
  const hit = await until('somebody lost the connection', () => all.find((client) => client.end));
  const back = await until('who was cut is back on another server', () => resume(t, hit).catch(() => false));
  assert.equal(back.id, hit.id);
  await back.chat('back');
  const other = all.find((client) => client !== hit);
  assert.equal((await other.take(({ t: kind, text }) => kind === 'chat' && text === 'back')).from, hit.id);

  // Everything is stopped and started: the same secrets, the same rooms.
  const secret = () => checked(['docker', 'run', '--rm', '-v', `${prefix}_secrets:/secrets:ro`, '--entrypoint', '/usr/bin/cat', env.REDIS_IMAGE, '/secrets/server/cluster']);
  const before = await secret();
  assert.match(before, /^[0-9a-f]{64}$/);
  await compose('down', '-t', '5');
  await compose('up', '-d', '--no-build');
  assert.equal(await secret(), before);
  await answers();
  const later = await until('the room is there', () => join_('Dan').catch(() => false));
  assert.deepEqual(later.welcome.items.filter(({ t: kind }) => kind === 'chat').map(({ text }) => text), [...texts(ann).slice(0, 3), 'back']);
  const shown = await checked(['docker', 'inspect', await containerOf('redis'), await containerOf('server1')]);
  assert.ok(!shown.includes(before), 'no secret is in an environment or a command');
});
