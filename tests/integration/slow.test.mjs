// A reader that stops reading is let go; nobody else waits for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join, resume } from '../support/client.mjs';
import { createRoom } from '../support/rest.mjs';
import { startServer, until } from '../support/server.mjs';

// Socket buffers hold some megabytes before the server sees that nothing is read. They are filled by and by: who reads,
// but late, must not be taken for the slow reader, so no more is on its way at a time than a queue of 128 KiB holds.
const changes = 400;  // that everybody is told of

async function openRoom(t, settings) {
  const server = await startServer(t, { 'limits.messages_per_second': 10000, ...settings });
  const { room } = await createRoom(server);
  const people = [];
  for (const name of ['Ann', 'Bea', 'Slow']) people.push(await join(t, server, { room, name }));
  return { server, people };
}

async function fillUntilClosed(server, ann, bea) {
  await until(async () => {
    for (let i = 0; i < changes; i += 1) ann.send({ t: 'state', mic: i % 2 === 0, cam: false, screen: false });
    const { seq } = await ann.chat('meanwhile');
    await bea.take((message) => message.t === 'chat' && message.seq === seq);
    return await server.metric('waaft_closed_slow_total') === 1;
  }, 'the slow reader is closed', 60_000);
}

for (const [why, settings] of [
  ['more waits for it than may', { 'limits.send_queue': '128KiB', 'limits.send_timeout': '5m' }],
  ['it takes nothing for too long', { 'limits.send_queue': '64MiB', 'limits.send_timeout': '500ms' }],
]) {
  test(`a reader is slow: ${why}`, async (t) => {
    const { server, people: [ann, bea, slow] } = await openRoom(t, settings);
    slow.socket.pause();
    await fillUntilClosed(server, ann, bea);
    const { seq } = await ann.chat('the last');
    await bea.take((message) => message.t === 'chat' && message.seq === seq);
    assert.deepEqual(bea.chats().map((message) => message.seq), Array.from({ length: seq }, (_, i) => i + 1));
    assert.equal(ann.end, undefined);

    slow.socket.resume();
    await slow.close();
    const again = await resume(t, slow);
    const missed = [...slow.chats(), ...again.welcome.items].map((message) => message.seq);
    assert.deepEqual(missed, Array.from({ length: seq }, (_, i) => i + 1), 'it can catch up');
  });
}
