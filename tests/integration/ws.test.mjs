// The WebSocket below the messages: handshake, frames, close codes, limits (RFC 6455, PROTOCOL.md).
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, join, joinRefusal } from '../support/client.mjs';
import { connectRaw, frame, handshake, opcode, openRaw, RawSocket } from '../support/raw_socket.mjs';
import { createRoom } from '../support/rest.mjs';
import { cleanUp, startServer, until, within } from '../support/server.mjs';

test('handshakes', async (t) => {
  const server = await startServer(t);
  const table = [
    ['as it should be', {}, undefined, 101],
    ['among other subprotocols', { 'Sec-WebSocket-Protocol': 'other.v1, waaft.v1' }, undefined, 101],
    ['a foreign Origin', { Origin: 'https://example.org' }, undefined, 403],
    ['an Origin that is null', { Origin: 'null' }, undefined, 403],
    ['no Origin and no key', { Origin: null }, undefined, 401],
    ['no subprotocol', { 'Sec-WebSocket-Protocol': null }, undefined, 400],
    ['another subprotocol', { 'Sec-WebSocket-Protocol': 'waaft.v2' }, undefined, 400],
    ['a subprotocol that only begins alike', { 'Sec-WebSocket-Protocol': 'waaft.v10' }, undefined, 400],
    ['another version', { 'Sec-WebSocket-Version': '12' }, undefined, 426],
    ['no key', { 'Sec-WebSocket-Key': null }, undefined, 400],
    ['a short key', { 'Sec-WebSocket-Key': 'c2hvcnQ=' }, undefined, 400],
    ['another path', {}, '/api/v1/other', 404],
    ['the page', {}, '/', 404],
  ];
  for (const [name, headers, path, status] of table) {
    const raw = await connectRaw(t, server);
    raw.write(handshake(server, headers, path));
    assert.equal(await raw.status(), status, name);
  }
  const raw = await connectRaw(t, server);
  raw.write(handshake(server, { Upgrade: null }));
  assert.equal(await raw.status(), 404, 'a plain request to the path of the WebSocket');
});

test('the accepted handshake', async (t) => {
  const server = await startServer(t);
  const client = await connect(t, server);
  assert.equal(client.socket.protocol, 'waaft.v1');
  assert.equal(client.socket.extensions, '', 'no compression');
});

test('half a handshake, or one that trickles, is closed in time', async (t) => {
  const server = await startServer(t, { 'limits.request_timeout': '500ms' });
  const raw = await connectRaw(t, server);
  raw.write(handshake(server).slice(0, 60));
  const trickle = setInterval(() => raw.write('X'), 50);
  await within(raw.ended, 'the connection is closed').finally(() => clearInterval(trickle));
});

async function joinedRaw(t, server, room) {
  const raw = await openRaw(t, server);
  raw.write(frame(opcode.text, JSON.stringify({ t: 'join', room, name: 'Raw' })));
  await raw.message('welcome');
  return raw;
}

test('nothing follows a close frame, though the room goes on talking', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 10000 });
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  let talking = true;
  const talk = (async () => { while (talking) await Promise.all(Array.from({ length: 20 }, () => ann.chat('on and on'))); })();
  for (let round = 0; round < 60; round += 1) {
    const raw = await joinedRaw(t, server, room);
    raw.write(frame(opcode.close, Buffer.from([0x03, 0xe8])));
    await raw.closeCode();
    raw.socket.end();
    await raw.ended;
    assert.equal(raw.received.length, 0, `round ${round}: ${raw.received}`);
  }
  talking = false;
  await talk;
});

