// The page, its certificate and a chat of two, seen from another machine: node tests/packaging/page_and_chat.mjs ADDRESS
// WAAFT names any program of this version. The certificate is checked against the authority that the server offers.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/client.mjs';
import { createRoom, http } from '../support/rest.mjs';

const host = process.argv[2];
const port = 3000;

test(`${host} serves the page and a chat over TLS`, async (t) => {
  const server = { port, secureOrigin: `https://${host}:${port}` };
  const { text: ca } = await http(server, '/ca.crt', { host });
  const secure = { secure: true, host, ca };
  const page = await http(server, '/', secure);
  assert.equal(page.status, 200);
  assert.match(page.text, /<html/);
  const [, script] = /src="([^"]+\.js)"/.exec(page.text);
  assert.equal((await http(server, script, secure)).status, 200);

  const { room } = await createRoom(server, {}, secure);
  const socket = { secure: true, ca, url: `wss://${host}:${port}/api/v1/ws` };
  const ann = await join(t, server, { room, name: 'Ann' }, socket);
  const ben = await join(t, server, { room, name: 'Ben' }, socket);
  await ann.chat('hello from far');
  assert.equal((await ben.take('chat')).text, 'hello from far');
});
