import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cameraBitrate,
  connectTimeout,
  hasTurn,
  Mesh,
  mendPatience,
  wantsPeer,
  type MeshEnvironment,
  type PathState,
} from '../media.js';
import type { Ice, Member, Role, Signal } from '../messages.js';
import { FakePeerConnection, fakeTrack, Network } from './fakes.js';
import { settle, VirtualTime } from './virtual.js';

function member(id: string, role: Role = 'speaker', place = true): Member {
  return { id, name: id, role, place, away: false, live: { mic: false, cam: false, screen: false }, joined: 0 };
}

const noIce: Ice = { iceServers: [], iceTransportPolicy: 'all' };
const withTurn: Ice = { iceServers: [{ urls: ['turn:example.org:3478'] }], iceTransportPolicy: 'all' };

interface Sent {
  from: string;
  to: string;
  signal: Signal;
}

// Several members' meshes, with a server between them that takes `delay`.
class World {
  time = new VirtualTime();
  network = new Network(this.time);
  meshes = new Map<string, Mesh>();
  members: Member[] = [];
  sent: Sent[] = [];
  lose: (sent: Sent) => boolean = () => false;
  iceAsked = 0;
  delay = 10;
  calls = new Map<string, number>();

  add(who: Member, firstCall = 0, ice = noIce): Mesh {
    const environment: MeshEnvironment = {
      canConnect: true,
      createPeerConnection: this.network.create,
      createStream: () => ({}) as MediaStream,
      signal: (to, signal) => this.carry({ from: who.id, to, signal }),
      refreshIce: () => {
        this.iceAsked++;
        return Promise.resolve(withTurn);
      },
      now: this.time.now,
      setTimer: this.time.setTimer,
      clearTimer: this.time.clearTimer,
      changed: () => undefined,
      callUsed: (call) => this.calls.set(who.id, call),
    };
    const mesh = new Mesh(environment, firstCall);
    mesh.setIce(ice);
    this.meshes.set(who.id, mesh);
    this.members = [...this.members.filter(({ id }) => id !== who.id), who];
    return mesh;
  }

  tellAll(): void {
    for (const [id, mesh] of this.meshes) {
      const me = this.members.find((one) => one.id === id);
      if (me) mesh.setMembers(me, this.members);
    }
  }

  private carry(sent: Sent): void {
    this.sent.push(sent);
    if (this.lose(sent)) return;
    this.time.setTimer(() => this.meshes.get(sent.to)?.signal(sent.from, sent.signal), this.delay);
  }

  mesh(id: string): Mesh {
    return this.meshes.get(id) as Mesh;
  }

  path(id: string, other: string): PathState | undefined {
    return this.mesh(id).views().get(other)?.path;
  }

  connection(id: string): FakePeerConnection {
    return this.mesh(id).connections()[0] as unknown as FakePeerConnection;
  }

  offers(): string[] {
    return this.sent.filter(({ signal }) => signal.description?.type === 'offer').map(({ from }) => from);
  }
}

async function pair(ice = noIce): Promise<World> {
  const world = new World();
  world.add(member('a'), 0, ice);
  world.add(member('b'), 0, ice);
  world.tellAll();
  await world.time.pass(500);
  return world;
}

test('whose id sorts first offers, once, and both are connected', async () => {
  const world = await pair();
  assert.deepEqual(world.offers(), ['a']);
  assert.equal(world.path('a', 'b'), 'connected');
  assert.equal(world.path('b', 'a'), 'connected');
  for (const id of ['a', 'b']) {
    const directions = world.connection(id).transceivers.map(({ direction }) => direction);
    assert.deepEqual(directions, ['sendrecv', 'sendrecv', 'sendrecv']);
  }
  assert.ok(world.sent.every(({ signal }) => signal.call === 0));
});

