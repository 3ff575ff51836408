// A room's personal links: their words, their order, and what the page asks the server.

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { ApiError, listLinks, makeLink, revokeLink, voidLinks, type JoinLink } from '../api.js';
import { failure } from '../failures.js';
import { countUsable, lifetimes, linkWords, orderLinks, roleChoices, usualRole, voidedWords } from '../links.js';

function link(id: string, change: Partial<JoinLink> = {}): JoinLink {
  return { id, role: 'viewer', name: '', madeBy: '', createdAt: 1, expiresAt: 2, revoked: false, ...change };
}

const time = (ms: number) => `<${ms}>`;

test('a link says who it is for, what it gives, until when, and who made it', () => {
  const table: [Partial<JoinLink>, object][] = [
    [{}, { who: 'Anybody', what: 'comes in to watch', until: 'until <2>', madeBy: '' }],
    [{ role: 'speaker', name: 'Bea' }, { who: 'Bea', what: 'comes in to speak', until: 'until <2>', madeBy: '' }],
    [
      { role: 'host', name: '<b>Cem</b>', madeBy: 'school', expiresAt: 9 },
      { who: '<b>Cem</b>', what: 'comes in as host', until: 'until <9>', madeBy: 'made with the API key school' },
    ],
  ];
  for (const [change, words] of table) assert.deepEqual(linkWords(link('a', change), time), words);
});

test('what lets somebody in stands first, the newest before the older ones', () => {
  const links = [
    link('old'),
    link('void', { revoked: true, createdAt: 9 }),
    link('new', { createdAt: 5 }),
    link('long void', { revoked: true, createdAt: 3 }),
  ];
  assert.deepEqual(orderLinks(links).map(({ id }) => id), ['new', 'old', 'void', 'long void']);
  assert.equal(links[0]?.id, 'old');
  assert.equal(countUsable(links), 2);
  assert.equal(countUsable([]), 0);
});

test('how many were voided, in words', () => {
  assert.deepEqual([0, 1, 2].map(voidedWords), ['No link let anybody in.', '1 link is void.', '2 links are void.']);
});

test('what may be chosen is what the server takes', () => {
  for (const { seconds } of lifetimes) assert.ok(seconds >= 1 && seconds <= 31_622_400);
  assert.deepEqual(roleChoices.map(({ role }) => role).sort(), ['host', 'speaker', 'viewer']);
  assert.deepEqual([usualRole('call'), usualRole('broadcast')], ['speaker', 'viewer']);
});

const realFetch = globalThis.fetch;
afterEach(() => void (globalThis.fetch = realFetch));

// Answers once, and says what was asked.
function answering(status: number, body: string | null): { asked: unknown[] } {
  const asked: unknown[] = [];
  globalThis.fetch = (path, init) => {
    const { method, headers, body: sent } = init ?? {};
    asked.push([method, path, headers, ...(sent === undefined ? [] : [JSON.parse(sent as string)])]);
    return Promise.resolve(new Response(body, { status }));
  };
  return { asked };
}

test('the server is asked with the host key', async () => {
  const key = { Authorization: 'Bearer k' };
  const path = '/api/v1/rooms/tea/links';
  let { asked } = answering(200, JSON.stringify([link('a')]));
  assert.deepEqual(await listLinks('tea', 'k'), [link('a')]);
  assert.deepEqual(asked, [['GET', path, key]]);
  ({ asked } = answering(201, '{"id":"a","link":"x.y","expiresAt":2}'));
  const wanted = { role: 'speaker', name: 'Bea', expiresIn: 60 } as const;
  assert.equal((await makeLink('tea', 'k', wanted)).link, 'x.y');
  assert.deepEqual(asked, [['POST', path, { ...key, 'Content-Type': 'application/json' }, wanted]]);
  ({ asked } = answering(204, null));
  assert.equal(await revokeLink('tea', 'k', 'a/b'), undefined);
  assert.deepEqual(asked, [['DELETE', `${path}/a%2Fb`, key]]);
  ({ asked } = answering(200, '{"voided":3}'));
  assert.deepEqual(await voidLinks('tea', 'k'), { voided: 3 });
  assert.deepEqual(asked, [['DELETE', path, key]]);
});

test('a refusal has a code that the page has words for', async () => {
  const table: [number, string | null, string][] = [
    [409, '{"error":{"code":"too_many_links","message":"m"}}', 'too_many_links'],
    [404, '{"error":{"code":"link_unknown","message":"m"}}', 'link_unknown'],
    [403, '{"error":{"code":"not_allowed","message":"m"}}', 'not_allowed'],
    [503, '{"error":{"code":"store_unavailable","message":"m"}}', 'store_unavailable'],
    [502, '<html>', 'unreachable'],
    [200, '', 'unreachable'],
  ];
  for (const [status, body, code] of table) {
    answering(status, body);
    await assert.rejects(listLinks('tea', 'k'), (error) => error instanceof ApiError && error.code === code);
    assert.ok(failure(code).text.length > 10);
    assert.notEqual(failure(code).title, failure('nothing of this name').title);
  }
});
