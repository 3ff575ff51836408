// The web page's files, HTTP's edges, the redirect to https and the certificate.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { X509Certificate } from 'node:crypto';
import { connectRaw } from '../support/raw_socket.mjs';
import { caOf, http, rest } from '../support/rest.mjs';
import { startServer, temporaryFolder, within } from '../support/server.mjs';

const securityHeaders = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; " +
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy':
    'camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()',
  'x-frame-options': 'SAMEORIGIN',
};
const securityNames = [...Object.keys(securityHeaders), 'strict-transport-security'];

function securityOf(answer) {
  return Object.fromEntries(securityNames.filter((name) => name in answer.headers).map((name) => [name, answer.headers[name]]));
}

// An address of this machine that is not loopback.
function otherAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return all.find((one) => one.family === 'IPv4' && !one.internal)?.address;
}

test('the page and its files', async (t) => {
  const server = await startServer(t);
  const page = await http(server, '/');
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.text)?.[1];

  await t.test('the page names its script', () => {
    assert.equal(page.status, 200);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.ok(script, page.text);
  });

  await t.test('a room link is the same page', async () => {
    const room = await http(server, '/r/some-room');
    assert.equal(room.status, 200);
    assert.equal(room.text, page.text);
  });

  await t.test('content codings', async () => {
    const identity = await http(server, script);
    assert.equal(identity.headers['content-encoding'], undefined);
    const codings = [
      ['br', 'br', brotliDecompressSync],
      ['gzip', 'gzip', gunzipSync],
      ['gzip, deflate, br', 'br', brotliDecompressSync],
      ['gzip, br;q=0', 'gzip', gunzipSync],
      ['br;q=0, gzip;q=0', undefined, (bytes) => bytes],
      ['identity', undefined, (bytes) => bytes],
    ];
    for (const [accepted, coding, decode] of codings) {
      const answer = await http(server, script, { headers: { 'Accept-Encoding': accepted } });
      assert.equal(answer.headers['content-encoding'], coding, accepted);
      assert.equal(answer.headers.vary, 'Accept-Encoding', accepted);
      assert.deepEqual(decode(answer.body), identity.body, accepted);
    }
  });

  await t.test('caching', async () => {
    const first = await http(server, script);
    assert.equal(first.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.match(first.headers.etag, /^"[^"]+"$/);
    const again = await http(server, script, { headers: { 'If-None-Match': first.headers.etag } });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    assert.equal(again.headers.etag, first.headers.etag);
    const other = await http(server, script, { headers: { 'If-None-Match': '"other"' } });
    assert.equal(other.status, 200);
  });

  await t.test('HEAD has the header of GET and no body', async () => {
    const head = await http(server, script, { method: 'HEAD' });
    const get = await http(server, script);
    assert.equal(head.status, 200);
    assert.equal(head.body.length, 0);
    assert.deepEqual(head.headers, get.headers);
    assert.equal(Number(head.headers['content-length']), get.body.length);
  });

  await t.test('security headers, on every kind of answer', async () => {
    for (const path of ['/', '/r/some-room', script, '/no-such-file', '/api/v1/openapi.json', '/api/v1/rooms/no-such-room']) {
      assert.deepEqual(securityOf(await http(server, path)), securityHeaders, path);
    }
  });

  await t.test('what is not there', async () => {
    const page = await http(server, '/about', { headers: { Accept: 'text/html,*/*;q=0.8' } });
    assert.equal(page.status, 404);
    assert.match(page.headers['content-type'], /^text\/html/, 'people see a page');
    for (const path of ['/no-such-file', '/assets/', '/index.html/', '/r', '/../etc/passwd', '/%2e%2e/etc/passwd', '/api/v1/nothing', '/api/v2/rooms']) {
      assert.equal((await http(server, path)).status, 404, path);
    }
  });

  await t.test('methods that an address does not take', async () => {
    const table = [
      ['POST', '/', 'GET, HEAD'],
      ['DELETE', '/r/some-room', 'GET, HEAD'],
      ['PUT', '/api/v1/rooms', 'POST'],
      ['GET', '/api/v1/rooms', 'POST'],
      ['POST', '/api/v1/openapi.json', 'GET, HEAD'],
      ['PATCH', '/api/v1/rooms/some-room', 'GET, HEAD, DELETE'],
      ['PATCH', '/api/v1/rooms/some-room/links', 'GET, HEAD, POST, DELETE'],
      ['GET', '/api/v1/rooms/some-room/links/abc', 'DELETE'],
      ['POST', '/api/v1/rooms/some-room/chat', 'GET, HEAD'],
      ['POST', '/api/v1/rooms/some-room/ice', 'GET, HEAD'],
    ];
    for (const [method, path, allowed] of table) {
      const answer = await http(server, path, { method, headers: { Origin: server.origin } });
      assert.deepEqual([answer.status, answer.headers.allow], [405, allowed], `${method} ${path}`);
    }
  });
});

