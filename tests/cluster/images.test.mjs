// Images of both builders in a real Docker engine: the same files, not root, a read-only root, ready at once.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanUp, temporaryFolder } from '../support/cleanup.mjs';
import { binary, kit, run, until } from './support/kit.mjs';

const engine = await run(['docker', 'version', '--format', '{{.Server.Version}}']).catch(() => ({ code: 1 }));
const skip = engine.code === 0 ? false : 'no Docker engine answers';
const cluster = kit();
const megabyte = 1e6;
const repository = `waaft-test-${process.pid}`;

function folderOf(t) {
  const folder = temporaryFolder(t, 'waaft-images-');
  return folder;
}

async function docker(...args) {
  const done = await run(['docker', ...args]);
  assert.equal(done.code, 0, `docker ${args.join(' ')}: ${done.stderr}`);
  return done.stdout.trim();
}

async function build(folder, version, ...args) {
  const done = await run([binary, 'build-image', '--output', 'json', `--image-repository=${repository}`, `--image-version=${version}`, ...args], { cwd: folder });
  assert.equal(done.code, 0, done.stdout + done.stderr);
  return { ...JSON.parse(done.stdout), said: done.stderr };
}

// Not fetch(), which was seen to stay without an answer when the engine's proxy takes a connection and drops it.
const isReady = (url) => new Promise((resolve) => {
  get(url, { agent: false }, (answer) => resolve(answer.resume().statusCode === 200)).on('error', () => resolve(false));
});

// As a cluster runs it; the volume is the engine's own, so that what the image says of /data counts.
async function assertServes(t, image) {
  const container = await docker('run', '-d', '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '-v', '/data',
    '-p', '127.0.0.1::3000/tcp', '-p', '127.0.0.1::9090/tcp', image);
  cleanUp(t, `the container of ${image}`, () => docker('rm', '-f', '-v', container));
  const address = async (port) => (await docker('port', container, `${port}/tcp`)).split('\n')[0];
  const ops = await address(9090);
  await until(`${image} ready`, () => isReady(`http://${ops}/readyz`));
  const log = await run(['docker', 'logs', container]);
  const serving = JSON.parse((log.stdout + log.stderr).split('\n').find((line) => line.includes('"Serving."')));
  const started = Date.parse(await docker('inspect', '-f', '{{.State.StartedAt}}', container));
  t.diagnostic(`serving ${Date.parse(serving.time) - started} ms after its start`);
  assert.equal(await docker('inspect', '-f', '{{.Config.User}}', container), '65532:65532');
  await docker('stop', '-t', '30', container);
  assert.equal(await docker('inspect', '-f', '{{.State.ExitCode}}', container), '0');
}

const filesOf = async (image) => {
  const container = await docker('create', image);
  const done = await run(['bash', '-o', 'pipefail', '-c', 'docker export "$1" | tar -tv --numeric-owner', 'list', container]);
  await docker('rm', container);
  assert.equal(done.code, 0, done.stderr);
  // Without what the engine itself puts into each container, and without times.
  return done.stdout.trim().split('\n').map((line) => line.split(/\s+/))
    .filter((words) => !/^(\.dockerenv|dev\/|proc\/|sys\/|etc\/(hosts|hostname|resolv\.conf|mtab)$)/.test(words[5]))
    .map(([mode, owner, size, , , path]) => `${mode} ${owner} ${size} ${path}`).sort();
};

test('both builders ship the same files, and they serve', { skip }, async (t) => {
  cleanUp(t, `the images ${repository}`, async () => {
    for (const version of ['native', 'docker']) await run(['docker', 'rmi', '-f', `${repository}:${version}`]);
  });
  const folder = folderOf(t);
  const native = await build(folder, 'native', '--builder=native', '--archive=image.tar');
  assert.ok(native.compressed_bytes <= 20 * megabyte, `${native.compressed_bytes} bytes`);
  assert.match(await docker('load', '-i', join(folder, 'image.tar')), new RegExp(`${repository}:native`));
  await t.test('native, by docker load', (each) => assertServes(each, `${repository}:native`));

  const written = await run([binary, 'init', '--dockerfile'], { cwd: folder });
  assert.equal(written.code, 0, written.stderr);
  // An engine answers, so nobody has to name the builder.
  const byDocker = await build(folder, 'docker');
  assert.equal(byDocker.builder, 'docker');
  assert.match(byDocker.said, /docker: engine \S+ answers/);
  assert.match(byDocker.said, /step 1|\[1\/2\]/);
  assert.equal(byDocker.engine, `${repository}:docker`);
  assert.equal(await docker('image', 'inspect', '-f', '{{index .Config.Labels "org.opencontainers.image.version"}}', `${repository}:docker`), 'docker');
  await t.test('of docker', (each) => assertServes(each, `${repository}:docker`));
  await t.test('the same files', async () => {
    assert.deepEqual(await filesOf(`${repository}:docker`), await filesOf(`${repository}:native`));
  });
});

test('a step that fails is named, with what it wrote', { skip }, async (t) => {
  const folder = folderOf(t);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY missing /\n');
  const done = await run([binary, 'build-image', '--output', 'json', '--image-version=1', `--image-repository=${repository}`], { cwd: folder });
  assert.equal(done.code, 5, done.stdout);
  const [cause] = JSON.parse(done.stdout).causes;
  assert.equal(cause.code, 'BUILD_FAILED');
  assert.match(cause.message, /missing/);
});

test('for what the real nodes are, straight to the registry that they pull from', { skip: cluster.skip }, async (t) => {
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  const nodes = JSON.parse(await cluster.kubectl(['get', 'nodes', '-o', 'json'])).items.map(({ status }) => `linux/${status.nodeInfo.architecture}`);
  const done = await cluster.waaft(['build-image', '--builder=native', '--push', '--output=json', '--context', context, '--image-version=native',
    `--image-repository=${cluster.registry}/${repository}`], { cwd: folderOf(t) });
  assert.match(done.stderr, new RegExp(`: as the nodes of ${context}`));
  const built = JSON.parse(done.stdout);
  const own = `linux/${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
  if (nodes.some((node) => node !== own)) return assert.equal(built.causes[0].code, 'IMAGE_ARCH');
  assert.equal(done.code, 0, done.stderr);
  assert.deepEqual(built.platforms, [own]);
  assert.equal(built.image, `${cluster.registry}/${repository}@${built.digest}`);
});