const peerTable: [me: Role, other: Role, places: [boolean, boolean], wanted: boolean][] = [
  ['host', 'viewer', [true, true], true],
  ['viewer', 'host', [true, true], true],
  ['viewer', 'speaker', [true, true], true],
  ['viewer', 'viewer', [true, true], false],
  ['speaker', 'speaker', [true, true], true],
  ['speaker', 'speaker', [true, false], false],
  ['speaker', 'speaker', [false, true], false],
];
for (const [me, other, [mine, theirs], wanted] of peerTable) {
  test(`${me} (place ${mine}) and ${other} (place ${theirs}): ${wanted ? 'a' : 'no'} connection`, () => {
    assert.equal(wantsPeer(member('a', me, mine), member('b', other, theirs)), wanted);
  });
}

test('a viewer sends nothing, whoever offers', async () => {
  for (const [host, viewer] of [['a', 'b'], ['b', 'a']] as const) {
    const world = new World();
    world.add(member(host, 'host')).setTrack('cam', fakeTrack());
    world.add(member(viewer, 'viewer')).setTrack('cam', fakeTrack());
    world.tellAll();
    await world.time.pass(500);
    assert.equal(world.path(host, viewer), 'connected');
    const sections = world.connection(viewer).transceivers;
    assert.deepEqual(sections.map(({ direction }) => direction), ['recvonly', 'recvonly', 'recvonly']);
    assert.ok(sections.every(({ sent }) => sent === null));
    assert.notEqual(world.connection(host).transceivers[1]?.sent, null);
  }
});

test('a viewer who becomes a speaker sends over the same connection', async () => {
  const world = new World();
  world.add(member('a', 'host'));
  const track = fakeTrack();
  world.add(member('b', 'viewer')).setTrack('cam', track);
  world.tellAll();
  await world.time.pass(500);
  const before = world.connection('b');
  world.members = [member('a', 'host'), member('b', 'speaker')];
  world.tellAll();
  await world.time.pass(500);
  assert.equal(world.connection('b'), before);
  assert.equal(before.transceivers[1]?.sent, track);
  assert.equal(before.transceivers[1]?.direction, 'sendrecv');
  assert.equal(before.signalingState, 'stable');
});

test('turning a track on or off needs no negotiation', async () => {
  const world = await pair();
  const before = world.sent.length;
  const track = fakeTrack();
  world.mesh('b').setTrack('screen', track);
  await world.time.pass(100);
  assert.equal(world.connection('b').transceivers[2]?.sent, track);
  world.mesh('b').setTrack('screen', null);
  await world.time.pass(100);
  assert.equal(world.connection('b').transceivers[2]?.sent, null);
  assert.equal(world.sent.length, before);
});

test('offers that meet: the impolite one stands, and both end stable', async () => {
  const world = await pair();
  world.connection('a').restartIce();
  world.connection('b').restartIce();
  await world.time.pass(500);
  assert.deepEqual(world.offers(), ['a', 'a', 'b', 'b'].slice(0, world.offers().length));
  for (const id of ['a', 'b']) {
    assert.equal(world.connection(id).signalingState, 'stable');
    assert.equal(world.path(id, id === 'a' ? 'b' : 'a'), 'connected');
  }
});

test('first offers that meet leave no transceivers behind', async () => {
  const world = new World();
  world.add(member('a'), 3);
  world.add(member('b'), 3);
  world.tellAll();
  await world.time.pass(1_000);
  assert.equal(world.path('a', 'b'), 'connected');
  assert.equal(world.path('b', 'a'), 'connected');
  for (const id of ['a', 'b']) assert.equal(world.connection(id).transceivers.length, 3);
});

for (const id of ['a', 'b']) {
  test(`a reload of ${id} raises the incarnation and replaces the connection on both sides`, async () => {
    const world = await pair();
    const old = world.network.living();
    const firstCall = (world.calls.get(id) ?? 0) + 1;
    world.add(member(id), firstCall);
    world.tellAll();
    await world.time.pass(1_000);
    assert.equal(world.path('a', 'b'), 'connected');
    assert.equal(world.path('b', 'a'), 'connected');
    const other = id === 'a' ? 1 : 0;
    assert.equal(old[other]?.signalingState, 'closed', 'the other side let the old one go');
    assert.equal(world.calls.get('a'), firstCall);
    assert.equal(world.calls.get('b'), firstCall);
  });
}

