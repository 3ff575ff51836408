// A cable is cut without a word: the server finds out by itself who is gone.
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { join } from '../support/client.mjs';
import { endAfter } from '../support/cleanup.mjs';
import { farClient, joinedNamespaces, whyNoNamespaces } from '../support/namespaces.mjs';
import { createRoom } from '../support/rest.mjs';
import { startServer, until } from '../support/server.mjs';

const evaluate = (code) => [process.execPath, '--input-type=module', '-e', code];

// A program in the namespace `where`, and the JSON lines that it prints.
function run(t, where, what, ...command) {
  const child = endAfter(t, what, where.spawn(...command));
  const lines = [];
  createInterface({ input: child.stdout }).on('line', (line) => lines.push({ ...JSON.parse(line), at: Date.now() }));
  return { lines, find: (fits, which) => until(() => lines.find(fits), `${what}: ${which}`, 10 * 45_000) };
}
const enter = (t, where, wish) => run(t, where, wish.name, process.execPath, farClient, JSON.stringify(wish));
const follow = (t, where, code) => run(t, where, 'the counter', ...evaluate(code));

test('whose packets are lost is found silent', { skip: whyNoNamespaces() }, async (t) => {
  const [near, far] = joinedNamespaces(t);
  const server = await startServer(t, { 'tls.mode': 'off' }, { prefix: near.prefix });
  const origin = `http://10.231.0.1:${server.port}`;
  const url = `${origin.replace('http', 'ws')}/api/v1/ws`;
  const inside = (code) => near.run(...evaluate(code)).trim();
  const room = inside(`const answer = await fetch('${origin}/api/v1/rooms', { method: 'POST', headers: { Origin: '${origin}' } });
    console.log((await answer.json()).room);`);
  const closedSilent = follow(t, near, `for (;;) {
    const answer = await fetch('http://127.0.0.1:${server.opsPort}/metrics').catch(() => process.exit());
    const lines = (await answer.text()).split('\\n').filter((line) => line.startsWith('waaft_closed_silent_total{'));
    console.log(JSON.stringify({ count: lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0) }));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }`);

  const witness = enter(t, near, { url, origin, room, name: 'Witness' });
  await witness.find((message) => message.t === 'welcome', 'the welcome');
  enter(t, far, { url, origin, room, name: 'Live', live: true });
  enter(t, far, { url, origin, room, name: 'Watcher' });
  await witness.find((message) => message.member?.live.cam, 'that Live is on air');
  await witness.find((message) => message.member?.name === 'Watcher', 'that Watcher came');

  far.loseEverything();
  const lostAt = Date.now();
  const report = (what, { at }) => t.diagnostic(`${what} ${((at - lostAt) / 1000).toFixed(1)} s after the cut`);
  const away = (name) => (message) => message.t === 'member' && message.member.name === name && message.member.away;
  report('on air: closed as silent', await closedSilent.find(({ count }) => count >= 1, 'one is closed'));
  report('on air: shown as away', await witness.find(away('Live'), 'Live is away'));
  assert.ok(!witness.lines.some(away('Watcher')), 'who is on air is found first');
  report('watching: closed as silent', await closedSilent.find(({ count }) => count === 2, 'both are closed'));
  report('watching: shown as away', await witness.find(away('Watcher'), 'Watcher is away'));
  assert.ok(!witness.lines.some((message) => message.t === 'closed'), 'who answers stays');
});

test('a server that stood still closes nobody as silent', async (t) => {
  const settings = { 'ping.idle': '1s', 'ping.idle_timeout': '2s' };
  const [server, other] = [await startServer(t, settings), await startServer(t, settings)];
  const { room } = await createRoom(server);
  const people = await Promise.all(Array.from({ length: 200 }, (_, index) => join(t, server, { room, name: `Ann ${index}` })));
  const elsewhere = await createRoom(other);
  server.child.kill('SIGSTOP');
  // Nobody was heard for long enough when a server that runs has found somebody silent who came after the stop.
  const mute = await join(t, other, { room: elsewhere.room, name: 'Mute' }, { answerPings: false });
  assert.equal(await mute.close(), 4002);
  server.child.kill('SIGCONT');
  const before = people.map(({ pings }) => pings);
  await until(() => people.every(({ pings }, index) => pings >= before[index] + 3), 'three pings for each');
  await Promise.all(people.map((person, index) => person.chat(`still here ${index}`)));
  assert.equal(await server.metric('waaft_closed_silent_total'), 0);
  assert.ok(await server.metric('waaft_late_seconds_total') > 1);
});
