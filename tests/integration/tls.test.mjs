// Certificates from files that are renewed while the server runs, its own CA, and no TLS at all.
import assert from 'node:assert/strict';
import { cpSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { install, makeCertificate, pem, shownName } from '../support/certificates.mjs';
import { join, joinRefusal } from '../support/client.mjs';
import { caOf, createRoom, http, rest } from '../support/rest.mjs';
import { startRefused, startServer, temporaryFolder, until } from '../support/server.mjs';

test('a certificate is renewed while people talk', async (t) => {
  const folder = temporaryFolder(t);
  const files = makeCertificate(folder, 'first');
  const server = await startServer(t, { 'tls.mode': 'files', 'tls.cert': files.cert, 'tls.key': files.key });
  const ca = pem(files.cert);
  const { room } = await createRoom(server, {}, { secure: true, ca });
  const ann = await join(t, server, { room }, { secure: true, ca });
  assert.equal(await shownName(server.port), 'first');

  await t.test('a public certificate binds browsers to https', async () => {
    const { headers } = await http(server, '/', { secure: true, ca });
    assert.equal(headers['strict-transport-security'], 'max-age=31536000');
    assert.equal((await http(server, '/ca.crt', { secure: true, ca })).status, 404);
  });

  await t.test('the new one is shown to new connections, the old ones go on', async () => {
    const second = makeCertificate(folder, 'second');
    install(second, files);
    await until(async () => await shownName(server.port) === 'second', 'the new certificate is shown');
    await server.waitForLog('A new certificate is in force.');
    await ann.chat('over the old one');
    const bea = await join(t, server, { room, name: 'Bea' }, { secure: true, ca: pem(files.cert) });
    await bea.chat('over the new one');
    await ann.take((message) => message.t === 'chat' && message.text === 'over the new one');
  });

  const refused = (server_) => server_.log.filter((line) => line.message.startsWith('The new certificate cannot be used'));

  await t.test('a broken file leaves the old one in force, and the log says so', async () => {
    const good = pem(files.cert);
    writeFileSync(files.cert, 'nonsense');
    const line = await server.waitForLog('The new certificate cannot be used');
    assert.equal(line.level, 'error');
    assert.ok(line.message.includes(folder), line.message);
    assert.ok(JSON.parse((await server.ops('/statusz')).text).troubles.includes(line.message));
    assert.equal(await shownName(server.port), 'second');
    writeFileSync(files.cert, good);
  });

  await t.test('so does a key that does not belong to it', async () => {
    const before = refused(server).length;
    const third = makeCertificate(folder, 'third');
    const goodKey = pem(files.key);
    writeFileSync(files.key, pem(third.key));
    await until(() => refused(server).length > before, 'the log says so');
    assert.equal(await shownName(server.port), 'second');
    writeFileSync(files.key, goodKey);
    await ann.chat('still there');
  });
});

test('what is wrong with a certificate is said at the start', async (t) => {
  const files = makeCertificate(temporaryFolder(t), 'mine');  // for two days
  for (const [url, words] of [['https://other.example.org', 'is not for other.example.org'], ['https://localhost:8443', 'ends on ']]) {
    const server = await startServer(t, { 'tls.mode': 'files', 'tls.cert': files.cert, 'tls.key': files.key, public_url: url });
    const line = await server.waitForLog('The certificate ');
    assert.equal(line.level, 'warning');
    assert.ok(line.message.includes(words), line.message);
    assert.deepEqual(JSON.parse((await server.ops('/statusz')).text).troubles, [line.message]);
    assert.equal((await server.ops('/readyz')).status, 200);
  }
});

test('certificate files that cannot be used at the start', async (t) => {
  const folder = temporaryFolder(t);
  const [a, b] = [makeCertificate(folder, 'a'), makeCertificate(folder, 'b')];
  const broken = joinPath(folder, 'broken.crt');
  writeFileSync(broken, 'nonsense');
  const table = [
    [joinPath(folder, 'missing.crt'), a.key, 'missing.crt'],
    [broken, a.key, 'broken.crt'],
    [a.cert, b.key, folder],
  ];
  for (const [cert, key, named] of table) {
    const end = await startRefused(t, { 'tls.mode': 'files', 'tls.cert': cert, 'tls.key': key });
    assert.notEqual(end.code, 0);
    assert.match(end.output, /^error: /m);
    assert.ok(end.output.includes(named), end.output);
  }
  const half = await startRefused(t, { 'tls.mode': 'files', 'tls.cert': a.cert });
  assert.equal(half.code, 2);
  assert.match(half.output, /tls\.key/);
});

test('without TLS', async (t) => {
  const server = await startServer(t, { 'tls.mode': 'off' });
  const { room } = await createRoom(server);
  await (await join(t, server, { room })).chat('in the clear');
  await assert.rejects(shownName(server.port));
  assert.equal((await http(server, '/ca.crt')).status, 404);
  assert.equal((await http(server, '/')).headers['strict-transport-security'], undefined);
});

test('the server keeps its own CA, and keeps it to itself', async (t) => {
  const server = await startServer(t);
  const ca = caOf(server);
  const { room } = await createRoom(server);
  await join(t, server, { room }, { secure: true });
  await server.restart();
  assert.deepEqual(caOf(server), ca, 'who trusted it needs to do nothing');
  await join(t, server, { room }, { secure: true, ca });

  const modes = Object.fromEntries(['', 'secret', 'waaft.db', 'tls/ca.key', 'tls/server.key'].map((name) =>
    [name, (statSync(joinPath(server.data, name)).mode & 0o777).toString(8)]));
  assert.deepEqual(modes, { '': '700', secret: '600', 'waaft.db': '600', 'tls/ca.key': '600', 'tls/server.key': '600' });
  assert.ok(!server.output.includes(readFileSync(joinPath(server.data, 'secret'), 'utf8').trim()));
});

test('a certificate that lacks a name is made anew, by the same CA', async (t) => {
  const data = joinPath(temporaryFolder(t), 'data');
  const before = await startServer(t, { data });
  const ca = caOf(before);
  const leaf = readFileSync(joinPath(data, 'tls', 'server.crt'));
  await before.kill('SIGTERM');
  const after = await startServer(t, { data, 'tls.names': 'studio.local' });
  assert.deepEqual(caOf(after), ca);
  assert.notDeepEqual(readFileSync(joinPath(data, 'tls', 'server.crt')), leaf);
  assert.equal((await http(after, '/', { secure: true, ca })).status, 200);
});

test('a private CA is offered for download, and binds nobody to https', async (t) => {
  const folder = temporaryFolder(t);
  const { cert, key } = makeCertificate(folder, 'own');
  const settings = { 'tls.cert': cert, 'tls.key': key };
  const server = await startServer(t, { ...settings, 'tls.ca': cert });
  const ca = pem(cert);
  const offered = await http(server, '/ca.crt');
  assert.equal(offered.status, 200);
  assert.equal(offered.text, String(ca));
  assert.equal((await http(server, '/', { secure: true, ca })).headers['strict-transport-security'], undefined);

  const table = [
    [{ ...settings, 'tls.ca': key }, 'tls.ca'],
    [{ ...settings, 'tls.ca': joinPath(folder, 'missing.crt') }, 'missing.crt'],
    [{ 'tls.ca': cert }, 'tls.cert'],
  ];
  for (const [wrong, named] of table) {
    const end = await startRefused(t, wrong);
    assert.notEqual(end.code, 0);
    assert.ok(end.output.includes(named), end.output);
  }
});

test('servers with one secret take each other\'s links', async (t) => {
  const shared = joinPath(temporaryFolder(t), 'secret');
  writeFileSync(shared, `${'s'.repeat(43)}\n`, { mode: 0o600 });
  const one = await startServer(t, { 'cluster.secret': shared });
  const { room, hostKey } = await createRoom(one);
  const { json } = await rest(one, 'POST', `/rooms/${room}/links`, { key: hostKey, body: { role: 'speaker', name: 'Bea' } });
  await one.kill('SIGTERM');
  // The same life of the room on another server: a link of another life is another matter.
  const elsewhere = (settings) => {
    const data = joinPath(temporaryFolder(t), 'data');
    cpSync(one.data, data, { recursive: true });
    return startServer(t, { ...settings, data });
  };
  const two = await elsewhere({ 'cluster.secret': shared });
  const bea = await join(t, two, { room, link: json.link });
  assert.equal(bea.members.get(bea.id).role, 'speaker');
  const stranger = await elsewhere({});
  assert.equal(await joinRefusal(t, stranger, { room, link: json.link }), 'link_bad');

  writeFileSync(shared, 'short\n');
  const end = await startRefused(t, { 'cluster.secret': shared });
  assert.notEqual(end.code, 0);
  assert.ok(end.output.includes(shared), end.output);
});
