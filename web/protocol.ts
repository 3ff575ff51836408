// One member's connection to a room: join, resume, acknowledged requests, silence, reconnecting.
//
// No DOM here: the socket, timers and random numbers come in as Environment, so that tests run in
// virtual time. Times are milliseconds. What the server says goes to Listener in the server's order;
// records are handed over once each, by seq. Source: PROTOCOL.md.

import type {
  Ack,
  ClientMessage,
  DurableRequest,
  ErrorMessage,
  Join,
  Limits,
  LogRecord,
  Position,
  RoomEvent,
  ServerMessage,
  Welcome,
} from './messages.js';
import { Deadline } from './deadline.js';
import { guarded } from './guard.js';
import { Pacer } from './pacer.js';
import { utf8Length, wellFormed } from './text.js';

export type * from './messages.js';

// Whatever people pasted, the server can read it.
const jsonOf = (message: unknown): string =>
  JSON.stringify(message, (_key, value: unknown) => (typeof value === 'string' ? wellFormed(value) : value));

export interface SocketEvents {
  open(): void;
  text(data: string): void;
  closed(code: number): void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface Environment {
  openSocket(events: SocketEvents): Socket;
  now(): number;
  setTimer(run: () => void, delay: number): unknown;
  clearTimer(timer: unknown): void;
  random(): number; // [0, 1)
}

export interface Credentials {
  room: string;
  name: string;
  hostKey?: string | undefined;
  password?: string | undefined;
  link?: string | undefined;
  client?: string | undefined;
  resume?: string | undefined;
  seen?: Position | undefined;
}

export type WaitWhy = 'lost' | 'unreachable' | 'restarting' | 'busy';

export type Status =
  | { state: 'connecting'; attempt: number }
  | { state: 'joined' }
  | { state: 'waiting'; why: WaitWhy; until: number; attempt: number }
  | { state: 'closed'; code: string; message: string };

// A posted chat message on its way; it leaves the outbox when its record is in the log.
export interface Posted {
  nonce: string;
  text: string;
  state: 'sending' | 'failed';
  code?: string | undefined; // of the failure
}

export interface Listener {
  status(status: Status): void;
  // `restart`: the log begins anew, what was shown of it is void. `moved`: on another server now, without a break.
  welcome(welcome: Welcome, restart: boolean, moved: boolean): void;
  record(record: LogRecord): void;
  event(event: RoomEvent): void;
  outbox(posted: Posted[]): void;
  // A request that was refused and has no place of its own to say so.
  refused(error: ErrorMessage): void;
  // To be kept for the next load of the page; null when there is nothing to come back to.
  keep(state: { resume: string; seen: Position } | null): void;
}

export const backoffMin = 500;
export const backoffMax = 15_000;
// The first moment after a loss is spread: everybody has lost a server that is gone at the same time.
export const firstRetryWithin = 1_000;
// A server that is late is not gone. The first try goes on while another one is begun beside it, which reaches another
// server behind a balancer; whichever opens first is taken. Who comes back waits for that not much longer than the
// connection before took.
export const openTimeout = 12_000;
const tries = 3;
const nextTryFirst = 4_000;
const nextTryMin = 1_500;
const nextTryFactor = 4;
// It has our join, and reads the room from a slow disk.
export const welcomeTimeout = 20_000;
const patienceMax = 60_000; // both grow with each attempt
const silenceBeforeFirstPing = 60_000;
const steadyAfter = 5_000; // a connection that held this long starts the backoff anew
const resyncEvery = 60_000;

// Close codes after which there is nothing to come back to.
const finalCloseCodes: Record<number, string> = {
  1002: 'protocol_error',
  1007: 'protocol_error',
  1009: 'protocol_error',
  4000: 'bad_message',
  4003: 'removed',
  4004: 'banned',
  4005: 'room_ended',
  4006: 'replaced',
  4007: 'rate_limited',
  4009: 'left',
  4010: 'refused',
};

// Refusals of `join` that pass by themselves.
const busyCodes = new Set(['busy', 'server_full']);

const byeCodes: Record<string, string> = {
  ended: 'room_ended',
  invalid_utf8: 'protocol_error',
  too_big: 'protocol_error',
};

// Full jitter: anything between the least and a ceiling that doubles with each attempt.
export function backoff(attempt: number, random: number): number {
  const ceiling = Math.min(backoffMax, backoffMin * 2 ** attempt);
  return Math.round(backoffMin + random * Math.max(0, ceiling - backoffMin));
}

interface Request {
  message: DurableRequest;
  failed?: string; // the code; waits for the person
  shown?: boolean; // its record came before its ack
  seq?: number; // its ack came before its record
}

// A socket and what it is for: the current one, or the candidate that takes over once it is welcomed.
// Events of any other are void.
interface Line {
  socket: Socket | null;
}

export class Connection {
  status: Status = { state: 'connecting', attempt: 0 };
  private line: Line | null = null;
  private tries = new Set<Line>(); // of one connection; none has opened yet
  private candidate: Line | null = null;
  private moveTimer: unknown = null;
  private joined = false;
  private started = false;
  private attempt = 0;
  private within = silenceBeforeFirstPing;
  private pinged = false; // on this connection; until then what the one before said holds
  private openTook: number | null = null; // the last connection that opened; null: none has
  private readonly silence: Deadline;
  private tryTimer: unknown = null;
  private retryTimer: unknown = null;
  private steadyTimer: unknown = null;
  private restartDelay: number | null = null;
  private farewell: { code: string; message: string; retry: boolean; retryMs?: number } | null = null;
  private refusal: ErrorMessage | null = null;
  private resyncedAt = -Infinity;
  private resume: string | undefined;
  private hostKey: string | undefined;
  private seen: Position | undefined;
  private requests = new Map<string, Request>();
  private limits: Limits | null = null; // of the server
  private you = '';
  private readonly pacer: Pacer<ClientMessage>;
  private readonly listener: Listener;

