// Direct calls: one peer connection to each member that we may exchange media with.
//
// No DOM here: RTCPeerConnection, timers and the way to the server come in as MeshEnvironment, so
// that tests run with fakes in virtual time. Times are milliseconds, bitrates bits a second.
// Three media sections in fixed order: microphone, camera, screen. Turning one on or off replaces
// the sender's track and needs no negotiation; what is live is told by the `state` message.
// Sources: W3C webrtc-pc 10.7 (perfect negotiation), PROTOCOL.md "Direct calls".

import type { Candidate, Description, Ice, Member, Signal } from './messages.js';
import { judge, snapshot, type Quality, type Report, type Snapshot } from './quality.js';

export type Slot = 'mic' | 'cam' | 'screen';
export const slots: readonly Slot[] = ['mic', 'cam', 'screen'];

export interface Sender {
  replaceTrack(track: MediaStreamTrack | null): Promise<void>;
  setStreams?(...streams: MediaStream[]): void;
  getParameters(): RTCRtpSendParameters;
  setParameters(parameters: RTCRtpSendParameters): Promise<unknown>;
}

export interface Transceiver {
  readonly mid: string | null;
  direction: RTCRtpTransceiverDirection;
  readonly sender: Sender;
  readonly receiver: {
    readonly track: MediaStreamTrack;
    getSynchronizationSources?(): { audioLevel?: number; timestamp: number }[];
  };
}

// The part of RTCPeerConnection that is used.
export interface PeerConnection {
  readonly signalingState: RTCSignalingState;
  readonly connectionState: RTCPeerConnectionState;
  readonly iceConnectionState: RTCIceConnectionState;
  readonly localDescription: { readonly type: string; readonly sdp: string } | null;
  onnegotiationneeded: ((event: Event) => void) | null;
  onicecandidate: ((event: RTCPeerConnectionIceEvent) => void) | null;
  oniceconnectionstatechange: ((event: Event) => void) | null;
  onconnectionstatechange: ((event: Event) => void) | null;
  addTransceiver(kind: string, init: RTCRtpTransceiverInit): Transceiver;
  getTransceivers(): Transceiver[];
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: RTCSessionDescriptionInit): Promise<void>;
  addIceCandidate(candidate?: RTCIceCandidateInit): Promise<void>;
  restartIce(): void;
  setConfiguration(configuration: RTCConfiguration): void;
  getStats(): Promise<Report>;
  close(): void;
}

export interface MeshEnvironment {
  canConnect: boolean; // false: a browser without WebRTC, which has the chat and the people
  createPeerConnection(configuration: RTCConfiguration): PeerConnection;
  createStream(): MediaStream; // groups our tracks, so that sound and picture stay together
  signal(to: string, signal: Signal): void;
  // Fresh ICE servers before a path is mended; null keeps what is known.
  refreshIce(): Promise<Ice | null>;
  now(): number;
  setTimer(run: () => void, delay: number): unknown;
  clearTimer(timer: unknown): void;
  changed(): void;
  // The highest incarnation in use, to be kept for the next load of the page.
  callUsed(call: number): void;
}

export type PathState = 'connecting' | 'connected' | 'mending' | 'no_route';

export interface PeerView {
  id: string;
  path: PathState;
  quality: Quality;
  turnMissing: boolean; // there is no route, and no TURN server is configured
  tracks: Partial<Record<Slot, MediaStreamTrack>>;
}

export type LocalTracks = Partial<Record<Slot, MediaStreamTrack | null>>;

export const statsEvery = 2_000;
export const connectTimeout = 15_000;
export const mendPatience = 4_000; // a path that is only "disconnected" often comes back by itself
const answerTimeout = 6_000;
const mendTimeout = 8_000;
// Two busy machines take long to agree, and every new connection adds to what keeps them busy. So each try doubles
// these times for the next, up to `patienceMax`, until a path has held for `steadyAfter`.
const patienceMax = 60_000;
const steadyAfter = 30_000;
const rebuildPauseMax = 60_000;
const iceFreshFor = 600_000;

export function mayPublish(member: Pick<Member, 'role'>): boolean {
  return member.role !== 'viewer';
}

export function wantsPeer(me: Member, other: Member): boolean {
  return me.id !== other.id && me.place && other.place && (mayPublish(me) || mayPublish(other));
}

export function hasTurn(ice: Ice): boolean {
  return ice.iceServers.some((server) => [server.urls].flat().some((url) => /^turns?:/i.test(url)));
}

