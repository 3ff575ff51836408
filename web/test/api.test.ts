// Making a room on a server that is busy: it is asked again when it says so, and not for ever.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ApiError, createRoom } from '../api.js';

const realFetch = globalThis.fetch;
afterEach(() => void (globalThis.fetch = realFetch));

const busy = (retryAfter: string | null, status = 503) =>
  new Response('{"error":{"code":"busy","message":"m"}}', {
    status,
    headers: retryAfter === null ? {} : { 'Retry-After': retryAfter },
  });
const made = () => new Response('{"room":"tea","url":"u","hostKey":"k","kind":"call"}', { status: 201 });

test('a busy server is asked for a room again when it says so, and not for ever', async () => {
  const table: { what: string; answers: (() => Response)[]; pauses: number[]; room?: string; code?: string }[] = [
    { what: 'made at once', answers: [made], pauses: [], room: 'tea' },
    { what: 'busy twice', answers: [() => busy('2'), () => busy('1'), made], pauses: [2000, 1000], room: 'tea' },
    { what: 'busy for ever', answers: Array(4).fill(() => busy('3')), pauses: [3000, 3000, 3000], code: 'busy' },
    { what: 'no time is said', answers: [() => busy(null)], pauses: [], code: 'busy' },
    { what: 'no time that is one', answers: [() => busy('soon')], pauses: [], code: 'busy' },
    { what: 'a very long time', answers: [() => busy('86400'), made], pauses: [30_000], room: 'tea' },
    { what: 'another refusal', answers: [() => busy('1', 429)], pauses: [], code: 'busy' },
  ];
  for (const { what, answers, pauses, room, code } of table) {
    const left = [...answers];
    const paused: number[] = [];
    globalThis.fetch = () => Promise.resolve((left.shift() ?? made)());
    const result = createRoom({ kind: 'call' }, (ms) => {
      paused.push(ms);
      return Promise.resolve();
    });
    if (room) assert.equal((await result).room, room, what);
    else await assert.rejects(result, (error) => error instanceof ApiError && error.code === code, what);
    assert.deepEqual(paused, pauses, what);
    assert.equal(left.length, 0, what);
  }
});
