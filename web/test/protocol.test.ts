import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backoff, backoffMax, backoffMin, Connection, firstRetryWithin, openTimeout, welcomeTimeout } from '../protocol.js';
import type {
  ChatRecord,
  Credentials,
  ErrorMessage,
  Limits,
  Listener,
  LogRecord,
  Position,
  Posted,
  RoomEvent,
  SocketEvents,
  Status,
  Welcome,
} from '../protocol.js';
import { VirtualTime } from './virtual.js';

interface FakeSocket {
  events: SocketEvents;
  sent: Record<string, unknown>[];
  closed: boolean;
}

const epoch = '00000000000000aa';
const chance = 0.5;
const firstRetry = firstRetryWithin * chance;

function chat(seq: number, text = `text ${seq}`, from = 'other'): ChatRecord {
  return { t: 'chat', seq, at: 1, from, name: from, text };
}

function welcomeWith(change: Partial<Welcome>): Welcome {
  return {
    t: 'welcome',
    v: 1,
    you: 'me',
    resume: 'token',
    resumed: false,
    room: { id: 'tea', kind: 'call', locked: false, password: false, meshMax: 6, membersMax: 100 },
    epoch,
    seq: 0,
    members: [],
    items: [],
    more: false,
    ice: { iceServers: [], iceTransportPolicy: 'all' },
    limits: { textBytes: 4096, messageBytes: 65536, messagesPerSecond: 10 },
    ...change,
  };
}

class Bench implements Listener {
  time = new VirtualTime();
  sockets: FakeSocket[] = [];
  statuses: Status[] = [];
  records: LogRecord[] = [];
  welcomes: { welcome: Welcome; restart: boolean; moved: boolean }[] = [];
  events: RoomEvent[] = [];
  posted: Posted[] = [];
  refusals: ErrorMessage[] = [];
  kept: { resume: string; seen: Position } | null | undefined = undefined;
  connection: Connection;

  constructor(credentials: Partial<Credentials> = {}, random = chance) {
    const environment = {
      openSocket: (events: SocketEvents) => this.open(events),
      now: this.time.now,
      setTimer: this.time.setTimer,
      clearTimer: this.time.clearTimer,
      random: () => random,
    };
    this.connection = new Connection(environment, { room: 'tea', name: 'Ada', ...credentials }, this);
    this.connection.start();
  }

  private open(events: SocketEvents) {
    const socket: FakeSocket = { events, sent: [], closed: false };
    this.sockets.push(socket);
    return {
      send: (text: string) => void socket.sent.push(JSON.parse(text)),
      close: () => void (socket.closed = true),
    };
  }

  status = (status: Status) => void this.statuses.push(status);
  welcome = (welcome: Welcome, restart: boolean, moved: boolean) =>
    void this.welcomes.push({ welcome, restart, moved });
  record = (record: LogRecord) => void this.records.push(record);
  event = (event: RoomEvent) => void this.events.push(event);
  outbox = (posted: Posted[]) => void (this.posted = posted);
  refused = (error: ErrorMessage) => void this.refusals.push(error);
  keep = (state: { resume: string; seen: Position } | null) => void (this.kept = state);

  get socket(): FakeSocket {
    return this.sockets[this.sockets.length - 1] as FakeSocket;
  }

  get state(): Status {
    return this.connection.status;
  }

  say(message: object): void {
    this.socket.events.text(JSON.stringify(message));
  }

  sentOf(t: string) {
    return this.socket.sent.filter((message) => message.t === t);
  }

  join(change: Partial<Welcome> = {}): void {
    this.socket.events.open();
    this.say(welcomeWith(change));
  }

  failAll(): void {
    for (const { closed, events } of this.sockets) {
      if (!closed) events.closed(1006);
    }
  }

  seqs(): number[] {
    return this.records.map(({ seq }) => seq);
  }
}

test('joins with everything that it was given', () => {
  const bench = new Bench({ hostKey: 'key', password: 'secret', link: 'link', client: 'c'.repeat(16) });
  bench.join();
  assert.deepEqual(bench.sentOf('join'), [
    { t: 'join', room: 'tea', name: 'Ada', hostKey: 'key', password: 'secret', link: 'link', client: 'c'.repeat(16) },
  ]);
  assert.equal(bench.state.state, 'joined');
  assert.deepEqual(bench.kept, { resume: 'token', seen: { epoch, seq: 0 } });
});

