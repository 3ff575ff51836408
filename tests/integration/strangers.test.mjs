// What one stranger can use up, and what a stranger's page can do.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join, joinRefusal } from '../support/client.mjs';
import { connectRaw, handshake } from '../support/raw_socket.mjs';
import { assertError, createRoom, http, rest } from '../support/rest.mjs';
import { startServer, within } from '../support/server.mjs';

const quarter = 256 * 1024;  // of what may wait for a reader
const pageMax = 128 * 1024;

test('signals have a budget, and never cost the reader its connection', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 1000 });
  const { room } = await createRoom(server);
  const reader = await join(t, server, { room, name: 'Reader' });
  const senders = await Promise.all(Array.from({ length: 5 }, (_, index) => join(t, server, { room, name: `Sender ${index}` })));
  reader.socket.pause();
  const sdp = `v=0\r\n${'a=x\r\n'.repeat(5000)}`;
  for (const sender of senders) {
    const refused = sender.take((message) => message.t === 'error' && message.re === 'signal');
    for (let count = 0; count < 40; count += 1) sender.send({ t: 'signal', to: reader.id, call: 0, description: { type: 'offer', sdp } });
    assert.equal((await refused).code, 'rate_limited');
    await sender.settled();
  }
  reader.socket.resume();
  await reader.settled();
  assert.equal(reader.end, undefined);
  assert.ok(reader.history.filter(({ t: kind }) => kind === 'signal').length < 100);
});

test('long messages', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 1000 });
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  const count = 150;
  const text = (index) => `${index} ${'"\\\n'.repeat(1300)}`.slice(0, 4000);
  for (let index = 1; index <= count; index += 1) await ann.chat(text(index));
  const wire = (message) => Buffer.byteLength(JSON.stringify(message));

  await t.test('a welcome is bounded, and says that there is more', async () => {
    const bea = await join(t, server, { room, name: 'Bea' });
    assert.ok(wire(bea.welcome) <= quarter, `${wire(bea.welcome)} bytes`);
    assert.ok(bea.welcome.more && bea.welcome.items.length > 10);
    assert.equal(bea.welcome.items.at(-1).text, text(count));
  });

  await t.test('who comes back gets all that was missed, in order, behind a bounded welcome', async () => {
    const bea = await join(t, server, { room, name: 'Bea' });
    await bea.cut();
    for (let index = 0; index < 100; index += 1) await ann.chat(text(1000 + index));
    const again = await join(t, server, { room, name: 'Bea', resume: bea.welcome.resume, seen: { epoch: bea.welcome.epoch, seq: bea.welcome.seq } });
    assert.ok(wire(again.welcome) <= quarter, `${wire(again.welcome)} bytes`);
    await again.settled();
    const got = [...again.welcome.items, ...again.chats()].map(({ seq }) => seq);
    assert.deepEqual(got, Array.from({ length: got.length }, (_, index) => bea.welcome.seq + 1 + index));
    assert.equal(got.length, 101);
  });

  await t.test('pages are bounded, one at a time, and lead back to the beginning', async () => {
    const bea = await join(t, server, { room, name: 'Bea' });
    const texts = [];
    for (let before = count + 1, more = true; more;) {
      const page = await bea.older(before, 100);
      assert.ok(wire(page) <= pageMax + 1024, `${wire(page)} bytes`);
      assert.ok(page.items.length > 0);
      texts.unshift(...page.items.map((item) => item.text));
      ({ more } = page);
      before = page.items[0].seq;
    }
    assert.deepEqual(texts, Array.from({ length: count }, (_, index) => text(index + 1)));
    for (let index = 0; index < 20; index += 1) bea.send({ t: 'history', before: count, limit: 100 });
    await bea.settled();
    const refused = bea.history.filter((message) => message.t === 'error' && message.re === 'history');
    assert.ok(refused.length > 0 && refused.every(({ code }) => code === 'busy'), JSON.stringify(refused[0]));
  });
});

test('a reaction is one emoji, and so many kinds', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 1000 });
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  const { seq } = await ann.chat('look');
  for (const bad of ['ok', '__proto__', '1', '👍👍', 'x'.repeat(32)]) await assert.rejects(ann.react(seq, bad), { code: 'bad_message' }, bad);
  const animals = Array.from({ length: 21 }, (_, index) => String.fromCodePoint(0x1f400 + index));
  for (const animal of animals.slice(0, 20)) await ann.react(seq, animal);
  await assert.rejects(ann.react(seq, animals[20]), { code: 'busy' });
  // Said a thousand times it is still one, for those who read it from the disk, too.
  for (let index = 0; index < 300; index += 1) await ann.react(seq, animals[0], index % 2 === 1);
  await server.restart();
  const bea = await join(t, server, { room, name: 'Bea' });
  const [item] = (await bea.older(seq + 1, 1)).items;
  assert.deepEqual(Object.entries(item.reactions).map(([emoji, { length }]) => [emoji, length]).sort(),
    animals.slice(0, 20).map((animal) => [animal, 1]).sort());
});

