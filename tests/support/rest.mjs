// HTTP requests to a server under test: rest() for /api/v1 as our own page or a program calls it, http() for the rest.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { request as secureRequest } from 'node:https';
import { join } from 'node:path';
import { comeAgain, within } from './wait.mjs';

export function caOf(server) {
  return readFileSync(join(server.data, 'tls', 'ca.crt'));
}

// options: method, headers, body, secure, host, port, ca, localAddress.
export function http(server, path, options = {}) {
  const { method = 'GET', headers = {}, body, secure = false } = options;
  const send = secure ? secureRequest : plainRequest;
  const wanted = {
    host: options.host ?? (secure ? 'localhost' : '127.0.0.1'),
    port: options.port ?? server.port,
    path,
    method,
    headers,
    agent: false,
    localAddress: options.localAddress,
    ...(secure && { ca: options.ca ?? caOf(server) }),
  };
  return within(new Promise((resolve, reject) => {
    const asked = send(wanted, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('error', reject);
      answer.on('end', () => {
        const bytes = Buffer.concat(parts);
        resolve({ status: answer.statusCode, headers: answer.headers, body: bytes, text: bytes.toString() });
      });
    });
    asked.on('error', reject);
    asked.end(body);
  }), `${method} ${path}`);
}

// options: body (a value, or a string that is sent as it is), key (a bearer token),
// origin (true: our own page, the default without a key), and those of http().
export async function rest(server, method, path, options = {}) {
  const headers = { ...options.headers };
  const own = options.secure ? server.secureOrigin : server.origin;
  const origin = options.origin ?? options.key === undefined;
  if (origin) headers.Origin = origin === true ? own : origin;
  if (options.key !== undefined) headers.Authorization = `Bearer ${options.key}`;
  const body = typeof options.body === 'string' ? options.body : options.body && JSON.stringify(options.body);
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const answer = await http(server, `/api/v1${path}`, { ...options, method, headers, body });
  const isJson = answer.headers['content-type']?.startsWith('application/json') && answer.text !== '';
  return { ...answer, json: isJson ? JSON.parse(answer.text) : undefined };
}

export async function createRoom(server, room = {}, options = {}) {
  const answer = await comeAgain(async () => {
    const asked = await rest(server, 'POST', '/rooms', { body: room, ...options });
    const again = asked.status === 503 && asked.headers['retry-after'] * 1000;
    return again ? { again } : asked;
  }, 'a new room');
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export async function makeLink(server, room, key, link = {}) {
  const answer = await rest(server, 'POST', `/rooms/${room}/links`, { body: link, key });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export async function listLinks(server, room, key) {
  const answer = await rest(server, 'GET', `/rooms/${room}/links`, { key });
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

export async function voidLinks(server, room, key) {
  const answer = await rest(server, 'DELETE', `/rooms/${room}/links`, { key });
  assert.equal(answer.status, 200, answer.text);
  return answer.json.voided;
}

export function assertError(answer, status, code) {
  assert.deepEqual({ status: answer.status, code: answer.json?.error?.code }, { status, code }, answer.text);
}