test('a reload resumes from what the tab kept', () => {
  const bench = new Bench({ resume: 'old', seen: { epoch, seq: 7 } });
  bench.join({ resumed: true, seq: 9, items: [chat(8), chat(9)] });
  assert.equal(bench.sentOf('join')[0]?.resume, 'old');
  assert.deepEqual(bench.sentOf('join')[0]?.seen, { epoch, seq: 7 });
  assert.equal(bench.welcomes[0]?.restart, false);
  assert.deepEqual(bench.seqs(), [8, 9]);
});

test('resumes at once after a loss, and shows each record once', async () => {
  const bench = new Bench();
  bench.join({ seq: 2, items: [chat(1), chat(2)] });
  bench.say(chat(3));
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 2);
  bench.join({ resumed: true, seq: 5, items: [chat(3), chat(4), chat(5)] });
  bench.say(chat(5));
  bench.say(chat(6));
  assert.deepEqual(bench.sentOf('join')[0]?.seen, { epoch, seq: 3 });
  assert.deepEqual(bench.seqs(), [1, 2, 3, 4, 5, 6]);
});

test('another epoch starts the log over', async () => {
  const bench = new Bench();
  bench.join({ seq: 40, items: [chat(40)] });
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ epoch: '00000000000000bb', seq: 2, items: [chat(1), chat(2)], gap: { from: 41, to: 41 } });
  assert.equal(bench.welcomes[1]?.restart, true);
  bench.say(chat(3));
  assert.deepEqual(bench.seqs(), [40, 1, 2, 3]);
});

test('a hole in the live records makes it come back and ask, but not in a loop', async () => {
  const bench = new Bench();
  bench.join({ seq: 1, items: [chat(1)] });
  bench.say(chat(4));
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 2);
  bench.join({ resumed: true, seq: 4, items: [chat(2), chat(3), chat(4)] });
  bench.say(chat(9));
  await bench.time.pass(1_000);
  assert.equal(bench.sockets.length, 2);
  assert.deepEqual(bench.seqs(), [1, 2, 3, 4, 9]);
});

test('an unacknowledged post is sent again with its nonce, an acknowledged one is not', async () => {
  const bench = new Bench();
  bench.join();
  bench.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  bench.connection.request({ t: 'chat', nonce: 'nonce-two', text: 'two' });
  bench.say({ t: 'ack', nonce: 'nonce-one', epoch, seq: 1 });
  bench.say(chat(1, 'one', 'me'));
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ resumed: true, seq: 1 });
  assert.deepEqual(bench.sentOf('chat'), [{ t: 'chat', nonce: 'nonce-two', text: 'two' }]);
  assert.deepEqual(bench.posted.map(({ nonce }) => nonce), ['nonce-two']);
});

test('a post is never shown beside its own record, whichever comes first', () => {
  const recordFirst = new Bench();
  recordFirst.join();
  recordFirst.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  assert.equal(recordFirst.posted.length, 1);
  recordFirst.say(chat(1, 'one', 'me'));
  assert.equal(recordFirst.posted.length, 0);
  recordFirst.say({ t: 'ack', nonce: 'nonce-one', epoch, seq: 1 });
  assert.equal(recordFirst.posted.length, 0);

  const ackFirst = new Bench();
  ackFirst.join();
  ackFirst.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  ackFirst.say({ t: 'ack', nonce: 'nonce-one', epoch, seq: 1 });
  assert.equal(ackFirst.posted.length, 1, 'visible until its record is');
  ackFirst.say(chat(1, 'one', 'me'));
  assert.equal(ackFirst.posted.length, 0);
});

test('a post that was written during a loss goes out after it', async () => {
  const bench = new Bench();
  bench.join();
  bench.socket.events.closed(1006);
  bench.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  await bench.time.pass(firstRetry);
  assert.equal(bench.sentOf('chat').length, 0);
  bench.join({ resumed: true });
  assert.equal(bench.sentOf('chat').length, 1);
});

