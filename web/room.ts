// A room as the page shows it: joins the connection, the peer connections and this person's devices
// into one state that can be watched, and carries out what people do. No DOM here.

import type { Capture, CaptureState } from './capture.js';
import { apply, emptyLog, oldestSeq, prepend, type ChatLog } from './chat.js';
import { Mesh, mayPublish, slots, type MeshEnvironment, type PeerView, type Slot } from './media.js';
import { isLive, type Intent } from './on_air.js';
import {
  Connection,
  type Credentials,
  type Environment,
  type ErrorMessage,
  type Ice,
  type Limits,
  type Listener,
  type Live,
  type LogRecord,
  type Member,
  type Position,
  type Posted,
  type RoomEvent,
  type RoomInfo,
  type Status,
  type Welcome,
} from './protocol.js';
import { createStore, type Store } from './store.js';

export type Notice =
  | { id: number; kind: 'failure'; code: string; detail: string }
  | { id: number; kind: 'came' | 'went' | 'removed'; name: string }
  | { id: number; kind: 'muted'; live: Live }
  | { id: number; kind: 'host' | 'speaker' | 'viewer' | 'place' | 'back' };

export interface RoomState {
  status: Status;
  everJoined: boolean;
  you: string;
  room: RoomInfo | null;
  members: Member[]; // in order of coming
  log: ChatLog;
  posted: Posted[];
  loadingOlder: boolean;
  unread: number;
  invitedBy: string | null;
  notices: Notice[];
  limits: Limits;
  capture: CaptureState;
  peers: Map<string, PeerView>;
  waiting: boolean; // what keeps the rooms is away: chat is sent when it is back
  everLive: boolean; // somebody was live since we are here
  hostKey: string | null; // as far as this page has one
}

export interface KeptState {
  resume: string;
  seen: Position;
  call: number; // highest incarnation used by this tab
  live: Intent; // what was on
}

export interface RoomDependencies {
  environment: Environment;
  canConnect: MeshEnvironment['canConnect'];
  createPeerConnection: MeshEnvironment['createPeerConnection'];
  createStream: MeshEnvironment['createStream'];
  capture: Capture;
  newNonce(): string;
  readIce(resume: string): Promise<Ice>;
  // For the next load of the page.
  keep(state: KeptState | null): void;
  keepHostKey(key: string | null): void;
  // The host turned these off: they stay off after a reload.
  keepOff(off: Live): void;
}

const historyPage = 50;
const noticesMax = 3;
const noticeFor = 6_000;
const comingsShownBelow = 12; // members; in a bigger room nobody wants to read it

export class Room implements Listener {
  readonly store: Store<RoomState>;
  private readonly connection: Connection;
  private readonly mesh: Mesh;
  readonly draft = createStore({ text: '' }); // of a message that is being written
  private resume = '';
  private seen: Position | null = null;
  private call: number;
  private live: Intent;
  liveBefore: Intent | null; // what was on before the page was loaded again, as long as we are still that member
  private sentLive = '';
  private sentTracks: Record<Slot, MediaStreamTrack | null> = { mic: null, cam: null, screen: null };
  private chatVisible = false;
  private unreadAfter = 0; // records up to this seq were there before we came
  private noticeId = 0;

  constructor(
    private readonly dependencies: RoomDependencies,
    credentials: Credentials,
    last: Partial<KeptState>,
  ) {
    this.store = createStore<RoomState>({
      status: { state: 'connecting', attempt: 0 },
      everJoined: false,
      you: '',
      room: null,
      members: [],
      log: emptyLog,
      posted: [],
      loadingOlder: false,
      unread: 0,
      invitedBy: null,
      notices: [],
      limits: { textBytes: 4096, messageBytes: 65536, messagesPerSecond: 50 },
      capture: dependencies.capture.state,
      peers: new Map(),
      waiting: false,
      everLive: false,
      hostKey: credentials.hostKey ?? null,
    });
    this.call = last.call ?? -1;
    this.liveBefore = last.live ?? null;
    this.live = this.liveBefore ?? { mic: false, cam: false };
    this.mesh = new Mesh(this.meshEnvironment(), this.call + 1);
    this.connection = new Connection(dependencies.environment, credentials, this);
  }

