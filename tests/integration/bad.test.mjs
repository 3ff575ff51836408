// Bad days: used ports, foreign or damaged data, a full disk, no open files left; and what operators look at.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join as joinPath } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanUp, closeAfter, endAfter } from '../support/cleanup.mjs';
import { join, Refused, resume } from '../support/client.mjs';
import { lineOf } from '../support/lines.mjs';
import { RawSocket } from '../support/raw_socket.mjs';
import { createRoom, http, makeLink, rest } from '../support/rest.mjs';
import { binary, startRefused, startServer, temporaryFolder, until, within } from '../support/server.mjs';
import { mountSmallDisk, skipWithoutSmallDisk } from '../support/small_disk.mjs';
import { bindingRequest, mappedAddress } from '../support/stun.mjs';

const isRoot = process.getuid() === 0;
// false: the command works here; else why the test is skipped.
function cannot(command, why) {
  return spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0 ? false : why;
}

function assertExplained(end, ...words) {
  assert.ok(end.code === 1 || end.code === 2, JSON.stringify(end));
  assert.match(end.output, /^error: .+\n  at: .+\n  try: .+/m);
  for (const word of words) assert.ok(end.output.includes(word), `"${word}" in ${end.output}`);
}

test('ports that are in use', async (t) => {
  const holder = closeAfter(t, 'who holds a port', createServer().listen(0, '127.0.0.1'));
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address();
  assertExplained(await startRefused(t, { 'listen.port': port }), `${port}`, 'listen.port');
  assertExplained(await startRefused(t, { 'ops.port': port }), `${port}`, 'ops-port');

  const server = await startServer(t);
  assertExplained(await startRefused(t, { 'listen.port': server.port }), `${server.port}`, 'listen.port');
  assertExplained(await startRefused(t, { 'ops.port': server.opsPort }), `${server.opsPort}`, 'ops-port');
  assertExplained(await startRefused(t, { 'listen.address': '192.0.2.1' }), 'listen.address');
  assert.equal((await http(server, '/')).status, 200);
});

test('a data directory that cannot be used', async (t) => {
  const folder = temporaryFolder(t);

  await t.test('another user\'s', async (t2) => {
    const asNobody = isRoot ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    if (isRoot && cannot([...asNobody, binary, 'version'], 'x')) return t2.skip('the user nobody cannot run the program here');
    const data = joinPath(folder, 'private');
    mkdirSync(data, { mode: 0o700 });
    if (!isRoot) chmodSync(data, 0);
    chmodSync(folder, 0o755);
    assertExplained(await startRefused(t2, { data }, { prefix: asNobody }), data, '--data');
  });

  await t.test('one on a disk that is mounted read-only', { skip: skipWithoutSmallDisk }, async (t2) => {
    const data = joinPath(folder, 'read-only');
    mkdirSync(data);
    const readOnly = ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs -o ro none "$0" && exec "$@"', data];
    assertExplained(await startRefused(t2, { data }, { prefix: readOnly }), data, '--data');
  });

  await t.test('a file', async (t2) => {
    const data = joinPath(folder, 'file');
    writeFileSync(data, '');
    assertExplained(await startRefused(t2, { data }), data, '--data');
  });

  await t.test('one that another server uses', async (t2) => {
    const server = await startServer(t2);
    const end = await startRefused(t2, { data: server.data });
    assertExplained(end, server.data);
    await createRoom(server);
  });
});

test('databases', async (t) => {
  await t.test('a damaged one is moved aside, and that is said loudly', async (t2) => {
    const server = await startServer(t2);
    const { room } = await createRoom(server);
    await server.kill('SIGTERM');
    const file = joinPath(server.data, 'waaft.db');
    const damaged = readFileSync(file);
    damaged.fill('x', 0, 4096);
    writeFileSync(file, damaged);
    await server.restart();
    const line = server.log.find((each) => each.message.startsWith('The database was damaged'));
    assert.equal(line?.level, 'error', server.output);
    assert.deepEqual(readFileSync(line.moved_to), damaged);
    assert.equal((await rest(server, 'GET', `/rooms/${room}`)).status, 404);
    await (await join(t2, server, { room: (await createRoom(server)).room })).chat('we go on');
  });

  await t.test('a newer one is left alone', async (t2) => {
    const server = await startServer(t2);
    await server.kill('SIGTERM');
    const file = joinPath(server.data, 'waaft.db');
    const newer = readFileSync(file);
    newer.writeUInt32BE(9999, 60);  // user_version, see the SQLite file format
    writeFileSync(file, newer);
    const end = await startRefused(t2, { data: server.data });
    assertExplained(end, file, 'newer');
    assert.deepEqual(readFileSync(file), newer);
  });
});