  constructor(
    private readonly environment: Environment,
    private readonly credentials: Credentials,
    listener: Listener,
  ) {
    this.listener = guarded(listener);
    this.silence = new Deadline(environment);
    this.pacer = new Pacer<ClientMessage>(environment, (message) => this.write(message));
    this.resume = credentials.resume;
    this.hostKey = credentials.hostKey;
    this.seen = credentials.resume ? credentials.seen : undefined;
  }

  start(): void {
    if (this.started) return;
    this.started = true;
    this.connect();
  }

  // Of the room now: by it, and not by the token, the next connection is its host again.
  useHostKey(key: string | undefined): void {
    this.hostKey = key;
  }

  retryNow(): void {
    if (this.status.state === 'waiting') this.connect();
  }

  // Says goodbye; nobody is kept waiting for us.
  leave(): void {
    if (this.status.state === 'closed') return;
    if (this.joined) this.write({ t: 'leave' });
    this.finish('left', '');
  }

  // The page is closed, loaded again or put aside: says so, and lets go. If it is shown again, it comes back.
  goAway(): void {
    const { state } = this.status;
    if (state !== 'joined' && state !== 'connecting') return;
    if (this.joined) this.write({ t: 'going' });
    this.drop();
  }

  // False if there is no connection; the message is then not sent, now or later.
  send(message: ClientMessage): boolean {
    if (!this.joined) return false;
    this.pacer.send(message);
    return true;
  }

  // Sends now or when connected again, until the server has acknowledged or refused it.
  request(message: DurableRequest): void {
    const request: Request = { message };
    this.requests.set(message.nonce, request);
    if (this.joined) this.writeRequest(request);
    this.publishOutbox();
  }

  // What is longer than the server takes would cost the connection, or one of the few mistakes that it forgives.
  private writeRequest(request: Request): void {
    const { message } = request;
    if (message.t === 'chat' && this.limits && isTooLong(message, this.limits)) request.failed = 'text_bad';
    else this.write(message);
  }

  retry(nonce: string): void {
    const request = this.requests.get(nonce);
    if (request) this.request(request.message); // the same nonce: it can't be posted twice
  }

  discard(nonce: string): void {
    this.requests.delete(nonce);
    this.publishOutbox();
  }