test('a name that is none of ours', async (t) => {
  const server = await startServer(t, { 'tls.names': 'live.example.org' });
  for (const host of ['localhost', '127.0.0.1', '[::1]', '192.0.2.1:80', 'box', 'box.local', 'live.example.org', 'LIVE.example.org.:8443']) {
    assert.equal((await http(server, '/', { headers: { Host: host } })).status, 200, host);
  }
  for (const host of ['rebound.example', 'live.example.org.rebound.example']) {
    const page = await http(server, '/', { headers: { Host: host, Accept: 'text/html' } });
    assert.deepEqual([page.status, page.headers['content-type']], [421, 'text/plain; charset=utf-8']);
    assert.match(page.text, /tls\.names/);
    assertError(await rest(server, 'POST', '/rooms', { headers: { Host: host }, origin: `http://${host}` }), 421, 'host_unknown');
    const raw = await connectRaw(t, server);
    raw.write(handshake(server, { Host: host, Origin: `http://${host}` }));
    assert.equal(await raw.status(), 421);
  }
});

test('pages of http.origins may use the API, others may not', async (t) => {
  const portal = 'https://portal.example.org';
  const server = await startServer(t, { 'http.origins': portal });
  const asks = { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };
  const preflight = (origin) => http(server, '/api/v1/rooms', { method: 'OPTIONS', headers: { ...asks, Origin: origin } });
  const allowed = await preflight(portal);
  assert.equal(allowed.status, 204, allowed.text);
  assert.equal(allowed.headers['access-control-allow-origin'], portal);
  assert.match(allowed.headers['access-control-allow-methods'], /POST/);
  assert.match(allowed.headers['access-control-allow-headers'], /Content-Type/);
  assert.equal(allowed.headers.vary, 'Origin');
  for (const origin of ['https://portal.example.org.evil.example', 'null', 'http://portal.example.org']) {
    const refused = await preflight(origin);
    assert.equal(refused.status, 403, origin);
    assert.equal(refused.headers['access-control-allow-origin'], undefined);
    assert.equal(refused.headers.vary, 'Origin');
  }
  const { room } = await createRoom(server, {}, { origin: portal });
  const shown = await rest(server, 'GET', `/rooms/${room}`, { origin: portal });
  assert.deepEqual([shown.status, shown.headers['access-control-allow-origin'], shown.headers.vary], [200, portal, 'Origin']);
  const unknown = await rest(server, 'GET', '/rooms/no-such-room', { origin: portal });
  assert.deepEqual([unknown.status, unknown.headers['access-control-allow-origin']], [404, portal]);
  assert.equal((await http(server, '/')).headers['access-control-allow-origin'], undefined);
});

test('an address with broken escapes shows people a page', async (t) => {
  const server = await startServer(t);
  for (const path of ['/r/100%', '/r/%zz', '/%', '/r/%00']) {
    const page = await http(server, path, { headers: { Accept: 'text/html' } });
    assert.deepEqual([page.status, page.headers['content-type']], [404, 'text/html; charset=utf-8'], path);
    assert.equal((await http(server, path)).status, 400, path);
  }
  assert.equal((await http(server, '/api/v1/rooms/100%', { headers: { Accept: 'text/html' } })).status, 400);
});

test('rooms that nobody entered make space for those that exist', async (t) => {
  const server = await startServer(t, { 'rooms.max': 4, 'listen.shards': 1 });
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  await ann.chat('mine');
  await ann.cut();
  await server.restart();
  for (let count = 0; count < 4; count += 1) await createRoom(server);
  assertError(await rest(server, 'POST', '/rooms'), 503, 'server_full');
  const bea = await join(t, server, { room, name: 'Bea' });
  assert.deepEqual(bea.welcome.items.map(({ text }) => text), ['mine']);
});

test('passwords tried from many addresses of one network, and at one room', async (t) => {
  const server = await startServer(t, { 'limits.passwords_per_minute': 1 });
  const rooms = await Promise.all(Array.from({ length: 6 }, () => createRoom(server, { password: 'open sesame' })));
  const tried = (room, network, host) => joinRefusal(t, server, { room: room.room, password: 'x' }, { localAddress: `127.0.${network}.${host}` });
  for (let host = 1; host <= 4; host += 1) assert.equal(await tried(rooms[host], 1, host), 'password_wrong');
  assert.equal(await tried(rooms[5], 1, 5), 'rate_limited', 'four of one network');
  for (let network = 11; network <= 20; network += 1) assert.equal(await tried(rooms[0], network, 1), 'password_wrong');
  assert.equal(await tried(rooms[0], 21, 1), 'rate_limited', 'ten at one room');
  const [elsewhere] = rooms.slice(1);
  await join(t, server, { room: elsewhere.room, password: 'open sesame' }, { localAddress: '127.0.30.1' });
});

test('clients behind a trusted proxy are counted one by one', async (t) => {
  const server = await startServer(t, { 'tls.mode': 'off', 'proxy.trusted': '127.0.0.1', 'limits.connections_per_address': 2 });
  const { room } = await createRoom(server);
  const from = (address) => ({ headers: { 'X-Forwarded-For': address } });
  for (const address of ['192.0.2.1', '192.0.2.2']) {
    await join(t, server, { room }, from(address));
    await join(t, server, { room }, from(address));
  }
  await assert.rejects(within(join(t, server, { room }, from('192.0.2.1')), 'an answer'));
  await join(t, server, { room }, from('192.0.2.3'));
});
