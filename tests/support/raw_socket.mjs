// A TCP connection on which a test writes bytes as it likes, and WebSocket frames by hand (RFC 6455 section 5.2).
import { randomBytes } from 'node:crypto';
import { connect as connectTcp } from 'node:net';
import { cleanUp } from './cleanup.mjs';
import { within } from './wait.mjs';

export const opcode = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };

// A frame as a client sends it. `claim`: the length that the header says, if it is not the payload's.
export function frame(code, payload = '', { fin = true, masked = true, reserved = 0, claim } = {}) {
  const data = Buffer.from(payload);
  const length = claim ?? data.length;
  const header = [(fin ? 0x80 : 0) | (reserved << 4) | code];
  const mask = masked ? 0x80 : 0;
  if (length < 126) header.push(mask | length);
  else if (length < 65536) header.push(mask | 126, length >> 8, length & 0xff);
  const long = Buffer.alloc(length < 65536 ? 0 : 9);
  if (long.length > 0) {
    long[0] = mask | 127;
    long.writeBigUInt64BE(BigInt(length), 1);
  }
  const key = masked ? randomBytes(4) : Buffer.alloc(0);
  if (masked) for (let i = 0; i < data.length; i += 1) data[i] ^= key[i % 4];
  return Buffer.concat([Buffer.from(header), long, key, data]);
}

export class RawSocket {
  constructor(port, options = {}) {
    this.received = Buffer.alloc(0);
    this.waiting = new Set();
    this.socket = connectTcp({ host: '127.0.0.1', port, ...options });
    this.connected = new Promise((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('error', reject);
    });
    this.connected.catch(() => {});
    this.ended = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('error', () => {});
    this.socket.on('data', (bytes) => {
      this.received = Buffer.concat([this.received, bytes]);
      for (const look of [...this.waiting]) look();
    });
    this.ended.then(() => {
      this.isEnded = true;
      for (const look of [...this.waiting]) look();
    });
  }

  write(bytes) { this.socket.write(bytes); }

  // Waits until `read` makes something of the bytes that arrived; it returns {used, value}.
  receive(read, what) {
    let look;
    const found = new Promise((resolve, reject) => {
      look = () => {
        const result = read(this.received);
        if (result) {
          this.received = this.received.subarray(result.used);
          resolve(result.value);
        } else if (this.isEnded) {
          reject(new Error(`the connection ended before ${what}; received ${JSON.stringify(this.received.toString().slice(0, 300))}`));
        }
      };
      this.waiting.add(look);
      look();
    });
    return within(found, what).finally(() => this.waiting.delete(look));
  }

  // The next answer's status; its header and body are taken too.
  status() {
    return this.receive((bytes) => {
      const end = bytes.indexOf('\r\n\r\n');
      if (end < 0) return null;
      const header = bytes.subarray(0, end).toString();
      const length = Number(/content-length: (\d+)/i.exec(header)?.[1] ?? 0);
      if (bytes.length < end + 4 + length) return null;
      return { used: end + 4 + length, value: Number(header.split(' ')[1]) };
    }, 'an HTTP answer');
  }

  frame() {
    return this.receive((bytes) => {
      if (bytes.length < 2) return null;
      const short = bytes[1] & 0x7f;
      const header = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (bytes.length < header) return null;
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
      if (bytes.length < header + length) return null;
      const payload = bytes.subarray(header, header + length);
      return { used: header + length, value: { opcode: bytes[0] & 0x0f, payload } };
    }, 'a frame');
  }

  async message(t) {
    for (;;) {
      const { opcode: code, payload } = await this.frame();
      if (code !== opcode.text) continue;
      const message = JSON.parse(payload.toString());
      if (message.t === t) return message;
    }
  }

  // The code of the server's close frame, whatever else comes before it.
  async closeCode() {
    for (;;) {
      const { opcode: code, payload } = await this.frame();
      if (code === opcode.close) return payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    }
  }
}

export async function connectRaw(t, server, options = {}) {
  const raw = new RawSocket(server.port, options);
  cleanUp(t, 'a TCP connection', () => raw.socket.destroy());
  await within(raw.connected, 'the TCP connection');
  return raw;
}

// null takes a header out.
export function handshake(server, changes = {}, path = '/api/v1/ws') {
  const headers = {
    Host: `127.0.0.1:${server.port}`,
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Protocol': 'waaft.v1',
    Origin: server.origin,
    ...changes,
  };
  const lines = Object.entries(headers).filter(([, value]) => value !== null).map(([name, value]) => `${name}: ${value}\r\n`);
  return `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}

// A WebSocket after the handshake.
export async function openRaw(t, server, options = {}) {
  const raw = await connectRaw(t, server, options);
  raw.write(handshake(server));
  const status = await raw.status();
  if (status !== 101) throw new Error(`the handshake was answered with ${status}`);
  return raw;
}
