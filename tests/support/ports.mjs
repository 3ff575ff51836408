// Ports for programs that cannot choose one themselves, or that come back on the one they had.
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

// Below those that the system gives to connections and to who asks for any: one of them could take a port that is free
// now. tests/support/free_port.h takes from the same, by the same rule.
const first = 15_000;
const last = 29_999;

function listening(port, host) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

const closed = (server) => new Promise((resolve) => { server.close(resolve); });

async function isFree(port) {
  const server = await listening(port, '0.0.0.0');
  if (!server) return false;
  await closed(server);
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => { socket.close(); resolve(false); });
    socket.bind({ port, exclusive: true }, () => { socket.close(() => resolve(true)); });
  });
}

// A port on which nobody listens, TCP or UDP, and that no other test is given while this process runs: each is even, and
// who has it holds the odd one above.
export async function freePort() {
  for (;;) {
    const port = first + 2 * Math.floor((Math.random() * (last - first)) / 2);
    const lock = await listening(port + 1, '127.0.0.1');
    if (!lock) continue;
    lock.unref();
    if (await isFree(port)) return port;
    await closed(lock);
  }
}
