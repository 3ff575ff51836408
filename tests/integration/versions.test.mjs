// Two versions of the server side by side, as during a rollout: the first one of each protocol version that is still
// spoken (tests/data/protocols.json) beside the one under test. WAAFT_EARLIER names them: "1=/path/of/waaft".
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { join, resume } from '../support/client.mjs';
import { Deployment, skipWithoutRedis, startRedis } from '../support/redis.mjs';
import { createRoom } from '../support/rest.mjs';
import { binary, until } from '../support/server.mjs';

const earlier = (process.env.WAAFT_EARLIER ?? '').split(' ').filter(Boolean).map((entry) => entry.split('='));
const skip = skipWithoutRedis || (earlier.length === 0 && 'WAAFT_EARLIER names no earlier program; make test-versions builds it');

async function sideBySide(t, programs) {
  const redis = await startRedis(t);
  const deployment = new Deployment(t, redis, { 'drain.spread': '200ms', 'drain.grace': '1m' });
  const servers = [];
  for (const program of programs) servers.push(await deployment.start({}, { program }));
  const alive = async (server) => JSON.parse((await server.ops('/statusz')).text).serversAlive === programs.length;
  for (const server of servers) await until(() => alive(server), 'the servers know of each other');
  return servers;
}

// Everything that servers tell each other about a room: people, state, roles, chat and what is done to it, signals.
async function meet(t, first, second) {
  const { room, hostKey } = await createRoom(first);
  const ann = await join(t, first, { room, name: 'Ann', hostKey });
  const bob = await join(t, second, { room, name: 'Bob' });
  await ann.take('joined');
  const { seq } = await bob.chat('hello');
  assert.equal((await ann.take('chat')).text, 'hello');
  await ann.react(seq, '👍');
  await bob.take('react');
  bob.send({ t: 'state', mic: true, cam: false, screen: false });
  assert.equal((await ann.take('member')).member.live.mic, true);
  ann.send({ t: 'signal', to: bob.id, call: 0, candidate: null });
  await bob.take('signal');
  ann.send({ t: 'lock', on: true });
  assert.equal((await bob.take('room')).room.locked, true);
  ann.send({ t: 'handover', member: bob.id });
  await bob.take('hostKey');
  return { room, ann, bob };
}

describe('an earlier version and this one', { skip }, () => {
  for (const [version, program] of earlier) {
    for (const [title, programs] of [['the earlier one first', [program, binary]], ['this one first', [binary, program]]]) {
      test(`protocol ${version}, ${title}: one room, and its people move to the other`, async (t) => {
        const [first, second] = await sideBySide(t, programs);
        const { ann, bob } = await meet(t, first, second);
        first.child.kill('SIGTERM');
        assert.equal((await ann.take('restarting')).move, true);
        ann.server = second;
        const moved = await resume(t, ann);
        assert.equal(moved.id, ann.id);
        assert.equal((await first.exited).code, 0);
        first.endedByTest = true;
        await bob.chat('still here');
        assert.equal((await moved.take('chat')).text, 'still here');
        assert.ok(!bob.history.some(({ t: kind }) => kind === 'left'));
      });
    }
  }
});
