// One room on several servers: real servers, a real Redis.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { connect, join, joinOutcome, joinRefusal, makeNonce, Refused, resume } from '../support/client.mjs';
import { freePort } from '../support/ports.mjs';
import { Deployment, makeRedis, skipWithoutRedis, startAddress, startRedis } from '../support/redis.mjs';
import { assertError, createRoom, listLinks, makeLink, rest, voidLinks } from '../support/rest.mjs';
import { startRefused, temporaryFolder, until, within } from '../support/server.mjs';

async function two(t, settings = {}) {
  const redis = await startRedis(t);
  const deployment = new Deployment(t, redis, settings);
  const [a, b] = await Promise.all([deployment.start(), deployment.start()]);
  const alive = async (server) => JSON.parse((await server.ops('/statusz')).text).serversAlive === 2;
  await until(async () => await alive(a) && await alive(b), 'the servers know of each other');
  return { redis, deployment, a, b };
}

const backAtRedis = (server) => until(async () => await server.metric('waaft_redis_reconnects_total') > 0
  && await server.metric('waaft_redis_up') === 1, 'the server is back at Redis');

const texts = (client) => client.chats().map(({ text }) => text);

describe('a room on two servers', { skip: skipWithoutRedis, concurrency: true }, () => {
  test('two people on two servers meet, chat in one order and signal', async (t) => {
    const { a, b } = await two(t);
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, b, { room, name: 'Bob' });
    assert.equal((await ann.take('joined')).member.id, bob.id);
    assert.deepEqual([...bob.members.values()].map(({ name, place }) => [name, place]), [['Ann', true], ['Bob', true]]);

    await Promise.all(Array.from({ length: 20 }, (_, i) => (i % 2 ? ann : bob).chat(`line ${i}`)));
    await ann.settled();
    await bob.take((message) => message.t === 'chat' && message.text === 'settled');
    assert.equal(texts(ann).length, 21);
    assert.deepEqual(texts(ann), texts(bob));
    assert.deepEqual(ann.chats().map(({ seq }) => seq), Array.from({ length: 21 }, (_, i) => i + 1));

    ann.send({ t: 'signal', to: bob.id, call: 0, candidate: null });
    assert.equal((await bob.take('signal')).from, ann.id);
    bob.send({ t: 'state', mic: true, cam: true, screen: false });
    assert.deepEqual((await ann.take('member')).member.live, { mic: true, cam: true, screen: false });
  });

  test('the host rules over people on the other server', async (t) => {
    const { a, b } = await two(t);
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, b, { room, name: 'Bob', client: 'bobs-browser-0001' });
    const cyd = await join(t, b, { room, name: 'Cyd' });
    ann.send({ t: 'mute', member: bob.id, mic: true, cam: false, screen: false });
    assert.equal((await bob.take('muted')).mic, true);
    ann.send({ t: 'lock', on: true });
    assert.equal((await cyd.take('room')).room.locked, true);
    assert.equal(await joinRefusal(t, b, { room, name: 'Dan' }), 'room_locked');
    ann.send({ t: 'ban', member: bob.id });
    assert.equal(await bob.close(), 4004);
    assert.equal((await cyd.take('left')).why, 'banned');
    ann.send({ t: 'lock', on: false });
    await cyd.take((message) => message.t === 'room' && !message.room.locked);
    assert.equal(await joinRefusal(t, a, { room, name: 'Bob', client: 'bobs-browser-0001' }), 'banned');

    ann.send({ t: 'handover', member: cyd.id });
    const { key } = await cyd.take('hostKey');
    assert.equal((await rest(b, 'POST', `/rooms/${room}/links`, { body: {}, key: hostKey })).status, 403);
    const { link } = await makeLink(a, room, key);
    assert.equal((await join(t, b, { room, name: 'Eve', link })).welcome.members.length, 3);
    cyd.send({ t: 'end' });
    assert.equal(await ann.close(), 4005);
    assert.equal(await joinRefusal(t, a, { room, name: 'Dan' }), 'room_unknown');
  });

  test('a ban on one server and a post on the other: never a post after the ban', async (t) => {
    const { a, b } = await two(t);
    for (let round = 0; round < 10; ++round) {
      const { room, hostKey } = await createRoom(a);
      const ann = await join(t, a, { room, name: 'Ann', hostKey });
      const bob = await join(t, b, { room, name: 'Bob' });
      await ann.take('joined');
      const posted = Promise.allSettled(Array.from({ length: 5 }, (_, i) => bob.chat(`post ${i}`)));
      ann.send({ t: 'ban', member: bob.id });
      const acked = (await posted).filter(({ status }) => status === 'fulfilled').length;
      await ann.settled();
      const order = ann.history.filter(({ t: kind }) => kind === 'chat' || kind === 'left').map((message) => message.text ?? 'banned');
      const after = order.slice(order.indexOf('banned') + 1);
      assert.deepEqual(after, ['settled'], JSON.stringify(order));
      assert.ok(order.length - 2 >= acked, 'what was acknowledged is there');
    }
  });

  test('who comes back on the other server is the same member and gets what was missed', async (t) => {
    const { a, b } = await two(t);
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, a, { room, name: 'Bob' });
    await ann.take('joined');
    await bob.cut();
    await ann.chat('while you were away');
    bob.server = b;
    const again = await resume(t, bob);
    assert.equal(again.id, bob.id);
    assert.deepEqual(again.welcome.items.map(({ text }) => text), ['while you were away']);
    await again.chat('back');
    await ann.take((message) => message.t === 'chat' && message.text === 'back');
    assert.ok(!ann.history.some(({ t: kind }) => kind === 'left'), 'nobody left');
    // And over a connection that is still there: the earlier one is replaced.
    again.server = a;
    const third = await resume(t, again);
    assert.equal(await again.close(), 4006);
    const nonce = makeNonce();
    const first = await third.chat('once', nonce);
    third.server = b;
    const fourth = await resume(t, third);
    assert.equal((await fourth.chat('once', nonce)).seq, first.seq, 'a repeated nonce is the same message on every server');
    await ann.settled();
    assert.deepEqual(texts(ann).filter((text) => text === 'once'), ['once']);
  });

  test('a server that is killed: its people come back elsewhere; who does not is away, then gone', async (t) => {
    const { a, b } = await two(t, { 'resume.window': '15s' });
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, b, { room, name: 'Bob' });
    const cyd = await join(t, b, { room, name: 'Cyd' });
    await ann.take((message) => message.t === 'joined' && message.member.id === cyd.id);
    await bob.chat('last words');
    await b.kill('SIGKILL');
    await bob.closed;
    bob.server = a;
    const again = await resume(t, bob);
    assert.equal(again.id, bob.id);
    assert.deepEqual(await ann.take((message) => message.t === 'left', 60_000).then(({ id, why }) => [id, why]), [cyd.id, 'lost']);
    assert.ok(ann.history.some((message) => message.t === 'member' && message.member.id === cyd.id && message.member.away));
    assert.ok(!ann.history.some((message) => message.t === 'member' && message.member.id === bob.id && message.member.away));
  });

  test('a server that is stopped asks its people to move, and ends when they have', async (t) => {
    const { a, b } = await two(t, { 'drain.spread': '200ms', 'drain.grace': '1m' });
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, b, { room, name: 'Bob' });
    await ann.take('joined');
    b.child.kill('SIGTERM');
    const told = await bob.take('restarting');
    assert.equal(told.move, true);
    assert.equal((await b.ops('/readyz')).status, 200);
    assert.equal(JSON.parse((await b.ops('/statusz')).text).draining, true);
    const late = await connect(t, b);
    await assert.rejects(late.join({ room, name: 'Late' }), (error) => error instanceof Refused && error.code === 4011);
    bob.server = a;
    const moved = await resume(t, bob);
    assert.equal(await bob.close(), 4006);
    assert.equal((await b.exited).code, 0);
    b.endedByTest = true;
    await moved.chat('here');
    await ann.take((message) => message.t === 'chat' && message.text === 'here');
    assert.deepEqual(ann.history.filter((message) => ['left', 'member'].includes(message.t)), []);
  });

  test('who joins hears at once for how long a silent server is to be believed', async (t) => {
    const { a } = await two(t, { 'ping.shared': '1s', 'ping.shared_timeout': '4s' });
    const { room } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann' });
    await until(() => ann.pings > 0, 'the first ping');
    assert.equal(ann.lastPing.within, 4000);
    const mute = await join(t, a, { room, name: 'Mute' }, { answerPings: false });
    assert.equal(await mute.close(), 4002);
  });

  test('all links are voided on every server, over a restart of Redis and of the servers', async (t) => {
    const { redis, deployment, a, b } = await two(t);
    const { room, hostKey } = await createRoom(a);
    await join(t, a, { room, name: 'Ann', hostKey });
    const made = [];
    for (const role of ['host', 'speaker', 'viewer']) made.push(await makeLink(role === 'viewer' ? b : a, room, hostKey, { role }));
    assert.deepEqual((await listLinks(b, room, hostKey)).map(({ role, revoked }) => [role, revoked]).sort(),
      [['host', false], ['speaker', false], ['viewer', false]]);
    await join(t, b, { room, name: 'Bea', link: made[1].link });
    assert.equal(await voidLinks(b, room, hostKey), 3);
    for (const { link } of made) {
      assert.equal(await joinRefusal(t, b, { room, link }), 'link_revoked');
      await until(async () => await joinOutcome(t, a, { room, link }) === 'link_revoked', 'the other server was told');
    }
    const after = await makeLink(a, room, hostKey);
    await redis.kill();
    await until(async () => await a.metric('waaft_redis_up') === 0, 'the server knows that Redis is away');
    for (const [method, options] of [['GET', {}], ['DELETE', {}], ['POST', { body: {} }]]) {
      const refused = await rest(a, method, `/rooms/${room}/links`, { key: hostKey, ...options });
      assertError(refused, 503, 'store_unavailable');
    }
    await redis.start();
    await backAtRedis(a);
    const c = await deployment.start();
    for (const server of [a, c]) {
      await until(async () => await joinOutcome(t, server, { room, link: made[0].link }) !== 'busy', 'what is revoked was read');
      for (const { link } of made) assert.equal(await joinRefusal(t, server, { room, link }), 'link_revoked');
      assert.deepEqual((await listLinks(server, room, hostKey)).map(({ revoked }) => revoked).sort(), [false, true, true, true]);
    }
    await join(t, c, { room, name: 'Cyd', link: after.link });
  });

  test('links of a shared room go with it, also what an earlier version leaves behind', async (t) => {
    const { redis, a, b } = await two(t);
    const first = await createRoom(a, { name: 'every-monday' });
    const { id } = await makeLink(a, first.room, first.hostKey);
    const key = 'waaft:r:every-monday:l';
    const left = (await redis.ask('HGET', key, id)).split('\r\n')[1];
    assert.equal((await rest(a, 'DELETE', '/rooms/every-monday', { key: first.hostKey })).status, 204);
    await until(async () => await redis.ask('EXISTS', key) === ':0\r\n', 'the room has ended');
    // It ends a room without this key.
    await redis.ask('HSET', key, id, left);
    const next = await createRoom(b, { name: 'every-monday' });
    await redis.ask('HSET', key, id, left);
    assert.deepEqual(await listLinks(b, next.room, next.hostKey), []);
    const made = await makeLink(b, next.room, next.hostKey);
    assert.deepEqual((await listLinks(a, next.room, next.hostKey)).map((link) => link.id), [made.id]);
  });

  test('Redis away: calls go on, chat waits and then is sent, new rooms are refused', async (t) => {
    const { redis, a, b } = await two(t);
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const bob = await join(t, b, { room, name: 'Bob' });
    await ann.chat('before');
    await bob.take('chat');
    await redis.kill();
    assert.equal((await ann.take('waiting')).on, true);
    assert.equal((await bob.take('waiting')).on, true);
    const waiting = ann.chat('meanwhile');
    const refused = await rest(b, 'POST', '/rooms', { body: {} });
    assert.equal(refused.status, 503, refused.text);
    assert.equal((await a.ops('/readyz')).status, 200);
    assert.equal(JSON.parse((await a.ops('/statusz')).text).redis.up, false);
    assert.equal(await a.metric('waaft_redis_up'), 0);
    await redis.start();
    assert.equal((await waiting).seq, 2);
    assert.equal((await bob.take((message) => message.t === 'chat' && message.text === 'meanwhile')).seq, 2);
    await ann.take((message) => message.t === 'waiting' && !message.on);
    assert.equal((await createRoom(b)).kind, 'call');
  });

  test('a replica takes over that lacks the newest: told, although the only server that saw it died too', async (t) => {
    const primary = await startRedis(t);
    const replica = await startRedis(t, { replicaof: `127.0.0.1 ${primary.port}` });
    const address = await startAddress(t, primary);
    const deployment = new Deployment(t, address);
    const [a, b] = await Promise.all([deployment.start(), deployment.start()]);
    const { room } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann' });
    await ann.chat('kept');
    await until(async () => (await replica.ask('LLEN', `waaft:r:${room}:c`)) === ':1\r\n', 'the replica has it');
    await replica.ask('REPLICAOF', '127.0.0.1', '1');
    assert.equal((await ann.chat('lost')).seq, 2);
    await Promise.all([a.kill('SIGKILL'), primary.kill()]);
    await ann.closed;
    await replica.ask('REPLICAOF', 'NO', 'ONE');
    address.leadTo(replica);
    await backAtRedis(b);
    // The number of the lost one is given again, before anybody says that there was one.
    const bob = await join(t, b, { room, name: 'Bob' });
    assert.equal((await bob.chat('other')).seq, 2);
    ann.server = b;
    const again = await resume(t, ann);
    assert.notEqual(again.welcome.epoch, ann.welcome.epoch);
    assert.deepEqual(again.welcome.gap, { from: 1, to: 2 });
    assert.deepEqual(again.welcome.items.map(({ text }) => text), ['kept', 'other']);
  });

  test('Redis that keeps everything is started again: nobody is let go, no gap is told', async (t) => {
    const { redis, a, b } = await two(t);
    const { room } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann' });
    await ann.chat('before');
    await redis.kill();
    await ann.take((message) => message.t === 'waiting' && message.on);
    await redis.start();
    await ann.take((message) => message.t === 'waiting' && !message.on);
    await backAtRedis(b);
    ann.server = b;
    const again = await resume(t, ann);
    assert.equal(again.welcome.epoch, ann.welcome.epoch);
    assert.equal(again.welcome.gap, undefined);
    assert.equal((await again.chat('after')).seq, 2);
  });

  test('a link that is revoked elsewhere while a server has no connection to Redis lets nobody in', async (t) => {
    const redis = await startRedis(t);
    const address = await startAddress(t, redis);
    const deployment = new Deployment(t, redis);
    const a = await deployment.start();
    const { room, hostKey } = await createRoom(a);
    const revoke = async ({ id }) => {
      assert.equal((await rest(a, 'DELETE', `/rooms/${room}/links/${id}`, { key: hostKey })).status, 204);
    };
    const [early, meanwhile, silent, good] = await Promise.all(Array.from({ length: 4 }, () => makeLink(a, room, hostKey)));
    await revoke(early);
    const b = await deployment.start({ 'redis.url': address.url });
    const refusal = async ({ link }) => {
      const eve = await connect(t, b);
      await assert.rejects(eve.join({ room, name: 'Eve', link }), Refused);
      const { code } = eve.history.find(({ t: kind }) => kind === 'error');
      assert.equal(await eve.close(), code === 'busy' ? 4011 : 4010);  // later, or never
      return code;
    };
    // Until the server knows what was revoked it says that it is busy.
    const lastRefusal = async (link) => {
      let code;
      await until(async () => (code = await refusal(link)) !== 'busy', 'the server knows which links were revoked');
      return code;
    };
    assert.equal(await lastRefusal(early), 'link_revoked');
    const ann = await join(t, a, { room, name: 'Ann' });
    await join(t, b, { room, name: 'Bob' });  // keeps the room open there

    const isUp = async (up) => await b.metric('waaft_redis_up') === up;
    address.leave();
    await until(() => isUp(0), 'the server has lost Redis');
    await revoke(meanwhile);
    for (const link of [meanwhile, good, early]) assert.equal(await refusal(link), 'busy');
    address.comeBack();
    assert.equal(await lastRefusal(meanwhile), 'link_revoked');
    await join(t, b, { room, name: 'Gil', link: good.link });

    // The server has not noticed yet that it hears nothing: who comes then waits, and is looked at again.
    address.fallSilent();
    await revoke(silent);
    assert.equal(await lastRefusal(silent), 'link_revoked');
    await join(t, b, { room, name: 'Hal', link: good.link });
    await ann.take(({ t: kind, member }) => kind === 'joined' && member.name === 'Hal');
    assert.ok(!ann.history.some(({ t: kind, member }) => kind === 'joined' && member.name === 'Eve'));
  });

  test('the secret is changed in two steps, and nobody loses a link or a place', async (t) => {
    const redis = await startRedis(t);
    const folder = temporaryFolder(t);
    const [one, two] = ['one', 'two'].map((name) => {
      const file = path.join(folder, name);
      writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 });
      return file;
    });
    const deployment = new Deployment(t, redis);
    const a = await deployment.start({ 'cluster.secret': one, 'cluster.old_secret': two });
    const { room, hostKey } = await createRoom(a);
    const ann = await join(t, a, { room, name: 'Ann', hostKey });
    const { link } = await makeLink(a, room, hostKey);
    const b = await deployment.start({ 'cluster.secret': two, 'cluster.old_secret': one });
    assert.equal((await join(t, b, { room, name: 'Bob', link })).welcome.members.length, 2);
    ann.server = b;
    const moved = await resume(t, ann);
    assert.equal(moved.id, ann.id);
    moved.server = a;
    assert.equal((await resume(t, moved)).id, ann.id, 'a token of the new secret holds on a server that still signs by the old');
  });

  test('a thousand rooms made, used and ended leave no key behind', async (t) => {
    const { redis, a, b } = await two(t, { 'limits.connections_per_address': 5000 });
    const before = await redis.keys();
    for (let hundred = 0; hundred < 10; ++hundred) {
      await Promise.all(Array.from({ length: 100 }, async (_, i) => {
        const server = i % 2 ? a : b;
        const { room, hostKey } = await createRoom(server);
        const ann = await join(t, server, { room, name: 'Ann', hostKey });
        await ann.chat('hello');
        ann.send({ t: 'end' });
        assert.equal(await ann.close(), 4005);
      }));
    }
    // What counts requests of an address is forgotten by itself after a minute.
    await until(async () => (await redis.keys()) <= before, 'the keys are gone', 100_000);
  });
});

