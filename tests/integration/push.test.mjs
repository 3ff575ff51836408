// `waaft push` and `waaft login` against Debian's docker-registry: with TLS and a password, with a token
// service, through cuts, without room, and with what people type wrong.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttp, request as askHttp } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { makeCertificate } from '../support/certificates.mjs';
import { cleanUp, closeAfter } from '../support/cleanup.mjs';
import { agrees } from '../support/output_schemas.mjs';
import { freePort } from '../support/ports.mjs';
import { canMount, hasRegistry, makeLayout, robot, runWaaft, startRegistry } from '../support/registry.mjs';
import { temporaryFolder, within } from '../support/server.mjs';

const MiB = 1024 * 1024;
const skip = hasRegistry ? false : 'docker-registry is not installed (scripts/install-packages test)';

function listen(t, server) {
  closeAfter(t, 'a server of the test', server);
  return within(new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(server.address().port));
  }), 'a server of the test listens');
}

// Passes bytes on to `port` and lets the test cut, stall or hold: `watch` sees each connection, {sent,
// total, cut(), pause(), resume()}, whenever it sent more.
async function startRelay(t, port, watch = () => {}) {
  const relay = { total: 0, connections: 0, cuts: 0, sockets: new Set() };
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    const link = { number: ++relay.connections, sent: 0, near, stalled: false };
    relay.sockets.add(near).add(far);
    link.cut = () => { relay.cuts += 1; near.destroy(); far.destroy(); };
    link.stall = () => { link.stalled = true; near.pause(); };
    near.on('data', (bytes) => {
      link.sent += bytes.length;
      relay.total += bytes.length;
      if (!far.destroyed && !far.write(bytes)) near.pause();
      watch(link, relay);
    });
    far.on('drain', () => { if (!link.stalled) near.resume(); });
    far.on('data', (bytes) => near.write(bytes));
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on('error', () => to.destroy());
      from.on('close', () => { to.destroy(); relay.sockets.delete(from); });
    }
  });
  relay.port = await listen(t, server);
  cleanUp(t, 'the connections of a relay', () => { for (const socket of relay.sockets) socket.destroy(); });
  relay.host = `127.0.0.1:${relay.port}`;
  return relay;
}

// A folder with a login for `host` as Docker writes it, and what is needed to run waaft there.
function home(t, ...hosts) {
  const folder = temporaryFolder(t);
  const auth = Buffer.from(`${robot.user}:${robot.password}`).toString('base64');
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: Object.fromEntries(hosts.map((host) => [host, { auth }])) }));
  return { folder, env: { DOCKER_CONFIG: folder, HOME: folder, TMPDIR: folder }, cwd: folder };
}

const pushArgs = (host, layout, more = []) => ['push', '--image-repository', `${host}/org/waaft`, '--image-version', '1.0',
  '--from', layout.folder, ...more];

async function push(place, host, layout, more = [], options = {}) {
  const run = await runWaaft(pushArgs(host, layout, ['--output', 'json', ...more]), { ...place, ...options });
  return { ...run, json: agrees('push', run.out) };
}

function assertFailed(run, code, exit, words) {
  assert.equal(run.json.schema, 'waaft.push/1');
  assert.equal(run.json.result, 'failed');
  assert.equal(run.json.causes[0].code, code, run.out + run.err);
  assert.equal(run.code, exit, run.out + run.err);
  assert.equal(run.json.exit, exit);
  if (words) assert.match(run.json.causes[0].message, words);
}

// A registry with TLS and a password: {registry, ca}.
async function secureRegistry(t, more = {}) {
  const certificate = makeCertificate(temporaryFolder(t), 'registry');
  const registry = await startRegistry(t, { certificate, users: true, ...more });
  return { registry, ca: ['--registry-ca-file', certificate.cert] };
}