test('frames', async (t) => {
  const server = await startServer(t);
  const { room } = await createRoom(server);

  await t.test('a message in pieces, with control frames in between', async () => {
    const raw = await joinedRaw(t, server, room);
    const text = Buffer.from(JSON.stringify({ t: 'chat', nonce: 'pieces-0001', text: 'grüße 🎥'.repeat(60) }));
    const [a, b] = [10, 250];
    raw.write(frame(opcode.text, text.subarray(0, a), { fin: false }));
    raw.write(frame(opcode.ping, 'one'));
    raw.write(frame(opcode.continuation, text.subarray(a, b), { fin: false }));
    raw.write(frame(opcode.pong, 'unasked'));
    raw.write(frame(opcode.continuation, '', { fin: false }));
    raw.write(frame(opcode.continuation, text.subarray(b)));
    assert.deepEqual(await raw.frame(), { opcode: opcode.pong, payload: Buffer.from('one') });
    assert.equal((await raw.message('chat')).text, 'grüße 🎥'.repeat(60));
    assert.equal((await raw.message('ack')).nonce, 'pieces-0001');
  });

  await t.test('a message byte by byte', async () => {
    const raw = await joinedRaw(t, server, room);
    const bytes = frame(opcode.text, JSON.stringify({ t: 'chat', nonce: 'bytes-00001', text: 'slowly' }));
    raw.socket.setNoDelay(true);
    for (const byte of bytes) raw.write(Buffer.from([byte]));
    assert.equal((await raw.message('ack')).nonce, 'bytes-00001');
  });

  await t.test('many messages in one segment', async () => {
    const raw = await joinedRaw(t, server, room);
    raw.write(Buffer.concat(Array.from({ length: 40 }, (_, i) =>
      frame(opcode.text, JSON.stringify({ t: 'chat', nonce: `together-${i}`, text: `${i}` })))));
    for (let i = 0; i < 40; i += 1) assert.equal((await raw.message('ack')).nonce, `together-${i}`);
  });

  await t.test('a close is answered with the same code', async () => {
    const raw = await joinedRaw(t, server, room);
    raw.write(frame(opcode.close, Buffer.from([0x03, 0xe8])));
    assert.equal(await raw.closeCode(), 1000);
    await within(raw.ended, 'the server closes');
  });

  const bad = [
    ['invalid UTF-8', [frame(opcode.text, Buffer.from([0x22, 0xc3, 0x28, 0x22]))], 1007],
    ['a surrogate in UTF-8', [frame(opcode.text, Buffer.from([0xed, 0xa0, 0x80]))], 1007],
    ['UTF-8 that ends in the middle', [frame(opcode.text, Buffer.from([0xe2, 0x82]))], 1007],
    ['UTF-8 that ends in the middle, and an empty last frame',
      [frame(opcode.text, Buffer.from([0xe2, 0x82]), { fin: false }), frame(opcode.continuation, '')], 1007],
    ['too big in one frame', [frame(opcode.text, 'x'.repeat(65537))], 1009],
    ['too big in pieces', [frame(opcode.text, 'x'.repeat(40000), { fin: false }), frame(opcode.continuation, 'x'.repeat(40000))], 1009],
    ['a header that promises 1 GB', [frame(opcode.text, 'x', { claim: 2 ** 30 })], 1009],
    ['a header that promises 2^63 bytes', [frame(opcode.text, 'x', { claim: 2n ** 63n })], 1009],
    ['no mask', [frame(opcode.text, '{}', { masked: false })], 1002],
    ['a binary message', [frame(opcode.binary, '{}')], 1003],
    ['a reserved bit', [frame(opcode.text, '{}', { reserved: 4 })], 1002],
    ['an unknown opcode', [frame(3, '{}')], 1002],
    ['a continuation of nothing', [frame(opcode.continuation, '{}')], 1002],
    ['a second message before the first ended', [frame(opcode.text, '{', { fin: false }), frame(opcode.text, '}')], 1002],
    ['a ping that is too long', [frame(opcode.ping, 'x'.repeat(126))], 1002],
    ['a ping in pieces', [frame(opcode.ping, 'x', { fin: false })], 1002],
    ['a close with half a code', [frame(opcode.close, 'x')], 1002],
    ['a close with a code that nobody may send', [frame(opcode.close, Buffer.from([0x03, 0xed]))], 1002],
  ];
  for (const [name, frames, code] of bad) {
    await t.test(name, async () => {
      const raw = await joinedRaw(t, server, room);
      for (const bytes of frames) raw.write(bytes);
      assert.equal(await raw.closeCode(), code);
      await within(raw.ended, 'the server closes');
    });
  }

  await t.test('nobody else noticed', async () => {
    const ann = await join(t, server, { room });
    await ann.chat('still here');
    assert.ok(await server.metric('waaft_closed_protocol_total') >= bad.length - 2);
  });
});