// What one camera picture may cost, by the number of people it is sent to.
export function cameraBitrate(receivers: number): number {
  const table = [1_800_000, 1_800_000, 1_100_000, 750_000, 600_000];
  return table[receivers] ?? 450_000;
}

export class Mesh {
  private peers = new Map<string, Peer>();
  private calls = new Map<string, number>(); // the last incarnation with each member
  private histories = new Map<string, History>();
  private me: Member | null = null;
  private members = new Map<string, Member>();
  private local: LocalTracks = {};
  private ice: Ice = { iceServers: [], iceTransportPolicy: 'all' };
  private iceAt = 0;
  private statsTimer: unknown = null;
  private readonly stream: MediaStream;

  // `firstCall` over 0: an earlier load of this page used the incarnations below it.
  constructor(
    private readonly environment: MeshEnvironment,
    private readonly firstCall: number,
  ) {
    this.stream = environment.createStream();
  }

  setIce(ice: Ice): void {
    this.ice = ice;
    this.iceAt = this.environment.now();
  }

  // Who is in the room, after every change.
  setMembers(me: Member, members: Iterable<Member>): void {
    this.me = me;
    this.members = new Map([...members].map((member) => [member.id, member]));
    for (const [id, peer] of [...this.peers]) {
      const other = this.members.get(id);
      if (!other || !this.wants(me, other)) this.letGo(peer);
      else peer.setPublishing(mayPublish(me));
    }
    for (const other of this.members.values()) {
      if (this.wants(me, other) && !this.peers.has(other.id)) this.open(other.id);
    }
    this.environment.changed();
  }

  setTrack(slot: Slot, track: MediaStreamTrack | null): void {
    this.local[slot] = track;
    for (const peer of this.peers.values()) peer.setTrack(slot, track);
  }

  signal(from: string, signal: Signal): void {
    const peer = this.peerFor(from, signal);
    if (!peer) return;
    if (signal.description) peer.describe(signal.description);
    else if (signal.candidate !== undefined) peer.addCandidate(signal.candidate);
  }

  // Signals of the time without a server, or without that member, are lost; make good for them.
  repair(id?: string): void {
    for (const peer of this.peers.values()) {
      if (id === undefined || peer.id === id) peer.repair();
    }
  }

  // Between 0 and 1, of the last moments.
  audioLevel(id: string): number {
    return this.peers.get(id)?.audioLevel() ?? 0;
  }

  views(): Map<string, PeerView> {
    return new Map([...this.peers].map(([id, peer]) => [id, peer.view(!hasTurn(this.ice))]));
  }

  connections(): PeerConnection[] {
    return [...this.peers.values()].map((peer) => peer.connection);
  }

  closeAll(): void {
    for (const peer of [...this.peers.values()]) this.close(peer);
    this.environment.clearTimer(this.statsTimer);
    this.statsTimer = null;
  }

  private wants(me: Member, other: Member): boolean {
    return this.environment.canConnect && wantsPeer(me, other);
  }

  private open(id: string): Peer {
    const last = this.calls.get(id);
    return this.create(id, last === undefined ? this.firstCall : last + 1);
  }

  private create(id: string, call: number, answering = false): Peer {
    const me = this.me as Member;
    this.calls.set(id, call);
    this.environment.callUsed(call);
    const history = this.histories.get(id) ?? { tries: 0, noRoute: false };
    this.histories.set(id, history);
    const peer = new Peer(this.environment, {
      id,
      history,
      call,
      polite: me.id > id,
      // Whoever raised the incarnation is the only one to know of it, and so offers.
      offers: !answering && (me.id < id || call > 0),
      publishing: mayPublish(me),
      configuration: this.configuration(),
      local: this.local,
      stream: this.stream,
      bitrate: () => cameraBitrate(this.peers.size),
      expects: () => this.expects(id),
      mend: (how) => this.mend(id, call, how),
    });
    this.peers.set(id, peer);
    this.limitBitrates();
    this.statsTimer ??= this.environment.setTimer(() => this.readStats(), statsEvery);
    return peer;
  }

  private letGo(peer: Peer): void {
    this.histories.delete(peer.id);
    this.close(peer);
  }

  private close(peer: Peer): void {
    peer.close();
    if (this.peers.get(peer.id) === peer) this.peers.delete(peer.id);
    this.limitBitrates();
  }

  private limitBitrates(): void {
    for (const peer of this.peers.values()) peer.limitBitrate();
  }