test('TLS and password: pushed, there already, taken by another, moved', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  const place = home(t, registry.host);
  const layout = makeLayout(join(place.folder, 'one'), 20 * MiB);
  const first = await push(place, registry.host, layout, [...ca, '--tag', 'stable']);
  assert.equal(first.code, 0, first.out + first.err);
  assert.equal(first.json.schema, 'waaft.push/1');
  assert.equal(first.json.result, 'pushed');
  assert.equal(first.json.image, `${registry.host}/org/waaft@${layout.digest}`);
  assert.deepEqual(first.json.tags, ['1.0', 'stable']);
  assert.deepEqual(first.json.platforms, ['linux/amd64']);
  assert.equal(first.json.blobs.uploaded, 2);
  assert.ok(first.json.blobs.bytes > 20 * MiB);
  for (const tag of first.json.tags) assert.equal(await registry.digestOf('org/waaft', tag), layout.digest);
  const blob = await registry.get(`/v2/org/waaft/blobs/${layout.layer}`);
  assert.equal(`sha256:${createHash('sha256').update(blob.body).digest('hex')}`, layout.layer);
  assert.match(first.err, /100 ?%|\d+(\.\d+)? of \d+(\.\d+)? MB/);

  const again = await push(place, registry.host, layout, ca);
  assert.equal(again.json.result, 'unchanged', again.out);
  assert.equal(again.json.blobs.uploaded, 0);
  const text = await runWaaft(pushArgs(registry.host, layout, [...ca, '--quiet']), place);
  assert.deepEqual([text.code, text.out, text.err], [0, `${first.json.image}\n`, '']);

  const other = makeLayout(join(place.folder, 'two'), 1000);
  const taken = await push(place, registry.host, other, ca);
  assertFailed(taken, 'TAG_EXISTS', 6, /already, with another digest/);
  assert.match(taken.json.causes[0].hint, /--force/);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), layout.digest);
  const moved = await push(place, registry.host, other, [...ca, '--force']);
  assert.equal(moved.code, 0, moved.err);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), other.digest);
  assert.deepEqual(registry.openUploads('org/waaft'), []);
});

test('no latest, no version, no image', { skip }, async (t) => {
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 10);
  assertFailed(await push(place, '127.0.0.1:1', layout, ['--tag', 'latest']), 'usage_tag', 2, /latest/);
  assertFailed(await push(place, '127.0.0.1:1', { folder: '/nowhere' }), 'usage_from', 2);
  assertFailed(await push(place, '127.0.0.1:1', { folder: place.folder }), 'layout_unusable', 6, /holds no image/);
  const run = await runWaaft(['push', '--output', 'json'], place);
  assert.equal(run.code, 2, run.out);
  assert.equal(JSON.parse(run.out).causes[0].code, 'usage_version');
});

test('what build-image left is taken without --from', { skip }, async (t) => {
  const registry = await startRegistry(t);
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'build/image'), 1000, '7.1');
  const args = (version) => ['push', '--image-repository', `${registry.host}/${randomUUID()}`, '--image-version', version];
  const run = await runWaaft(args('7.1'), place);
  assert.equal(run.code, 0, run.err);
  assert.ok(run.out.endsWith(`@${layout.digest}\n`));
  const other = await runWaaft([...args('7.2'), '--output', 'json'], place);
  assert.equal(other.code, 6, other.out);
  assert.equal(JSON.parse(other.out).causes[0].code, 'IMAGE_NOT_FOUND');
});

test('an archive with a layout in it keeps its digest', { skip }, async (t) => {
  const registry = await startRegistry(t);
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 1000);
  const archive = join(place.folder, 'image.tar');
  execFileSync('tar', ['-cf', archive, '-C', layout.folder, '.']);
  const run = await push(place, registry.host, { folder: archive });
  assert.equal(run.json.digest, layout.digest, run.out + run.err);
});

const hasEngine = spawnSync('docker', ['version']).status === 0;
test('an image of the Docker engine', { skip: skip || (hasEngine ? false : 'no Docker engine answers') }, async (t) => {
  const registry = await startRegistry(t);
  const place = home(t);
  const name = `${registry.host}/${randomUUID()}`;
  writeFileSync(join(place.folder, 'hello'), 'hello');
  execFileSync('tar', ['-cf', join(place.folder, 'root.tar'), '-C', place.folder, 'hello']);
  const docker = (...args) => execFileSync('docker', args, { encoding: 'utf8' }).trim();
  const id = docker('import', join(place.folder, 'root.tar'), `${name}:1.0`);
  const names = [`${name}:1.0`];
  cleanUp(t, `the images ${names[0]}`, () => docker('rmi', '--force', ...names));
  const args = ['push', '--image-repository', name, '--output', 'json', '--image-version'];
  const found = await runWaaft([...args, '1.0'], place);
  assert.equal(found.code, 0, found.out + found.err);
  const pushed = agrees('push', found.out);
  // The engine takes it back as the same image.
  docker('pull', '--quiet', pushed.image);
  names.push(pushed.image);
  assert.equal(docker('image', 'inspect', '--format', '{{.Id}}', pushed.image), id);
  const again = await runWaaft([...args, '1.0', '--from', `docker:${name}:1.0`], place);
  assert.equal(agrees('push', again.out).result, 'unchanged', 'the same bytes each time');
  const missing = await runWaaft([...args, '2.0', '--from', `docker:${name}:2.0`], place);
  assert.equal(missing.code, 6, missing.out);
  assert.equal(agrees('push', missing.out).causes[0].code, 'IMAGE_NOT_FOUND');
});