  private meshEnvironment(): MeshEnvironment {
    const { environment, canConnect, createPeerConnection, createStream } = this.dependencies;
    return {
      canConnect,
      createPeerConnection,
      createStream,
      signal: (to, signal) => void this.connection.send({ t: 'signal', to, ...signal }),
      refreshIce: () => (this.resume ? this.dependencies.readIce(this.resume) : Promise.resolve(null)),
      now: () => environment.now(),
      setTimer: (run, delay) => environment.setTimer(run, delay),
      clearTimer: (timer) => environment.clearTimer(timer),
      changed: () => this.store?.set({ peers: this.mesh.views() }),
      callUsed: (call) => {
        this.call = Math.max(this.call, call);
        this.keepForReload();
      },
    };
  }

  // ---- what people do ----

  start(): void {
    this.connection.start();
  }

  retryNow(): void {
    this.connection.retryNow();
  }

  goAway(): void {
    this.connection.goAway();
  }

  leave(): void {
    this.connection.leave();
    this.mesh.closeAll();
  }

  post(text: string): void {
    this.connection.request({ t: 'chat', nonce: this.dependencies.newNonce(), text });
  }

  repost(nonce: string): void {
    this.connection.retry(nonce);
  }

  discard(nonce: string): void {
    this.connection.discard(nonce);
  }

  // Gives what could not be posted back to who wrote it, before what they have begun since.
  takeBack(nonce: string): void {
    const post = this.store.get().posted.find((item) => item.nonce === nonce);
    if (!post) return;
    this.connection.discard(nonce);
    const begun = this.draft.get().text;
    this.draft.set({ text: begun.trim() === '' ? post.text : `${post.text}\n${begun}` });
  }

  deleteMessage(target: number): void {
    this.connection.request({ t: 'delete', nonce: this.dependencies.newNonce(), target });
  }

  react(target: number, emoji: string, on: boolean): void {
    this.connection.request({ t: 'react', nonce: this.dependencies.newNonce(), target, emoji, on });
  }

  loadOlder(): void {
    const before = oldestSeq(this.store.get().log);
    if (before === undefined || this.store.get().loadingOlder) return;
    if (this.connection.send({ t: 'history', before, limit: historyPage })) this.store.set({ loadingOlder: true });
  }

  showChat(visible: boolean): void {
    this.chatVisible = visible;
    if (visible) this.store.set({ unread: 0 });
  }

  accept(): void {
    this.connection.send({ t: 'accept' });
    this.store.set({ invitedBy: null });
  }

  // Refuses an invitation, or steps down.
  decline(): void {
    this.connection.send({ t: 'decline' });
    this.store.set({ invitedBy: null });
  }

  asHost = {
    invite: (member: string) => this.connection.send({ t: 'invite', member }),
    setRole: (member: string, role: 'speaker' | 'viewer') => this.connection.send({ t: 'role', member, role }),
    mute: (member: string, live: Live) => this.connection.send({ t: 'mute', member, ...live }),
    remove: (member: string) => this.connection.send({ t: 'remove', member }),
    ban: (member: string) => this.connection.send({ t: 'ban', member }),
    lock: (on: boolean) => this.connection.send({ t: 'lock', on }),
    handOver: (member: string) => this.connection.send({ t: 'handover', member }),
    erase: () => this.connection.send({ t: 'erase' }),
    end: () => this.connection.send({ t: 'end' }),
  };

  // To be called after every change of Capture.
  captureChanged(): void {
    const { state } = this.dependencies.capture;
    this.store.set({ capture: state });
    this.noteLive();
    this.publish();
    const live = { mic: state.on.mic || state.busy.mic, cam: state.on.cam || state.busy.cam };
    if (live.mic === this.live.mic && live.cam === this.live.cam) return;
    this.live = live;
    this.keepForReload();
  }