  private configuration(): RTCConfiguration {
    return {
      iceServers: this.ice.iceServers,
      iceTransportPolicy: this.ice.iceTransportPolicy,
      bundlePolicy: 'max-bundle',
    };
  }

  private expects(id: string): boolean {
    const other = this.members.get(id);
    return !!other && !other.away && (other.live.mic || other.live.cam || other.live.screen);
  }

  // The peer a signal is for: a higher incarnation replaces ours, a lower one is dropped.
  private peerFor(from: string, signal: Signal): Peer | null {
    const peer = this.peers.get(from);
    const other = this.members.get(from);
    if (!this.me || !other || !this.wants(this.me, other)) return null;
    if (!peer || signal.call > peer.call || (signal.description && peer.mustYieldFresh(signal.description))) {
      if (peer && signal.call < peer.call) return null;
      if (!signal.description) return signal.call === peer?.call ? peer : null;
      if (peer) this.close(peer);
      return this.create(from, signal.call, true);
    }
    if (signal.call === peer.call) return peer;
    if (signal.description?.type === 'offer') peer.offerOnce();
    return null;
  }

  private async mend(id: string, call: number, how: 'restart' | 'rebuild'): Promise<void> {
    if (this.environment.now() - this.iceAt > iceFreshFor) {
      const ice = await this.environment.refreshIce().catch(() => null);
      if (ice) this.setIce(ice);
    }
    const peer = this.peers.get(id);
    if (!peer || peer.call !== call) return;
    if (how === 'restart') return peer.restart(this.configuration());
    this.close(peer);
    this.create(id, call + 1);
    this.environment.changed();
  }

  private async readStats(): Promise<void> {
    await Promise.all([...this.peers.values()].map((peer) => peer.readStats()));
    this.statsTimer = this.peers.size > 0 ? this.environment.setTimer(() => this.readStats(), statsEvery) : null;
    this.environment.changed();
  }
}

// Goes from one incarnation to the next.
interface History {
  tries: number; // new connections that were asked for since a path was steady
  noRoute: boolean; // a try ended without a path, and none came since
}

interface PeerOptions {
  id: string;
  history: History;
  call: number;
  polite: boolean;
  offers: boolean;
  publishing: boolean;
  configuration: RTCConfiguration;
  local: LocalTracks;
  stream: MediaStream;
  bitrate(): number;
  expects(): boolean;
  mend(how: 'restart' | 'rebuild'): void;
}

// One incarnation of the connection to one member.
class Peer {
  readonly connection: PeerConnection;
  readonly id: string;
  readonly call: number;
  private path: PathState = 'connecting';
  private pathSince = 0;
  private quality: Quality = { level: 'good' };
  private publishing: boolean;
  private transceivers: Transceiver[] = [];
  private makingOffer = false;
  private settingAnswer = false;
  private ignoreOffer = false;
  private negotiated = false; // a description of the other side was applied
  private restarts = 0;
  private closed = false;
  private before: Snapshot | null = null;
  private work: Promise<void> = Promise.resolve();
  private pathTimer: unknown = null;
  private answerTimer: unknown = null;

  constructor(
    private readonly environment: MeshEnvironment,
    private readonly options: PeerOptions,
  ) {
    this.id = options.id;
    this.call = options.call;
    this.publishing = options.publishing;
    this.connection = environment.createPeerConnection(options.configuration);
    this.connection.onnegotiationneeded = () => this.onNegotiationNeeded();
    this.connection.onicecandidate = ({ candidate }) => this.sendCandidate(candidate);
    this.connection.oniceconnectionstatechange = () => this.onIceState();
    this.connection.onconnectionstatechange = () => this.onConnectionState();
    if (options.offers) this.addTransceivers();
    this.schedule(this.grown(connectTimeout), () => this.onNoPath());
  }

  // ---- negotiation ----

  describe(description: Description): void {
    this.enqueue(() => this.applyDescription(description));
  }

  addCandidate(candidate: Candidate | null): void {
    this.enqueue(async () => {
      try {
        await this.connection.addIceCandidate((candidate ?? undefined) as RTCIceCandidateInit | undefined);
      } catch (error) {
        if (!this.ignoreOffer) throw error;
      }
    });
  }

  // Our first offer met theirs and we are the polite one. Transceivers of a rolled back offer would
  // stay in the way, and nothing is lost yet: begin anew and answer.
  mustYieldFresh(description: Description): boolean {
    return description.type === 'offer' && this.options.polite && this.transceivers.length > 0 && !this.negotiated;
  }

