// What was said to be done is done: a ban, a role, a lock, a handover and an end that could not be written at first.
import assert from 'node:assert/strict';
import { join as joinPath } from 'node:path';
import { describe, test } from 'node:test';
import { joinRefusal } from '../support/client.mjs';
import { assertHolds, decide, gather, hearOf } from '../support/decisions.mjs';
import { Deployment, skipWithoutRedis, startRedis } from '../support/redis.mjs';
import { createRoom, rest } from '../support/rest.mjs';
import { startServer, until } from '../support/server.mjs';
import { mountSmallDisk, skipWithoutSmallDisk } from '../support/small_disk.mjs';
import { holdDatabase } from '../support/sqlite.mjs';

const unwritten = async (server) => JSON.parse((await server.ops('/statusz')).text).troubles
  .some((trouble) => trouble.startsWith('What hosts decided'));

// They are told, it cannot be written, what was in the way goes, it is written, and outlives a kill.
async function holdsAfter(gathered, makeWay) {
  const { server } = gathered;
  decide(gathered);
  await hearOf(gathered);
  await until(() => unwritten(server), 'it is said that it is not written');
  await makeWay();
  await until(async () => !await unwritten(server), 'it is written');
  await server.kill('SIGKILL');
  await server.restart();
  await assertHolds(gathered);
}

describe('what was decided holds', { concurrency: true }, () => {
  test('after a full disk', { skip: skipWithoutSmallDisk }, async (t) => {
    const disk = await mountSmallDisk(t);
    const server = await startServer(t, { data: disk.data }, { prefix: disk.prefix });
    const gathered = await gather(t, server);
    const ended = await createRoom(server);
    disk.fill();
    assert.equal((await rest(server, 'DELETE', `/rooms/${ended.room}`, { key: ended.hostKey })).status, 204);
    await until(() => unwritten(server), 'the end cannot be written');
    assert.equal(await joinRefusal(t, server, { room: ended.room }), 'room_ended', 'though the disk does not know yet');
    await holdsAfter(gathered, () => disk.makeSpace());
    assert.equal(await joinRefusal(t, server, { room: ended.room }), 'room_ended');
  });

  test('after somebody else held the database', async (t) => {
    const server = await startServer(t);
    const gathered = await gather(t, server);
    const release = await holdDatabase(t, joinPath(server.data, 'waaft.db'));
    await holdsAfter(gathered, release);
  });

  test('where rooms are shared and Redis stood still: nobody is told before it is agreed', { skip: skipWithoutRedis }, async (t) => {
    const redis = await startRedis(t);
    const deployment = new Deployment(t, redis);
    const [a, b] = await Promise.all([deployment.start(), deployment.start()]);
    const gathered = await gather(t, a);
    redis.child.kill('SIGSTOP');
    decide(gathered);
    await until(async () => await a.metric('waaft_redis_up') === 0, 'Redis is away');
    assert.equal(gathered.bad.end, undefined);
    assert.ok(!gathered.sue.history.some(({ t: kind }) => kind === 'room'), 'nobody was told of the lock');
    redis.child.kill('SIGCONT');
    await hearOf(gathered);
    await a.kill('SIGKILL');
    await assertHolds(gathered, b);
  });
});