test('requests that are too big, broken or ambiguous', async (t) => {
  const server = await startServer(t);

  await t.test('limits of body and header', async () => {
    const big = await rest(server, 'POST', '/rooms', { body: JSON.stringify({ name: 'x'.repeat(17000) }) });
    assert.equal(big.status, 413);
    const long = await http(server, '/', { headers: { 'X-Long': 'x'.repeat(9000) } });
    assert.equal(long.status, 431);
    const fits = await http(server, '/', { headers: { 'X-Long': 'x'.repeat(4000) } });
    assert.equal(fits.status, 200);
  });

  const host = `Host: 127.0.0.1:${server.port}\r\n`;
  const table = [
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400],
    ['a Host that is none', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400],
    ['another version', `GET / HTTP/3.0\r\n${host}\r\n`, 505],
    ['no version', 'GET /\r\n\r\n', 400],
    ['a line that is no header', `GET / HTTP/1.1\r\n${host}nonsense\r\n\r\n`, 400],
    ['two lengths', `POST / HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    ['a length and chunks', `POST / HTTP/1.1\r\n${host}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['another coding', `POST / HTTP/1.1\r\n${host}Transfer-Encoding: gzip\r\n\r\n`, 400],
    ['a broken escape', `GET /%zz HTTP/1.1\r\n${host}\r\n`, 400],
    ['a NUL in the path', `GET /%00 HTTP/1.1\r\n${host}\r\n`, 400],
    ['a target that is none', `GET nonsense HTTP/1.1\r\n${host}\r\n`, 400],
    ['a whole URL as target', `GET http://127.0.0.1/robots.txt HTTP/1.1\r\n${host}\r\n`, 200],
  ];
  for (const [name, bytes, status] of table) {
    await t.test(name, async () => {
      const raw = await connectRaw(t, server);
      raw.write(bytes);
      assert.equal(await raw.status(), status);
    });
  }

  await t.test('several requests at once are answered in order', async () => {
    const raw = await connectRaw(t, server);
    raw.write(`GET / HTTP/1.1\r\n${host}\r\nGET /nothing HTTP/1.1\r\n${host}\r\nGET /robots.txt HTTP/1.1\r\n${host}\r\n`);
    assert.deepEqual([await raw.status(), await raw.status(), await raw.status()], [200, 404, 200]);
  });

  await t.test('a connection that says nothing, or half a request, is closed', async () => {
    const impatient = await startServer(t, { 'limits.first_byte_timeout': '200ms', 'limits.request_timeout': '300ms' });
    const silent = await connectRaw(t, impatient);
    const half = await connectRaw(t, impatient);
    half.write('GET / HT');
    await within(Promise.all([silent.ended, half.ended]), 'both are closed');
    assert.equal(await impatient.metric('waaft_connections_timed_out_total'), 2);
  });

  await t.test('the server is as it was', async () => assert.equal((await http(server, '/')).status, 200));
});

