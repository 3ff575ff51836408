// Many people who chat while pods come and go; a program for the machine outside of the cluster:
//   node crowd.mjs '{"url": "https://203.0.113.10", "ca": "PEM", "rooms": 10, "members": 20, "everyMs": 3000, "live": false}'
// Says {"people": 200} when all are in. Commands, a JSON object a line, each answered by one:
//   {"do": "pace", "everyMs": 500}  -> {}  how often each of them writes from now on
//   {"do": "window"}                -> {"written": 900, "gapMs": 140}  waits until everybody has heard what was written
//       since the last window; gapMs is the longest that one of these messages took to one member of its room
//   {"do": "end"}                   -> what became of all of it, as `account` says; all leave
// Who loses the connection, or is asked to move, comes back by itself as the same member.
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, makeNonce } from '../../support/client.mjs';
import { createRoom } from '../../support/rest.mjs';
import { until, within } from '../../support/server.mjs';

const { url, ca, rooms: roomCount, members: memberCount, everyMs, live } = JSON.parse(process.argv[2]);
const { host, hostname, port } = new URL(url);
const server = { secureOrigin: url, data: '' };
const options = { secure: true, ca, url: `wss://${host}/api/v1/ws` };

const retryMs = 250;
// The patience of the page: for a connection, which may lead to a pod that is gone, and for a welcome.
const openMs = 2_000;
const welcomeMs = 12_000;
const heardMs = 600_000;
const joiningAtOnce = 20;
const told = ['joined', 'left'];

const crowd = { everyMs, writing: false, counting: false, written: 0, gapMs: 0, lastRefusal: 'none' };
// 'done' each time that everybody has heard a message, or that one is acknowledged.
const progress = new EventEmitter();
// Faults that one connection shows by itself, and what members were told of each other.
const seen = { gaps: 0, outOfOrder: 0, joined: 0, left: 0 };

class Room {
  constructor(id) {
    this.id = id;
    this.members = [];
    this.acks = [];          // {seq, text}
    this.open = new Map();   // text -> {at, missing}: not yet heard by everybody
  }

  write(text) {
    this.open.set(text, { at: performance.now(), missing: this.members.length });
    crowd.written += 1;
  }

  heard(text) {
    const message = this.open.get(text);
    if (!message) return;
    message.missing -= 1;
    if (message.missing > 0) return;
    this.open.delete(text);
    crowd.gapMs = Math.max(crowd.gapMs, performance.now() - message.at);
    progress.emit('done');
  }
}

// One connection. What is said on it must be in order and without a hole.
class Line extends Client {
  constructor(member, from) {
    super(server, options);
    this.member = member;
    this.last = from;
    this.heardAt = performance.now();
    this.silenceMs = heardMs;
  }

  receive(message) {
    this.heardAt = performance.now();
    if (message.t === 'chat') return this.record(message);
    if (message.t === 'ping') this.silenceMs = message.within;
    if (message.t === 'welcome') this.welcomed(message);
    if (crowd.counting && told.includes(message.t)) seen[message.t] += 1;
    if (message.t === 'ack' || message.t === 'error' || message.t === 'restarting') this.member.answered(this, message);
    if (message.t !== 'ack') super.receive(message);
  }

  welcomed({ seq, items, gap }) {
    if (gap) seen.gaps += 1;
    this.last ??= seq - items.length;
    for (const item of items) this.record(item);
  }

  record({ seq, text }) {
    if (seq !== this.last + 1) seen.outOfOrder += 1;
    this.last = seq;
    this.member.hear(seq, text);
  }
}

class Member {
  constructor(room, name) {
    this.room = room;
    this.name = name;
    this.count = 0;
    this.heard = [];           // {seq, text}, over all connections
    this.pending = new Map();  // nonce -> text: not yet acknowledged
  }

  async enter(resumed) {
    const line = new Line(this, resumed ? this.last() : undefined);
    const wish = { room: this.room.id, name: this.name };
    if (resumed) Object.assign(wish, { resume: this.welcome.resume, seen: { epoch: this.welcome.epoch, seq: line.last } });
    try {
      await within(line.opened, `${this.name} is connected`, resumed ? openMs : heardMs);
      await within(line.join(wish), `${this.name} is welcome`, resumed ? welcomeMs : heardMs);
    } catch (error) {
      line.socket.terminate();
      throw error;
    }
    this.welcome = line.welcome;
    const before = this.line;
    this.line = line;
    before?.socket.terminate();
    line.closed.then(() => this.line === line && this.comeBack());
    if (line.end) return this.comeBack();
    if (live && !resumed) line.send({ t: 'state', mic: true, cam: true, screen: false });
    for (const [nonce, text] of this.pending) this.post(nonce, text);
  }

  // A busy server or client may be too late for each other; a person tries again.
  async enterFirst() {
    const end = performance.now() + heardMs;
    for (;;) {
      try {
        return await this.enter(false);
      } catch (error) {
        crowd.lastRefusal = error.message;
        if (performance.now() > end) throw error;
        await sleep(retryMs);
      }
    }
  }

  last() { return this.heard.at(-1)?.seq ?? this.welcome.seq; }