test('a wrong password and none, an unknown authority, a name nobody knows', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  const layout = makeLayout(join(temporaryFolder(t), 'one'), 1000);
  const nobody = home(t);
  const none = await push(nobody, registry.host, layout, ca);
  assertFailed(none, 'REGISTRY_AUTH', 6, /without credentials/);
  assert.match(none.json.causes[0].hint, /waaft login 127\.0\.0\.1:\d+ --user NAME --password-stdin/);
  const wrong = home(t);
  const auth = Buffer.from('robot:wrong-password').toString('base64');
  writeFileSync(join(wrong.folder, 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }));
  const refused = await push(wrong, registry.host, layout, ca);
  assertFailed(refused, 'REGISTRY_AUTH', 6, /as robot \(from .*config\.json\)/);
  assert.ok(!(refused.out + refused.err).includes('wrong-password'));
  assertFailed(await push(home(t, registry.host), registry.host, layout), 'REGISTRY_UNREACHABLE', 6, /cannot be trusted/);
  assertFailed(await push(nobody, 'registry.invalid', layout), 'REGISTRY_UNREACHABLE', 6, /name registry\.invalid is not known/);
});

test('a server that is no registry, and one that is not there', { skip }, async (t) => {
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 1000);
  const page = await listen(t, createHttp((request, answer) => { answer.writeHead(404).end('nothing here'); }));
  assertFailed(await push(place, `127.0.0.1:${page}`, layout), 'REGISTRY_UNREACHABLE', 6, /is no registry/);
  assertFailed(await push(place, `127.0.0.1:${await freePort()}`, layout), 'REGISTRY_UNREACHABLE', 6, /cannot be reached/);
});

// docker-registry 2.8 knows an upload no more after a cut inside a piece ("upload resumed at wrong offset"), so
// that the layer begins anew there, nothing can be taken back, and a remainder stays until it cleans up by itself.
test('cuts in the middle of an upload: pushed all the same', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  const limits = [8 * MiB, 30 * MiB, 50 * MiB];
  const relay = await startRelay(t, registry.port, (link, all) => {
    if (limits.length > 0 && all.total > limits[0]) { limits.shift(); link.cut(); }
  });
  const place = home(t, relay.host);
  const layout = makeLayout(join(place.folder, 'one'), 48 * MiB);
  const run = await push(place, relay.host, layout, ca);
  assert.equal(run.code, 0, run.out + run.err);
  assert.equal(relay.cuts, 3);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), layout.digest);
  assert.ok(relay.total < (48 + 50 + 4) * MiB, `${relay.total} bytes went through`);
});

test('a connection that always breaks ends the push, and no name stands for anything half-written', { skip }, async (t) => {
  const registry = await startRegistry(t);
  const relay = await startRelay(t, registry.port, (link) => { if (link.sent > 64 * 1024) link.cut(); });
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), MiB);
  const run = await push(place, relay.host, layout, ['--timeout', '3s']);
  assertFailed(run, 'TIMEOUT', 70);
  assert.equal((await registry.get(`/v2/org/waaft/blobs/${layout.layer}`)).status, 404);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), undefined);
});

