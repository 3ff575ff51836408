// Two people of one room, each on a pod of its own; a program for the machine outside of the cluster:
//   node two_people.mjs '{"url": "https://203.0.113.10", "ca": "PEM"}'
// Reads commands from its standard input, a JSON object a line, and answers each with one: {"do": "say", "who": "Ann",
// "text": "..."} -> {"acked": 7}; {"do": "again", "who": "Bob"} leaves and comes back over a new connection; {"do":
// "chats"} -> {"Ann": ["..."], "Bob": [...], "left": [...]}. Who loses the connection comes back by itself.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, makeNonce } from '../../support/client.mjs';
import { createRoom } from '../../support/rest.mjs';

const { url, ca } = JSON.parse(process.argv[2]);
const { host, hostname, port } = new URL(url);
const server = { secureOrigin: url, data: '' };
const options = { secure: true, ca, url: `wss://${host}/api/v1/ws` };
const { room } = await createRoom(server, {}, { secure: true, host: hostname, port: port || 443, ca });

const retry = 250;
const wholeTestMs = 3_600_000;

class Person {
  constructor(name) {
    this.name = name;
    this.history = [];
  }

  async enter(again) {
    this.client = again;
    const move = () => (this.client === again ? this.return() : undefined);
    again.closed.then(move);
    again.take(({ t }) => t === 'restarting', wholeTestMs).then(move, () => {});
  }

  // A busy server or client may be too late for each other; a person tries again.
  async first() {
    for (;;) {
      try {
        return await this.enter(await new Client(server, options).join({ room, name: this.name }));
      } catch {
        await sleep(retry);
      }
    }
  }

  // What was missed comes with the welcome.
  async return() {
    const lost = this.client;
    const heard = this.heard();
    this.history = heard;
    this.client = undefined;
    for (;;) {
      try {
        const last = heard.at(-1);
        const seen = { epoch: lost.welcome.epoch, seq: last?.seq ?? lost.welcome.seq };
        const again = await new Client(server, options).join({ room, name: this.name, resume: lost.welcome.resume, seen });
        this.history.push(...again.welcome.items);
        await this.enter(again);
        lost.socket.terminate();
        return;
      } catch {
        await sleep(retry);
      }
    }
  }

  heard() { return [...this.history, ...(this.client?.history ?? []).filter((message) => message.seq !== undefined && message.t !== 'ack')]; }

  // The same message until it is acknowledged, over as many connections as it takes.
  async say(text) {
    const nonce = makeNonce();
    for (;;) {
      try {
        return (await this.client.chat(text, nonce)).seq;
      } catch {
        await sleep(retry);
      }
    }
  }
}

const people = { Ann: new Person('Ann'), Bob: new Person('Bob') };
for (const person of Object.values(people)) await person.first();

const texts = (person) => person.heard().filter(({ t }) => t === 'chat').map(({ text }) => text);
const actions = {
  say: async ({ who, text }) => ({ acked: await people[who].say(text) }),
  again: async ({ who }) => {
    const person = people[who];
    while (!person.client) await sleep(retry);  // it is on its way already
    await person.return();
    return { id: person.client?.id };
  },
  chats: async () => ({
    Ann: texts(people.Ann),
    Bob: texts(people.Bob),
    left: Object.values(people).flatMap((person) => person.heard().filter(({ t }) => t === 'left').map(({ why }) => why)),
  }),
};
console.log(JSON.stringify({ room }));
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  console.log(JSON.stringify(await actions[wanted.do](wanted)));
}
process.exit(0);
