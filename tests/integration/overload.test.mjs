// More to do than can be done: who is there stays, who comes back gets in, who is new is told when to come again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endAfter } from '../support/cleanup.mjs';
import { connect, join } from '../support/client.mjs';
import { lineOf } from '../support/lines.mjs';
import { createRoom, rest } from '../support/rest.mjs';
import { startServer, until, within } from '../support/server.mjs';
import { comeAgain } from '../support/wait.mjs';

const idleTimeout = 4_000;
const oneShard = { 'listen.shards': 1, 'ping.idle': '1s', 'ping.idle_timeout': `${idleTimeout}ms` };
const patience = 120_000;
const many = (count, make) => Promise.all(Array.from({ length: count }, (_, index) => make(index)));
const enter = (client, wish) => client.send({ t: 'join', ...wish });
const answerTo = (client) => client.take(({ t }) => t === 'welcome' || t === 'bye', patience);

// The answer to a join, however often the server asks to come again.
async function insist(t, server, wish, first) {
  let asked = 0;
  let client = first;
  return comeAgain(async () => {
    client ??= await connect(t, server);
    enter(client, wish);
    const answer = await answerTo(client);
    if (answer.t === 'welcome') return { client, asked };
    assert.deepEqual({ code: answer.code, retry: answer.retry }, { code: 'busy', retry: true });
    assert.ok(answer.retryMs >= 500 && answer.retryMs <= 10_500, `retryMs: ${answer.retryMs}`);
    asked += 1;
    client = undefined;
    return { again: answer.retryMs };
  }, wish.name, patience);
}

// A server that stands still is late when it goes on: a process that is stopped has what a busy machine has, at once.
async function standStill(server, meanwhile) {
  server.child.kill('SIGSTOP');
  const since = performance.now();
  const done = meanwhile();
  await until(() => performance.now() - since > 4_000, 'it has stood still for long enough');
  server.child.kill('SIGCONT');
  return done;
}

test('a server that is late keeps its people, takes back who was there, and asks who is new to come again', async (t) => {
  const server = await startServer(t, oneShard);
  const { room } = await createRoom(server);
  const people = await many(100, (index) => join(t, server, { room, name: `Ann ${index}` }));
  const lost = people.splice(0, 10);
  await Promise.all(lost.map((person) => person.cut()));
  const newcomers = await many(50, () => connect(t, server));
  const back = await many(lost.length, () => connect(t, server));

  const [answers, welcomes, rooms] = await standStill(server, () => Promise.all([
    Promise.all(newcomers.map((client, index) => { enter(client, { room, name: `Bea ${index}` }); return answerTo(client); })),
    Promise.all(back.map((client, index) => {
      enter(client, { room, name: lost[index].name, resume: lost[index].welcome.resume });
      return client.take('welcome', patience);
    })),
    many(20, () => rest(server, 'POST', '/rooms', { body: {} })),
    Promise.all(people.map((person, index) => person.chat(`still here ${index}`))),
  ]));

  assert.ok(welcomes.every(({ resumed }) => resumed), 'who comes back is who they were');
  // Those whose joins it reads first are refused for certain; on a slow machine it may be well again before the last.
  const turnedAway = newcomers.filter((_, index) => answers[index].t === 'bye');
  const byes = answers.filter(({ t: type }) => type === 'bye');
  assert.ok(byes.length > 0 && byes.every(({ code }) => code === 'busy'), JSON.stringify(byes));
  const waits = byes.map(({ retryMs }) => retryMs);
  assert.ok(waits.every((wait) => wait >= 500 && wait <= 10_500), `${waits}`);
  assert.ok(new Set(waits).size > waits.length / 2, `each at another time: ${waits}`);
  assert.deepEqual(await many(turnedAway.length, (index) => turnedAway[index].close()), turnedAway.map(() => 4011));
  const refused = rooms.filter(({ status }) => status !== 201);
  assert.ok(refused.length > 0, 'new rooms are refused');
  for (const { status, json, headers } of refused) {
    assert.deepEqual([status, json.error.code], [503, 'busy']);
    assert.match(headers['retry-after'], /^([1-9]|10|11)$/);
  }

  assert.ok(await server.metric('waaft_loop_lag_seconds_sum') > 2);
  assert.ok(await server.metric('waaft_loop_lag_seconds_count') > 0);
  assert.equal(await server.metric('waaft_joins_refused_total'), turnedAway.length);
  assert.equal(await server.metric('waaft_rooms_refused_total'), refused.length);

  const told = () => people.flatMap(({ history }) => history.filter((message) => message.t === 'ping').map((ping) => ping.within));
  assert.deepEqual(told().filter((ms) => ms % idleTimeout !== 0 || ms > 4 * idleTimeout), []);
  assert.ok(told().some((ms) => ms > idleTimeout), 'pings were stretched');
  const normal = () => people.every(({ lastPing }) => lastPing.within === idleTimeout);
  await until(normal, 'pings are as they were', patience);

  await insist(t, server, { room, name: 'Bea' }, await connect(t, server));
  await until(async () => (await rest(server, 'POST', '/rooms', { body: {} })).status === 201, 'rooms are made again', patience);
  assert.deepEqual(people.filter(({ end }) => end), [], 'nobody lost the connection');
  assert.equal(await server.metric('waaft_closed_silent_total'), 0);
  assert.ok(JSON.parse((await server.ops('/statusz')).text).loopLagMs.every((ms) => ms >= 0));
});