test('four layers go up at the same time, each in pieces', { skip }, async (t) => {
  const registry = await startRegistry(t);
  // Nothing of a layer gets through before four connections have one: one after the other would never end.
  const held = new Set();
  let together = 0;
  const relay = await startRelay(t, registry.port, (link) => {
    if (together >= 4 || link.sent < MiB) return;
    held.add(link);
    link.stall();
    together = held.size;
    if (together < 4) return;
    for (const each of held) { each.stalled = false; each.near.resume(); }
  });
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 20 * MiB, '1.0', 4);
  const run = await push(place, relay.host, layout);
  assert.equal(run.code, 0, run.out + run.err);
  assert.equal(together, 4);
  assert.equal(run.json.blobs.uploaded, 5);
  const pieces = registry.log.split('\n').filter((line) => /"PATCH /.test(line)).length;
  assert.ok(pieces >= 2 * 4, `${pieces} pieces`);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), layout.digest);
});

test('at the end the registry is asked: another digest under the tag is no success', { skip }, async (t) => {
  const registry = await startRegistry(t);
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 1000);
  const other = makeLayout(join(place.folder, 'two'), 1000);
  const before = ['push', '--image-repository', `${registry.host}/org/waaft`, '--image-version', '2.0', '--from', other.folder];
  assert.equal((await runWaaft(before, place)).code, 0);
  // Somebody else moves the tag at the moment in which it was set.
  const thief = createHttp((request, answer) => {
    const path = request.method === 'HEAD' && thief.put ? request.url.replace('1.0', '2.0') : request.url;
    thief.put ||= request.method === 'PUT' && request.url.endsWith('/manifests/1.0');
    const far = askHttp({ host: '127.0.0.1', port: registry.port, path, method: request.method, headers: request.headers }, (there) => {
      answer.writeHead(there.statusCode, there.headers);
      there.pipe(answer);
    });
    request.pipe(far);
  });
  const run = await push(place, `127.0.0.1:${await listen(t, thief)}`, layout);
  assertFailed(run, 'UPLOAD_FAILED', 6, new RegExp(`now says that it is ${other.digest}, not ${layout.digest}`));
});

test('the version is what git says', { skip }, async (t) => {
  const registry = await startRegistry(t);
  const place = home(t);
  const git = (...args) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: place.folder });
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'begin');
  git('tag', '-a', '-m', 'first', 'v3.1');
  writeFileSync(join(place.folder, 'changed'), 'not committed');
  git('add', 'changed');
  const layout = makeLayout(join(place.folder, 'build/image'), 1000, 'v3.1-dirty');
  const run = await runWaaft(['push', '--image-repository', `${registry.host}/org/waaft`, '--tag', 'stable', '--output', 'json'], place);
  assert.equal(run.code, 0, run.err);
  assert.deepEqual(agrees('push', run.out).tags, ['v3.1-dirty', 'stable']);
  assert.equal(await registry.digestOf('org/waaft', 'v3.1-dirty'), layout.digest);
});

test('Ctrl-C in the middle: 130, nothing half-written; the same command goes on', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  let onStall;
  const stalled = new Promise((resolve) => { onStall = resolve; });
  const relay = await startRelay(t, registry.port, (link, all) => {
    if (!all.freed && link.sent > 20 * MiB) { link.stall(); onStall(); }
  });
  const place = home(t, relay.host);
  const layout = makeLayout(join(place.folder, 'one'), 40 * MiB);
  let child;
  const running = push(place, relay.host, layout, ca, { running: (started) => { child = started; } });
  await within(stalled, 'the upload is in its middle');
  relay.freed = true;
  child.kill('SIGINT');
  assertFailed(await running, 'interrupted', 130);
  assert.equal((await registry.get(`/v2/org/waaft/blobs/${layout.layer}`)).status, 404);
  assert.equal(await registry.digestOf('org/waaft', '1.0'), undefined);
  const again = await push(place, relay.host, layout, ca);
  assert.equal(again.code, 0, again.out + again.err);
  assert.equal(again.json.blobs.skipped, 1, 'the configuration was there already');
  assert.equal(await registry.digestOf('org/waaft', '1.0'), layout.digest);
});

test('a full disk is told at once', { skip: skip || (canMount ? false : 'a small disk needs root') }, async (t) => {
  const data = temporaryFolder(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'waaft-test', data]);
  cleanUp(t, `the disk at ${data}`, () => execFileSync('umount', ['-l', data]));
  const registry = await startRegistry(t, { data });
  const place = home(t);
  const layout = makeLayout(join(place.folder, 'one'), 20 * MiB);
  const run = await push(place, registry.host, layout);
  assertFailed(run, 'UPLOAD_FAILED', 6, /has no room for the upload/);
  assert.match(run.json.causes[0].hint, /free space/);
});