test('a signal of an earlier incarnation is dropped', async () => {
  const world = new World();
  world.add(member('a'), 5);
  world.add(member('b'), 5);
  world.tellAll();
  await world.time.pass(1_000);
  const before = world.connection('b');
  world.mesh('b').signal('a', { call: 4, description: { type: 'offer', sdp: '{}' } });
  await world.time.pass(100);
  assert.equal(world.connection('b'), before);
  assert.equal(before.signalingState, 'stable');
});

test('signals of strangers and of people without a place are dropped', async () => {
  const world = await pair();
  const made = world.network.made.length;
  world.mesh('a').signal('zzz', { call: 9, description: { type: 'offer', sdp: '{}' } });
  world.members = [member('a'), member('b', 'speaker', false)];
  world.tellAll();
  world.mesh('a').signal('b', { call: 9, description: { type: 'offer', sdp: '{}' } });
  await settle();
  assert.equal(world.network.made.length, made);
  assert.equal(world.network.living().length, 0);
});

test('a lost offer is sent again', async () => {
  const world = new World();
  let lost = 0;
  world.lose = ({ signal }) => signal.description?.type === 'offer' && lost++ === 0;
  world.add(member('a'));
  world.add(member('b'));
  world.tellAll();
  await world.time.pass(7_000);
  assert.equal(lost, 2);
  assert.equal(world.path('b', 'a'), 'connected');
});

test('a lost answer is asked for again', async () => {
  const world = new World();
  let lost = 0;
  world.lose = ({ signal }) => signal.description?.type === 'answer' && lost++ === 0;
  world.add(member('a'));
  world.add(member('b'));
  world.tellAll();
  await world.time.pass(7_000);
  assert.equal(world.path('a', 'b'), 'connected');
});

test('back from a time without a server it makes good for what was lost', async () => {
  const world = new World();
  world.lose = () => true;
  world.add(member('a'));
  world.add(member('b'));
  world.tellAll();
  await world.time.pass(1_000);
  world.lose = () => false;
  world.mesh('a').repair();
  await world.time.pass(500);
  assert.equal(world.path('a', 'b'), 'connected');
});

test('a path that comes back by itself is left alone', async () => {
  const world = await pair();
  world.network.become('disconnected');
  assert.equal(world.path('a', 'b'), 'connected');
  await world.time.pass(mendPatience - 100);
  world.network.become('connected');
  await world.time.pass(60_000);
  assert.equal(world.connection('a').restarts + world.connection('b').restarts, 0);
});

test('a path that stays away is mended by an ICE restart', async () => {
  const world = await pair();
  const before = world.connection('a');
  world.network.become('disconnected');
  await world.time.pass(mendPatience + 1_000);
  assert.equal(before.restarts, 1);
  assert.equal(world.connection('a'), before);
  assert.equal(world.path('a', 'b'), 'connected');
  assert.equal(world.path('b', 'a'), 'connected');
});

test('where an ICE restart does not help, a new connection is built', async () => {
  const world = await pair();
  const before = world.connection('a');
  world.lose = ({ signal }) => signal.call === 0;
  world.network.become('disconnected');
  await world.time.pass(mendPatience + 4_000);
  assert.equal(world.path('a', 'b'), 'mending');
  await world.time.pass(6_000);
  assert.notEqual(world.connection('a'), before);
  assert.equal(before.signalingState, 'closed');
  assert.equal(world.path('a', 'b'), 'connected');
  assert.equal(world.path('b', 'a'), 'connected');
});

