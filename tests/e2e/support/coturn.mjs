// Debian's coturn on a loopback port, with time-limited credentials from a shared secret.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endAfter, temporaryFolder } from '../../support/cleanup.mjs';
import { freePort } from '../../support/ports.mjs';
import { eventually } from './wait.mjs';

export const turnProgram = ['/usr/bin/turnserver', '/usr/sbin/turnserver'].find((path) => existsSync(path));

async function openUdp() {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return socket;
}

const bindingRequest = Buffer.from('000100002112a442' + '776161667420746573742e2e', 'hex');  // RFC 8489

async function answers(port) {
  const socket = await openUdp();
  try {
    let answered = false;
    socket.once('message', () => { answered = true; });
    await eventually(`coturn answers on port ${port}`, () => {
      if (!answered) socket.send(bindingRequest, port, '127.0.0.1');
      return answered;
    });
  } finally {
    socket.close();
  }
}

// Gives the settings of waaft for it. `serverSecret`: what waaft believes the secret to be.
export async function startCoturn(t, { secret = 'a-shared-secret', serverSecret = secret } = {}) {
  const folder = temporaryFolder(t);
  const port = await freePort();
  const child = spawn(turnProgram, [
    '-n', '--verbose', '--simple-log', `--log-file=${join(folder, 'log')}`, '--no-cli', '--no-tls', '--no-dtls',
    '--listening-ip=127.0.0.1', `--listening-port=${port}`, '--relay-ip=127.0.0.1', '--allow-loopback-peers',
    '--use-auth-secret', `--static-auth-secret=${secret}`, '--realm=waaft',
    `--userdb=${join(folder, 'turndb')}`, `--pidfile=${join(folder, 'pid')}`,
  ], { stdio: 'ignore' });
  endAfter(t, 'coturn', child);
  await answers(port);
  assert.equal(child.exitCode, null, 'it is our coturn that answers');
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, serverSecret, { mode: 0o600 });
  return {
    log: () => readFileSync(join(folder, 'log'), 'utf8'),
    settings: { 'ice.turn': `turn:127.0.0.1:${port}`, 'ice.turn_secret': secretFile },
  };
}