describe('a Redis that is not there yet', { skip: skipWithoutRedis, concurrency: true }, () => {
  // A server that waits, and the Redis that is to come.
  const waiting = async (t, options = {}) => {
    const redis = await makeRedis(t, options);
    const server = new Deployment(t, redis).make({ 'ops.port': await freePort() });
    server.opsPort = server.settings['ops.port'];
    const started = server.start();
    const { message } = await within(server.logged((line) => line.message.startsWith('Waiting for Redis')), 'it waits');
    assert.match(message, /cannot be reached/);
    return { redis, server, started };
  };

  test('is waited for: alive, not ready, then it serves', async (t) => {
    const { redis, server, started } = await waiting(t);
    assert.deepEqual(await server.ops('/livez'), { status: 200, text: 'ok\n' });
    for (const path of ['/readyz', '/metrics', '/statusz']) {
      assert.deepEqual(await server.ops(path), { status: 503, text: 'starting\n' }, path);
    }
    await redis.start();
    assert.equal(await started, true);
    assert.deepEqual(await server.ops('/readyz'), { status: 200, text: 'ok\n' });
    await join(t, server, { room: (await createRoom(server)).room });
  });

  test('is not waited for after a signal', async (t) => {
    const { server, started } = await waiting(t);
    assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null });
    assert.equal(await started, false);
  });

  test('ends the start if it will not do', async (t) => {
    const { redis, server, started } = await waiting(t, { appendonly: 'no' });
    await redis.start();
    assert.equal(await started, false);
    server.endedByTest = true;
    assert.equal((await server.exited).code, 1);
    assert.match(server.output, /appendonly/);
  });
});