test('a full disk', { skip: skipWithoutSmallDisk }, async (t) => {
  const disk = await mountSmallDisk(t);
  const server = await startServer(t, { data: disk.data, 'limits.messages_per_second': 1000 }, { prefix: disk.prefix });
  const { room, hostKey } = await createRoom(server);
  const [ann, bea] = [await join(t, server, { room }), await join(t, server, { room, name: 'Bea' })];
  await ann.chat('before');

  disk.fill();
  const long = 'x'.repeat(4000);
  let acked = 1;
  const refusal = await (async () => {
    for (let i = 0; i < 2000; i += 1) {
      try {
        await ann.chat(`${i} ${long}`);
        acked += 1;
      } catch (error) {
        return error;
      }
    }
    return null;
  })();
  assert.ok(refusal instanceof Refused, 'at some time the disk is full');
  assert.equal(refusal.code, 'chat_unavailable');
  bea.send({ t: 'state', mic: true, cam: false, screen: false });
  await ann.take((message) => message.t === 'member' && message.member.live.mic);
  assert.equal((await createRoom(server)).kept, false, 'calls go on, in new rooms, too');
  assert.ok(await server.metric('waaft_chat_failed_total') >= 1);
  assert.deepEqual([ann.end, bea.end], [undefined, undefined]);
  const said = (what) => server.log.filter(({ message }) => message.startsWith(what)).length;
  assert.equal(said('Messages cannot be kept'), 1, 'one line, not one for each message');
  assert.equal((await server.troubles()).filter((trouble) => trouble.startsWith('Messages cannot be kept')).length, 1);
  // What the host decides meanwhile is kept, and written later.
  const hal = await join(t, server, { room, name: 'Hal', hostKey });
  const bad = await join(t, server, { room, name: 'Bad', client: 'a-client-that-is-banned' });
  hal.send({ t: 'ban', member: bad.id });
  assert.equal(await bad.close(), 4004);
  await until(async () => (await server.troubles()).some((trouble) => trouble.startsWith('What hosts decided')), 'it is said that it is not written');

  disk.makeSpace();
  const { seq } = await ann.chat('after');
  await bea.take((message) => message.t === 'chat' && message.seq === seq);
  await until(async () => (await server.troubles()).length === 0, 'all is well again');
  assert.equal(said('This is over: Messages cannot be kept'), 1);
  assert.equal(said('This is over: What hosts decided'), 1);
  assert.equal(bea.chats().length, acked + 1, 'what was refused was shown to nobody');
  await createRoom(server);
  const cem = await join(t, server, { room, name: 'Cem' });
  assert.deepEqual(cem.welcome.items.map((item) => item.seq), bea.chats().slice(-100).map((item) => item.seq));
});

test('no open files left', { skip: cannot(['prlimit', '--nofile=90:90', 'true'], 'prlimit is missing') }, async (t) => {
  const server = await startServer(t, {}, { prefix: ['prlimit', '--nofile=90:90'] });
  assert.ok(server.log.some((line) => line.message.includes('fewer open files')), server.output);
  const { room } = await createRoom(server);
  const [ann, bea] = [await join(t, server, { room }), await join(t, server, { room, name: 'Bea' })];
  const many = Array.from({ length: 150 }, () => new RawSocket(server.port));
  cleanUp(t, 'the many sockets', () => many.forEach((raw) => raw.socket.destroy()));
  await within(Promise.allSettled(many.map((raw) => raw.connected)), 'all have tried');
  for (let i = 0; i < 10; i += 1) {
    await ann.chat(`${i}`);
    await bea.take((message) => message.t === 'chat' && message.text === `${i}`);
  }
  many.forEach((raw) => raw.socket.destroy());
  await until(() => join(t, server, { room, name: 'Cem' }).then(() => true, () => false), 'there is place again');
  assert.ok(await server.metric('waaft_accept_errors_total') + await server.metric('waaft_connections_refused_total') > 0);
  await ann.chat('still here');
});