test('a refused post waits with its reason, and is retried with the same nonce', () => {
  const bench = new Bench();
  bench.join();
  bench.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  bench.say({ t: 'error', code: 'chat_unavailable', message: '', re: 'nonce-one' });
  assert.deepEqual(bench.posted, [{ nonce: 'nonce-one', text: 'one', state: 'failed', code: 'chat_unavailable' }]);
  bench.connection.retry('nonce-one');
  assert.equal(bench.posted[0]?.state, 'sending');
  assert.deepEqual(bench.sentOf('chat').map(({ nonce }) => nonce), ['nonce-one', 'nonce-one']);
});

const tooLong: [what: string, text: string, limits: Partial<Limits>][] = [
  ['text', 'x'.repeat(101), { textBytes: 100 }],
  ['text in bytes', 'ж'.repeat(51), { textBytes: 100 }],
  ['message, for what must be escaped', '"'.repeat(100), { textBytes: 100, messageBytes: 200 }],
];
for (const [what, text, change] of tooLong) {
  const limits = { textBytes: 4096, messageBytes: 65536, messagesPerSecond: 10, ...change };

  test(`a post that is too long a ${what} waits with its reason, unsent`, () => {
    const bench = new Bench();
    bench.join({ limits });
    bench.connection.request({ t: 'chat', nonce: 'nonce-one', text });
    bench.connection.request({ t: 'chat', nonce: 'nonce-two', text: 'x'.repeat(100) });
    assert.deepEqual(bench.posted.map(({ code }) => code), ['text_bad', undefined]);
    assert.deepEqual(bench.sentOf('chat').map(({ nonce }) => nonce), ['nonce-two']);
    bench.connection.discard('nonce-one');
    assert.equal(bench.posted.length, 1);
  });

  test(`so does one that is too long a ${what} only for the server that is there after a loss`, async () => {
    const bench = new Bench();
    bench.join();
    bench.socket.events.closed(1006);
    bench.connection.request({ t: 'chat', nonce: 'nonce-one', text });
    await bench.time.pass(firstRetry);
    bench.join({ resumed: true, limits });
    assert.deepEqual(bench.posted.map(({ code }) => code), ['text_bad']);
    assert.equal(bench.sentOf('chat').length, 0);
  });
}

test('as another member it does not post twice by itself', async () => {
  const bench = new Bench();
  bench.join();
  bench.connection.request({ t: 'chat', nonce: 'nonce-one', text: 'one' });
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ you: 'me-again' });
  assert.equal(bench.sentOf('chat').length, 0);
  assert.deepEqual(bench.posted.map(({ code }) => code), ['unsure']);
});

test('other refusals are handed on', () => {
  const bench = new Bench();
  bench.join();
  bench.connection.request({ t: 'delete', nonce: 'nonce-del', target: 3 });
  bench.say({ t: 'error', code: 'target_unknown', message: '', re: 'nonce-del' });
  bench.say({ t: 'error', code: 'not_allowed', message: '', re: 'ban' });
  assert.deepEqual(bench.refusals.map(({ code }) => code), ['target_unknown', 'not_allowed']);
});

test('answers pings, and takes silence for a loss after `within`', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'ping', within: 10_000 });
  assert.equal(bench.sentOf('pong').length, 1);
  await bench.time.pass(9_000);
  bench.say({ t: 'room', room: {} });
  await bench.time.pass(9_900);
  assert.equal(bench.sockets.length, 1);
  await bench.time.pass(200);
  assert.equal(bench.sockets[0]?.closed, true);
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 2);
});

test('late events of an earlier socket are void', async () => {
  const bench = new Bench();
  bench.join();
  const first = bench.socket;
  bench.say({ t: 'ping', within: 1_000 });
  await bench.time.pass(1_000 + firstRetry);
  bench.join({ resumed: true });
  first.events.text(JSON.stringify(chat(1)));
  first.events.closed(4003);
  assert.deepEqual(bench.records, []);
  assert.equal(bench.state.state, 'joined');
});

test('a server that does not answer is tried again, slower and slower', async () => {
  const bench = new Bench();
  const delays: number[] = [];
  for (let round = 0; round < 8; round++) {
    bench.socket.events.closed(1006);
    assert.equal(bench.state.state, 'waiting');
    if (bench.state.state !== 'waiting') return;
    assert.equal(bench.state.why, 'unreachable');
    const delay = bench.state.until - bench.time.at;
    delays.push(delay);
    await bench.time.pass(delay);
  }
  assert.deepEqual(delays, [500, 750, 1250, 2250, 4250, 7750, 7750, 7750]);
});

