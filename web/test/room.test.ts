// A room as the page shows it, over a server that the test plays.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Capture, type Devices } from '../capture.js';
import type { Member, Role, RoomKind, Welcome } from '../messages.js';
import { onEntry, type Intent } from '../on_air.js';
import type { SocketEvents } from '../protocol.js';
import { Room, type KeptState } from '../room.js';
import { fakeTrack, Network } from './fakes.js';
import { VirtualTime } from './virtual.js';

const off = { mic: false, cam: false, screen: false };
const epoch = '00000000000000aa';

function member(id: string, role: Role, live = off): Member {
  return { id, name: id, role, place: true, away: false, live, joined: 1 };
}

// Gives what is asked for, once the test lets promises settle.
const devices: Devices = {
  getUserMedia: ({ audio, video }) => {
    const tracks = [audio && fakeTrack('audio'), video && fakeTrack('video')].filter((track) => typeof track === 'object');
    const of = (kind: string) => tracks.filter((track) => track.kind === kind);
    return Promise.resolve({ getTracks: () => tracks, getAudioTracks: () => of('audio'), getVideoTracks: () => of('video') } as unknown as MediaStream);
  },
  enumerateDevices: () => Promise.resolve([]),
};

class Bench {
  time = new VirtualTime();
  sent: Record<string, unknown>[] = [];
  kept: KeptState | null = null;
  capture = new Capture(devices, {}, () => this.room.captureChanged());
  room: Room;
  private socket: SocketEvents | null = null;

  constructor(last: Partial<KeptState> = {}) {
    const { now, setTimer, clearTimer } = this.time;
    const openSocket = (events: SocketEvents) => {
      this.socket = events;
      return { send: (text: string) => void this.sent.push(JSON.parse(text)), close: () => undefined };
    };
    let nonces = 0;
    this.room = new Room(
      {
        environment: { openSocket, now, setTimer, clearTimer, random: () => 0.5 },
        canConnect: true,
        createPeerConnection: new Network(this.time).create,
        createStream: () => ({}) as MediaStream,
        capture: this.capture,
        newNonce: () => `nonce-${++nonces}`,
        readIce: () => Promise.reject(new Error('not asked for')),
        keep: (state) => (this.kept = state),
        keepHostKey: () => undefined,
        keepOff: () => undefined,
      },
      { room: 'tea', name: 'Ada', resume: last.resume, seen: last.seen },
      last,
    );
    this.room.start();
  }

  say(message: object): void {
    this.socket?.text(JSON.stringify(message));
  }

  welcome(kind: RoomKind, members: Member[], change: Partial<Welcome> = {}): void {
    this.socket?.open();
    this.say({
      t: 'welcome',
      v: 1,
      you: 'me',
      resume: 'token',
      resumed: false,
      room: { id: 'tea', kind, locked: false, password: false, meshMax: 6, membersMax: 100 },
      epoch,
      seq: 0,
      members,
      items: [],
      more: false,
      ice: { iceServers: [], iceTransportPolicy: 'all' },
      limits: { textBytes: 4096, messageBytes: 65536, messagesPerSecond: 50 },
      ...change,
    });
  }

  sentOf(t: string) {
    return this.sent.filter((message) => message.t === t);
  }

  lastState() {
    const { t: _, ...live } = this.sentOf('state').pop() ?? {};
    return live;
  }
}

const both: Intent = { mic: true, cam: true };
const none: Intent = { mic: false, cam: false };
const entries: [kind: RoomKind, wished: Intent, before: Intent | null, on: Intent][] = [
  ['call', both, null, both],
  ['call', { mic: true, cam: false }, none, { mic: true, cam: false }],
  ['broadcast', both, null, none],
  ['broadcast', both, none, none],
  ['broadcast', none, both, both],
  ['broadcast', both, { mic: true, cam: false }, { mic: true, cam: false }],
];
for (const [kind, wished, before, on] of entries) {
  test(`who comes into a ${kind}, wishes ${JSON.stringify(wished)} and had ${JSON.stringify(before)} before has ${JSON.stringify(on)} on`, () => {
    assert.deepEqual(onEntry(kind, wished, before), on);
  });
}

