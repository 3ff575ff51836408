// A client of the wire protocol (PROTOCOL.md): joins, posts, waits for messages.
//
//   const ann = await join(t, server, {room, name: 'Ann', hostKey});
//   await ann.chat('hello');
//   await ann.take('left');
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import WebSocket from 'ws';
import { caOf } from './rest.mjs';
import { cleanUp, deadlineMs, within } from './server.mjs';
import { comeAgain } from './wait.mjs';

export const makeNonce = () => randomBytes(12).toString('hex');

// An error message or a close that ended a request.
export class Refused extends Error {
  constructor(code, message) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

export class Client {
  // options: secure, origin, subprotocols, headers, localAddress, url, ca, answerPings.
  constructor(server, options = {}) {
    this.server = server;
    this.options = options;
    this.answerPings = options.answerPings ?? true;
    this.inbox = [];      // received and not yet taken
    this.history = [];    // everything received, in order
    this.members = new Map();
    this.pings = 0;
    this.waiting = new Set();
    const scheme = options.secure ? 'wss://localhost' : 'ws://127.0.0.1';
    const origin = options.origin ?? (options.secure ? server.secureOrigin : server.origin);
    this.socket = new WebSocket(options.url ?? `${scheme}:${server.port}/api/v1/ws`, options.subprotocols ?? ['waaft.v1'], {
      ...(origin !== '' && { origin }),
      headers: options.headers ?? {},
      localAddress: options.localAddress,
      perMessageDeflate: false,
      ...(options.secure && { ca: options.ca ?? caOf(server) }),
    });
    this.opened = new Promise((resolve, reject) => {
      this.socket.once('open', resolve);
      this.socket.once('error', reject);
      this.socket.once('close', (code) => reject(new Refused(code, 'closed before it was open')));
    });
    this.opened.catch(() => {});
    this.closed = new Promise((resolve) => {
      this.socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on('error', () => {});
    this.socket.on('message', (bytes) => this.receive(JSON.parse(bytes.toString())));
    this.closed.then((end) => {
      this.end = end;
      for (const look of [...this.waiting]) look();
    });
  }

  receive(message) {
    if (message.t === 'ping') {
      this.pings += 1;
      this.lastPing = message;
      if (this.answerPings) this.send({ t: 'pong' });
    }
    this.follow(message);
    this.history.push(message);
    this.inbox.push(message);
    for (const look of [...this.waiting]) look();
  }

  // Who is in the room, as the messages tell it.
  follow(message) {
    if (message.t === 'welcome') this.members = new Map(message.members.map((member) => [member.id, member]));
    if (message.t === 'joined' || message.t === 'member') this.members.set(message.member.id, message.member);
    if (message.t === 'left') this.members.delete(message.id);
    if (message.t === 'resume') this.renew(message.token);
  }

  // The token that counts stands in the welcome, which may not have been taken yet.
  renew(token) {
    const welcome = this.welcome ?? this.inbox.find(({ t }) => t === 'welcome');
    if (welcome) welcome.resume = token;
  }

  send(message) { this.socket.send(typeof message === 'string' ? message : JSON.stringify(message)); }

  // Takes the oldest message that fits out of the inbox, or waits for one. `wanted`: a `t`, or a predicate.
  take(wanted, ms = deadlineMs) {
    const fits = typeof wanted === 'string' ? (message) => message.t === wanted : wanted;
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        const index = this.inbox.findIndex(fits);
        if (index >= 0) resolve(this.inbox.splice(index, 1)[0]);
        else if (this.end) reject(new Refused(this.end.code, `closed (${this.end.reason}) before ${wanted} came`));
      };
      this.waiting.add(look);
      look();
    });
    return within(found, `${this.name ?? 'a client'} gets ${wanted}`, ms).finally(() => this.waiting.delete(look));
  }

  // The close code; the server is who closes.
  async close() {
    const { code } = await within(this.closed, `${this.name ?? 'a client'} is closed`);
    return code;
  }

