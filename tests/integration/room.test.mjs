// Rooms as people live them: roles, the one order of the chat, coming back, moderation, restarts, silence.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { connect, join, joinRefusal, makeNonce, Refused, resume } from '../support/client.mjs';
import { assertError, createRoom, rest } from '../support/rest.mjs';
import { startServer, until, within } from '../support/server.mjs';

const refusedWith = (code) => (error) => error instanceof Refused && error.code === code;
const roleOf = (client, id = client.id) => client.members.get(id)?.role;
const liveOf = (client, id) => client.members.get(id).live;
const state = (mic, cam, screen = false) => ({ t: 'state', mic, cam, screen });

// A room with its host and one more person per name.
async function openRoom(t, server, settings, ...names) {
  const { room, hostKey } = await createRoom(server, settings);
  const host = await join(t, server, { room, name: 'Host', hostKey });
  const others = [];
  for (const name of names) others.push(await join(t, server, { room, name }));
  return { room, hostKey, host, others };
}

test('people in a call and in a broadcast', async (t) => {
  const server = await startServer(t);

  await t.test('a call: everybody speaks, everybody hears who comes and goes', async () => {
    const { host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    assert.deepEqual([host, ann, bea].map((each) => roleOf(each)), ['host', 'speaker', 'speaker']);
    assert.deepEqual([...bea.members.values()].map((member) => member.name).sort(), ['Ann', 'Bea', 'Host']);
    assert.equal((await host.take((message) => message.t === 'joined' && message.member.id === bea.id)).member.name, 'Bea');
    ann.send(state(true, true));
    await bea.take((message) => message.t === 'member' && message.member.live.cam);
    assert.deepEqual(liveOf(bea, ann.id), { mic: true, cam: true, screen: false });
    bea.send({ t: 'leave' });
    assert.equal(await bea.close(), 4009);
    assert.deepEqual(await ann.take('left'), { t: 'left', id: bea.id, why: 'left' });
  });

  await t.test('a broadcast: the host publishes, and invites', async () => {
    const { host, others: [ann, bea] } = await openRoom(t, server, { kind: 'broadcast' }, 'Ann', 'Bea');
    assert.deepEqual([host, ann, bea].map((each) => roleOf(each)), ['host', 'viewer', 'viewer']);
    assert.equal(await ann.refusal(state(true, false)), 'not_allowed');
    assert.equal(await ann.refusal({ t: 'accept' }), 'not_allowed');
    assert.equal(await ann.refusal({ t: 'invite', member: bea.id }), 'not_allowed');

    host.send({ t: 'invite', member: ann.id });
    assert.deepEqual(await ann.take('invited'), { t: 'invited', by: host.id });
    ann.send({ t: 'accept' });
    await bea.take((message) => message.t === 'member' && message.member.id === ann.id && message.member.role === 'speaker');
    ann.send(state(true, false));
    await host.take((message) => message.t === 'member' && message.member.live.mic);

    ann.send({ t: 'decline' });
    await host.take((message) => message.t === 'member' && message.member.role === 'viewer');
    assert.deepEqual(liveOf(host, ann.id), { mic: false, cam: false, screen: false });
    host.send({ t: 'invite', member: bea.id });
    await bea.take('invited');
    bea.send({ t: 'decline' });
    assert.equal(await bea.refusal({ t: 'accept' }), 'not_allowed');
    host.send({ t: 'role', member: bea.id, role: 'speaker' });
    await bea.take((message) => message.t === 'member' && message.member.id === bea.id && message.member.role === 'speaker');
  });

  await t.test('signals reach whom they are for, and nobody else', async () => {
    const { host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    const payload = { description: { type: 'offer', sdp: 'v=0\r\n' }, call: 3 };
    ann.send({ t: 'signal', to: bea.id, ...payload });
    assert.deepEqual(await bea.take('signal'), { t: 'signal', from: ann.id, ...payload });
    const candidate = { candidate: 'candidate:1 1 udp 1 192.0.2.1 9 typ host', sdpMid: '0', sdpMLineIndex: 0, usernameFragment: 'abcd' };
    ann.send({ t: 'signal', to: bea.id, candidate, call: 3 });
    assert.deepEqual((await bea.take('signal')).candidate, candidate);
    ann.send({ t: 'signal', to: bea.id, candidate: null, call: 3 });
    assert.equal((await bea.take('signal')).candidate, null);
    assert.equal(await ann.refusal({ t: 'signal', to: 'x'.repeat(16), ...payload }), 'member_unknown');
    await host.settled();
    assert.ok(!host.history.some((message) => message.t === 'signal'));
  });

  await t.test('two viewers of a broadcast have nothing to signal', async () => {
    const { others: [ann, bea] } = await openRoom(t, server, { kind: 'broadcast' }, 'Ann', 'Bea');
    assert.equal(await ann.refusal({ t: 'signal', to: bea.id, candidate: null, call: 0 }), 'not_allowed');
  });
});

test('places for direct media', async (t) => {
  const server = await startServer(t, { 'mesh.max': 3 });
  const { host, others: [ann, bea, cem, dan] } = await openRoom(t, server, {}, 'Ann', 'Bea', 'Cem', 'Dan');
  assert.deepEqual([host, ann, bea, cem, dan].map((each) => dan.members.get(each.id).place), [true, true, true, false, false]);
  assert.equal(dan.welcome.room.meshMax, 3);
  assert.equal(await cem.refusal({ t: 'signal', to: ann.id, candidate: null, call: 0 }), 'not_allowed');
  ann.send({ t: 'leave' });
  assert.equal((await cem.take((message) => message.t === 'member' && message.member.id === cem.id)).member.place, true);
  await dan.settled();
  assert.equal(dan.members.get(dan.id).place, false);
  await cem.chat('without a place one has the whole chat');
});

test('how many fit into a room', async (t) => {
  const server = await startServer(t);
  const { room, hostKey } = await createRoom(server, { membersMax: 2 });
  const ann = await join(t, server, { room });
  await join(t, server, { room, name: 'Bea' });
  assert.equal(await joinRefusal(t, server, { room, name: 'Cem' }), 'room_full');
  await join(t, server, { room, name: 'Host', hostKey });
  ann.send({ t: 'leave' });
  await ann.close();
  assert.equal(await joinRefusal(t, server, { room, name: 'Cem' }), 'room_full', 'the host counts');
});

test('chat', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 1000 });

  await t.test('everybody sees one order, and an ack means that it is in it', async () => {
    const { others: people } = await openRoom(t, server, {}, 'Ann', 'Bea', 'Cem', 'Dan');
    const acks = await Promise.all(people.flatMap((who) => Array.from({ length: 50 }, (_, i) =>
      who.chat(`${who.name} ${i}`).then((ack) => [ack.seq, `${who.name} ${i}`]))));
    for (const who of people) await who.settled();
    const orders = people.map((who) => who.chats().filter((message) => message.text !== 'settled').map((message) => [message.seq, message.text]));
    for (const order of orders) assert.deepEqual(order, orders[0]);
    assert.deepEqual([...acks].sort((a, b) => a[0] - b[0]), orders[0]);
    assert.equal(new Set(acks.map(([seq]) => seq)).size, 200);
    for (const who of people) {
      const own = orders[0].filter(([, text]) => text.startsWith(who.name)).map(([, text]) => text);
      assert.deepEqual(own, Array.from({ length: 50 }, (_, i) => `${who.name} ${i}`), 'each author is in the order of sending');
    }
  });

  await t.test('a repeated nonce is the same message, also after a restart', async () => {
    const { room, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    const nonce = makeNonce();
    const first = await ann.chat('once', nonce);
    assert.deepEqual(await ann.chat('once', nonce), first);
    await server.kill('SIGKILL');
    await server.restart();
    const again = await resume(t, ann);
    assert.deepEqual(await again.chat('once', nonce), first);
    const beaAgain = await resume(t, bea);
    await beaAgain.chat('twice', nonce);
    const cem = await join(t, server, { room, name: 'Cem' });
    assert.deepEqual(cem.welcome.items.map((item) => item.text), ['once', 'twice'], 'a nonce is its author\'s own');
  });

  await t.test('delete, react and erase', async () => {
    const { room, host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    const { seq: one } = await ann.chat('one');
    const { seq: two } = await ann.chat('two');
    const { seq: three } = await bea.chat('three');
    await assert.rejects(bea.delete(one), refusedWith('not_allowed'));
    await assert.rejects(ann.delete(9999), refusedWith('target_unknown'));
    await ann.delete(one);
    await host.delete(three);
    await ann.react(two, '🎉');
    await bea.react(two, '🎉');
    await bea.react(two, '👍');
    await ann.react(two, '🎉', false);
    const gone = await bea.take((message) => message.t === 'delete');
    assert.deepEqual({ target: gone.target, from: gone.from }, { target: one, from: ann.id });
    const cem = await join(t, server, { room, name: 'Cem' });
    const items = cem.welcome.items.map(({ seq, text, deleted, reactions }) => ({ seq, text, deleted, reactions }));
    assert.deepEqual(items, [
      { seq: one, text: '', deleted: true, reactions: undefined },
      { seq: two, text: 'two', deleted: undefined, reactions: { '🎉': [bea.id], '👍': [bea.id] } },
      { seq: three, text: '', deleted: true, reactions: undefined },
    ]);
    assert.equal(await ann.refusal({ t: 'erase' }), 'not_allowed');
    host.send({ t: 'erase' });
    const erased = await ann.take('erase');
    assert.ok(erased.seq > three);
    const dan = await join(t, server, { room, name: 'Dan' });
    assert.deepEqual(dan.welcome.items, []);
    await assert.rejects(bea.react(two, '👍'), refusedWith('target_unknown'));
  });

  await t.test('older messages come in pages', async () => {
    const { room, hostKey, others: [ann] } = await openRoom(t, server, {}, 'Ann');
    await Promise.all(Array.from({ length: 130 }, (_, i) => ann.chat(`${i}`)));
    const bea = await join(t, server, { room, name: 'Bea' });
    assert.equal(bea.welcome.more, true);
    assert.deepEqual(bea.welcome.items.map((item) => item.text), Array.from({ length: 100 }, (_, i) => `${i + 30}`));
    const page = await bea.older(bea.welcome.items[0].seq, 20);
    assert.deepEqual([page.items.map((item) => item.text), page.more], [Array.from({ length: 20 }, (_, i) => `${i + 10}`), true]);
    const last = await bea.older(page.items[0].seq, 100);
    assert.deepEqual([last.items.map((item) => item.text), last.more], [Array.from({ length: 10 }, (_, i) => `${i}`), false]);
    const overRest = (await rest(server, 'GET', `/rooms/${room}/chat?before=${page.items[0].seq}`, { key: hostKey })).json;
    assert.deepEqual(overRest.items, last.items);
  });

  await t.test('texts arrive as they were sent', async () => {
    const { others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    for (const text of ['<script>alert(1)</script>', 'zwei\nZeilen', '👩‍👩‍👧‍👦 é ‏עברית', '"\\\u2028', 'x'.repeat(4096)]) {
      await ann.chat(text);
      assert.equal((await bea.take('chat')).text, text);
    }
  });
});

test('coming back', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 1000, 'resume.shown_after': '30s' });

  await t.test('soon: nobody sees anything, and nothing is missed', async () => {
    const { host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    await ann.chat('before');
    await bea.settled();
    await bea.cut();
    await ann.chat('missed');
    const again = await resume(t, bea);
    assert.deepEqual([again.id, again.welcome.resumed, again.welcome.gap], [bea.id, true, undefined]);
    assert.deepEqual(again.welcome.items.map((item) => item.text), ['missed']);
    await host.settled();
    const about = host.history.filter((message) => message.id === bea.id || message.member?.id === bea.id);
    assert.deepEqual(about.map((message) => message.t), ['joined']);
  });

  await t.test('on a second connection: the first is replaced', async () => {
    const { others: [ann] } = await openRoom(t, server, {}, 'Ann');
    const second = await resume(t, ann);
    assert.equal(await ann.close(), 4006);
    await second.chat('here');
  });

  await t.test('after `kill -9`: everything that was acked, as the same people', async () => {
    const { host, hostKey, others: [ann, bea] } = await openRoom(t, server, { kind: 'broadcast' }, 'Ann', 'Bea');
    host.send({ t: 'role', member: ann.id, role: 'speaker' });
    host.send({ t: 'lock', on: true });
    await bea.take('room');
    const acked = [];
    const posting = (async () => {
      for (let i = 0; i < 100000; i += 1) {
        await ann.chat(`${i}`);
        acked.push(`${i}`);
      }
    })().catch(() => {});
    await until(() => acked.length > 30, 'some messages are acked');
    await server.kill('SIGKILL');
    await posting;
    await server.restart();
    const [annAgain, beaAgain, hostAgain] = [await resume(t, ann), await resume(t, bea), await resume(t, host, { hostKey })];
    assert.deepEqual([annAgain.id, beaAgain.id, hostAgain.id], [ann.id, bea.id, host.id]);
    assert.equal(annAgain.welcome.epoch, ann.welcome.epoch);
    assert.deepEqual([annAgain, beaAgain, hostAgain].map((each) => roleOf(each)), ['speaker', 'viewer', 'host']);
    assert.equal(hostAgain.welcome.room.locked, true);
    const texts = [...bea.chats(), ...beaAgain.welcome.items].map((item) => item.text);
    assert.deepEqual(texts.slice(0, acked.length), acked, 'what was acked is there, once, in order');
    assert.ok(texts.length <= acked.length + 1);
    const { seq } = await annAgain.chat('on we go');
    assert.equal((await hostAgain.take((message) => message.t === 'chat' && message.text === 'on we go')).seq, seq);
    assert.ok(seq > Math.max(...beaAgain.welcome.items.map((item) => item.seq), 0));
  });

  await t.test('with a token that is void', async () => {
    const { room, host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    ann.send({ t: 'leave' });
    await ann.close();
    assert.equal(await joinRefusal(t, server, { room, resume: ann.welcome.resume }), 'resume_bad');
    host.send({ t: 'remove', member: bea.id });
    await bea.close();
    await server.restart();
    for (const who of [ann, bea]) {
      assert.equal(await joinRefusal(t, server, { room, resume: who.welcome.resume }), 'resume_bad', 'also after a restart');
    }
    const [payload, mac] = host.welcome.resume.split('.');
    assert.equal(await joinRefusal(t, server, { room, resume: `${payload}.${mac.slice(1)}A` }), 'resume_bad');
    const other = await createRoom(server);
    assert.equal(await joinRefusal(t, server, { room: other.room, resume: host.welcome.resume }), 'resume_bad');
  });
});

test('after three seconds the others see that somebody is away', async (t) => {
  const server = await startServer(t);
  const { host, others: [ann] } = await openRoom(t, server, {}, 'Ann');
  await ann.cut();
  const away = await host.take((message) => message.t === 'member' && message.member.id === ann.id);
  assert.equal(away.member.away, true);
  assert.equal(await server.metric('waaft_members_away'), 1);
  const again = await resume(t, ann);
  const back = await host.take((message) => message.t === 'member' && message.member.id === ann.id);
  assert.equal(back.member.away, false);
  assert.equal(again.id, ann.id);
});

test('who is away for too long has left', async (t) => {
  const server = await startServer(t, { 'resume.window': '1s', 'resume.shown_after': '200ms' });
  const { room, host, others: [ann] } = await openRoom(t, server, {}, 'Ann');
  await ann.cut();
  assert.equal((await host.take((message) => message.t === 'member')).member.away, true);
  assert.deepEqual(await host.take('left'), { t: 'left', id: ann.id, why: 'lost' });
  assert.equal((await rest(server, 'GET', `/rooms/${room}`)).json.members, 1);
});

test('a page that is closed has left soon, one that is loaded again has not', async (t) => {
  const server = await startServer(t);  // with a minute for whom the network lost
  const { host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
  bea.send({ t: 'going' });
  await bea.cut();
  const again = await resume(t, bea);
  assert.equal(again.id, bea.id);
  ann.send({ t: 'going' });
  await ann.cut();
  assert.deepEqual(await host.take('left'), { t: 'left', id: ann.id, why: 'lost' });
  await host.settled();
  assert.ok(host.members.has(bea.id));
});

test('old tokens', async (t) => {
  const server = await startServer(t, { 'resume.window': '2s', 'resume.shown_after': '200ms' });

  await t.test('are renewed while one is connected', async () => {
    const { others: [ann] } = await openRoom(t, server, {}, 'Ann');
    const first = ann.welcome.resume;
    await ann.take('resume');
    assert.notEqual(ann.welcome.resume, first);
    const again = await resume(t, ann);
    assert.equal(again.id, ann.id);
  });

  await t.test('let nobody in after a restart who was lost before, past a lock', async () => {
    const { room, host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    host.send({ t: 'lock', on: true });
    await ann.cut();
    await host.take((message) => message.t === 'left' && message.id === ann.id);
    await host.chat('what is said now is on disk behind it');
    await server.kill();
    await server.restart();
    const again = await resume(t, bea);
    assert.equal(again.id, bea.id);
    assert.equal(await joinRefusal(t, server, { room, resume: ann.welcome.resume }), 'resume_bad');
  });

  await t.test('make nobody host', async () => {
    const { host } = await openRoom(t, server, {}, 'Ann');
    await server.kill();
    await server.restart();
    const again = await resume(t, host);
    assert.deepEqual([again.id, again.members.get(again.id).role], [host.id, 'speaker']);
  });
});

test('who went away while the room was read from disk is not in it', async (t) => {
  const server = await startServer(t, { 'resume.window': '1s', 'resume.shown_after': '200ms' });
  const { room, host } = await openRoom(t, server, {});
  await Promise.all(Array.from({ length: 40 }, (_, index) => host.chat(`${index}`.padEnd(4000))));
  for (let round = 0; round < 3; round += 1) {
    await server.restart();
    const quick = await Promise.all(Array.from({ length: 30 }, () => connect(t, server)));
    for (const client of quick) {
      client.send({ t: 'join', room, name: 'Quick' });
      client.socket.terminate();
    }
    const witness = await join(t, server, { room, name: 'Witness' });
    await until(async () => (await rest(server, 'GET', `/rooms/${room}`)).json.members === 1, 'the witness is alone');
    await witness.cut();
  }
});

test('who missed too much is told of the gap', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 10000 });
  const { others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
  const { seq: last } = await ann.chat('seen');
  await bea.take('chat');
  await bea.cut();
  const long = 'x'.repeat(4096);  // the server keeps 512 KiB of a room in memory
  await Promise.all(Array.from({ length: 200 }, () => ann.chat(long)));
  const again = await resume(t, bea);
  const { items, gap, seq } = again.welcome;
  assert.equal(gap.from, last + 1);
  assert.equal(items[0].seq, gap.to + 1, 'what is not in the gap is in the items');
  assert.equal(items.at(-1).seq, seq);
  assert.ok(items.length > 50 && items.length < 200, String(items.length));
});

test('another life of the room', async (t) => {
  const server = await startServer(t);
  const { room, hostKey, others: [ann] } = await openRoom(t, server, { name: 'again-and-again' }, 'Ann');
  await ann.chat('long ago');
  assert.equal((await rest(server, 'DELETE', `/rooms/${room}`, { key: hostKey })).status, 204);
  assert.equal(await ann.close(), 4005);
  await createRoom(server, { name: room });
  assert.equal(await joinRefusal(t, server, { room, resume: ann.welcome.resume }), 'resume_bad');
  const seen = { epoch: ann.welcome.epoch, seq: 1 };
  const bea = await join(t, server, { room, name: 'Bea', seen });
  assert.notEqual(bea.welcome.epoch, ann.welcome.epoch);
  assert.deepEqual(bea.welcome.items, []);
  assert.ok(bea.welcome.gap, 'the client starts over');
});

test('moderation', async (t) => {
  const server = await startServer(t);

  await t.test('a locked room lets nobody new in, but those who were there, and the host', async () => {
    const { room, hostKey, host, others: [ann] } = await openRoom(t, server, {}, 'Ann');
    assert.equal(await ann.refusal({ t: 'lock', on: true }), 'not_allowed');
    host.send({ t: 'lock', on: true });
    assert.equal((await ann.take('room')).room.locked, true);
    assert.equal(await joinRefusal(t, server, { room }), 'room_locked');
    await ann.cut();
    await resume(t, ann);
    await join(t, server, { room, hostKey });
    host.send({ t: 'lock', on: false });
  });

  await t.test('somebody who was removed may join anew', async () => {
    const { room, host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    assert.equal(await ann.refusal({ t: 'remove', member: bea.id }), 'not_allowed');
    assert.equal(await host.refusal({ t: 'remove', member: host.id }), 'not_allowed');
    host.send({ t: 'remove', member: ann.id });
    assert.equal((await ann.take('bye')).retry, false);
    assert.equal(await ann.close(), 4003);
    assert.equal((await bea.take('left')).why, 'removed');
    assert.notEqual((await join(t, server, { room })).id, ann.id);
  });

  await t.test('a ban holds for the browser, also after a restart', async () => {
    const { room, hostKey } = await createRoom(server);
    const host = await join(t, server, { room, hostKey, client: 'host-'.repeat(4) });
    const client = 'browser-of-ann-0123456789';
    const ann = await join(t, server, { room, client });
    const tab = await join(t, server, { room, name: 'her other tab', client });
    host.send({ t: 'ban', member: ann.id });
    assert.equal(await ann.close(), 4004);
    assert.equal(await tab.close(), 4004);
    assert.equal((await host.take('left')).why, 'banned');
    assert.equal(await joinRefusal(t, server, { room, client }), 'banned');
    assert.equal(await joinRefusal(t, server, { room, resume: ann.welcome.resume, client }), 'banned');
    await server.restart();
    assert.equal(await joinRefusal(t, server, { room, client }), 'banned');
    await join(t, server, { room, client: 'another-browser-0123456789' });
  });

  await t.test('muting', async () => {
    const { host, others: [ann, bea] } = await openRoom(t, server, {}, 'Ann', 'Bea');
    ann.send(state(true, true, true));
    await bea.take((message) => message.t === 'member' && message.member.live.screen);
    assert.equal(await bea.refusal({ t: 'mute', member: ann.id, mic: true, cam: false, screen: false }), 'not_allowed');
    host.send({ t: 'mute', member: ann.id, mic: true, cam: false, screen: true });
    assert.deepEqual(await ann.take('muted'), { t: 'muted', by: host.id, mic: true, cam: false, screen: true });
    await bea.take((message) => message.t === 'member' && !message.member.live.mic);
    assert.deepEqual(liveOf(bea, ann.id), { mic: false, cam: true, screen: false });
  });

  await t.test('a handover makes the earlier host key void', async () => {
    const { room, hostKey, host, others: [ann] } = await openRoom(t, server, { kind: 'broadcast' }, 'Ann');
    assert.equal(await ann.refusal({ t: 'handover', member: ann.id }), 'not_allowed');
    host.send({ t: 'handover', member: ann.id });
    const { key } = await ann.take('hostKey');
    await host.take((message) => message.t === 'member' && message.member.id === ann.id && message.member.role === 'host');
    await host.settled();
    assert.equal(roleOf(host), 'speaker');
    assert.equal(await host.refusal({ t: 'lock', on: true }), 'not_allowed');
    assert.equal(await joinRefusal(t, server, { room, hostKey }), 'host_key_bad');
    assertError(await rest(server, 'DELETE', `/rooms/${room}`, { key: hostKey }), 403, 'not_allowed');
    await server.restart();
    assert.equal(roleOf(await join(t, server, { room, name: 'Ann', hostKey: key })), 'host');
  });

  await t.test('the end', async () => {
    const { room, host, others: [ann] } = await openRoom(t, server, {}, 'Ann');
    assert.equal(await ann.refusal({ t: 'end' }), 'not_allowed');
    host.send({ t: 'end' });
    const bye = await ann.take('bye');
    assert.deepEqual([bye.code, bye.retry], ['ended', false]);
    assert.deepEqual([await ann.close(), await host.close()], [4005, 4005]);
    assert.equal(await joinRefusal(t, server, { room }), 'room_ended');
  });
});

test('an empty room ends', async (t) => {
  const server = await startServer(t, { 'rooms.empty_after': '1s' });
  const { room, others: [], host } = await openRoom(t, server, {});
  const never = await createRoom(server);
  host.send({ t: 'leave' });
  await host.close();
  for (const each of [room, never.room]) {
    await until(async () => (await rest(server, 'GET', `/rooms/${each}`)).status === 410, `${each} ends`);
  }
  assert.equal(await server.metric('waaft_rooms'), 0);
});

test('stopping', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT']) {
    await t.test(`${signal} tells everybody, and ends with 0`, async () => {
      const server = await startServer(t);
      const { others: [ann] } = await openRoom(t, server, {}, 'Ann');
      const posted = Array.from({ length: 20 }, (_, i) => ann.chat(`${i}`).then(() => true, () => false));
      await Promise.all(posted.slice(0, 1));
      server.child.kill(signal);
      const { retryMs } = await ann.take('restarting');
      assert.ok(retryMs > 0 && retryMs < 10_000, String(retryMs));
      assert.equal((await ann.take('bye')).retry, true);
      assert.equal(await ann.close(), 1012);
      assert.deepEqual(await within(server.exited, 'the server ends'), { code: 0, signal: null });
      assert.equal(server.log.at(-1).message, 'Stopped.');
      assert.deepEqual(readdirSync(server.data).filter((name) => name.endsWith('-wal')), [], 'the database is closed');
      const acked = (await Promise.all(posted)).filter(Boolean).length;
      await server.restart();
      const again = await resume(t, ann, { seen: { epoch: ann.welcome.epoch, seq: 0 } });
      assert.ok(again.welcome.items.length >= acked, `${again.welcome.items.length} of ${acked}`);
    });
  }

  await t.test('a client that does not answer the close does not hold it up', async () => {
    const server = await startServer(t);
    const { others: [ann] } = await openRoom(t, server, {}, 'Ann');
    ann.socket.pause();
    const end = await server.kill('SIGTERM');
    assert.equal(end.code, 0);
  });

  await t.test('a second signal ends it at once', async () => {
    const server = await startServer(t);
    const { others: [ann] } = await openRoom(t, server, {}, 'Ann');
    ann.socket.pause();
    server.child.kill('SIGTERM');
    await server.waitForLog('Stopping');
    const end = await server.kill('SIGTERM');
    assert.deepEqual(end, { code: null, signal: 'SIGTERM' });
    await server.restart();
    assert.equal((await server.ops('/readyz')).status, 200);
  });
});

