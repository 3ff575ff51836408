// What a host decides while it cannot be written, and whether it holds afterwards: for each way in which writing fails.
import assert from 'node:assert/strict';
import { join, joinRefusal, resume } from './client.mjs';
import { createRoom, makeLink, rest } from './rest.mjs';

const roleOf = (client) => client.welcome.members.find(({ id }) => id === client.id).role;

// Who is there before anything is decided, with the tokens of that time: a later one would say itself what was decided.
export async function gather(t, server) {
  const { room, hostKey } = await createRoom(server, { kind: 'broadcast' });
  const hal = await join(t, server, { room, name: 'Hal', hostKey });
  const [sue, nia] = [await join(t, server, { room, name: 'Sue' }), await join(t, server, { room, name: 'Nia' })];
  const bad = await join(t, server, { room, name: 'Bad', client: 'a-browser-that-is-banned' });
  const tokens = { sue: sue.welcome.resume, hal: hal.welcome.resume };
  return { t, server, room, hostKey, hal, sue, nia, bad, tokens };
}

// Says all at once, so that nothing of it can be written before.
export function decide({ hal, sue, nia, bad }) {
  hal.send({ t: 'ban', member: bad.id });
  hal.send({ t: 'role', member: sue.id, role: 'speaker' });
  hal.send({ t: 'lock', on: true });
  hal.send({ t: 'handover', member: nia.id });
}

// People are told; the new host's key is kept for later.
export async function hearOf(gathered) {
  const { bad, sue, nia } = gathered;
  assert.equal(await bad.close(), 4004);
  await sue.take((message) => message.t === 'member' && message.member.id === sue.id && message.member.role === 'speaker');
  await sue.take((message) => message.t === 'room' && message.room.locked);
  gathered.newKey = (await nia.take('hostKey')).key;
}

export async function assertHolds({ t, server, room, hostKey, newKey, hal, sue, bad, tokens }, on = server) {
  assert.equal(await joinRefusal(t, on, { room, client: 'a-browser-that-is-banned' }), 'banned');
  // Somebody with a void token is told so, whatever the reason.
  assert.equal(await joinRefusal(t, on, { room, name: 'Bad', resume: bad.welcome.resume }), 'resume_bad');
  assert.equal(await joinRefusal(t, on, { room, name: 'New' }), 'room_locked');
  for (const [client, token] of [[sue, tokens.sue], [hal, tokens.hal]]) {
    client.server = on;
    assert.equal(roleOf(await resume(t, client, { resume: token })), 'speaker', client.name);
  }
  assert.equal((await rest(on, 'POST', `/rooms/${room}/links`, { body: {}, key: hostKey })).status, 403);
  await makeLink(on, room, newKey);
}