  private connect(): void {
    this.clearTimers();
    this.candidate = null;
    this.farewell = null;
    this.refusal = null;
    this.pinged = false;
    this.setStatus({ state: 'connecting', attempt: this.attempt });
    this.line = null;
    this.silence.set(this.patience(openTimeout), () => this.drop());
    const { openTook } = this;
    this.try(openTook === null ? nextTryFirst : Math.max(nextTryMin, nextTryFactor * openTook), tries - 1);
  }

  private patience(first: number): number {
    return Math.min(patienceMax, first * 2 ** this.attempt);
  }

  private try(nextIn: number, more: number): void {
    const line: Line = { socket: null };
    this.tries.add(line);
    this.open(line);
    if (more > 0) this.tryTimer = this.environment.setTimer(() => this.try(2 * nextIn, more - 1), nextIn);
  }

  private open(line: Line): void {
    const began = this.environment.now();
    line.socket = this.environment.openSocket({
      open: () => {
        if (this.tries.delete(line)) this.take(line);
        else if (line !== this.candidate) return;
        this.openTook = this.environment.now() - began;
        line.socket?.send(jsonOf(this.joinMessage()));
      },
      text: (data) => {
        if (line === this.line) this.receive(data);
        else if (line === this.candidate) this.receiveOnCandidate(data);
      },
      closed: (code) => {
        if (line === this.line) this.closed(code);
        else if (line === this.candidate) this.candidateClosed();
        else if (this.tries.delete(line) && this.tries.size === 0) this.closed(code);
      },
    });
  }

  private take(line: Line): void {
    this.endTries();
    this.line = line;
    this.waitForWelcome();
  }

  private endTries(): void {
    this.environment.clearTimer(this.tryTimer);
    this.tryTimer = null;
    const ended = [...this.tries];
    this.tries.clear();
    for (const { socket } of ended) socket?.close();
  }

  // The server that we are on is about to stop: another one takes us over before we leave it.
  private move(): void {
    if (!this.joined || this.candidate) return;
    this.candidate = { socket: null };
    this.open(this.candidate);
  }

  private receiveOnCandidate(data: string): void {
    const message = parse(data);
    if (message?.t !== 'welcome') return;
    const left = this.line;
    this.takeCandidate();
    left?.socket?.close();
    this.dispatch(message, true);
  }

  private takeCandidate(): void {
    this.line = this.candidate;
    this.candidate = null;
    this.pacer.stop();
    this.environment.clearTimer(this.steadyTimer);
    this.restartDelay = null;
    this.farewell = null;
  }

  // It reached a server that takes nobody; the next try reaches another one. If none does, the old line says so.
  private candidateClosed(): void {
    this.candidate = null;
    this.moveTimer = this.environment.setTimer(() => this.move(), backoff(0, this.environment.random()));
  }

  private joinMessage(): Join {
    const { room, name, password, link, client } = this.credentials;
    const { hostKey } = this;
    const join: Join = { t: 'join', room, name };
    if (hostKey) join.hostKey = hostKey;
    if (password) join.password = password;
    if (link) join.link = link;
    if (client) join.client = client;
    if (this.resume) join.resume = this.resume;
    if (this.seen) join.seen = this.seen;
    return join;
  }

  private write(message: ClientMessage | DurableRequest | Join | { t: 'pong' | 'leave' }): void {
    this.line?.socket?.send(jsonOf(message));
  }

  private receive(data: string): void {
    const message = parse(data);
    if (!message) return;
    if (this.joined) this.watchSilence();
    this.dispatch(message);
  }

  private dispatch(message: ServerMessage, moved = false): void {
    switch (message.t) {
      case 'welcome':
        return this.onWelcome(message, moved);
      case 'chat':
      case 'delete':
      case 'react':
      case 'erase':
        return this.onRecord(message);
      case 'ack':
        return this.onAck(message);
      case 'ping':
        this.within = message.within > 0 ? message.within : this.within;
        this.pinged = true;
        this.watchSilence();
        return this.write({ t: 'pong' });
      case 'resume':
        this.resume = message.token;
        return this.keep();
      case 'restarting':
        if (message.move) this.moveTimer = this.environment.setTimer(() => this.move(), message.retryMs);
        else this.restartDelay = message.retryMs;
        return;
      case 'bye':
        this.farewell = message;
        return;
      case 'error':
        return this.onError(message);
      default:
        return this.listener.event(message);
    }
  }