test('the wait is jittered between its bounds', () => {
  for (let attempt = 0; attempt < 12; attempt++) {
    assert.equal(backoff(attempt, 0), backoffMin);
    assert.ok(backoff(attempt, 0.999) <= backoffMax);
  }
  assert.ok(backoff(10, 0.999) > 14_900);
});

test('a connection that breaks again at once does not make a storm', async () => {
  const bench = new Bench();
  bench.join();
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ resumed: true });
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 2);
  await bench.time.pass(1_000);
  assert.equal(bench.sockets.length, 3);
  bench.join({ resumed: true });
  await bench.time.pass(6_000);
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 4, 'after a steady while the first try is immediate again');
});

test('a restart of the server is waited for as long as it says', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'restarting', retryMs: 3_000 });
  bench.say({ t: 'bye', code: 'restarting', message: '', retry: true });
  bench.socket.events.closed(1012);
  assert.equal(bench.state.state === 'waiting' && bench.state.why, 'restarting');
  await bench.time.pass(2_999);
  assert.equal(bench.sockets.length, 1);
  await bench.time.pass(2_001);
  assert.equal(bench.sockets.length, 2);
});

// A server that stops while others have the room: the new connection is there before the old one goes.
function toldToMove(): Bench {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'restarting', retryMs: 2_000, move: true });
  return bench;
}

test('moves to another server before it leaves the one that stops', async () => {
  const bench = toldToMove();
  const old = bench.socket;
  await bench.time.pass(1_999);
  assert.equal(bench.sockets.length, 1);
  await bench.time.pass(1);
  assert.equal(bench.sockets.length, 2);
  old.events.text(JSON.stringify(chat(1)));
  bench.socket.events.open();
  assert.deepEqual(bench.sentOf('join')[0]?.seen, { epoch, seq: 1 });
  old.events.text(JSON.stringify(chat(2)));
  assert.equal(old.closed, false);
  bench.join({ resumed: true, seq: 3, items: [chat(2), chat(3)] });
  assert.equal(old.closed, true);
  assert.deepEqual(bench.seqs(), [1, 2, 3]);
  assert.deepEqual(bench.welcomes.map(({ moved }) => moved), [false, true]);
  assert.ok(bench.statuses.every(({ state }) => state !== 'waiting'));
});

test('the old server may hear of the move first', async () => {
  const bench = toldToMove();
  const old = bench.socket;
  await bench.time.pass(2_000);
  old.events.text(JSON.stringify({ t: 'bye', code: 'replaced', message: '', retry: false }));
  old.events.closed(4006);
  assert.equal(bench.state.state, 'joined');
  bench.join({ resumed: true });
  assert.equal(bench.state.state, 'joined');
  assert.equal(bench.sockets.length, 2);
});

test('a move that reaches a server that takes nobody is tried again; meanwhile the old one serves', async () => {
  const bench = toldToMove();
  const old = bench.socket;
  await bench.time.pass(2_000);
  bench.socket.events.closed(4011);
  await bench.time.pass(backoffMin);
  assert.equal(bench.sockets.length, 3);
  old.events.text(JSON.stringify(chat(1)));
  bench.join({ resumed: true, seq: 1 });
  assert.deepEqual(bench.seqs(), [1]);
  assert.equal(old.closed, true);
});

test('a loss during the move is a loss like any other', async () => {
  const bench = toldToMove();
  const old = bench.socket;
  await bench.time.pass(2_000);
  const candidate = bench.socket;
  old.events.closed(1006);
  assert.equal(candidate.closed, true);
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 3);
  bench.join({ resumed: true });
  assert.equal(bench.state.state, 'joined');
});

test('Retry now does not wait', async () => {
  const bench = new Bench();
  for (let round = 0; round < 6; round++) {
    bench.failAll();
    await bench.time.pass(backoffMax);
  }
  bench.failAll();
  const before = bench.sockets.length;
  bench.connection.retryNow();
  assert.equal(bench.sockets.length, before + 1);
});

