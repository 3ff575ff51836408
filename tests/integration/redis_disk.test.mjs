// The disk of a shared Redis is full: it syncs before it answers, so it gives up, and its supervisor starts it again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { join } from '../support/client.mjs';
import { Deployment, makeRedis, skipWithoutRedis } from '../support/redis.mjs';
import { createRoom } from '../support/rest.mjs';
import { cleanUp, temporaryFolder } from '../support/server.mjs';

const isRoot = process.getuid() === 0;

// A disk of 4 MiB, until the test ends.
function smallDisk(t) {
  const folder = temporaryFolder(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'waaft-test', folder]);
  cleanUp(t, `the disk at ${folder}`, () => execFileSync('umount', ['-l', folder]));
  return folder;
}

function fill(file) {
  const filler = openSync(file, 'w');
  assert.throws(() => { for (;;) writeSync(filler, randomBytes(4096)); }, { code: 'ENOSPC' });
  closeSync(filler);
}

test('a full disk of Redis: nothing acknowledged is lost, the rest waits and then is sent',
  { skip: skipWithoutRedis || (isRoot ? false : 'a small disk needs root') }, async (t) => {
    const redis = await makeRedis(t, {}, smallDisk(t));
    await redis.start();
    const server = await new Deployment(t, redis).start();
    const { room } = await createRoom(server);
    const ann = await join(t, server, { room, name: 'Ann' });
    const bob = await join(t, server, { room, name: 'Bob' });

    const filler = path.join(redis.folder, 'filler');
    fill(filler);
    const sent = Array.from({ length: 40 }, (_, i) => ann.chat(`${i} ${'x'.repeat(500)}`));
    assert.equal((await ann.take('waiting')).on, true);
    await redis.exited;
    const bySeq = new Map(bob.chats().map(({ seq, text }) => [seq, text]));

    rmSync(filler);
    await redis.start();
    const acks = await Promise.all(sent);
    assert.deepEqual(acks.map(({ seq }) => seq), Array.from({ length: 40 }, (_, i) => i + 1));
    await bob.take((message) => message.t === 'chat' && message.seq === 40);
    assert.equal(bob.chats().length, 40, 'nothing twice');
    for (const [seq, text] of bySeq) assert.equal(bob.chats()[seq - 1].text, text);
  });