  private onWelcome(welcome: Welcome, moved: boolean): void {
    const restart = !this.seen || this.seen.epoch !== welcome.epoch;
    const changedMember = this.you !== '' && this.you !== welcome.you;
    this.joined = true;
    this.you = welcome.you;
    this.resume = welcome.resume;
    this.limits = welcome.limits;
    this.pacer.start(welcome.limits.messagesPerSecond);
    this.watchSilence();
    this.steadyTimer = this.environment.setTimer(() => (this.attempt = 0), steadyAfter);
    this.listener.welcome(welcome, restart, moved);
    const after = restart ? 0 : (this.seen?.seq ?? 0);
    for (const item of welcome.items) {
      if (item.seq > after) this.deliver(item);
    }
    this.seen = { epoch: welcome.epoch, seq: Math.max(welcome.seq, restart ? 0 : after) };
    this.keep();
    if (changedMember) this.doubtPosted();
    this.setStatus({ state: 'joined' });
    this.resend();
  }

  private resend(): void {
    for (const [nonce, request] of [...this.requests]) {
      if (request.seq !== undefined) this.requests.delete(nonce);
      else if (!request.failed) this.writeRequest(request);
    }
    this.publishOutbox();
  }

  // As another member our nonces are new to the server: whether it has these messages is not known,
  // so the person decides.
  private doubtPosted(): void {
    for (const [nonce, request] of [...this.requests]) {
      if (request.message.t === 'chat') request.failed ??= 'unsure';
      else this.requests.delete(nonce);
    }
    this.publishOutbox();
  }

  private onRecord(record: LogRecord): void {
    const seen = this.seen;
    if (!seen || record.seq <= seen.seq) return;
    if (record.seq > seen.seq + 1 && this.resync()) return;
    seen.seq = record.seq;
    this.deliver(record);
    this.keep();
  }

  // Records are missing between the last one and this: come back and ask for them.
  private resync(): boolean {
    if (this.environment.now() - this.resyncedAt < resyncEvery) return false;
    this.resyncedAt = this.environment.now();
    this.drop();
    return true;
  }

  private deliver(record: LogRecord): void {
    if (record.t === 'chat' && record.from === this.you) this.showPosted(record.seq, record.text);
    this.listener.record(record);
  }

  // A record carries no nonce: without an ack its text tells which post it is.
  private showPosted(seq: number, text: string): void {
    for (const [nonce, request] of [...this.requests]) {
      if (request.message.t !== 'chat' || request.failed || request.shown) continue;
      if (request.seq === seq) this.requests.delete(nonce);
      else if (request.seq === undefined && request.message.text === text) request.shown = true;
      else continue;
      return this.publishOutbox();
    }
  }

  private onAck(ack: Ack): void {
    const request = this.requests.get(ack.nonce);
    if (!request) return;
    const recordToCome = request.message.t === 'chat' && !request.shown && ack.seq > (this.seen?.seq ?? 0);
    if (recordToCome) request.seq = ack.seq;
    else this.requests.delete(ack.nonce);
    this.publishOutbox();
  }

  private onError(error: ErrorMessage): void {
    if (!this.joined) {
      this.refusal = error;
      return;
    }
    const request = error.re === undefined ? undefined : this.requests.get(error.re);
    if (request?.message.t === 'chat') {
      request.failed = error.code;
      return this.publishOutbox();
    }
    if (request && error.re) this.requests.delete(error.re);
    this.listener.refused(error);
  }

  private closed(code: number): void {
    // The server that takes us over has told this one already; its welcome is on the way.
    if (this.candidate && this.joined && (code === 4006 || this.farewell?.code === 'replaced')) {
      return this.takeCandidateUnwelcomed();
    }
    const refusal = this.refusal;
    if (refusal?.code === 'resume_bad' && this.resume) return this.joinAnew();
    if (refusal && busyCodes.has(refusal.code)) return this.lost(4011);
    if (refusal) return this.finish(refusal.code, refusal.message);
    if (this.farewell && !this.farewell.retry) {
      const { code: name, message } = this.farewell;
      return this.finish(byeCodes[name] ?? name, message);
    }
    const final = finalCloseCodes[code];
    if (final) return this.finish(final, '');
    this.lost(code);
  }

