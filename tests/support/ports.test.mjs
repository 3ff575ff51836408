// Ports that stay free until they are used, in this process and in others beside it.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { closeAfter } from './cleanup.mjs';
import { lineOf } from './lines.mjs';
import { freePort } from './ports.mjs';

const take = (count) => Promise.all(Array.from({ length: count }, freePort));

test('none is given twice, whoever asks at the same time', async () => {
  const code = `import { freePort } from '${new URL('./ports.mjs', import.meta.url)}';
    console.log(JSON.stringify(await Promise.all(Array.from({ length: 200 }, freePort))));
    process.stdin.on('end', () => process.exit(0)).resume();`;
  const others = Array.from({ length: 3 }, () => promisify(execFile)(process.execPath, ['--input-type=module', '-e', code]));
  // All of them hold what they have until the last has it.
  const said = others.map(({ child }) => lineOf(child.stdout, () => true, 'the ports').then(JSON.parse));
  const ports = [...await take(200), ...(await Promise.all(said)).flat()];
  for (const { child } of others) child.stdin.end();
  await Promise.all(others);
  assert.equal(new Set(ports).size, 800);
});

test('it is none that the system gives to connections or to who asks for any', async () => {
  const [low, high] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/).map(Number);
  for (const port of await take(20)) assert.ok(port < low || port > high, `${port} is in ${low} to ${high}`);
});

test('nobody listens on it, and one can', async (t) => {
  const port = await freePort();
  const code = await new Promise((resolve) => { connect(port, '127.0.0.1').on('error', (error) => resolve(error.code)).on('connect', () => resolve('connected')); });
  assert.equal(code, 'ECONNREFUSED');
  const server = closeAfter(t, 'a server', createServer());
  await new Promise((resolve, reject) => { server.once('error', reject).listen(port, '127.0.0.1', resolve); });
});