// A token service as the distribution specification has it: `decide` says what of the asked actions is
// granted and when the token ends, in seconds since 1970.
async function startTokens(t, decide) {
  const certificate = makeCertificate(temporaryFolder(t), 'tokens');
  const x5c = [new X509Certificate(readFileSync(certificate.cert)).raw.toString('base64')];
  const key = createPrivateKey(readFileSync(certificate.key));
  const service = { asked: [] };
  const server = createHttps({ cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) }, (request, answer) => {
    const url = new URL(request.url, 'https://localhost');
    const login = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const scope = url.searchParams.get('scope') ?? '';
    service.asked.push({ scope, service: url.searchParams.get('service'), login });
    if (login !== `${robot.user}:${robot.password}`) {
      answer.writeHead(401, { 'Content-Type': 'application/json' }).end('{"details":"incorrect username or password"}');
      return;
    }
    const [type, name, actions] = scope.split(':');
    const { grant, exp } = decide(actions?.split(',') ?? [], service.asked.length);
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: 'tests', sub: robot.user, aud: 'registry.test', exp, nbf: now - 600, iat: now - 600, jti: randomUUID(),
      access: grant.length > 0 ? [{ type, name, actions: grant }] : [] };
    const pack = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${pack({ typ: 'JWT', alg: 'ES256', x5c })}.${pack(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
    answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ token: `${text}.${signature}`, expires_in: 300 }));
  });
  service.port = await listen(t, server);
  service.certificate = certificate;
  service.options = { realm: `https://127.0.0.1:${service.port}/token`, service: 'registry.test', issuer: 'tests', rootcertbundle: certificate.cert };
  return service;
}

// docker-registry takes a token for another minute after its end.
const leewayS = 60;
const nowS = () => Math.floor(Date.now() / 1000);

test('a token ends in the middle of an upload: a new one is fetched and the upload goes on', { skip }, async (t) => {
  let ends = 0;
  const tokens = await startTokens(t, (actions, count) => {
    if (count === 1) ends = nowS() + 2;
    return { grant: actions, exp: (count === 1 ? ends : nowS() + 300) - leewayS };
  });
  const certificate = tokens.certificate;
  const registry = await startRegistry(t, { certificate, token: tokens.options });
  // The relay holds the upload in its first piece until the token has ended.
  let held = false;
  const relay = await startRelay(t, registry.port, (link) => {
    if (held || link.sent < 4 * MiB) return;
    held = true;
    link.stall();
    const timer = setInterval(() => {
      if (nowS() <= ends) return;
      clearInterval(timer);
      link.stalled = false;
      link.near.resume();
    }, 20);
  });
  const place = home(t, relay.host);
  const layout = makeLayout(join(place.folder, 'one'), 40 * MiB);
  const run = await push(place, relay.host, layout, ['--registry-ca-file', certificate.cert]);
  assert.equal(run.code, 0, run.out + run.err);
  assert.ok(held);
  assert.ok(tokens.asked.length >= 2, JSON.stringify(tokens.asked));
  for (const asked of tokens.asked) {
    assert.deepEqual(asked, { scope: 'repository:org/waaft:pull,push', service: 'registry.test', login: `${robot.user}:${robot.password}` });
  }
  assert.match(registry.log, /"PATCH [^"]*" 401|http\.request\.method=PATCH[^\n]*http\.response\.status=401|token.*expired/i);
  assert.equal(run.json.digest, layout.digest);
  assert.ok(relay.total < 60 * MiB, `${relay.total} bytes went through: the upload did not begin anew`);
});

test('a token service that grants no push, and one that does not know the password', { skip }, async (t) => {
  const tokens = await startTokens(t, (actions) => ({ grant: actions.filter((each) => each === 'pull'), exp: nowS() + 300 }));
  const registry = await startRegistry(t, { certificate: tokens.certificate, token: tokens.options });
  const ca = ['--registry-ca-file', tokens.certificate.cert];
  const place = home(t, registry.host);
  const layout = makeLayout(join(place.folder, 'one'), 1000);
  const denied = await push(place, registry.host, layout, ca);
  assertFailed(denied, 'REGISTRY_DENIED', 6, /as robot/);
  assert.match(denied.json.causes[0].hint, /right to push to org\/waaft/);
  writeFileSync(join(place.folder, 'config.json'),
    JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from('robot:wrong').toString('base64') } } }));
  assertFailed(await push(place, registry.host, layout, ca), 'REGISTRY_AUTH', 6, /incorrect username or password/);
});