test('what operators look at', async (t) => {
  const server = await startServer(t);
  const { room } = await createRoom(server);
  const ann = await join(t, server, { room });
  await ann.chat('hello');

  await t.test('health', async () => {
    for (const path of ['/livez', '/readyz']) assert.deepEqual(await server.ops(path), { status: 200, text: 'ok\n' }, path);
    assert.equal((await server.ops('/nothing')).status, 404);
  });

  await t.test('metrics', async () => {
    const { text } = await server.ops('/metrics');
    const names = new Set(text.split('\n').filter((line) => line && !line.startsWith('#')).map((line) => /^[a-z_]+/.exec(line)[0]));
    for (const sample of names) {
      const name = sample.replace(/_(bucket|sum|count)$/, '');  // of a histogram
      assert.ok(text.includes(`# HELP ${name} `) && text.includes(`# TYPE ${name} `), name);
    }
    const values = { waaft_sessions: 1, waaft_rooms: 1, waaft_members: 1, waaft_chat_acked_total: 1, waaft_chat_failed_total: 0 };
    for (const [name, value] of Object.entries(values)) assert.equal(await server.metric(name), value, name);
  });

  await t.test('status', async () => {
    const status = JSON.parse((await server.ops('/statusz')).text);
    assert.deepEqual(
      { schema: status.schema, rooms: status.rooms, members: status.members, port: status.port, stopping: status.stopping },
      { schema: 'waaft.statusz/1', rooms: 1, members: 1, port: server.port, stopping: false });
  });

  await t.test('it is not reachable on the public port', async () => {
    for (const path of ['/metrics', '/statusz', '/livez']) assert.equal((await http(server, path)).status, 404, path);
  });

  await t.test('a thread that is stuck is found, and forgiven when it goes on', async (t2) => {
    const tasks = `/proc/${server.child.pid}/task`;
    const shard = readdirSync(tasks).find((id) => readFileSync(`${tasks}/${id}/comm`, 'utf8') === 'shard-0\n');
    const stopper = endAfter(t2, 'who stops a thread', spawn('python3', [fileURLToPath(new URL('../support/stop_thread.py', import.meta.url)), shard]));
    const said = await within(lineOf(stopper.stdout, () => true, 'a word'), 'the thread stops');
    if (said === 'refused') return t2.skip('ptrace is not permitted here');
    const stuck = await until(async () => {
      const answer = await server.ops('/livez');
      return answer.status === 503 && answer;
    }, 'it is found', 60_000);
    assert.equal(stuck.text, 'shard 0 has stopped turning\n');
    stopper.stdin.end();
    await until(async () => (await server.ops('/livez')).status === 200, 'it turns again');
    await ann.chat('still here');
  });

  await t.test('a server that stops is not ready', async () => {
    ann.socket.pause();  // it holds the stop up for a moment
    server.child.kill('SIGTERM');
    await server.waitForLog('Stopping');
    assert.deepEqual(await server.ops('/readyz'), { status: 503, text: 'stopping\n' });
    assert.equal((await server.ops('/metrics')).status, 200, 'it can still be looked at');
    assert.equal((await server.kill('SIGTERM')).signal, 'SIGTERM');
  });

  await t.test('it can be turned off', async (t2) => {
    assert.equal((await startServer(t2, { 'ops.address': '' })).opsPort, 0);
  });
});

async function udp(t, kind) {
  const socket = createSocket(kind);
  cleanUp(t, 'a UDP socket', () => socket.close());
  await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, kind === 'udp6' ? '::1' : '127.0.0.1', resolve);
  });
  socket.answers = [];
  socket.on('message', (bytes) => socket.answers.push(bytes));
  return socket;
}

test('STUN on the public port', async (t) => {
  const server = await startServer(t, { 'limits.stun_per_second': 5 });

  await t.test('tells a client its address', async (t2) => {
    for (const [kind, host, family, address] of [['udp4', '127.0.0.1', 1, '127.0.0.1'], ['udp6', '::1', 2, `${'0'.repeat(31)}1`]]) {
      const socket = await udp(t2, kind).catch(() => null);
      if (!socket) {
        t2.diagnostic(`${kind} is not to be had on this machine`);
        continue;
      }
      const request = bindingRequest();
      socket.send(request, server.port, host);
      await until(() => socket.answers.length > 0, 'an answer');
      assert.deepEqual(socket.answers[0].subarray(4, 20), request.subarray(4, 20), 'cookie and transaction');
      assert.deepEqual(mappedAddress(socket.answers[0]), { family, port: socket.address().port, address });
    }
  });

  await t.test('an address gets only so many answers, and nonsense gets none', async (t2) => {
    const handled = async () => await server.metric('waaft_stun_answered_total') + await server.metric('waaft_stun_dropped_total');
    const before = await handled();
    const socket = await udp(t2, 'udp4');
    for (let i = 0; i < 60; i += 1) socket.send(bindingRequest(), server.port, '127.0.0.1');
    for (const junk of ['', 'hello', Buffer.alloc(20), bindingRequest().subarray(0, 19)]) socket.send(junk, server.port, '127.0.0.1');
    await until(async () => await handled() - before >= 63, 'the server has seen all');
    await until(() => socket.answers.length >= 5, 'the first ones are answered');
    assert.ok(socket.answers.length <= 30, `${socket.answers.length} answers to 60 requests`);
  });
});

test('the log keeps secrets', async (t) => {
  const server = await startServer(t, { 'log.level': 'debug' });
  const password = 'a-password-for-the-room';
  const { room, hostKey } = await createRoom(server, { password });
  const { link } = await makeLink(server, room, hostKey);
  const ann = await join(t, server, { room, hostKey });
  const bea = await join(t, server, { room, name: 'Bea', link });
  const cem = await join(t, server, { room, name: 'Cem', password });
  await bea.chat('a-text-that-nobody-else-may-read');
  await cem.cut();
  await resume(t, cem);
  ann.send('{"t":"chat","nonce":"12345678","text":"a-text-that-nobody-else-may-read"');
  await ann.take('error');
  await rest(server, 'GET', `/rooms/${room}/chat`, { key: hostKey });
  await server.kill('SIGTERM');
  const said = server.output + server.stdout;
  assert.ok(said.includes('Stopped.'));
  for (const secret of [hostKey, link, password, ann.welcome.resume, cem.welcome.resume, 'nobody-else-may-read']) {
    assert.ok(!said.includes(secret), `the log has ${secret}`);
  }
});
