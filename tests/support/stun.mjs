// A STUN client. As a program, for a test that runs it on another machine or in another network namespace:
//   node stun.mjs ADDRESS PORT
// asks until there is an answer and prints {"own": {address, port}, "mapped": {family, port, address}}.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';

// RFC 8489: a Binding request, and the XOR-MAPPED-ADDRESS of its answer.
const cookie = 0x2112a442;

export function bindingRequest() {
  const request = Buffer.alloc(20);
  request.writeUInt16BE(0x0001, 0);
  request.writeUInt32BE(cookie, 4);
  randomBytes(12).copy(request, 8);
  return request;
}

export function mappedAddress(answer) {
  assert.equal(answer.readUInt16BE(0), 0x0101, 'a Binding success response');
  assert.equal(answer.readUInt16BE(2), answer.length - 20);
  for (let at = 20; at < answer.length; at += 4 + ((answer.readUInt16BE(at + 2) + 3) & ~3)) {
    if (answer.readUInt16BE(at) !== 0x0020) continue;
    const port = answer.readUInt16BE(at + 6) ^ (cookie >>> 16);
    const mask = answer.subarray(4, 20);
    const bytes = answer.subarray(at + 8, at + 4 + answer.readUInt16BE(at + 2)).map((byte, i) => byte ^ mask[i]);
    return { family: answer[at + 5], port, address: bytes.length === 4 ? bytes.join('.') : Buffer.from(bytes).toString('hex') };
  }
  throw new Error('no XOR-MAPPED-ADDRESS');
}

function main(address, port) {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  socket.connect(Number(port), address, () => {
    const ask = () => socket.send(bindingRequest(), () => {});
    const again = setInterval(ask, 500);
    const giveUp = setTimeout(() => process.exit(1), 20_000);
    socket.on('error', () => {});  // refused while nobody listens yet
    socket.once('message', (answer) => {
      clearInterval(again);
      clearTimeout(giveUp);
      const { address: own, port: from } = socket.address();
      console.log(JSON.stringify({ own: { address: own, port: from }, mapped: mappedAddress(answer) }));
      socket.close();
    });
    ask();
  });
}
if (process.argv[1] === fileURLToPath(import.meta.url)) main(process.argv[2], process.argv[3]);