test('TLS on the same port', async (t) => {
  const server = await startServer(t);

  await t.test('the certificate verifies against the CA that the server shows', async () => {
    const shown = await http(server, '/ca.crt');
    assert.equal(shown.status, 200);
    assert.equal(shown.headers['content-type'], 'application/x-x509-ca-cert');
    assert.deepEqual(shown.body, caOf(server));
    for (const host of ['localhost', '127.0.0.1']) {
      const answer = await http(server, '/', { secure: true, host, ca: shown.body });
      assert.equal(answer.status, 200, host);
    }
  });

  await t.test('without that CA it does not', async () => {
    await assert.rejects(http(server, '/', { secure: true, ca: [] }), /self.signed|unable to verify|local issuer/);
  });

  await t.test('old versions of TLS are refused, 1.2 and 1.3 are not', async () => {
    const shake = (version) => new Promise((resolve) => {
      const options = { host: '127.0.0.1', port: server.port, rejectUnauthorized: false, minVersion: version, maxVersion: version, ciphers: 'DEFAULT:@SECLEVEL=0' };
      const socket = connectTls(options, () => { resolve(socket.getProtocol()); socket.destroy(); });
      socket.on('error', () => resolve('refused'));
    });
    assert.deepEqual(
      [await shake('TLSv1.1'), await shake('TLSv1.2'), await shake('TLSv1.3')], ['refused', 'TLSv1.2', 'TLSv1.3']);
  });

  await t.test('a self-made certificate does not bind browsers to https', async () => {
    assert.deepEqual(securityOf(await http(server, '/', { secure: true })), securityHeaders);
  });

  await t.test('a public one does', async () => {
    const open = await startServer(t, { public_url: 'https://live.example.org' });
    const secure = await http(open, '/', { secure: true });
    assert.equal(secure.headers['strict-transport-security'], 'max-age=31536000');
    assert.equal((await http(open, '/')).headers['strict-transport-security'], undefined);
  });

  await t.test('sites that may embed the page', async () => {
    const embedded = await startServer(t, { 'http.frame_ancestors': 'https://example.org' });
    const { headers } = await http(embedded, '/');
    assert.match(headers['content-security-policy'], /frame-ancestors 'self' https:\/\/example\.org$/);
    assert.equal(headers['x-frame-options'], undefined);
  });
});

test('plain HTTP from another address is sent to https', async (t) => {
  const address = otherAddress();
  if (!address) return t.skip('this machine has no address but loopback');
  const server = await startServer(t);
  const target = { host: address };

  const answer = await http(server, '/r/some-room?a=b', target);
  assert.equal(answer.status, 308);
  assert.equal(answer.headers.location, `https://${address}:${server.port}/r/some-room?a=b`);
  const hosts = [[`${address}:8080`, `${address}:8080`], ['live.example.org', 'live.example.org'], ['[::1]:80', '[::1]']];
  for (const [host, named] of hosts) {  // a load balancer or container engine gives the port another number
    const mapped = await http(server, '/', { ...target, headers: { Host: host } });
    assert.equal(mapped.headers.location, `https://${named}/`);
  }
  assert.equal((await http(server, '/ca.crt', target)).status, 200, 'the CA can be had without trusting it');
  assert.equal((await http(server, '/', { ...target, secure: true })).status, 200, 'the certificate names the address');
  assert.equal((await rest(server, 'POST', '/rooms', { ...target, origin: `http://${address}:${server.port}` })).status, 308);
});

test('the certificate', async (t) => {
  const data = join(temporaryFolder(t), 'data');
  await startServer(t, { data, 'tls.names': 'studio.local,192.0.2.7' });
  const leaf = new X509Certificate(readFileSync(join(data, 'tls', 'server.crt')));
  const ca = new X509Certificate(caOf({ data }));
  assert.ok(leaf.verify(ca.publicKey), 'the leaf is signed by the CA');
  assert.ok(ca.ca && !leaf.ca);
  for (const name of ['localhost', 'studio.local']) assert.equal(leaf.checkHost(name), name);
  for (const ip of ['127.0.0.1', '::1', '192.0.2.7']) assert.ok(leaf.checkIP(ip), ip);
  assert.equal(leaf.checkHost('example.org'), undefined);
});