test('messages that are none', async (t) => {
  const server = await startServer(t);
  const { room } = await createRoom(server);

  await t.test('ten are answered, the eleventh ends it with 4000', async () => {
    const client = await connect(t, server);
    for (let i = 0; i < 10; i += 1) {
      client.send('{nonsense');
      assert.equal((await client.take('error')).code, 'bad_message');
    }
    client.send('{nonsense');
    assert.equal((await client.take('bye')).code, 'bad_message');
    assert.equal(await client.close(), 4000);
  });

  const table = [
    ['{"t":"dance"}', 'unknown_message'],
    ['{}', 'bad_message'],
    ['[]', 'bad_message'],
    ['{"t":7}', 'bad_message'],
    ['{"t":"chat","nonce":"x","text":"a"}', 'bad_message'],
    ['{"t":"chat","nonce":"12345678"}', 'bad_message'],
    ['{"t":"chat","nonce":"12345678","text":""}', 'text_bad'],
    ['{"t":"chat","nonce":"12345678","text":"\\u0007"}', 'text_bad'],
    [`{"t":"chat","nonce":"12345678","text":"${'x'.repeat(4097)}"}`, 'text_bad'],
    ['{"t":"mute","member":"me","mic":true,"cam":true,"screen":true}', 'bad_message'],
    ['{"t":"history","before":1,"limit":101}', 'bad_message'],
    ['{"t":"state","mic":"yes","cam":false,"screen":false}', 'bad_message'],
    [`{"t":"chat","nonce":"12345678","text":${'['.repeat(500)}${']'.repeat(500)}}`, 'bad_message'],
    [JSON.stringify({ t: 'join', room: 'some-room', name: 'again' }), 'already_joined'],
  ];
  await t.test('each refusal has its code, and the connection goes on', async () => {
    for (const [text, code] of table) {
      const ann = await join(t, server, { room });
      ann.send(text);
      assert.equal((await ann.take('error')).code, code, text.slice(0, 80));
      await ann.chat('goes on');
      await ann.cut();
    }
  });

  await t.test('names', async () => {
    const bad = ['', ' ', 'x'.repeat(65), 'a\u0000b', 'tab\tbed', '\u202e'];
    for (const name of bad) {
      const client = await connect(t, server);
      client.send({ t: 'join', room, name });
      assert.equal((await client.take('error')).code, 'name_bad', JSON.stringify(name));
    }
    const ann = await join(t, server, { room, name: '  Ann Ünal 🎥 ' });
    assert.equal(ann.members.get(ann.id).name, 'Ann Ünal 🎥');
  });

  await t.test('something else than a join first', async () => {
    const client = await connect(t, server);
    client.send({ t: 'chat', nonce: '12345678', text: 'early' });
    assert.equal((await client.take('error')).code, 'not_joined');
    await client.join({ room, name: 'Ann' });
  });

  await t.test('rooms that are not there', async () => {
    assert.equal(await joinRefusal(t, server, { room: 'no-such-room' }), 'room_unknown');
  });
});

test('who does not join in ten seconds is closed', async (t) => {
  const server = await startServer(t);
  const client = await connect(t, server);
  assert.equal((await client.take('bye', 60_000)).code, 'join_timeout');
  assert.equal(await client.close(), 4008);
});

test('who sends too much is told so, then closed; the others do not notice', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 10 });
  const { room } = await createRoom(server);
  const calm = await join(t, server, { room, name: 'calm' });
  const loud = await join(t, server, { room, name: 'loud' });
  for (let i = 0; i < 400; i += 1) loud.send({ t: 'chat', nonce: `loud-${String(i).padStart(5, '0')}`, text: `${i}` });
  const refused = await loud.take('error');
  assert.equal(refused.code, 'rate_limited');
  assert.match(refused.re, /^loud-\d+$/);
  assert.equal(await loud.close(), 4007);
  await calm.chat('peace');
  const heard = calm.chats().filter((message) => message.name === 'loud').length;
  assert.ok(heard >= 30 && heard < 100, `${heard} messages passed`);
  assert.ok(await server.metric('waaft_messages_rate_limited_total') > 200);
});