test('what is on is kept for a reload, also while it is asked for', async () => {
  const bench = new Bench();
  bench.welcome('broadcast', [member('me', 'host')]);
  assert.deepEqual(bench.kept?.live, none);
  assert.equal(bench.room.liveBefore, null);
  void bench.capture.start(true, true);
  assert.deepEqual(bench.kept?.live, both);
  await bench.time.pass(0);
  bench.capture.turnOff('cam');
  assert.deepEqual(bench.kept?.live, { mic: true, cam: false });
});

test('what was on before a reload is known as long as one is the same member', () => {
  const last = { resume: 'old', seen: { epoch, seq: 0 }, call: 0, live: both };
  const same = new Bench(last);
  same.welcome('broadcast', [member('me', 'host')], { resumed: true });
  assert.deepEqual(same.room.liveBefore, both);
  assert.deepEqual(same.kept?.live, both);
  const other = new Bench(last);
  other.room.keep(null); // the token was too old
  other.welcome('broadcast', [member('me', 'host')]);
  assert.equal(other.room.liveBefore, null);
});

test('whether anything was live is remembered', () => {
  const bench = new Bench();
  bench.welcome('broadcast', [member('host', 'host'), member('me', 'viewer')]);
  assert.equal(bench.room.store.get().everLive, false);
  bench.say({ t: 'member', member: member('host', 'host', { ...off, cam: true }) });
  bench.say({ t: 'member', member: member('host', 'host') });
  assert.equal(bench.room.store.get().everLive, true);
});

test('who speaks again is told as live, whichever is first: the devices or the role', async () => {
  const bench = new Bench();
  bench.welcome('broadcast', [member('me', 'speaker')]);
  await bench.capture.start(true, true);
  bench.say({ t: 'member', member: member('me', 'viewer') });
  assert.equal(bench.capture.state.on.mic, false);
  await bench.capture.start(true, true);
  const before = bench.sentOf('state').length;
  bench.say({ t: 'member', member: member('me', 'speaker') });
  assert.equal(bench.sentOf('state').length, before + 1);
  assert.deepEqual(bench.lastState(), { mic: true, cam: true, screen: false });
});

test('what cannot be posted is shown with its reason, and can be had back or thrown away', () => {
  const bench = new Bench();
  bench.welcome('call', [member('me', 'speaker')]);
  for (const text of ['one', 'two', 'three']) bench.room.post(text);
  for (const { nonce } of bench.sentOf('chat')) bench.say({ t: 'error', code: 'text_bad', message: '', re: nonce });
  const { posted, notices } = bench.room.store.get();
  assert.deepEqual(posted.map(({ text, code }) => [text, code]), [['one', 'text_bad'], ['two', 'text_bad'], ['three', 'text_bad']]);
  assert.deepEqual(notices, [], 'it is told at the message');
  const nonces = posted.map(({ nonce }) => nonce);
  bench.room.takeBack(nonces[1] ?? '');
  assert.equal(bench.room.draft.get().text, 'two');
  bench.room.draft.set({ text: 'two, changed' });
  bench.room.takeBack(nonces[0] ?? '');
  assert.equal(bench.room.draft.get().text, 'one\ntwo, changed');
  bench.room.discard(nonces[2] ?? '');
  assert.deepEqual(bench.room.store.get().posted, []);
});

test('who became host has the new host key, and who gave it away has none', () => {
  const bench = new Bench();
  const key = () => bench.room.store.get().hostKey;
  bench.welcome('call', [member('me', 'speaker'), member('ann', 'host')]);
  assert.equal(key(), null);
  bench.say({ t: 'hostKey', key: 'k1' });
  bench.say({ t: 'member', member: member('me', 'host') });
  assert.equal(key(), 'k1');
  bench.say({ t: 'member', member: member('me', 'speaker') });
  assert.equal(key(), null);
});
