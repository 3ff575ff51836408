// The pure modules: chat log, layout, text, words, quality.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { apply, emptyLog, prepend, reactedBy, type ChatLog } from '../chat.js';
import { failure } from '../failures.js';
import { arrange, bestGrid } from '../layout.js';
import type { ChatRecord, Member, Role, RoomInfo, RoomKind } from '../messages.js';
import type { PathState } from '../media.js';
import { troubleWords } from '../path_words.js';
import { guarded } from '../guard.js';
import { createStore, selectFields } from '../store.js';
import { placeOf } from '../place.js';
import { judge, snapshot, type Quality, type Snapshot } from '../quality.js';
import { shareLinks, shareWords } from '../sharing.js';
import { nothingToWatch, stageWords } from '../stage_words.js';
import {
  charactersOver,
  cutUtf8,
  finishedRoomName,
  initials,
  isRoomName,
  lengthWords,
  pieces,
  postable,
  roomSlug,
  utf8Length,
} from '../text.js';

function chat(seq: number, from = 'a'): ChatRecord {
  return { t: 'chat', seq, at: seq, from, name: from, text: `text ${seq}` };
}

// ---- chat ----

test('messages stand in the order of their seq, each once', () => {
  let log = [5, 3, 5, 4].reduce((sum, seq) => apply(sum, chat(seq)), emptyLog);
  log = prepend(log, [chat(1), chat(3)], true);
  assert.deepEqual(log.messages.map(({ seq }) => seq), [1, 3, 4, 5]);
  assert.equal(log.more, true);
});

test('a deleted message keeps its place and loses its text and reactions', () => {
  let log = apply(apply(emptyLog, chat(1)), chat(2));
  log = apply(log, { t: 'react', seq: 3, at: 3, from: 'b', target: 1, emoji: '👍', on: true });
  log = apply(log, { t: 'delete', seq: 4, at: 4, from: 'a', target: 1 });
  assert.deepEqual(log.messages[0], { ...chat(1), text: '', deleted: true });
  assert.deepEqual(log.messages[1], chat(2));
});

test('reactions are counted once per person and taken back', () => {
  let log = apply(emptyLog, chat(1));
  const react = (from: string, on: boolean) =>
    (log = apply(log, { t: 'react', seq: 2, at: 2, from, target: 1, emoji: '👍', on }));
  react('a', true);
  react('a', true);
  react('b', true);
  assert.deepEqual(log.messages[0]?.reactions, { '👍': ['a', 'b'] });
  react('a', false);
  react('b', false);
  assert.deepEqual(log.messages[0]?.reactions, {});
});

test('a reaction may be called as something that every object has', () => {
  let log = apply(emptyLog, chat(1));
  for (const emoji of ['constructor', 'toString', '__proto__']) {
    assert.deepEqual(reactedBy(log.messages[0]!, emoji), []);
    log = apply(log, { t: 'react', seq: 2, at: 2, from: 'a', target: 1, emoji, on: true });
    assert.deepEqual(reactedBy(log.messages[0]!, emoji), ['a']);
  }
  assert.deepEqual(Object.keys(log.messages[0]?.reactions ?? {}), ['constructor', 'toString', '__proto__']);
});

test('erasing takes what was before it, and no more', () => {
  const full: ChatLog = { messages: [1, 2, 4].map((seq) => chat(seq)), gaps: [{ from: 1, to: 1 }], more: true };
  const log = apply(full, { t: 'erase', seq: 3, at: 3, from: 'a' });
  assert.deepEqual(log.gaps, []);
  assert.deepEqual(log.messages.map(({ seq }) => seq), [4]);
  assert.equal(log.more, false);
});

// ---- layout ----