  // The other side is at an earlier incarnation and waits: tell it of this one.
  offerOnce(): void {
    if (this.transceivers.length === 0) this.addTransceivers();
  }

  repair(): void {
    if (this.connection.signalingState === 'have-local-offer') this.sendDescription();
    else if (this.negotiated && this.connection.connectionState !== 'connected') this.options.mend('restart');
    else if (!this.negotiated) this.options.mend('rebuild');
  }

  restart(configuration: RTCConfiguration): void {
    this.connection.setConfiguration(configuration);
    this.connection.restartIce();
  }

  close(): void {
    this.closed = true;
    this.environment.clearTimer(this.pathTimer);
    this.environment.clearTimer(this.answerTimer);
    const connection = this.connection;
    connection.onnegotiationneeded = connection.onicecandidate = null;
    connection.oniceconnectionstatechange = connection.onconnectionstatechange = null;
    connection.close();
  }

  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(async () => {
      if (this.closed) return;
      try {
        await step();
      } catch {
        // A description or candidate that does not fit: the path timers mend what it breaks.
      }
    });
  }

  private addTransceivers(): void {
    const direction = this.publishing ? 'sendrecv' : 'recvonly';
    this.transceivers = slots.map((slot) => {
      const kind = slot === 'mic' ? 'audio' : 'video';
      return this.connection.addTransceiver(kind, { direction, streams: [this.options.stream] });
    });
    this.attachTracks();
  }

  // The offer made these; take them in their order and send our own tracks back on them.
  private adoptTransceivers(): void {
    this.transceivers = this.connection.getTransceivers().slice(0, slots.length);
    for (const transceiver of this.transceivers) transceiver.sender.setStreams?.(this.options.stream);
    this.setDirections();
    this.attachTracks();
  }

  private setDirections(): void {
    const direction = this.publishing ? 'sendrecv' : 'recvonly';
    for (const transceiver of this.transceivers) {
      if (transceiver.direction !== direction) transceiver.direction = direction;
    }
  }

  private async onNegotiationNeeded(): Promise<void> {
    if (this.transceivers.length === 0) return;
    try {
      this.makingOffer = true;
      await this.connection.setLocalDescription();
      if (!this.closed) this.sendDescription();
    } catch {
      // The state changed meanwhile; the browser asks again when it is needed.
    } finally {
      this.makingOffer = false;
    }
  }

  private async applyDescription(description: Description): Promise<void> {
    const ready = !this.makingOffer && (this.connection.signalingState === 'stable' || this.settingAnswer);
    const collision = description.type === 'offer' && !ready;
    this.ignoreOffer = !this.options.polite && collision;
    if (this.ignoreOffer) return;
    if (description.type === 'answer' && this.connection.signalingState !== 'have-local-offer') return;
    this.settingAnswer = description.type === 'answer';
    try {
      await this.connection.setRemoteDescription(description as RTCSessionDescriptionInit);
    } finally {
      this.settingAnswer = false;
    }
    this.negotiated = true;
    this.environment.clearTimer(this.answerTimer);
    if (description.type === 'offer') await this.answer();
    this.limitBitrate();
    this.environment.changed();
  }

  private async answer(): Promise<void> {
    if (this.transceivers.length === 0) this.adoptTransceivers();
    await this.connection.setLocalDescription();
    if (!this.closed) this.sendDescription();
  }

  private sendDescription(): void {
    const description = this.connection.localDescription;
    if (!description) return;
    const { type, sdp } = description;
    this.environment.signal(this.id, { call: this.call, description: { type: type as 'offer', sdp } });
    if (type !== 'offer') return;
    this.environment.clearTimer(this.answerTimer);
    this.answerTimer = this.environment.setTimer(() => this.onNoAnswer(), answerTimeout);
  }

  private onNoAnswer(): void {
    if (this.connection.signalingState === 'have-local-offer') this.sendDescription();
  }

  private sendCandidate(candidate: RTCIceCandidate | null): void {
    const plain = candidate && {
      candidate: candidate.candidate,
      sdpMid: candidate.sdpMid,
      sdpMLineIndex: candidate.sdpMLineIndex,
      usernameFragment: candidate.usernameFragment,
    };
    this.environment.signal(this.id, { call: this.call, candidate: plain });
  }

  // ---- tracks ----

  setTrack(slot: Slot, track: MediaStreamTrack | null): void {
    const sender = this.transceivers[slots.indexOf(slot)]?.sender;
    sender?.replaceTrack(this.publishing ? track : null).catch(() => undefined);
  }

  setPublishing(publishing: boolean): void {
    if (publishing === this.publishing) return;
    this.publishing = publishing;
    this.setDirections();
    this.attachTracks();
  }

  limitBitrate(): void {
    const sender = this.transceivers[slots.indexOf('cam')]?.sender;
    if (!sender || !this.negotiated) return;
    const parameters = sender.getParameters();
    const encoding = parameters.encodings?.[0];
    if (!encoding || encoding.maxBitrate === this.options.bitrate()) return;
    encoding.maxBitrate = this.options.bitrate();
    sender.setParameters(parameters).catch(() => undefined);
  }

  private attachTracks(): void {
    for (const slot of slots) this.setTrack(slot, this.options.local[slot] ?? null);
  }

  // ---- the path ----

  private onIceState(): void {
    const state = this.connection.iceConnectionState;
    if (state === 'connected' || state === 'completed') this.onPath();
    if (state === 'failed') this.startMending(this.options.polite ? mendPatience / 2 : 0);
    if (state === 'disconnected') this.startMending(this.options.polite ? mendPatience * 1.5 : mendPatience);
  }

  private onConnectionState(): void {
    if (this.connection.connectionState === 'connected') this.onPath();
    // ICE is fine and DTLS is not: only a new connection helps.
    if (this.connection.connectionState === 'failed' && this.connection.iceConnectionState !== 'failed') {
      if (this.options.history.tries > 0) this.onNoPath();
      else this.rebuild();
    }
  }

  private onPath(): void {
    if (this.connection.connectionState !== 'connected') return;
    this.environment.clearTimer(this.pathTimer);
    if (this.path !== 'connected') this.pathSince = this.environment.now();
    this.path = 'connected';
    this.restarts = 0;
    this.options.history.noRoute = false;
    this.before = null;
    this.environment.changed();
  }

  private startMending(patience: number): void {
    if (this.path === 'no_route') return; // a new connection is on the way already
    const held = this.path === 'connected' && this.environment.now() - this.pathSince > steadyAfter;
    if (held) this.options.history.tries = 0;
    this.schedule(this.grown(patience), () => this.mendNow());
  }

  private grown(patience: number): number {
    return Math.min(patienceMax, patience * 2 ** this.options.history.tries);
  }

  private mendNow(): void {
    if (this.path === 'connecting') return this.onNoPath();
    if (this.restarts > 0) return this.rebuild();
    this.restarts++;
    if (this.path === 'connected') this.path = 'mending';
    this.environment.changed();
    this.options.mend('restart');
    this.schedule(this.grown(mendTimeout), () => this.mendNow());
  }

  private rebuild(): void {
    this.options.history.tries++;
    this.options.mend('rebuild');
  }

  // Neither waiting nor restarts helped. Say so, and go on trying with new connections.
  private onNoPath(): void {
    this.path = 'no_route';
    this.options.history.noRoute = true;
    this.environment.changed();
    const pause = Math.min(rebuildPauseMax, 4_000 * 2 ** this.options.history.tries);
    this.schedule(pause, () => this.rebuild());
  }

  private schedule(delay: number, run: () => void): void {
    this.environment.clearTimer(this.pathTimer);
    this.pathTimer = this.environment.setTimer(() => {
      if (!this.closed) run();
    }, delay);
  }

  // ---- what is shown ----

  async readStats(): Promise<void> {
    if (this.path !== 'connected') return;
    const report = await this.connection.getStats().catch(() => null);
    if (!report || this.closed) return;
    const now = snapshot(report, this.environment.now());
    if (this.before) this.quality = judge(this.before, now, this.options.expects());
    this.before = now;
  }

  audioLevel(): number {
    const sources = this.transceivers[0]?.receiver.getSynchronizationSources?.() ?? [];
    return Math.max(0, ...sources.map((source) => source.audioLevel ?? 0));
  }

  view(noTurn: boolean): PeerView {
    const tracks: Partial<Record<Slot, MediaStreamTrack>> = {};
    slots.forEach((slot, index) => {
      const track = this.transceivers[index]?.receiver.track;
      if (track) tracks[slot] = track;
    });
    const failing = this.path === 'no_route' || (this.path === 'connecting' && this.options.history.noRoute);
    return {
      id: this.id,
      path: failing ? 'no_route' : this.path,
      quality: this.path === 'mending' ? { level: 'poor', reason: 'no_data' } : this.quality,
      turnMissing: failing && noTurn,
      tracks,
    };
  }
}