  // wish: room, name, and what else a `join` may have. Rejects with Refused.
  async join(wish) {
    await within(this.opened, 'the WebSocket opens');
    this.name = wish.name;
    this.room = wish.room;
    this.send({ t: 'join', ...wish });
    const answer = await this.take((message) => message.t === 'welcome' || message.t === 'error');
    if (answer.t === 'error') throw new Refused(answer.code, answer.message);
    this.welcome = answer;
    this.id = answer.you;
    return this;
  }

  // Sends a message with a nonce and waits for its ack.
  async request(message) {
    const nonce = message.nonce ?? makeNonce();
    this.send({ ...message, nonce });
    const answer = await this.take((each) => (each.t === 'ack' && each.nonce === nonce) || (each.t === 'error' && each.re === nonce));
    if (answer.t === 'error') throw new Refused(answer.code, answer.message);
    return answer;
  }
  chat(text, nonce) { return this.request({ t: 'chat', text, ...(nonce && { nonce }) }); }
  delete(target) { return this.request({ t: 'delete', target }); }
  react(target, emoji, on = true) { return this.request({ t: 'react', target, emoji, on }); }

  // The refusal of a message without a nonce.
  async refusal(message) {
    this.send(message);
    const answer = await this.take((each) => each.t === 'error' && each.re === message.t);
    return answer.code;
  }

  // A page of older messages.
  older(before, limit) {
    this.send({ t: 'history', before, limit });
    return this.take((message) => message.t === 'history' && message.before === before);
  }

  // All that was sent to this client before now has arrived when its own message has.
  async settled() {
    const { seq } = await this.chat('settled');
    return seq;
  }

  // Milliseconds until it makes sense to come again, as a server says that closes; 0 if it did not.
  async askedToWait() {
    await within(this.closed, `${this.name} is closed`);
    return this.history.find((message) => message.t === 'bye')?.retryMs ?? 0;
  }

  // The connection is cut, without a word.
  async cut() {
    this.socket.terminate();
    await this.closed;
  }

  // A new connection as the same member. `seen`: what this client has, unless it is given.
  async resume(extra = {}) {
    const last = this.history.filter((message) => message.seq !== undefined && message.t !== 'ack').at(-1);
    const seen = { epoch: this.welcome.epoch, seq: last?.seq ?? this.welcome.seq };
    const again = new Client(this.server, this.options);
    await again.join({ room: this.room, name: this.name, resume: this.welcome.resume, seen, ...extra });
    return again;
  }

  chats() { return this.history.filter((message) => message.t === 'chat'); }
}

export async function connect(t, server, options = {}) {
  const client = new Client(server, options);
  cleanUp(t, 'a client', () => client.socket.terminate());
  await within(client.opened, 'the WebSocket opens');
  return client;
}

// Comes again when a server that is late asks for it, as people's pages do.
export async function join(t, server, wish, options = {}) {
  return comeAgain(async () => {
    const client = await connect(t, server, options);
    try {
      return await client.join({ name: 'Ann', ...wish });
    } catch (error) {
      const again = error.code === 'busy' && await client.askedToWait();
      if (!again) throw error;
      return { again };
    }
  }, 'a join');
}

export async function resume(t, client, extra = {}) {
  const again = await client.resume(extra);
  cleanUp(t, 'a client that came back', () => again.socket.terminate());
  return again;
}

// 'in', or the code of the refusal, whether it says to come again or not.
export async function joinOutcome(t, server, wish) {
  const client = await connect(t, server);
  return client.join({ name: 'Ann', ...wish }).then(() => 'in', (error) => {
    if (error instanceof Refused) return error.code;
    throw error;
  });
}

// The code with which a join is refused; the connection is then closed with 4010.
export async function joinRefusal(t, server, wish, options = {}) {
  const client = await connect(t, server, options);
  await assert.rejects(client.join({ name: 'Ann', ...wish }), Refused);
  const refusal = client.history.find((message) => message.t === 'error');
  assert.equal(await client.close(), 4010);
  return refusal.code;
}