const stages: [width: number, height: number][] = [
  [1400, 760],
  [1020, 740],
  [374, 640],
  [820, 1000],
  [720, 310],
];
for (const [width, height] of stages) {
  for (let count = 1; count <= 9; count++) {
    test(`${count} faces fit a stage of ${width}x${height} without touching`, () => {
      const keys = Array.from({ length: count }, (_, index) => `face-${index}`);
      const rects = [...arrange({ featured: null, faces: keys, floating: null }, { width, height }, 10).values()];
      assert.equal(rects.length, count);
      for (const rect of rects) {
        assert.ok(rect.x >= 0 && rect.y >= 0 && rect.x + rect.width <= width && rect.y + rect.height <= height);
      }
      for (const [index, a] of rects.entries()) {
        for (const b of rects.slice(index + 1)) {
          const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y;
          assert.ok(apart);
        }
      }
      const used = rects.reduce((sum, rect) => sum + rect.width * rect.height, 0) / (width * height);
      assert.ok(used > 0.45, `only ${Math.round(used * 100)} % of the stage is used`);
    });
  }
}

const grids: [count: number, width: number, height: number, columns: number, rows: number][] = [
  [4, 1400, 760, 2, 2],
  [9, 1400, 760, 3, 3],
  [2, 374, 640, 1, 2],
  [4, 374, 640, 2, 2],
  [2, 1400, 760, 2, 1],
];
for (const [count, width, height, columns, rows] of grids) {
  test(`${count} faces on ${width}x${height} stand in ${columns} by ${rows}`, () => {
    const grid = bestGrid(count, width, height, 10);
    assert.deepEqual([grid.columns, grid.rows], [columns, rows]);
  });
}

test('a shared screen gets most of the stage, beside or above the faces', () => {
  const what = { featured: 'screen', faces: ['a', 'b', 'c'], floating: null };
  for (const [width, height] of stages) {
    const rects = arrange(what, { width, height }, 10);
    const screen = rects.get('screen');
    assert.ok(screen && screen.width * screen.height > 0.5 * width * height);
    assert.equal(rects.size, 4);
  }
  const alone = arrange({ featured: 'screen', faces: [], floating: null }, { width: 100, height: 80 }, 10);
  assert.deepEqual(alone.get('screen'), { x: 0, y: 0, width: 100, height: 80 });
});

// ---- text ----

const linkTable: [text: string, links: string[]][] = [
  ['no link', []],
  ['see https://example.org/a?b=c#d, please', ['https://example.org/a?b=c#d']],
  ['(http://example.org/x)', ['http://example.org/x']],
  ['https://example.org/a_(b).', ['https://example.org/a_(b)']],
  ['javascript:alert(1) data:text/html,x file:///etc/passwd', []],
  ['<a href="https://example.org/">', ['https://example.org/']],
  ['https://', []],
  ['HTTPS://EXAMPLE.ORG/ and http://b.example', ['HTTPS://EXAMPLE.ORG/', 'http://b.example']],
];
for (const [text, links] of linkTable) {
  test(`links of ${text}`, () => {
    const found = pieces(text);
    assert.deepEqual(found.filter(({ kind }) => kind === 'link').map((piece) => piece.text), links);
    assert.equal(found.map((piece) => piece.text).join(''), text);
    for (const piece of found) {
      if (piece.kind === 'link') assert.match(piece.href, /^https?:\/\//);
    }
  });
}

test('text is cut at whole characters', () => {
  assert.equal(utf8Length('aé👍'), 7);
  assert.equal(cutUtf8('aé👍', 6), 'aé');
  assert.equal(cutUtf8('aé👍', 7), 'aé👍');
  assert.equal(cutUtf8('', 5), '');
});

const slugTable: [text: string, slug: string][] = [
  ['Tea Time!', 'tea-time-'],
  ['  Äpfel & Öl', 'apfel-ol'],
  ['--a--b', 'a-b'],
  ['x'.repeat(70), 'x'.repeat(64)],
];
for (const [text, slug] of slugTable) {
  test(`"${text}" becomes the room name ${slug}`, () => assert.equal(roomSlug(text), slug));
}

const roomNames: [typed: string, name: string, good: boolean][] = [
  ['Tea', 'tea', true],
  ['te', 'te', false],
  ['te-', 'te', false],
  ['a-b', 'a-b', true],
  ['Tea Time!', 'tea-time', true],
  ['x'.repeat(64), 'x'.repeat(64), true],
  ['x'.repeat(63) + '-y', 'x'.repeat(63), true],
  ['чай', '', false],
  ['---', '', false],
];
for (const [typed, name, good] of roomNames) {
  test(`"${typed}" asks for the room ${name || 'of any name'}${good || !name ? '' : ', which no server makes'}`, () => {
    const finished = finishedRoomName(roomSlug(typed));
    assert.equal(finished, name);
    assert.equal(isRoomName(finished), good);
  });
}

const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}'; // one character of 18 bytes
const over: [text: string, bytes: number, characters: number][] = [
  ['abc', 3, 0],
  ['abcde', 3, 2],
  ['ééé', 4, 1],
  ['ééé', 5, 1],
  [family, 17, 1],
  [family.repeat(3), 18, 2],
  [`a${family}`, 18, 1],
  ['e\u0301e\u0301', 4, 1],
  ['x'.repeat(30_000), 4_096, 25_904],
];
for (const [text, bytes, characters] of over) {
  test(`of ${text.length > 20 ? `${text.length} units` : text} ${characters} must go to fit ${bytes} bytes`, () => {
    assert.equal(charactersOver(text, bytes), characters);
  });
}