  async comeBack() {
    if (this.coming) return;
    this.coming = true;
    const left = this.line;
    while (this.line === left) {
      await this.enter(true).catch((error) => { crowd.lastRefusal = error.message; });
      if (this.line === left) await sleep(retryMs * (1 + Math.random()));
    }
    this.coming = false;
    if (this.line.end) this.comeBack();
  }

  hear(seq, text) {
    if (this.heard.length > 0 && seq <= this.heard.at(-1).seq) return;  // two connections overlap
    this.heard.push({ seq, text });
    this.room.heard(text);
  }

  answered(line, message) {
    if (message.t === 'restarting' && message.move) setTimeout(() => this.line === line && this.comeBack(), message.retryMs);
    if (message.t === 'error' && this.pending.has(message.re)) setTimeout(() => this.post(message.re, this.pending.get(message.re)), retryMs);
    const text = message.t === 'ack' ? this.pending.get(message.nonce) : undefined;
    if (text === undefined) return;
    this.pending.delete(message.nonce);
    this.room.acks.push({ seq: message.seq, text });
    progress.emit('done');
  }

  post(nonce, text) {
    if (text !== undefined && !this.line.end) this.line.send({ t: 'chat', nonce, text });
  }

  async writeNowAndThen() {
    await sleep(Math.random() * crowd.everyMs);
    while (crowd.writing) {
      const [nonce, text] = [makeNonce(), `${this.name} says ${this.count++}`];
      this.pending.set(nonce, text);
      this.room.write(text);
      this.post(nonce, text);
      await sleep(crowd.everyMs * (0.5 + Math.random()));
    }
  }

  // For good, so that no pod keeps a place for them.
  async leave() {
    const { line } = this;
    this.line = undefined;
    line.send({ t: 'leave' });
    await within(line.closed, `${this.name} has left`);
  }

  cutIfSilent() {
    if (this.line && performance.now() - this.line.heardAt > this.line.silenceMs) this.line.socket.terminate();
  }
}

const rooms = [];
const members = [];

async function begin() {
  for (let i = 0; i < roomCount; ++i) {
    const room = new Room((await createRoom(server, {}, { secure: true, host: hostname, port: port || 443, ca })).room);
    rooms.push(room);
    for (let k = 0; k < memberCount; ++k) room.members.push(new Member(room, `${i}-${k}`));
    members.push(...room.members);
  }
  for (let i = 0; i < members.length; i += joiningAtOnce)
    await Promise.all(members.slice(i, i + joiningAtOnce).map((member) => member.enterFirst()));
  await until(() => members.every(({ line }) => line.members.size === memberCount), 'everybody knows of everybody', heardMs);
  crowd.counting = crowd.writing = true;
  for (const member of members) member.writeNowAndThen();
  setInterval(() => members.forEach((member) => member.cutIfSilent()), 500);
}

async function untilDone(isDone, what) {
  const end = performance.now() + heardMs;
  while (!isDone()) {
    await within(once(progress, 'done'), what, end - performance.now()).catch(() => {
      const away = members.filter(({ coming }) => coming).length;
      throw new Error(`not in ${heardMs} ms: ${what}; ${away} are not in, the last refusal: ${crowd.lastRefusal}`);
    });
  }
}

// Until everybody has heard what is written by now.
async function settle() {
  const wanted = rooms.flatMap((room) => [...room.open.keys()].map((text) => [room, text]));
  await untilDone(() => !wanted.some(([room, text]) => room.open.has(text)), 'everybody heard everything');
}

async function window() {
  await settle();
  const { written, gapMs } = crowd;
  [crowd.written, crowd.gapMs] = [0, 0];
  return { written, gapMs };
}

// The whole log as the server has it.
async function readLog(room) {
  const [{ line }] = room.members;
  const log = [];
  for (let before = 2 ** 40, more = true; more;) {
    const page = await line.older(before, 100);
    log.unshift(...page.items);
    more = page.more;
    before = page.items[0]?.seq;
  }
  return log.map(({ seq, text }) => ({ seq, text }));
}

const same = (a, b) => a.length === b.length && a.every(({ seq, text }, index) => seq === b[index].seq && text === b[index].text);

async function account() {
  crowd.writing = false;
  await settle();
  await untilDone(() => members.every(({ pending }) => pending.size === 0), 'everything is acknowledged');
  const sum = { people: members.length, acked: 0, lost: 0, doubled: 0, heardOtherwise: 0 };
  for (const room of rooms) {
    const log = await readLog(room);
    const texts = new Map(log.map(({ seq, text }) => [seq, text]));
    sum.acked += room.acks.length;
    sum.lost += room.acks.filter(({ seq, text }) => texts.get(seq) !== text).length;
    sum.doubled += log.length - new Set(texts.values()).size;
    sum.heardOtherwise += room.members.filter(({ heard }) => !same(heard, log)).length;
  }
  crowd.counting = false;
  await Promise.all(members.map((member) => member.leave()));
  return { ...sum, ...seen };
}

const actions = {
  pace: async ({ everyMs: pace }) => {
    crowd.everyMs = pace;
    return {};
  },
  window,
  end: account,
};
await begin();
console.log(JSON.stringify({ people: members.length }));
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  console.log(JSON.stringify(await actions[wanted.do](wanted)));
  if (wanted.do === 'end') break;
}
process.exit(0);
