// A room's links as its host sees them: listed, voided one by one or all at once, over restarts and handovers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { join, joinOutcome, joinRefusal } from '../support/client.mjs';
import { assertError, createRoom, listLinks, makeLink, rest, voidLinks } from '../support/rest.mjs';
import { binary, startServer, temporaryFolder } from '../support/server.mjs';

const ofThree = [{ role: 'host' }, { role: 'speaker', name: 'Bea <b>' }, { role: 'viewer', expiresIn: 3600 }];

// One after the other: so they are in order.
async function makeThree(server, room, key) {
  const made = [];
  for (const link of ofThree) made.push(await makeLink(server, room, key, link));
  return made;
}

test('what was made is listed and voided at once, and stays so after a restart', async (t) => {
  const server = await startServer(t);
  const { room, hostKey } = await createRoom(server);
  assert.deepEqual(await listLinks(server, room, hostKey), []);
  assert.equal(await voidLinks(server, room, hostKey), 0);
  const before = Date.now();
  const made = await makeThree(server, room, hostKey);
  const listed = await listLinks(server, room, hostKey);
  // Those of one millisecond are in the order of their ids.
  const byId = (links) => [...links].sort((a, b) => (a.id < b.id ? -1 : 1));
  assert.deepEqual(byId(listed).map(({ createdAt, ...link }) => link),
    byId(made.map(({ id, role, expiresAt }, i) => ({ id, role, name: ofThree[i].name ?? '', madeBy: '', expiresAt, revoked: false }))));
  for (const { createdAt } of listed) assert.ok(createdAt >= before - 1000 && createdAt <= Date.now() + 1000, String(createdAt));
  await server.restart();
  assert.deepEqual(await listLinks(server, room, hostKey), listed);
  await join(t, server, { room, link: made[1].link });

  assert.equal((await rest(server, 'DELETE', `/rooms/${room}/links/${made[0].id}`, { key: hostKey })).status, 204);
  assert.deepEqual((await listLinks(server, room, hostKey)).filter(({ revoked }) => revoked).map(({ id }) => id), [made[0].id]);
  assert.equal(await voidLinks(server, room, hostKey), 2);
  for (const { link } of made) assert.equal(await joinRefusal(t, server, { room, link }), 'link_revoked');
  assert.equal(await voidLinks(server, room, hostKey), 0);
  const after = await makeLink(server, room, hostKey);
  await server.restart();
  for (const { link } of made) assert.equal(await joinRefusal(t, server, { room, link }), 'link_revoked');
  await join(t, server, { room, link: after.link });
  assert.deepEqual((await listLinks(server, room, hostKey)).map(({ revoked }) => revoked), [true, true, true, false]);
});

test('only who manages the room sees and voids its links', async (t) => {
  const keys = joinPath(temporaryFolder(t), 'keys');
  const school = execFileSync(binary, ['key', 'new', 'school', '--file', keys], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  const server = await startServer(t, { 'rooms.keys': keys });
  const { room, hostKey } = await createRoom(server);
  const other = await createRoom(server);
  const ann = await join(t, server, { room, name: 'Ann' });
  const made = await makeLink(server, room, school, { role: 'speaker' });
  for (const options of [{}, { key: 'wrong' }, { key: other.hostKey }, { key: ann.welcome.resume }, { key: made.link }]) {
    for (const method of ['GET', 'DELETE']) assertError(await rest(server, method, `/rooms/${room}/links`, options), 403, 'not_allowed');
  }
  await join(t, server, { room, link: made.link });
  assert.deepEqual((await listLinks(server, room, hostKey)).map(({ madeBy }) => madeBy), ['school']);
  assert.equal((await listLinks(server, room, school)).length, 1);
  assert.deepEqual(await listLinks(server, other.room, other.hostKey), []);
  assert.equal(await voidLinks(server, other.room, other.hostKey), 0);
  await join(t, server, { room, link: made.link });
  assert.equal(await voidLinks(server, room, school), 1);
  assert.equal(await joinRefusal(t, server, { room, link: made.link }), 'link_revoked');
  const wrong = await rest(server, 'PUT', `/rooms/${room}/links`, { key: hostKey });
  assertError(wrong, 405, 'method_not_allowed');
  assert.equal(wrong.headers.allow, 'GET, HEAD, POST, DELETE');
});

test('after a handover the new host sees all links, those for hosts as void, and voids the others', async (t) => {
  const server = await startServer(t);
  const { room, hostKey } = await createRoom(server, { kind: 'broadcast' });
  const host = await join(t, server, { room, hostKey });
  const heir = await join(t, server, { room, name: 'Heir' });
  const made = await makeThree(server, room, hostKey);
  host.send({ t: 'handover', member: heir.id });
  const { key } = await heir.take('hostKey');
  for (const method of ['GET', 'DELETE']) assertError(await rest(server, method, `/rooms/${room}/links`, { key: hostKey }), 403, 'not_allowed');
  const revoked = Object.fromEntries((await listLinks(server, room, key)).map((link) => [link.role, link.revoked]));
  assert.deepEqual(revoked, { host: true, speaker: false, viewer: false });
  const own = await makeLink(server, room, key, { role: 'host' });
  assert.deepEqual(await Promise.all(made.map(({ link }) => joinOutcome(t, server, { room, link }))), ['link_revoked', 'in', 'in']);
  assert.equal(await voidLinks(server, room, key), 3);
  assert.deepEqual(await Promise.all([...made, own].map(({ link }) => joinOutcome(t, server, { room, link }))), Array(4).fill('link_revoked'));
});

test('links of an ended room are not those of the next one of its name', async (t) => {
  const server = await startServer(t);
  const first = await createRoom(server, { name: 'every-monday' });
  await makeThree(server, first.room, first.hostKey);
  assert.equal((await rest(server, 'DELETE', '/rooms/every-monday', { key: first.hostKey })).status, 204);
  const next = await createRoom(server, { name: 'every-monday' });
  assert.deepEqual(await listLinks(server, next.room, next.hostKey), []);
  const made = await makeLink(server, next.room, next.hostKey);
  assert.deepEqual((await listLinks(server, next.room, next.hostKey)).map(({ id }) => id), [made.id]);
});

test('voiding all also ends the links of before they were recorded', async (t) => {
  const server = await startServer(t);
  const { room, hostKey } = await createRoom(server);
  const { link } = await makeLink(server, room, hostKey, { role: 'speaker' });
  // As an earlier version signed it: without when it was made.
  const { t: madeAt, ...claims } = JSON.parse(Buffer.from(link.split('.')[0], 'base64url').toString());
  assert.equal(typeof madeAt, 'number');
  const text = JSON.stringify({ ...claims, i: 'of-before' });
  const secret = readFileSync(joinPath(server.data, 'secret'), 'utf8').trim();
  const mac = createHmac('sha256', secret).update(`link\n${text}`).digest('base64url');
  const earlier = `${Buffer.from(text).toString('base64url')}.${mac}`;
  await join(t, server, { room, link: earlier });
  assert.equal(await voidLinks(server, room, hostKey), 1);
  assert.equal(await joinRefusal(t, server, { room, link: earlier }), 'link_revoked');
  await server.restart();
  assert.equal(await joinRefusal(t, server, { room, link: earlier }), 'link_revoked');
});