test('a browser that knows no characters counts code points', (t) => {
  const segmenter = Object.getOwnPropertyDescriptor(Intl, 'Segmenter');
  t.after(() => segmenter && Object.defineProperty(Intl, 'Segmenter', segmenter));
  Object.defineProperty(Intl, 'Segmenter', { ...segmenter, value: undefined });
  assert.equal(charactersOver(family.repeat(2), 18), 5);
});

const lengths: [text: string, bytes: number, words: string | null][] = [
  ['x'.repeat(80), 100, null],
  ['x'.repeat(81), 100, 'About 19 characters left'],
  ['x'.repeat(813), 1_000, 'About 180 characters left'],
  ['x'.repeat(99), 100, 'About 1 character left'],
  ['x'.repeat(100), 100, 'About 0 characters left'],
  ['x'.repeat(101), 100, 'Too long: remove about 1 character'],
  ['ж'.repeat(52) + 'x'.repeat(4_096), 4_096, 'Too long: remove about 104 characters'],
  ['x'.repeat(4_096) + 'ж'.repeat(52), 4_096, 'Too long: remove about 52 characters'],
  ['ж'.repeat(45), 100, 'About 5 characters left'],
  ['👍'.repeat(22), 100, 'About 3 characters left'],
  ['', 100, null],
];
for (const [text, bytes, words] of lengths) {
  test(`${text.length} units of ${text.slice(0, 2)} for ${bytes} bytes: ${words}`, () => {
    assert.equal(lengthWords(text, bytes)?.text ?? null, words);
  });
}

test('initials', () => {
  assert.deepEqual(['Ada Lovelace', 'bob', '', '👍 x', 'A B C'].map(initials), ['AL', 'B', '?', '👍X', 'AC']);
});

// ---- words ----

const silent = { mic: false, cam: false, screen: false };
const someone = (id: string, role: Role, change: Partial<Member> = {}): Member => {
  return { id, name: id, role, place: true, away: false, live: silent, joined: 1, ...change };
};
const roomOf = (kind: RoomKind): RoomInfo => ({ id: 'tea', kind, locked: false, password: false, meshMax: 6, membersMax: 100 });
const me = someone('me', 'viewer');
const stageTable: [what: string, kind: RoomKind | null, others: Member[], everLive: boolean, words: RegExp][] = [
  ['before going in', null, [], false, /^Going in…$/],
  ['of a call of viewers', 'call', [me], false, /^Nobody who may speak is here/],
  ['of a broadcast without a host', 'broadcast', [me], false, /^The host is not here at the moment\. The picture appears/],
  ['whose host has left', 'broadcast', [me], true, /^The host is not here at the moment\./],
  ['whose host is away', 'broadcast', [me, someone('host', 'host', { away: true })], true, /^The host is not here at the moment\./],
  ['whose host has not begun', 'broadcast', [me, someone('host', 'host')], false, /^The host is here but not live yet\./],
  ['whose host has stopped', 'broadcast', [me, someone('host', 'host')], true, /^The broadcast has paused: nothing is live/],
];
for (const [what, kind, members, everLive, words] of stageTable) {
  test(`the words of an empty stage ${what}`, () => {
    const room = kind && roomOf(kind);
    assert.match(stageWords({ everJoined: kind !== null, everLive, room, members, you: 'me' }), words);
  });
}