test('frames without content cost as much as messages', async (t) => {
  const server = await startServer(t, { 'limits.messages_per_second': 10 });
  const { room } = await createRoom(server);
  const calm = await join(t, server, { room, name: 'calm' });
  const floods = [
    Array(1000).fill(frame(opcode.ping)),
    Array(1000).fill(frame(opcode.pong)),
    [frame(opcode.text, '', { fin: false }), ...Array(1000).fill(frame(opcode.continuation, '', { fin: false }))],
    Array(1000).fill(frame(opcode.text, '{"t":"pong"}')),
  ];
  for (const flood of floods) {
    const before = await server.metric('waaft_messages_rate_limited_total');
    const raw = await openRaw(t, server);
    raw.write(Buffer.concat(flood));
    await within(raw.ended, 'it is closed');
    assert.ok(await server.metric('waaft_messages_rate_limited_total') - before > 200, 'for its rate');
  }
  await calm.chat('peace');
});

test('a thousand open and silent sockets leave a chat working', async (t) => {
  const server = await startServer(t, { 'limits.connections_per_address': 5000 });
  const { room } = await createRoom(server);
  const [ann, bea] = [await join(t, server, { room }), await join(t, server, { room, name: 'Bea' })];
  const silent = Array.from({ length: 1000 }, () => new RawSocket(server.port));
  cleanUp(t, 'the silent sockets', () => silent.forEach((raw) => raw.socket.destroy()));
  await within(Promise.all(silent.map((raw) => raw.connected)), 'all are connected');
  silent.slice(0, 300).forEach((raw) => raw.write(handshake(server)));
  silent.slice(300, 600).forEach((raw) => raw.write(Buffer.from([0x16, 0x03, 0x01])));
  await until(async () => await server.metric('waaft_connections_open') >= 1000, 'the server has accepted them');
  for (let i = 0; i < 20; i += 1) {
    await ann.chat(`${i}`);
    await bea.take((message) => message.t === 'chat' && message.text === `${i}`);
  }
  await join(t, server, { room, name: 'Cem' });
});

test('connections of one address are limited, those of others are not', async (t) => {
  const server = await startServer(t, { 'limits.connections_per_address': 5 });
  const { room } = await createRoom(server, {}, { localAddress: '127.0.0.2' });
  const held = [];
  for (let i = 0; i < 5; i += 1) held.push(await connect(t, server));
  await assert.rejects(connect(t, server));
  assert.equal(await server.metric('waaft_connections_refused_total'), 1);
  await join(t, server, { room }, { localAddress: '127.0.0.2' });
  await held[0].cut();
  await until(() => connect(t, server).then(() => true, () => false), 'the place is free again');
});

test('three hundred people behind one address, with the limits as they are', async (t) => {
  const server = await startServer(t, { 'limits.handshakes_per_second': 100 });
  const { room } = await createRoom(server);
  // Each has loaded the page over a connection that its browser keeps, and tries again where it came too fast.
  const enter = async (number) => {
    const page = new RawSocket(server.port);
    cleanUp(t, `the page of ${number}`, () => page.socket.destroy());
    try {
      await page.connected;
      return await join(t, server, { room, name: `Person ${number}` });
    } catch {
      page.socket.destroy();
      return null;
    }
  };
  const people = await Promise.all(Array.from({ length: 300 }, (_, number) =>
    until(() => enter(number), `person ${number} is in`, 60_000)));
  const { seq } = await people[0].chat('are all here?');
  await Promise.all(people.map((one) => one.take((message) => message.t === 'chat' && message.seq === seq)));
  assert.equal(people[0].members.size, 300);
  assert.deepEqual(people.filter(({ end }) => end), []);
});
