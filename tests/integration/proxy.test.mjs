// Behind the nginx of Debian with the configuration that we ship, and behind a proxy that we play ourselves.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { makeCertificate, pem } from '../support/certificates.mjs';
import { endAfter } from '../support/cleanup.mjs';
import { join, joinRefusal, resume } from '../support/client.mjs';
import { freePort } from '../support/ports.mjs';
import { createRoom, http, rest } from '../support/rest.mjs';
import { startServer, temporaryFolder, until } from '../support/server.mjs';

const shipped = fileURLToPath(new URL('../../packaging/nginx/waaft.conf', import.meta.url));
const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => {
  try { execFileSync(path, ['-v'], { stdio: 'ignore' }); return true; } catch { return false; }
});

// The shipped file with the places and names of this test; each must be there.
function adapt(replacements) {
  let text = readFileSync(shipped, 'utf8');
  for (const [from, to] of replacements) {
    assert.ok(text.includes(from), `${shipped} has "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

async function startNginx(t, server) {
  const folder = temporaryFolder(t);
  const [port, plainPort] = [await freePort(), await freePort()];
  const certificate = makeCertificate(folder, 'nginx');
  const site = adapt([
    ['server 127.0.0.1:3000;', `server 127.0.0.1:${server.port};`],
    ['listen 80;', `listen 127.0.0.1:${plainPort};`],
    ['    listen [::]:80;\n', ''],
    ['listen 443 ssl;', `listen 127.0.0.1:${port} ssl;`],
    ['    listen [::]:443 ssl;\n', ''],
    ['server_name live.example.org;', 'server_name localhost;'],
    ['/etc/letsencrypt/live/live.example.org/fullchain.pem', certificate.cert],
    ['/etc/letsencrypt/live/live.example.org/privkey.pem', certificate.key],
  ]);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`);
  writeFileSync(joinPath(folder, 'nginx.conf'), [
    ...(process.getuid() === 0 ? ['user root;'] : []),
    'worker_processes 1;', 'daemon off;', `pid ${folder}/pid;`, 'error_log stderr warn;', 'events {}',
    `http { access_log off; ${paths.join(' ')}`, site, '}',
  ].join('\n'));
  const child = spawn(nginx, ['-p', folder, '-e', 'stderr', '-c', joinPath(folder, 'nginx.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { said += text; });
  endAfter(t, 'nginx', child, 'SIGTERM');
  await until(() => {
    assert.equal(child.exitCode, null, said);
    return rest({ ...server, port }, 'GET', '/openapi.json', { secure: true, ca: pem(certificate.cert), origin: false })
      .then((answer) => answer.status === 200, () => false);
  }, 'nginx serves');
  return { port, plainPort, ca: pem(certificate.cert), secureOrigin: `https://localhost:${port}`, data: server.data };
}

test('behind nginx', { skip: nginx ? false : 'nginx is not installed (apt-get install nginx-light)' }, async (t) => {
  const server = await startServer(t, { 'tls.mode': 'off', 'proxy.trusted': '127.0.0.1', 'limits.rooms_per_minute': 2 });
  const front = await startNginx(t, server);
  const secure = { secure: true, ca: front.ca };

  await t.test('the page, and the redirect to it', async () => {
    const page = await http(front, '/r/some-room', secure);
    assert.equal(page.status, 200);
    assert.match(page.headers['content-security-policy'], /^default-src 'none'/);
    const plain = await http({ port: front.plainPort }, '/r/some-room', { headers: { Host: 'localhost' } });
    assert.deepEqual([plain.status, plain.headers.location], [308, 'https://localhost/r/some-room']);
  });

  await t.test('links are those of the proxy; chat passes through', async () => {
    const { room, url, hostKey } = await createRoom(front, {}, { ...secure, localAddress: '127.0.0.9' });
    assert.equal(url, `https://localhost:${front.port}/r/${room}`);
    const link = await rest(front, 'POST', `/rooms/${room}/links`, { ...secure, key: hostKey, body: {} });
    assert.ok(link.json.url.startsWith(`https://localhost:${front.port}/r/${room}#link=`), link.json.url);
    const ann = await join(t, front, { room }, secure);
    const bea = await join(t, front, { room, name: 'Bea', link: link.json.link }, secure);
    await ann.chat('through nginx');
    assert.equal((await bea.take('chat')).text, 'through nginx');
    assert.deepEqual(ann.welcome.ice.iceServers, [{ urls: [`stun:localhost:${server.port}`] }]);
    await ann.cut();
    assert.equal((await resume(t, ann)).id, ann.id);
  });

  await t.test('a foreign Origin is refused there too', async () => {
    const answer = await rest(front, 'POST', '/rooms', { ...secure, origin: 'https://example.org' });
    assert.equal(answer.status, 403);
  });

  await t.test('limits count the client, whatever it says about itself', async () => {
    const open = (from, headers = {}) => rest(front, 'POST', '/rooms', { ...secure, localAddress: from, headers }).then((answer) => answer.status);
    assert.deepEqual([await open('127.0.0.2'), await open('127.0.0.2'), await open('127.0.0.2')], [201, 201, 429]);
    assert.equal(await open('127.0.0.3'), 201);
    assert.equal(await open('127.0.0.2', { 'X-Forwarded-For': '198.51.100.1' }), 429);
    assert.equal(await open('127.0.0.2', { 'X-Forwarded-Host': 'example.org', 'X-Forwarded-Proto': 'http' }), 429);
  });

  await t.test('a WebSocket that ends at one end ends at the other', async () => {
    const { room } = await createRoom(front, {}, { ...secure, localAddress: '127.0.0.5' });
    const ann = await join(t, front, { room }, secure);
    const sessions = await server.metric('waaft_sessions');
    await ann.cut();
    await until(async () => await server.metric('waaft_sessions') < sessions, 'the session ends');
  });
});

test('what is believed of whom', async (t) => {
  const settings = { 'tls.mode': 'off', 'listen.address': '127.0.0.1', 'proxy.trusted': '127.0.0.1', 'limits.rooms_per_minute': 1 };
  const server = await startServer(t, settings);
  const open = (localAddress, headers, origin = server.origin) => rest(server, 'POST', '/rooms', { localAddress, headers, origin });

  await t.test('a trusted proxy names the client, the scheme and the host', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.1', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'live.example.org' };
    const answer = await open('127.0.0.1', headers, 'https://live.example.org');
    assert.equal(answer.status, 201);
    assert.match(answer.json.url, /^https:\/\/live\.example\.org\/r\//);
    const withPort = { ...headers, 'X-Forwarded-For': '198.51.100.9', 'X-Forwarded-Host': 'Live.Example.org:443' };
    assert.equal((await open('127.0.0.1', withPort, 'https://live.example.org')).status, 201, 'the port that https has anyway');
    assert.equal((await open('127.0.0.1', { 'X-Forwarded-For': '198.51.100.1' })).status, 429);
    assert.equal((await open('127.0.0.1', { 'X-Forwarded-For': '198.51.100.2' })).status, 201);
    assert.equal((await open('127.0.0.1', { 'X-Forwarded-For': '203.0.113.5, 198.51.100.2' })).status, 429, 'what the client wrote itself');
    assert.equal((await open('127.0.0.1', { 'X-Forwarded-For': '2001:db8::1' })).status, 201);
    assert.equal((await open('127.0.0.1', { 'X-Forwarded-For': '2001:db8::2' })).status, 429, 'one IPv6 /64 is one address');
  });

  await t.test('anybody else does not', async () => {
    const headers = { 'X-Forwarded-For': '198.51.100.3', 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'live.example.org' };
    const answer = await open('127.0.0.7', headers);
    assert.ok(answer.json.url.startsWith(server.origin), answer.text);
    assert.equal((await open('127.0.0.7', { 'X-Forwarded-For': '198.51.100.4' })).status, 429);
    assert.equal((await open('127.0.0.8', headers, 'https://live.example.org')).status, 403);
  });
});

test('a ban holds for an address', async (t) => {
  const server = await startServer(t, { 'tls.mode': 'off', 'proxy.trusted': '127.0.0.1' });
  const { room, hostKey } = await createRoom(server);
  const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
  const host = await join(t, server, { room, name: 'Host', hostKey }, from('198.51.100.1'));
  const ann = await join(t, server, { room, client: 'ann-'.repeat(5) }, from('198.51.100.2'));
  host.send({ t: 'ban', member: ann.id });
  assert.equal(await ann.close(), 4004);
  assert.equal(await joinRefusal(t, server, { room, client: 'new-'.repeat(5) }, from('198.51.100.2')), 'banned');
  await join(t, server, { room, client: 'bea-'.repeat(5) }, from('198.51.100.3'));
  await server.restart();
  assert.equal(await joinRefusal(t, server, { room }, from('198.51.100.2')), 'banned');
});

test('a proxy that nobody told us to trust is warned of, once', async (t) => {
  const cases = {
    'it says for whom it asks': { 'X-Forwarded-For': '198.51.100.1' },
    'it asks on loopback for a public name': { Host: 'live.example.org' },
  };
  for (const [name, headers] of Object.entries(cases)) {
    await t.test(name, async (t) => {
      const server = await startServer(t, { 'tls.mode': 'off', 'listen.shards': 1 });
      await http(server, '/', { headers });
      await server.waitForLog('none is trusted');
      await http(server, '/', { headers });
      assert.equal(server.log.filter((line) => line.message.includes('none is trusted')).length, 1);
    });
  }
  await t.test('a browser on this machine is no proxy', async (t) => {
    const server = await startServer(t, { 'tls.mode': 'off' });
    for (const host of ['localhost:3000', '127.0.0.1:3000', '[::1]:3000']) await http(server, '/', { headers: { Host: host } });
    assert.deepEqual(server.log.filter((line) => line.message.includes('none is trusted')), []);
  });
});
