// What is kept, and for how long; and what a container says that will keep nothing.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { join } from '../support/client.mjs';
import { createRoom, rest } from '../support/rest.mjs';
import { startServer, temporaryFolder, until } from '../support/server.mjs';
import { sql } from '../support/sqlite.mjs';

test('of each room the newest messages are kept, as many as may be, and marks for as long as a token may say else', async (t) => {
  const server = await startServer(t, { 'chat.keep_messages': 5 });
  const { room, hostKey } = await createRoom(server);
  // What decisions of four hours and of two hours ago left behind: roles (0), removals (1), bans (2).
  const database = joinPath(server.data, 'waaft.db');
  for (const hours of [4, 2]) {
    for (const kind of [0, 1, 2]) {
      await sql(database, 'INSERT INTO marks SELECT id, ?1, ?2, 0, ?3 FROM rooms',
        `${kind}-${hours}h`, kind, Date.now() - hours * 3_600_000);
    }
  }
  const ann = await join(t, server, { room });
  for (let number = 1; number <= 12; number += 1) await ann.chat(`${number}`);
  const texts = async () => (await rest(server, 'GET', `/rooms/${room}/chat`, { key: hostKey })).json.items.map(({ text }) => text);
  // The first time half a minute after the start.
  await until(async () => (await texts()).length === 5, 'the oldest are gone', 300_000);
  assert.deepEqual(await texts(), ['8', '9', '10', '11', '12']);
  const marks = async () => (await sql(database, 'SELECT member FROM marks ORDER BY member')).flat();
  await until(async () => (await marks()).length === 4, 'old marks are gone');
  assert.deepEqual(await marks(), ['0-2h', '1-2h', '2-2h', '2-4h'], 'a ban holds as long as its room');
  await server.restart();
  const bea = await join(t, server, { room, name: 'Bea' });
  assert.deepEqual(bea.welcome.items.map(({ text }) => text), ['8', '9', '10', '11', '12']);
  assert.ok((await bea.chat('13')).seq > bea.welcome.seq, 'a seq is not used again');
});

// A program whose wall clock the test moves, by seconds: the system's stays as it is.
function movedClock(t) {
  const folder = temporaryFolder(t);
  const [library, file] = [joinPath(folder, 'moved_clock.so'), joinPath(folder, 'seconds')];
  execFileSync('c++', ['-std=c++20', '-shared', '-fPIC', '-o', library,
    fileURLToPath(new URL('../support/moved_clock.cpp', import.meta.url))]);
  const moveBy = (seconds) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(seconds));
    writeFileSync(file, bytes, { flag: existsSync(file) ? 'r+' : 'w' });  // it is looked at in place
  };
  moveBy(0);
  return { prefix: ['env', `LD_PRELOAD=${library}`, `MOVED_CLOCK=${file}`], moveBy };
}
const noCompiler = spawnSync('c++', ['--version']).status === 0 ? false : 'there is no compiler';

test('nothing is deleted by its age after the wall clock jumped', { skip: noCompiler }, async (t) => {
  const day = 24 * 3600;
  const settings = { 'chat.keep_age': '1m' };
  const messages = async (server, { room, hostKey }) => (await rest(server, 'GET', `/rooms/${room}/chat`, { key: hostKey })).json.items;
  async function withMessage(clock) {
    const server = await startServer(t, settings, { prefix: clock.prefix });
    const room = await createRoom(server);
    const ann = await join(t, server, { room: room.room });
    await ann.chat('before');
    return { server, room, ann };
  }
  const [jumping, ahead] = [movedClock(t), movedClock(t)];
  const jumped = await withMessage(jumping);
  jumping.moveBy(day);
  await jumped.ann.chat('after');
  const [before, after] = await messages(jumped.server, jumped.room);
  assert.ok(after.at - before.at > day * 1000 / 2, 'the running server sees the clock jump');

  // One that was started later, with a clock that is as far ahead from the start, deletes what is too old for it.
  const started = await withMessage(ahead);
  await started.server.kill('SIGTERM');
  ahead.moveBy(day);
  await started.server.restart();
  await until(async () => (await messages(started.server, started.room)).length === 0, 'the other server sweeps', 300_000);
  // Each time it has looked at the time and at what there is to sweep, it says that it is alive.
  const alive = () => statSync(joinPath(jumped.server.data, 'alive')).mtimeMs;
  for (let looks = 0; looks < 2; looks += 1) {
    const last = alive();
    await until(() => alive() !== last, 'the server looks at the time');
  }
  assert.deepEqual((await messages(jumped.server, jumped.room)).map(({ text }) => text), ['before', 'after']);
});

// As in a container: process 1, with a volume or without.
const inside = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
const isRoot = process.getuid() === 0;
const noContainer = isRoot && spawnSync(inside[0], [...inside.slice(1), 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
  ? false : 'namespaces and mounts are not permitted here';

test('a container says whether its data is kept', { skip: noContainer }, async (t) => {
  const said = (server) => server.log.some(({ level, message }) => level === 'warning' && message.includes('not a volume'));

  await t.test('without a volume it warns, with the words that mend it', async (t2) => {
    const folder = temporaryFolder(t);
    if (statSync(folder).dev !== statSync('/').dev) return t2.skip('the temporary folder is a file system of its own');
    const data = joinPath(folder, 'data');
    const server = await startServer(t2, { data }, { prefix: inside });
    assert.ok(said(server), server.output);
    assert.ok(server.output.includes(`-v waaft:${data}`), server.output);
    await server.kill();
  });

  await t.test('with one it does not', async (t2) => {
    const data = joinPath(temporaryFolder(t), 'data');
    mkdirSync(data);
    const onVolume = [...inside, 'sh', '-c', 'mount -t tmpfs none "$0" && exec "$@"', data];
    const server = await startServer(t2, { data }, { prefix: onVolume });
    assert.ok(!said(server), server.output);
    await server.kill();
  });

  await t.test('where everything stays in memory that is said', async (t2) => {
    const server = await startServer(t2, { data: 'none' });
    assert.ok(server.log.some(({ level, message }) => level === 'warning' && message.includes('Nothing is kept on disk')), server.output);
  });
});

test('a data folder that vanishes is noticed, and what would be lost is refused', async (t) => {
  const server = await startServer(t);
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  await ann.chat('kept');
  const aside = `${server.data}-aside`;
  renameSync(server.data, aside);
  const line = await server.waitForLog('is gone or another one');
  assert.equal(line.level, 'error');
  const ready = await server.ops('/readyz');
  assert.equal(ready.status, 503);
  assert.deepEqual(JSON.parse((await server.ops('/statusz')).text).troubles, [line.message]);
  await assert.rejects(ann.chat('lost'), { code: 'chat_unavailable' });
  assert.equal((await rest(server, 'POST', '/rooms')).status, 503);
  ann.send({ t: 'state', mic: true, cam: false, screen: false });
  renameSync(aside, server.data);
  await server.waitForLog('This is over');
  assert.equal((await server.ops('/readyz')).status, 200);
  await ann.chat('kept again');
  await server.restart();
  const bea = await join(t, server, { room, name: 'Bea' });
  assert.deepEqual(bea.welcome.items.map(({ text }) => text), ['kept', 'kept again']);
});