test('a server that accepts and says nothing is left, each time later', async () => {
  const bench = new Bench();
  for (const patience of [welcomeTimeout, 2 * welcomeTimeout, 60_000, 60_000]) {
    const silent = bench.socket;
    silent.events.open();
    await bench.time.pass(patience - 1);
    assert.equal(silent.closed, false);
    await bench.time.pass(1);
    assert.equal(silent.closed, true);
    assert.equal(bench.state.state, 'waiting');
    await bench.time.pass(backoffMax);
    assert.notEqual(bench.socket, silent);
  }
});

test('who comes back tries a second and a third connection beside one that does not open', async () => {
  const bench = new Bench();
  bench.join();
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  const [, first] = bench.sockets;
  await bench.time.pass(1_499);
  assert.equal(bench.sockets.length, 2);
  await bench.time.pass(1);
  assert.equal(bench.sockets.length, 3);
  await bench.time.pass(3_000);
  const [, , second, third] = bench.sockets;
  assert.equal(bench.sockets.length, 4);
  second?.events.closed(1006);
  await bench.time.pass(5_000);
  assert.equal(bench.sockets.length, 4);
  // The one that was late is taken, and hears of nobody else.
  first?.events.open();
  assert.equal(first?.closed, false);
  assert.equal(third?.closed, true);
  third?.events.open();
  third?.events.closed(1006);
  assert.deepEqual(bench.sockets.map(({ sent }) => sent.length), [1, 1, 0, 0]);
  first?.events.text(JSON.stringify(welcomeWith({ resumed: true })));
  assert.equal(bench.state.state, 'joined');
});

test('when none of them opens, all are left and the next attempt waits longer', async () => {
  const bench = new Bench();
  bench.join();
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  for (const [patience, backoff] of [[2 * openTimeout, 750], [4 * openTimeout, 1_250], [60_000, 2_250]] as const) {
    const before = bench.sockets.length;
    await bench.time.pass(patience - 1);
    assert.equal(bench.socket.closed, false);
    await bench.time.pass(1);
    assert.ok(bench.sockets.every(({ closed }, index) => closed || index === 0));
    assert.equal(bench.state.state, 'waiting');
    await bench.time.pass(backoff);
    assert.ok(bench.sockets.length <= before + 3);
    assert.equal(bench.state.state, 'connecting');
  }
});

test('the last of several that is closed says that none could be had', async () => {
  const bench = new Bench();
  bench.join();
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry + 1_500);
  const [, first, second] = bench.sockets;
  first?.events.closed(1006);
  assert.equal(bench.state.state, 'connecting');
  second?.events.closed(1006);
  assert.equal(bench.state.state, 'waiting');
});

test('a page that stood still reads what came before it calls the server silent', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'ping', within: 6_000 });
  await bench.time.pass(1_000);
  bench.time.stand(60_000);
  bench.say({ t: 'ping', within: 6_000 });  // lay in the queue
  await bench.time.pass(5_999);
  assert.equal(bench.state.state, 'joined');
  await bench.time.pass(1);
  assert.equal(bench.state.state, 'waiting');
});

test('the first retry is spread', async () => {
  for (const random of [0, 0.25, 0.999]) {
    const bench = new Bench({}, random);
    bench.join();
    bench.socket.events.closed(1006);
    const delay = Math.round(random * firstRetryWithin);
    await bench.time.pass(Math.max(0, delay - 1));
    assert.equal(bench.sockets.length, delay === 0 ? 2 : 1);
    await bench.time.pass(1);
    assert.equal(bench.sockets.length, 2);
  }
});

test('what a server promised holds for the next one, until it has been silent for longer', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'ping', within: 6_000 });
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ resumed: true });
  const second = bench.socket;
  await bench.time.pass(6_000);
  assert.equal(second.closed, true);
  await bench.time.pass(1_000);
  bench.join({ resumed: true });
  await bench.time.pass(59_000);
  assert.equal(bench.state.state, 'joined');
});

test('where connections open slowly they get more time', async () => {
  const bench = new Bench();
  await bench.time.pass(1_000);
  bench.socket.events.open();
  bench.join();
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry + 3_999);
  assert.equal(bench.sockets.length, 2);
  await bench.time.pass(1);
  assert.equal(bench.sockets.length, 3);
});