  private noteLive(): void {
    const { everLive, members, capture } = this.store.get();
    if (!everLive && (isLive(capture.on) || members.some(({ live }) => isLive(live)))) this.store.set({ everLive: true });
  }

  dismiss(id: number): void {
    this.store.set({ notices: this.store.get().notices.filter((notice) => notice.id !== id) });
  }

  audioLevel(member: string): number {
    return this.mesh.audioLevel(member);
  }

  connections() {
    return this.mesh.connections();
  }

  me(): Member | undefined {
    const { members, you } = this.store.get();
    return members.find((member) => member.id === you);
  }

  // ---- Listener ----

  status(status: Status): void {
    if (status.state === 'closed') {
      this.mesh.closeAll();
      this.dependencies.capture.stop();
    }
    this.store.set({ status });
  }

  welcome(welcome: Welcome, restart: boolean, moved: boolean): void {
    const before = this.store.get();
    const back = before.everJoined;
    if (back && welcome.you !== before.you) this.mesh.closeAll();
    this.mesh.setIce(welcome.ice);
    this.store.set({
      everJoined: true,
      you: welcome.you,
      room: welcome.room,
      limits: welcome.limits ?? before.limits,
      members: sorted(welcome.members),
      log: this.welcomedLog(welcome, restart),
      loadingOlder: false,
      waiting: false,
    });
    this.unreadAfter = back && !restart ? this.unreadAfter : welcome.seq;
    this.sentLive = '';
    this.membersChanged();
    // Who only moved to another server has lost nothing: the direct connections stay as they are.
    if (back && !moved) this.mesh.repair();
    if (back && !moved) this.notify({ kind: 'back' });
    // After a reload only what is new has come; the rest is in the history.
    if (!restart && !back) this.connectionReady(() => this.loadBefore(welcome));
  }

  private loadBefore(welcome: Welcome): void {
    const before = (welcome.items[0]?.seq ?? welcome.seq + 1) || 1;
    this.connection.send({ t: 'history', before, limit: historyPage });
  }

  private connectionReady(run: () => void): void {
    this.dependencies.environment.setTimer(run, 0);
  }

  private welcomedLog(welcome: Welcome, restart: boolean): ChatLog {
    const { log, everJoined } = this.store.get();
    const kept = restart ? emptyLog : log;
    const gaps = welcome.gap ? [...kept.gaps, welcome.gap] : kept.gaps;
    const more = restart || !everJoined ? welcome.more : kept.more;
    return { ...kept, gaps, more };
  }

  record(record: LogRecord): void {
    const { log, you, unread } = this.store.get();
    const isNews = record.seq > this.unreadAfter && record.t === 'chat' && record.from !== you && !record.deleted;
    const counts = isNews && !this.chatVisible;
    const erased = record.t === 'erase';
    this.store.set({ log: apply(log, record), unread: erased ? 0 : counts ? unread + 1 : unread });
  }

  outbox(posted: Posted[]): void {
    this.store.set({ posted });
  }

  refused(error: ErrorMessage): void {
    if (error.re === 'history') this.store.set({ loadingOlder: false });
    if (error.re === 'signal') return; // that member has just gone; its `left` is on the way
    this.notify({ kind: 'failure', code: error.code, detail: error.message });
  }

  keep(state: { resume: string; seen: Position } | null): void {
    this.resume = state?.resume ?? '';
    this.seen = state?.seen ?? null;
    if (!state) this.liveBefore = null;
    this.keepForReload();
  }

