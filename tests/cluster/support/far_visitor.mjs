// Somebody who visits a room by the server's name, which no DNS has here; a program of its own, for the machine outside:
//   node far_visitor.mjs '{"address": "203.0.113.10", "host": "live.example.org", "ca": "...", "idle": 70000}'
// Opens a room, posts, is silent for `idle` ms, posts again. Prints {page, link, ice, texts, pings} as JSON.
import dns from 'node:dns';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../../support/client.mjs';
import { createRoom, http } from '../../support/rest.mjs';

const { address, host, ca, idle } = JSON.parse(process.argv[2]);
dns.lookup = (name, options, done) => (options.all ? done(null, [{ address, family: 4 }]) : done(null, address, 4));
const server = { secureOrigin: `https://${host}` };
const secure = { secure: true, host, port: 443, ca };

const page = await http(server, '/', secure);
const { room, url } = await createRoom(server, {}, secure);
const ann = new Client(server, { secure: true, ca, url: `wss://${host}/api/v1/ws` });
await ann.join({ room, name: 'Ann' });
const texts = [];
const say = async (text) => {
  await ann.chat(text);
  texts.push((await ann.take('chat')).text);
};
await say('before');
await sleep(idle);
await say('after');
ann.socket.terminate();
console.log(JSON.stringify({ page: page.status, link: url, ice: ann.welcome.ice, texts, pings: ann.pings }));