// What a server says at its start, instead of losing chat later.
describe('a Redis that will not do', { skip: skipWithoutRedis, concurrency: true }, () => {
  const refusedBy = async (t, redis, settings, fits) => {
    const { code, output } = await startRefused(t, { ...new Deployment(t, redis).settings, ...settings });
    assert.equal(code, 1, output);
    assert.match(output, fits);
    assert.match(output, /try:/);
  };
  const cases = [
    ['wants a password', { requirepass: 'secret' }, /password/i],
    ['may delete rooms', { maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' }, /allkeys-lru/],
    ['does not sync what it acknowledges', { appendfsync: 'everysec' }, /everysec/],
    ['keeps nothing on its disk', { appendonly: 'no' }, /appendonly/],
    ['is a replica that must not be written to', { replicaof: '127.0.0.1 1' }, /replica/],
  ];
  for (const [name, options, fits] of cases) {
    test(name, async (t) => refusedBy(t, await startRedis(t, options), {}, fits));
  }

  test('has keys of somebody else under our prefix', async (t) => {
    const redis = await startRedis(t);
    await redis.ask('SET', 'waaft:servers', 'something');
    await refusedBy(t, redis, {}, /waaft:/);
  });

  test('is used by servers with another secret', async (t) => {
    const redis = await startRedis(t);
    await new Deployment(t, redis).start();
    await refusedBy(t, redis, {}, /secret/);
  });

  test('syncs less, and the setting says that this is meant', async (t) => {
    const redis = await startRedis(t, { appendfsync: 'everysec' });
    const server = await new Deployment(t, redis).start({ 'redis.ack': 'memory' });
    assert.equal(JSON.parse((await server.ops('/statusz')).text).redis.appendfsync, 'everysec');
  });
});