test('words stand instead of faces for who watches a broadcast of nothing', () => {
  const table: [kind: RoomKind, you: string, live: boolean, nothing: boolean][] = [
    ['broadcast', 'me', false, true],
    ['broadcast', 'me', true, false],
    ['broadcast', 'host', false, false],
    ['call', 'me', false, false],
  ];
  for (const [kind, you, live, nothing] of table) {
    const members = [me, someone('host', 'host', { live: { ...silent, mic: live } })];
    assert.equal(nothingToWatch({ room: roomOf(kind), members, you }), nothing);
  }
});

const shareTable: [locked: boolean, password: boolean, words: string][] = [
  [false, false, 'Who has this link can come in.'],
  [false, true, 'Who has this link and the password can come in. The password is not in the link.'],
  [true, false, 'The room is locked: nobody new is let in at the moment. Who has this link can come in when it is unlocked.'],
  [true, true, 'The room is locked: nobody new is let in at the moment. Who has this link and the password can come in when it is unlocked.'],
];
for (const [locked, password, words] of shareTable) {
  test(`who is invited to a room that is ${locked ? 'locked' : 'open'}, ${password ? 'with' : 'without'} a password`, () => {
    assert.equal(shareWords({ locked, password }), words);
  });
}

const own = (host: string) => `${host}/r/tea`;
const lan = ['https://192.168.1.5:3000/r/tea', 'https://[2001:db8::5]:3000/r/tea'];
const named = ['https://live.example.org/r/tea'];
const linkLists: [origin: string, links: string[] | undefined, shared: string[]][] = [
  ['http://localhost:3000', undefined, [own('http://localhost:3000')]],
  ['http://localhost:3000', [], [own('http://localhost:3000')]],
  ['http://localhost:3000', lan, lan],
  ['http://127.0.0.1:3000', lan, lan],
  ['http://127.8.0.1:3000', lan, lan],
  ['http://[::1]:3000', lan, lan],
  ['http://waaft.localhost:3000', named, named],
  ['https://192.168.1.5:3000', undefined, [own('https://192.168.1.5:3000')]],
  ['https://192.168.1.6:3000', lan, [own('https://192.168.1.6:3000')]],
  ['https://192.168.1.5:3000', named, named],
  ['https://live.example.org', named, named],
  ['https://proxy.example.org', ['http://10.0.0.7:3000/r/tea'], [own('https://proxy.example.org')]],
  ['https://proxy.example.org', ['http://[fd00::7]:3000/r/tea'], [own('https://proxy.example.org')]],
  ['https://127.example.org', lan, [own('https://127.example.org')]],
  ['https://localhost.example.org', lan, [own('https://localhost.example.org')]],
];
for (const [origin, links, shared] of linkLists) {
  test(`links to share from ${origin}, of a server that names ${links?.join(' and ') ?? 'none'}`, () => {
    assert.deepEqual(shareLinks(origin, 'tea', links), shared);
  });
}

// ---- quality ----

const still: Snapshot = {
  at: 0,
  packetsReceived: 1000,
  packetsLost: 10,
  bytesReceived: 0,
  freezes: 0,
  roundTrip: 40,
  jitter: 5,
  limitedBy: null,
};

