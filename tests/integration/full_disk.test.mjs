// A server that starts where there is no space left: calls go on, chat says so, and all is well when there is space again.
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { temporaryFolder } from '../support/cleanup.mjs';
import { join, joinOutcome, resume } from '../support/client.mjs';
import { assertPromised } from '../support/openapi.mjs';
import { createRoom, http, rest } from '../support/rest.mjs';
import { startServer, until } from '../support/server.mjs';
import { mountSmallDisk, skipWithoutSmallDisk } from '../support/small_disk.mjs';
import { sql } from '../support/sqlite.mjs';

const startOn = (t, disk, folder = '') => startServer(t, { data: joinPath(disk.data, folder) }, { prefix: disk.prefix });

// A room with a message in it, of a server that ended by `signal`.
async function leaveRoom(t, disk, signal) {
  const server = await startOn(t, disk);
  const { room } = await createRoom(server);
  await (await join(t, server, { room })).chat('of before');
  await server.kill(signal);
  return room;
}

async function meetAndFindNoChat(t, server, room) {
  const [ann, bea] = [await join(t, server, { room }), await join(t, server, { room, name: 'Bea' })];
  ann.send({ t: 'signal', to: bea.id, call: 0, candidate: null });
  assert.equal((await bea.take('signal')).from, ann.id);
  bea.send({ t: 'state', mic: true, cam: false, screen: false });
  await ann.take((message) => message.t === 'member' && message.member.live.mic);
  await assert.rejects(ann.chat('not now'), { code: 'chat_unavailable' });
  return ann;
}

// Waits for the server to mend itself; then what was made on the full disk must outlive a kill.
async function mendsItself(t, server, disk, people) {
  disk.makeSpace();
  for (const ann of people) await until(() => ann.chat('kept').then(() => true, () => false), 'there is chat again');
  await until(async () => (await server.troubles()).length === 0, 'all is well again');
  await server.kill('SIGKILL');
  await server.restart();
  assert.deepEqual(await server.troubles(), []);
  for (const ann of people) {
    const again = await resume(t, ann);
    assert.equal(again.id, ann.id, 'the secret is the same');
    const bea = await join(t, server, { room: ann.room, name: 'Bea' });
    assert.equal(bea.welcome.items.at(-1).text, 'kept');
  }
}