const refusals: [code: string, closeCode: number][] = [
  ['room_full', 4010],
  ['password_wrong', 4010],
  ['link_expired', 4010],
  ['banned', 4010],
];
for (const [code, closeCode] of refusals) {
  test(`a join refused with ${code} ends there`, async () => {
    const bench = new Bench();
    bench.socket.events.open();
    bench.say({ t: 'error', code, message: 'words', re: 'join' });
    bench.say({ t: 'bye', code: 'refused', message: '', retry: false });
    bench.socket.events.closed(closeCode);
    assert.deepEqual(bench.state, { state: 'closed', code, message: 'words' });
    await bench.time.pass(60_000);
    assert.equal(bench.sockets.length, 1);
    assert.equal(bench.time.pending(), 0);
  });
}

test('a busy server is tried again', async () => {
  const bench = new Bench();
  bench.socket.events.open();
  bench.say({ t: 'error', code: 'busy', message: '', re: 'join' });
  bench.socket.events.closed(4010);
  assert.equal(bench.state.state === 'waiting' && bench.state.why, 'busy');
});

const asked: [what: string, retryMs: number, random: number, after: number][] = [
  ['as it asks', 3_200, chance, 3_200],
  ['not before its own pause is over', 100, chance, backoffMin],
  ['and no longer than anybody can wait', 86_400_000, chance, 60_000],
];
for (const [what, retryMs, random, after] of asked) {
  test(`a busy server is tried again ${what}`, async () => {
    const bench = new Bench({}, random);
    bench.socket.events.open();
    bench.say({ t: 'error', code: 'busy', message: '', re: 'join' });
    bench.say({ t: 'bye', code: 'busy', message: '', retry: true, retryMs });
    bench.socket.events.closed(4011);
    assert.equal(bench.state.state === 'waiting' && bench.state.until - bench.time.at, after);
    await bench.time.pass(after - 1);
    assert.equal(bench.sockets.length, 1);
    await bench.time.pass(1);
    assert.equal(bench.sockets.length, 2);
    bench.join();
    assert.equal(bench.state.state, 'joined');
  });
}

test('who is in the room and is sent away by a busy server comes back when it asks', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'bye', code: 'busy', message: '', retry: true, retryMs: 2_300 });
  bench.socket.events.closed(4011);
  assert.deepEqual(bench.state, { state: 'waiting', why: 'busy', until: bench.time.at + 2_300, attempt: 1 });
  await bench.time.pass(2_300);
  bench.socket.events.closed(1006);
  assert.equal(bench.state.state === 'waiting' && bench.state.until - bench.time.at, 750, 'what it asked for counts once');
});

test('a ping that gives more time is believed, and so is the next one that gives less', async () => {
  const bench = new Bench();
  bench.join();
  bench.say({ t: 'ping', within: 40_000 });
  await bench.time.pass(39_000);
  bench.say({ t: 'ping', within: 10_000 });
  await bench.time.pass(9_900);
  assert.equal(bench.state.state, 'joined');
  await bench.time.pass(200);
  assert.equal(bench.state.state, 'waiting');
});

test('a void resume token is dropped and the join repeated without it', () => {
  const bench = new Bench({ resume: 'old', seen: { epoch, seq: 3 } });
  bench.socket.events.open();
  bench.say({ t: 'error', code: 'resume_bad', message: '', re: 'join' });
  bench.socket.events.closed(4010);
  assert.equal(bench.sockets.length, 2);
  assert.equal(bench.kept, null);
  bench.join({ seq: 1, items: [chat(1)] });
  assert.equal(bench.sentOf('join')[0]?.resume, undefined);
  assert.deepEqual(bench.seqs(), [1]);
});

const endings: [closeCode: number, bye: string | null, code: string][] = [
  [4003, null, 'removed'],
  [4004, null, 'banned'],
  [4005, 'ended', 'room_ended'],
  [4005, null, 'room_ended'],
  [4006, 'replaced', 'replaced'],
  [4007, null, 'rate_limited'],
  [1009, null, 'protocol_error'],
];
for (const [closeCode, bye, code] of endings) {
  test(`close ${closeCode}${bye ? ` after bye ${bye}` : ''} is final: ${code}`, async () => {
    const bench = new Bench();
    bench.join();
    if (bye) bench.say({ t: 'bye', code: bye, message: '', retry: false });
    bench.socket.events.closed(closeCode);
    assert.equal(bench.state.state === 'closed' && bench.state.code, code);
    await bench.time.pass(60_000);
    assert.equal(bench.sockets.length, 1);
    // What is open in another tab must not be forgotten by this one.
    assert.equal(bench.kept === null, code !== 'replaced' && code !== 'rate_limited');
  });
}