test('silence', async (t) => {
  const server = await startServer(t, {
    'ping.on_air': '500ms', 'ping.on_air_timeout': '3s', 'ping.idle': '1s', 'ping.idle_timeout': '6s' });
  const { room } = await createRoom(server);
  const [live, watcher] = [await join(t, server, { room, name: 'live' }), await join(t, server, { room, name: 'watcher' })];
  const mute = { live: null, watcher: null };
  for (const name of Object.keys(mute)) mute[name] = await join(t, server, { room, name: `mute ${name}` }, { answerPings: false });
  for (const who of [live, mute.live]) who.send(state(true, true));

  await t.test('who is on air and does not answer is closed soon', async () => {
    assert.equal((await mute.live.take('bye')).code, 'silent');
    assert.equal(await mute.live.close(), 4002);
    assert.equal(mute.live.lastPing.within, 3000);
    assert.equal(mute.watcher.end, undefined);
  });

  await t.test('who only watches is closed later', async () => {
    assert.equal(await mute.watcher.close(), 4002);
    assert.equal(mute.watcher.lastPing.within, 6000);
    assert.equal(await server.metric('waaft_closed_silent_total'), 2);
  });

  await t.test('who answers stays, and is asked on', async () => {
    assert.deepEqual([live.lastPing.within, watcher.lastPing.within], [3000, 6000]);
    const asked = live.pings;
    await until(() => live.pings > asked, 'the next ping');
    await Promise.all([live.chat('still here'), watcher.chat('me too')]);
  });
});