  private takeCandidateUnwelcomed(): void {
    this.joined = false;
    this.takeCandidate();
    this.waitForWelcome();
  }

  private waitForWelcome(): void {
    this.silence.set(this.patience(welcomeTimeout), () => this.drop());
  }

  // Our token is too old: come in as somebody new, with the same name and keys.
  private joinAnew(): void {
    this.resume = undefined;
    this.seen = undefined;
    this.listener.keep(null);
    this.connect();
  }

  private drop(): void {
    if (this.joined && !this.pinged) this.within = silenceBeforeFirstPing;
    const socket = this.line?.socket;
    this.line = null;
    socket?.close();
    this.lost(0);
  }

  private lost(code: number): void {
    const wasJoined = this.joined;
    this.joined = false;
    this.dropCandidate();
    this.line = null;
    this.clearTimers();
    const { delay, why } = this.nextAttempt(code, wasJoined);
    this.attempt++;
    const until = this.environment.now() + delay;
    this.setStatus({ state: 'waiting', why, until, attempt: this.attempt });
    this.retryTimer = this.environment.setTimer(() => this.connect(), delay);
  }

  private nextAttempt(code: number, wasJoined: boolean): { delay: number; why: WaitWhy } {
    const random = this.environment.random();
    if (this.restartDelay !== null || code === 1012) {
      const least = this.restartDelay ?? 1000;
      this.restartDelay = null;
      return { delay: Math.round(least + random * Math.min(least, 2000)), why: 'restarting' };
    }
    // A server with too much to do gives each one another time, so that they come one after another.
    const asked = Math.min(patienceMax, this.farewell?.retryMs ?? 0);
    if (wasJoined && this.attempt === 0 && asked === 0) return { delay: Math.round(random * firstRetryWithin), why: 'lost' };
    const why = code === 4011 ? 'busy' : wasJoined ? 'lost' : 'unreachable';
    return { delay: Math.max(asked, backoff(this.attempt, random)), why };
  }

  private finish(code: string, message: string): void {
    const socket = this.line?.socket;
    this.joined = false;
    this.dropCandidate();
    this.line = null;
    this.clearTimers();
    socket?.close();
    if (code !== 'replaced' && code !== 'rate_limited') this.listener.keep(null);
    this.setStatus({ state: 'closed', code, message });
  }

  private dropCandidate(): void {
    const socket = this.candidate?.socket;
    this.candidate = null;
    socket?.close();
  }

  private watchSilence(): void {
    this.silence.set(this.within, () => this.drop());
  }

  private clearTimers(): void {
    this.pacer.stop();
    this.silence.clear();
    this.endTries();
    const timers = [this.retryTimer, this.steadyTimer, this.moveTimer];
    for (const timer of timers) this.environment.clearTimer(timer);
    this.retryTimer = this.steadyTimer = this.moveTimer = null;
  }

  private keep(): void {
    if (this.resume && this.seen) this.listener.keep({ resume: this.resume, seen: { ...this.seen } });
  }

  private setStatus(status: Status): void {
    this.status = status;
    this.listener.status(status);
  }

  private publishOutbox(): void {
    const posted: Posted[] = [];
    for (const [nonce, request] of [...this.requests]) {
      const { message, failed } = request;
      if (message.t !== 'chat' || request.shown) continue;
      posted.push({ nonce, text: message.text, state: failed ? 'failed' : 'sending', code: failed });
    }
    this.listener.outbox(posted);
  }
}

function isTooLong(message: { text: string }, { textBytes, messageBytes }: Limits): boolean {
  return utf8Length(wellFormed(message.text)) > textBytes || utf8Length(jsonOf(message)) > messageBytes;
}

function parse(data: string): ServerMessage | null {
  try {
    const value: unknown = JSON.parse(data);
    const named = typeof value === 'object' && value !== null && typeof (value as { t?: unknown }).t === 'string';
    return named ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
}