for (const closeCode of [1001, 1006, 1011, 4001, 4002, 4008, 4011]) {
  test(`close ${closeCode} is come back from`, () => {
    const bench = new Bench();
    bench.join();
    bench.socket.events.closed(closeCode);
    assert.equal(bench.state.state, 'waiting');
  });
}

test('leaving says so and forgets the token', async () => {
  const bench = new Bench();
  bench.join();
  bench.connection.leave();
  assert.equal(bench.sentOf('leave').length, 1);
  assert.equal(bench.kept, null);
  assert.equal(bench.state.state, 'closed');
  await bench.time.pass(60_000);
  assert.equal(bench.time.pending(), 0);
});

test('a page that goes away says so, lets go, and is back at once when it is shown again', async () => {
  const bench = new Bench();
  bench.join();
  const first = bench.socket;
  bench.connection.goAway();
  assert.deepEqual(first.sent.map(({ t }) => t), ['join', 'going']);
  assert.equal(first.closed, true);
  assert.deepEqual(bench.kept, { resume: 'token', seen: { epoch, seq: 0 } }, 'a reload comes back with it');
  // Of a server that does not know the message.
  first.events.text(JSON.stringify({ t: 'error', code: 'unknown_message', message: '', re: 'going' }));
  assert.deepEqual(bench.refusals, []);
  bench.connection.retryNow();
  assert.equal(bench.sockets.length, 2);
  bench.join({ resumed: true });
  assert.equal(bench.sentOf('join')[0]?.resume, 'token');
  assert.equal(bench.state.state, 'joined');
});

test('who is not in says nothing when the page goes away', () => {
  const bench = new Bench();
  bench.socket.events.open();
  bench.connection.goAway();
  assert.deepEqual(bench.sentOf('going'), []);
  assert.equal(bench.socket.closed, true);
  bench.connection.leave();
  bench.connection.goAway();
  assert.equal(bench.state.state, 'closed');
});

test('a page that goes away and stays all the same comes back by itself', async () => {
  const bench = new Bench();
  bench.join();
  bench.connection.goAway();
  await bench.time.pass(firstRetry);
  assert.equal(bench.sockets.length, 2);
});

test('a burst stays under the server’s limit, in order, and does not outlive the connection', async () => {
  const bench = new Bench();
  bench.join({ limits: { textBytes: 4096, messageBytes: 65536, messagesPerSecond: 10 } });
  for (let before = 1; before <= 40; before++) bench.connection.send({ t: 'history', before, limit: 1 });
  assert.equal(bench.sentOf('history').length, 7);
  await bench.time.pass(1_000);
  assert.ok(bench.sentOf('history').length <= 14);
  await bench.time.pass(2_000);
  const sent = bench.sentOf('history').map(({ before }) => before as number);
  assert.ok(sent.length > 20 && sent.length <= 28, `${sent.length} in three seconds`);
  assert.deepEqual(sent, [...sent].sort((a, b) => a - b));
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.join({ resumed: true });
  await bench.time.pass(5_000);
  assert.equal(bench.sentOf('history').length, 0);
});

test('bytes that are no message are ignored', () => {
  const bench = new Bench();
  bench.join();
  for (const text of ['', '{', '7', 'null', '{"t":5}', '[]']) bench.socket.events.text(text);
  assert.equal(bench.state.state, 'joined');
});

test('comes back with the token that came last, and with the host key of now', async () => {
  const bench = new Bench({ hostKey: 'first' });
  bench.join();
  bench.say({ t: 'resume', token: 'renewed' });
  assert.equal(bench.kept?.resume, 'renewed');
  bench.connection.useHostKey('second');
  bench.socket.events.closed(1006);
  await bench.time.pass(firstRetry);
  bench.socket.events.open();
  const [join] = bench.sentOf('join');
  assert.deepEqual([join?.resume, join?.hostKey], ['renewed', 'second']);
});