  event(event: RoomEvent): void {
    switch (event.t) {
      case 'joined':
      case 'member':
        return this.onMember(event.member, event.t === 'joined');
      case 'left':
        return this.onLeft(event.id, event.why);
      case 'room':
        return this.store.set({ room: event.room });
      case 'signal':
        return this.mesh.signal(event.from, event);
      case 'invited':
        return this.store.set({ invitedBy: event.by });
      case 'muted':
        return this.onMuted(event);
      case 'waiting':
        return this.store.set({ waiting: event.on });
      case 'hostKey':
        return this.useHostKey(event.key);
      case 'history': {
        const { log } = this.store.get();
        return this.store.set({ log: prepend(log, event.items, event.more), loadingOlder: false });
      }
    }
  }

  private onMember(member: Member, isNew: boolean): void {
    const { members, you } = this.store.get();
    const before = members.find((item) => item.id === member.id);
    this.store.set({ members: sorted([...members.filter((item) => item.id !== member.id), member]) });
    if (isNew && !before && members.length < comingsShownBelow) this.notify({ kind: 'came', name: member.name });
    if (before && member.id === you) this.onSelf(before, member);
    this.membersChanged();
    if (before?.away && !member.away) this.mesh.repair(member.id);
  }

  private onSelf(before: Member, now: Member): void {
    if (!before.place && now.place) this.notify({ kind: 'place' });
    if (before.role === now.role) return;
    if (before.role === 'host') this.useHostKey(null);
    if (now.role === 'viewer') this.dependencies.capture.stop();
    if (now.role !== 'viewer') this.store.set({ invitedBy: null });
    this.notify({ kind: now.role });
  }

  private useHostKey(key: string | null): void {
    this.store.set({ hostKey: key });
    this.connection.useHostKey(key ?? undefined);
    this.dependencies.keepHostKey(key);
  }

  private onLeft(id: string, why: string): void {
    const { members } = this.store.get();
    const member = members.find((item) => item.id === id);
    this.store.set({ members: members.filter((item) => item.id !== id) });
    this.membersChanged();
    if (!member || members.length >= comingsShownBelow) return;
    this.notify({ kind: why === 'removed' || why === 'banned' ? 'removed' : 'went', name: member.name });
  }

  private onMuted(off: Live): void {
    const { capture } = this.dependencies;
    for (const slot of slots) {
      if (off[slot]) capture.turnOff(slot);
    }
    this.dependencies.keepOff(off);
    this.notify({ kind: 'muted', live: { mic: off.mic, cam: off.cam, screen: off.screen } });
  }

  private membersChanged(): void {
    const me = this.me();
    if (!me) return;
    this.noteLive();
    this.mesh.setMembers(me, this.store.get().members);
    this.publish();
  }

  // Tells the others what is on, and gives the tracks to the peer connections.
  private publish(): void {
    const me = this.me();
    if (!me) return;
    const { on, tracks } = this.dependencies.capture.state;
    for (const slot of slots) {
      if (this.sentTracks[slot] === tracks[slot]) continue;
      this.sentTracks[slot] = tracks[slot];
      this.mesh.setTrack(slot, tracks[slot]);
    }
    if (!mayPublish(me)) {
      this.sentLive = ''; // the server takes a viewer's devices for off, whatever was said before
      return;
    }
    const live = JSON.stringify(on);
    if (live !== this.sentLive && this.connection.send({ t: 'state', ...on })) this.sentLive = live;
  }

  private keepForReload(): void {
    const { resume, seen, call, live } = this;
    this.dependencies.keep(resume && seen ? { resume, seen, call, live } : null);
  }

  private notify(notice: NoticeWithoutId): void {
    const id = ++this.noticeId;
    const notices = [...this.store.get().notices, { ...notice, id } as Notice];
    this.store.set({ notices: notices.slice(-noticesMax) });
    this.dependencies.environment.setTimer(() => this.dismiss(id), noticeFor);
  }
}

type NoticeWithoutId = Notice extends infer Item ? (Item extends Notice ? Omit<Item, 'id'> : never) : never;

function sorted(members: Member[]): Member[] {
  return [...members].sort((a, b) => a.joined - b.joined || (a.id < b.id ? -1 : 1));
}