describe('on a full disk', { skip: skipWithoutSmallDisk, concurrency: true }, () => {
  const states = [
    { what: 'an empty folder', mount: 'size=6m', fill: 'fill', says: ['database', 'secret', 'certificate'] },
    { what: 'an empty folder in which no file can be made', mount: 'size=6m,nr_inodes=40', fill: 'fillWithFiles', says: ['database', 'secret', 'certificate'] },
    { what: 'a folder that cannot be made', folder: 'new', mount: 'size=6m,nr_inodes=40', fill: 'fillWithFiles', says: ['database', 'secret', 'certificate'] },
    { what: 'a database', mount: 'size=6m', fill: 'fill', ended: 'SIGTERM', says: ['database'] },
    { what: 'a database whose log cannot be made', mount: 'size=6m,nr_inodes=40', fill: 'fillWithFiles', ended: 'SIGTERM', says: ['database'] },
    { what: 'a database with a log, of a server that was killed', mount: 'size=6m', fill: 'fill', ended: 'SIGKILL', says: [] },
  ];
  for (const { what, folder = '', mount, fill, ended, says } of states) {
    test(`a server starts with ${what}`, async (t) => {
      const disk = await mountSmallDisk(t, mount);
      const old = ended && await leaveRoom(t, disk, ended);
      disk[fill]();
      const server = await startOn(t, disk, folder);
      const files = joinPath(disk.outside, folder);
      assert.equal((await http(server, '/')).status, 200);
      assert.equal((await server.ops('/readyz')).status, 200, 'calls go on');
      const said = await server.troubles();
      for (const word of says) assert.equal(said.filter((trouble) => trouble.includes(word)).length, 1, `${word} in ${JSON.stringify(said)}`);
      assert.equal(said.length, says.length, JSON.stringify(said));

      const made = await rest(server, 'POST', '/rooms', { body: { name: 'made-on-a-full-disk' } });
      assertPromised('createRoom', made);
      assert.deepEqual([made.status, made.json.kept], [201, false], 'it is told that it is not kept yet');
      assert.equal((await rest(server, 'POST', '/rooms', { body: { name: made.json.room } })).status, 409);
      const people = [await meetAndFindNoChat(t, server, made.json.room)];
      if (old) {
        assert.equal((await rest(server, 'POST', '/rooms', { body: { name: old } })).status, 409, 'that room is somebody\'s');
        people.push(await meetAndFindNoChat(t, server, old));
        assert.deepEqual(people.at(-1).welcome.items.map(({ text }) => text), ['of before']);
      }
      const ca = (await http(server, '/ca.crt')).body;
      assert.equal((await http(server, '/', { secure: true, ca })).status, 200, 'its certificate is good');
      const lines = () => server.log.filter(({ level }) => level !== 'info').map(({ message }) => message).sort();
      await until(async () => isDeepStrictEqual(lines(), (await server.troubles()).sort()), 'each trouble is one line');
      await mendsItself(t, server, disk, people);
      assert.deepEqual(readFileSync(joinPath(files, 'tls', 'ca.crt')), ca, 'and it is the same later');
      assert.deepEqual(readdirSync(files).filter((name) => /new-|corrupt/.test(name)), []);
    });
  }

  test('what cannot be read is nobody\'s to take', async (t) => {
    const disk = await mountSmallDisk(t);
    const room = await leaveRoom(t, disk, 'SIGTERM');
    // As if it had not been written back: without space the log cannot be read, and the database alone may be old.
    writeFileSync(joinPath(disk.outside, 'waaft.db-wal'), 'x');
    disk.fill();
    const server = await startOn(t, disk);
    const ready = await server.ops('/readyz');
    assert.equal(ready.status, 503, 'people are sent to another server, if there is one');
    assert.match((await server.troubles())[0], /no room can be read/);
    assert.equal((await http(server, '/')).status, 200);
    assert.equal(await joinOutcome(t, server, { room }), 'busy');
    assert.equal((await rest(server, 'POST', '/rooms', { body: { name: room } })).status, 503);
    disk.makeSpace();
    await until(async () => (await server.ops('/readyz')).status === 200, 'it can be read again');
    const ann = await join(t, server, { room });
    assert.deepEqual(ann.welcome.items.map(({ text }) => text), ['of before']);
    await ann.chat('after');
  });

  test('a database of an older version waits for the space to copy it, untouched', async (t) => {
    const disk = await mountSmallDisk(t);
    const room = await leaveRoom(t, disk, 'SIGTERM');
    const file = joinPath(disk.outside, 'waaft.db');
    // SQLite follows the link that leads to that disk, and would be beside it.
    const elsewhere = joinPath(temporaryFolder(t), 'waaft.db');
    copyFileSync(file, elsewhere);
    await sql(elsewhere, 'DROP TABLE links');
    await sql(elsewhere, 'PRAGMA user_version = 2');
    const before = readFileSync(elsewhere);
    writeFileSync(file, before);
    disk.fill();
    const server = await startOn(t, disk);
    assert.match((await server.troubles())[0], /no room can be read/);
    assert.equal(await joinOutcome(t, server, { room }), 'busy');
    assert.deepEqual(readFileSync(file), before);
    assert.deepEqual(readdirSync(disk.outside).filter((name) => name.endsWith('.bak')), []);
    disk.makeSpace();
    await until(async () => (await server.ops('/readyz')).status === 200, 'it is migrated');
    const ann = await join(t, server, { room });
    assert.deepEqual(ann.welcome.items.map(({ text }) => text), ['of before']);
    await ann.chat('after');
    assert.ok(readdirSync(disk.outside).includes('waaft.db.v2.bak'));
  });
});