const qualityTable: [what: string, change: Partial<Snapshot>, expected: boolean, quality: Quality][] = [
  ['all is well', { packetsReceived: 1200 }, true, { level: 'good' }],
  ['nothing is sent', {}, false, { level: 'good' }],
  ['nothing arrives', {}, true, { level: 'poor', reason: 'no_data' }],
  ['3 % are lost', { packetsReceived: 1097, packetsLost: 13 }, true, { level: 'fair', reason: 'loss' }],
  ['20 % are lost', { packetsReceived: 1080, packetsLost: 30 }, true, { level: 'poor', reason: 'loss' }],
  ['it froze', { packetsReceived: 1200, freezes: 1 }, true, { level: 'poor', reason: 'frozen' }],
  ['400 ms', { packetsReceived: 1200, roundTrip: 400 }, true, { level: 'fair', reason: 'delay' }],
  ['900 ms', { packetsReceived: 1200, roundTrip: 900 }, true, { level: 'poor', reason: 'delay' }],
  ['jitter', { packetsReceived: 1200, jitter: 120 }, true, { level: 'fair', reason: 'delay' }],
  ['a slow upload', { packetsReceived: 1200, limitedBy: 'bandwidth' }, true, { level: 'fair', reason: 'bandwidth' }],
  ['a busy processor', { packetsReceived: 1200, limitedBy: 'cpu' }, true, { level: 'fair', reason: 'cpu' }],
  ['fewer lost than before', { packetsReceived: 1200, packetsLost: 5 }, true, { level: 'good' }],
];
for (const [what, change, expected, quality] of qualityTable) {
  test(`quality when ${what}`, () => assert.deepEqual(judge(still, { ...still, ...change }, expected), quality));
}

test('a report is summed up over its streams', () => {
  const stats = [
    { type: 'inbound-rtp', kind: 'audio', packetsReceived: 10, packetsLost: 1, bytesReceived: 100, jitter: 0.02 },
    { type: 'inbound-rtp', kind: 'video', packetsReceived: 20, packetsLost: 2, bytesReceived: 200, freezeCount: 3 },
    { type: 'candidate-pair', nominated: true, state: 'succeeded', currentRoundTripTime: 0.05 },
    { type: 'candidate-pair', nominated: false, state: 'succeeded', currentRoundTripTime: 9 },
    { type: 'outbound-rtp', kind: 'video', qualityLimitationReason: 'cpu' },
    { type: 'codec' },
  ];
  assert.deepEqual(snapshot({ forEach: (visit) => stats.forEach(visit) }, 7), {
    at: 7,
    packetsReceived: 30,
    packetsLost: 3,
    bytesReceived: 300,
    freezes: 3,
    roundTrip: 50,
    jitter: 20,
    limitedBy: 'cpu',
  });
});

const well: Quality = { level: 'good' };
const troubles: [path: PathState, quality: Quality, turnMissing: boolean, words: RegExp | null][] = [
  ['connecting', well, false, null],
  ['connected', well, false, null],
  ['connected', { level: 'fair', reason: 'delay' }, false, /^Fair connection: the network is slow to answer$/],
  ['connected', { level: 'poor', reason: 'loss' }, false, /^Poor connection: the network loses packets$/],
  ['mending', well, false, /^Connection lost/],
  ['no_route', well, false, /^No route between you and Bob\. A firewall may be/],
  ['no_route', well, true, /^No route between you and Bob\. .*no TURN relay/],
];
for (const [path, quality, turnMissing, words] of troubles) {
  test(`the list of people on a path that is ${path}, ${quality.level}${turnMissing ? ', without TURN' : ''}`, () => {
    const said = troubleWords({ path, quality, turnMissing }, 'Bob');
    if (words) assert.match(said ?? '', words);
    else assert.equal(said, null);
  });
}

// ---- failures ----

const protocol = readFileSync('../PROTOCOL.md', 'utf8');
const errors = protocol.slice(protocol.indexOf('## Errors'), protocol.indexOf('## Close codes'));
const ofMessages = [...errors.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell]) => [...(cell ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code ?? ''));
const ofRest = ['unreachable', 'server_restarting', 'store_unavailable', 'room_exists', 'key_required', 'origin_refused', 'password_bad', 'bad_request'];
const ofThePage = ['left', 'removed', 'replaced', 'protocol_error', 'unsure'];
// The page deals with these by itself, or never causes them.
const untold = ['resume_bad', 'host_key_bad', 'not_joined', 'already_joined'];