const loginArgs = (host, more = []) => ['login', host, '--user', robot.user, '--password-stdin', '--output', 'json', ...more];

test('login asks first, then writes for the owner only and keeps what was there', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  const folder = temporaryFolder(t);
  const env = { HOME: folder };
  const file = join(folder, '.docker/config.json');
  const wrong = await runWaaft(loginArgs(registry.host, ca), { input: 'wrong-password\n', env });
  assert.equal(wrong.code, 6, wrong.out + wrong.err);
  assert.equal(agrees('login', wrong.out).causes[0].code, 'REGISTRY_AUTH');
  assert.ok(!(wrong.out + wrong.err).includes('wrong-password'));
  assert.ok(!existsSync(file), 'a login that is not taken is not kept');

  const good = await runWaaft(loginArgs(registry.host, ca), { input: `${robot.password}\n`, env });
  assert.equal(good.code, 0, good.out + good.err);
  assert.deepEqual(agrees('login', good.out), { schema: 'waaft.login/1', result: 'kept', registry: registry.host, user: robot.user, kept_in: file, checked: true });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, '.docker')).mode & 0o777, 0o700);
  const layout = makeLayout(join(folder, 'one'), 1000);
  const pushed = await push({ env, cwd: folder }, registry.host, layout, ca);
  assert.equal(pushed.code, 0, pushed.err);

  const before = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...before, currentContext: 'mine' }), { mode: 0o644 });
  assert.equal((await runWaaft(loginArgs(registry.host, ca), { input: robot.password, env })).code, 0);
  const after = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual(after, { ...before, currentContext: 'mine' });
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test('login gives the password to the credential helper that Docker uses', { skip }, async (t) => {
  const { registry, ca } = await secureRegistry(t);
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'bin'));
  // As docker-credential-pass: keeps what it is given, and gives it back.
  writeFileSync(join(folder, 'bin/docker-credential-kept'), `#!/bin/sh
case "$1" in
  store) cat > ${folder}/kept ;;
  get) cat > /dev/null; if [ -f ${folder}/kept ]; then cat ${folder}/kept; else echo "credentials not found in native keychain"; exit 1; fi ;;
esac
`, { mode: 0o755 });
  writeFileSync(join(folder, 'config.json'), '{"credsStore":"kept"}');
  const place = { env: { DOCKER_CONFIG: folder, HOME: folder, PATH: `${folder}/bin:${process.env.PATH}` }, cwd: folder };
  const layout = makeLayout(join(folder, 'one'), 1000);
  assertFailed(await push(place, registry.host, layout, ca), 'REGISTRY_AUTH', 6, /docker-credential-kept/);
  const login = await runWaaft(loginArgs(registry.host, ca), { ...place, input: robot.password });
  assert.equal(agrees('login', login.out).kept_in, 'docker-credential-kept', login.out + login.err);
  assert.deepEqual(JSON.parse(readFileSync(join(folder, 'kept'), 'utf8')),
    { ServerURL: registry.host, Username: robot.user, Secret: robot.password });
  assert.equal(readFileSync(join(folder, 'config.json'), 'utf8'), '{"credsStore":"kept"}');
  assert.equal((await push(place, registry.host, layout, ca)).code, 0);
});

test('login says what is wrong with how it was called', { skip }, async (t) => {
  const env = { HOME: temporaryFolder(t) };
  const code = async (args, input = '') => {
    const run = await runWaaft(['login', ...args, '--output', 'json'], { env, input });
    assert.equal(run.code, 2, run.out + run.err);
    return agrees('login', run.out).causes[0].code;
  };
  assert.equal(await code(['not a host', '--user', 'a', '--password-stdin'], 'x'), 'usage_host');
  assert.equal(await code(['r.invalid', '--password-stdin'], 'x'), 'usage_user');
  assert.equal(await code(['r.invalid', '--user', 'a']), 'usage_password');
  assert.equal(await code(['r.invalid', '--user', 'a', '--password-stdin']), 'usage_password');
  assert.equal(await code(['r.invalid', '--user', 'a', '--password-stdin'], 'two\nlines'), 'usage_password');
});
