// A client in a process of its own, for a test that puts it into another network namespace:
//   node far_client.mjs '{"url": "ws://...", "origin": "http://...", "room": "...", "name": "...", "live": true}'
// Prints what it gets, one JSON object a line.
import { Client } from './client.mjs';

const { url, origin, live, ...wish } = JSON.parse(process.argv[2]);
const client = new Client({ origin }, { url });
await client.join(wish);
if (live) client.send({ t: 'state', mic: true, cam: true, screen: false });
let printed = 0;
const print = () => {
  for (; printed < client.history.length; printed += 1) console.log(JSON.stringify(client.history[printed]));
};
client.socket.on('message', print);
print();
client.closed.then((end) => console.log(JSON.stringify({ t: 'closed', ...end })));