test('of more joins at once than can be taken each gets in that comes when it is asked to; who is there stays', async (t) => {
  const server = await startServer(t, oneShard);
  const { room } = await createRoom(server);
  const people = await many(20, (index) => join(t, server, { room, name: `Ann ${index}` }));
  const newcomers = await many(500, () => connect(t, server));
  const entered = many(newcomers.length, (index) => insist(t, server, { room, name: `Bea ${index}` }, newcomers[index]));
  await Promise.all(people.map((person, index) => person.request({ t: 'chat', text: `meanwhile ${index}` })));
  const asked = (await entered).reduce((sum, each) => sum + each.asked, 0);
  t.diagnostic(`${asked} times somebody was asked to come again`);
  assert.equal(await server.metric('waaft_joins_refused_total'), asked);
  assert.equal(await server.metric('waaft_joins_waiting'), 0);
  assert.equal(await server.metric('waaft_members'), people.length + newcomers.length);
  assert.deepEqual(people.filter(({ end }) => end), [], 'nobody lost the connection');
});

test('a join that was sent is not timed out because the store is slow', async (t) => {
  const server = await startServer(t);
  const { room } = await createRoom(server);
  await server.restart();  // the room has to be read again
  const tasks = `/proc/${server.pid}/task`;
  // A thread has its name as soon as it has run.
  const named = () => readdirSync(tasks).find((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8') === 'store\n');
  const store = await until(named, 'the thread of the store');
  const program = fileURLToPath(new URL('../support/stop_thread.py', import.meta.url));
  const stopper = endAfter(t, 'who stops a thread', spawn('python3', [program, store]));
  const said = await within(lineOf(stopper.stdout, () => true, 'a word'), 'the thread stops');
  if (said === 'refused') return t.skip('ptrace is not permitted here');

  const ann = await connect(t, server);
  enter(ann, { room, name: 'Ann' });
  await until(async () => await server.metric('waaft_messages_received_total') === 1, 'the join has come');
  const mute = await connect(t, server);  // it says nothing, and came later
  assert.equal((await within(mute.closed, 'who says nothing is let go', patience)).code, 4008);
  assert.equal(ann.end, undefined);
  stopper.stdin.end();
  assert.equal((await ann.take('welcome', patience)).room.id, room);
  await ann.chat('here at last');
});