test('every failure that somebody can meet has words of its own', () => {
  assert.ok(ofMessages.length > 20, `${ofMessages}`);
  const told = [...ofMessages, ...ofRest, ...ofThePage].filter((code) => !untold.includes(code));
  const nothing = failure('no such code').title;
  assert.deepEqual(told.filter((code) => failure(code).title === nothing), []);
  const disagreements = ['bad_message', 'unknown_message', 'protocol_error'];
  const titles = told.filter((code) => !disagreements.includes(code)).map((code) => failure(code).title);
  assert.equal(new Set(titles).size, titles.length);
});

test('what people paste can be posted', () => {
  const table: [string, string][] = [
    ['x\ud83d', 'x\ufffd'],
    ['\udc00y \u{1f600}', '\ufffdy \u{1f600}'],
    ['one\vtwo\fthree\u0085four\r\nfive\rsix\u2028seven', 'one\ntwo\nthree\nfour\nfive\nsix\u2028seven'],
    ['\u001b[31mred\u001b[0m \u001b]0;title\u0007x', 'red x'],
    ['a\0b\bc\td\u009be', 'abc\tde'],
    [' \u0001 ', ''],
  ];
  for (const [pasted, posted] of table) assert.equal(postable(pasted), posted);
});

test('a link that would read as another one is shown with what turns it around', () => {
  assert.deepEqual(pieces('https://good.example/\u202egpj.exe'), [
    { kind: 'link', text: 'https://good.example/%E2%80%AEgpj.exe', href: 'https://good.example/%E2%80%AEgpj.exe' },
  ]);
});

test('some fields of a store are the same object until one of them changes', () => {
  const store = createStore({ members: ['Ann'], log: 0, live: false });
  const select = selectFields<{ members: string[]; log: number; live: boolean }, 'members' | 'live'>('members', 'live');
  const first = select(store.get());
  assert.deepEqual(first, { members: ['Ann'], live: false });
  store.set({ log: 1 });
  assert.equal(select(store.get()), first);
  store.set({ live: true });
  const second = select(store.get());
  assert.deepEqual(second, { members: ['Ann'], live: true });
  store.set({ log: 2, members: second.members });
  assert.equal(select(store.get()), second);
});

test('a listener that throws stops nobody, and is told', (t) => {
  const told: unknown[] = [];
  t.mock.method(globalThis, 'queueMicrotask', (run: () => void) => {
    try {
      run();
    } catch (error) {
      told.push(error);
    }
  });
  const store = createStore({ count: 0 });
  const heard: string[] = [];
  const leave = store.subscribe(() => {
    heard.push('first');
    leave();
    store.subscribe(() => heard.push('late'));
    throw new Error('of a listener');
  });
  store.subscribe(() => heard.push('second'));
  store.set({ count: 1 });
  assert.deepEqual(heard, ['first', 'second']);
  store.set({ count: 2 });
  assert.deepEqual(heard, ['first', 'second', 'second', 'late']);
  const listener = guarded({
    name: 'room',
    welcome() {
      throw new Error(`of the ${this.name}`);
    },
  });
  listener.welcome();
  assert.equal(listener.name, 'room');
  assert.deepEqual(told.map(String), ['Error: of a listener', 'Error: of the room']);
});

test('every address is some page', () => {
  const table: [string, string][] = [
    ['/', 'start'],
    ['//', 'start'],
    ['/r/monday-call', 'room monday-call'],
    ['/R/Monday-Call/', 'room monday-call'],
    ['/r/abc%20', 'room abc'],
    ['/r/abc.', 'room abc'],
    ['/r/abc%0A', 'room abc'],
    ['/r/caf%E9', 'room caf%e9'],
    ['/r/%FF', 'room %ff'],
    ['/r/100%', 'room 100%'],
    ['/r/a/b', 'room a/b'],
    ['/r/', 'nowhere'],
    ['/r', 'nowhere'],
    ['/r/...', 'nowhere'],
    ['/about', 'nowhere'],
  ];
  for (const [path, page] of table) {
    const place = placeOf(path);
    assert.equal(place.page === 'room' ? `room ${place.room}` : place.page, page, path);
  }
});