test('on machines that are late, paths that are lost again and again cost fewer and fewer new connections', async () => {
  const world = await pair();
  world.delay = 9_000; // longer than any first patience
  const made: number[] = [];
  for (let loss = 0; loss < 8; loss++) {
    const before = world.network.made.length;
    world.network.become('disconnected');
    const up = (): boolean => world.network.living().every(({ connectionState }) => connectionState === 'connected');
    for (let seconds = 0; !up() && seconds < 600; seconds++) await world.time.pass(1_000);
    assert.ok(up(), 'there is a path again');
    await world.time.pass(10_000);
    made.push(world.network.made.length - before);
  }
  assert.deepEqual(made.slice(4), [0, 0, 0, 0], `new connections of each loss: ${made}`);
});

test('a failed path is mended at once, with fresh ICE servers if ours are old', async () => {
  const world = await pair();
  await world.time.pass(700_000);
  world.network.become('failed');
  await world.time.pass(1_000);
  assert.equal(world.path('a', 'b'), 'connected');
  assert.ok(world.iceAsked >= 1);
  assert.deepEqual(world.connection('a').configuration?.iceServers, withTurn.iceServers);
});

for (const ice of [noIce, withTurn]) {
  test(`no route, ${hasTurn(ice) ? 'with' : 'without'} TURN: says so, goes on, and connects when there is one`, async () => {
    const world = new World();
    world.network.open = false;
    world.add(member('a'), 0, ice);
    world.add(member('b'), 0, ice);
    world.tellAll();
    assert.equal(world.path('a', 'b'), 'connecting');
    await world.time.pass(40_000);
    assert.equal(world.path('a', 'b'), 'no_route');
    assert.equal(world.path('b', 'a'), 'no_route');
    assert.equal(world.mesh('a').views().get('b')?.turnMissing, !hasTurn(ice));
    world.network.open = true;
    await world.time.pass(240_000);
    assert.equal(world.path('a', 'b'), 'connected');
    assert.equal(world.path('b', 'a'), 'connected');
    assert.equal(world.mesh('a').views().get('b')?.turnMissing, false);
    assert.ok((world.calls.get('a') ?? 0) >= 1, 'with a raised incarnation');
  });
}

test('nobody answers: no route after the time to connect', async () => {
  const world = new World();
  world.lose = () => true;
  world.add(member('a'));
  world.add(member('b'));
  world.tellAll();
  await world.time.pass(connectTimeout - 100);
  assert.equal(world.path('a', 'b'), 'connecting');
  await world.time.pass(200);
  assert.equal(world.path('a', 'b'), 'no_route');
});

test('who leaves is let go, and nothing is left running', async () => {
  const world = await pair();
  world.members = [member('a')];
  world.mesh('a').setMembers(member('a'), world.members);
  world.mesh('b').closeAll();
  await world.time.pass(10_000);
  assert.equal(world.network.living().length, 0);
  assert.equal(world.time.pending(), 0);
});

test('six people: fifteen connections', async () => {
  const world = new World();
  for (const id of ['f', 'b', 'd', 'a', 'e', 'c']) world.add(member(id));
  world.tellAll();
  await world.time.pass(2_000);
  for (const [id, mesh] of world.meshes) {
    assert.equal(mesh.connections().length, 5);
    for (const view of mesh.views().values()) assert.equal(view.path, 'connected', `${id} to ${view.id}`);
  }
  assert.equal(world.offers().length, 15);
});

const turnTable: [urls: string | string[], turn: boolean][] = [
  ['stun:example.org', false],
  ['turn:example.org?transport=udp', true],
  [['stun:example.org', 'turns:example.org:443?transport=tcp'], true],
  [[], false],
];
for (const [urls, turn] of turnTable) {
  test(`${JSON.stringify(urls)} ${turn ? 'is' : 'is no'} TURN server`, () => {
    assert.equal(hasTurn({ iceServers: [{ urls }], iceTransportPolicy: 'all' }), turn);
  });
}

test('the more people, the smaller the picture', () => {
  const rates = [1, 2, 3, 4, 5, 9].map(cameraBitrate);
  assert.deepEqual(rates, [...rates].sort((a, b) => b - a));
  assert.ok(rates.every((rate) => rate >= 300_000));
});
