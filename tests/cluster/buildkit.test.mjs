// `waaft build-image` with real BuildKit: buildx with a builder beside the engine, buildx with the engine's own, and
// the engine's own without buildx. The builder is a buildkitd that the test starts, so that no image is pulled for it.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { cleanUp, endAfter, suite, temporaryFolder } from '../support/cleanup.mjs';
import { signalWhen } from '../support/lines.mjs';
import { agrees } from '../support/output_schemas.mjs';
import { hasRegistry, startRegistry } from '../support/registry.mjs';
import { binary, run, until } from './support/kit.mjs';

const answers = (...argv) => spawnSync(argv[0], argv.slice(1)).status === 0;
const missing = [
  [answers('docker', 'version'), 'no Docker engine answers'],
  [answers('docker', 'buildx', 'version'), 'docker buildx is not installed'],
  [answers('buildkitd', '--version'), 'buildkitd is not installed'],
  [process.getuid() === 0, 'buildkitd needs root'],
].filter(([there]) => !there).map(([, what]) => what);
const skip = missing.length > 0 ? missing.join(', ') : false;

const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
const foreign = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';
const repository = `waaft-buildkit-${process.pid}`;
const dockerfile = `FROM scratch AS files
COPY files /
RUN ["/waaft", "version"]
FROM scratch
COPY --from=files / /
ENTRYPOINT ["/waaft", "serve"]
`;

const file = suite();
const makeFolder = () => temporaryFolder(file, 'waaft-buildkit-');

// A project with the program's own files, and no base image to pull.
async function makeProject(text = dockerfile) {
  const folder = makeFolder();
  const done = await run([binary, 'build-image', '--builder=native', '--rootfs=files', '--quiet'], { cwd: folder });
  assert.equal(done.code, 0, done.stderr);
  writeFileSync(join(folder, 'Dockerfile'), text);
  return folder;
}

const args = (version, more = []) => ['--output=json', `--image-repository=${repository}`, `--image-version=${version}`, ...more];

async function build(folder, version, more = [], options = {}) {
  const done = await run([binary, 'build-image', '--builder=docker', ...args(version, more)], { cwd: folder, ...options });
  return { ...done, json: agrees('build-image', done.stdout) };
}

const engineId = (version) => execFileSync('docker', ['image', 'inspect', '-f', '{{.Id}}', `${repository}:${version}`], { encoding: 'utf8' }).trim();
const indexOf = (folder) => JSON.parse(readFileSync(join(folder, 'build/image/index.json'), 'utf8'));

cleanUp(file, `the images ${repository}`, () => {
  const made = spawnSync('docker', ['image', 'ls', '-q', repository], { encoding: 'utf8' }).stdout?.split('\n').filter(Boolean) ?? [];
  if (made.length > 0) spawnSync('docker', ['rmi', '-f', ...made]);
});

describe('buildx with a builder beside the engine', { skip }, () => {
  const shared = suite();
  let env;
  before(async () => {
    const state = makeFolder();
    const socket = `unix://${join(state, 'socket')}`;
    endAfter(shared, 'buildkitd', spawn('buildkitd', ['--root', join(state, 'root'), '--addr', socket, '--containerd-worker=false'], { stdio: 'ignore' }), 'SIGTERM');
    await until('buildkitd listens', () => existsSync(join(state, 'socket')));
    env = { BUILDX_CONFIG: join(state, 'buildx'), BUILDX_BUILDER: 'waaft-test' };
    const made = await run(['docker', 'buildx', 'create', '--name', 'waaft-test', '--driver', 'remote', socket], { env });
    assert.equal(made.code, 0, made.stderr);
    await until('the builder answers', async () => (await run(['docker', 'buildx', 'inspect'], { env })).stdout.includes('running'));
  });

  test('one image: the digest is the metadata\'s, the layout\'s and the pushed one; the engine has it, too', async (t) => {
    const folder = await makeProject();
    const { code, json, stderr } = await build(folder, 'one', [], { env });
    assert.equal(code, 0, stderr);
    assert.match(stderr, /\(buildx\)/);
    for (const step of ['[files 1/2] COPY files /', '[files 2/2] RUN ["/waaft", "version"]']) assert.ok(stderr.includes(step), stderr);
    assert.equal(json.engine, `${repository}:one`);
    assert.deepEqual(json.platforms, [own]);
    assert.equal(indexOf(folder).manifests[0].digest, json.digest);
    const manifest = JSON.parse(readFileSync(join(folder, 'build/image/blobs/sha256', json.digest.slice(7)), 'utf8'));
    assert.equal(engineId('one'), manifest.config.digest, 'the same image');
    if (!hasRegistry) return t.diagnostic('not run: docker-registry is not installed');
    const registry = await startRegistry(t);
    const pushed = await run([binary, 'push', '--output=json', `--image-repository=${registry.host}/${repository}`, '--image-version=one'], { cwd: folder });
    assert.equal(agrees('push', pushed.stdout).digest, json.digest, pushed.stderr);
  });

  test('several platforms become one index, which a registry gets as it is', async (t) => {
    const folder = await makeProject(dockerfile.replace(/RUN.*\n/, ''));
    const registry = hasRegistry ? await startRegistry(t) : undefined;
    const { code, json, stderr } = await build(folder, 'both', ['--platform', own, '--platform', foreign], { env });
    assert.equal(code, 0, stderr);
    assert.deepEqual([...json.platforms].sort(), [own, foreign].sort());
    assert.equal(indexOf(folder).manifests.length, 1);
    assert.equal(indexOf(folder).manifests[0].digest, json.digest);
    if (!registry) return t.diagnostic('not run: docker-registry is not installed');
    const straight = await run([binary, 'build-image', '--builder=docker', '--output=json', '--push', `--image-repository=${registry.host}/${repository}`,
      '--image-version=both', '--platform', own, '--platform', foreign], { cwd: folder, env });
    const pushed = agrees('build-image', straight.stdout);
    assert.equal(straight.code, 0, straight.stderr);
    assert.equal(pushed.layout, undefined);
    const accept = { Accept: 'application/vnd.oci.image.index.v1+json' };
    const there = await registry.get(`/v2/${repository}/manifests/${pushed.digest}`, accept);
    assert.equal(there.status, 200);
    const runs = JSON.parse(there.body).manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`);
    assert.deepEqual(runs.filter((each) => each.startsWith('linux/')).sort(), [own, foreign].sort());
  });

  test('steps stream, and Ctrl-C leaves nothing', async () => {
    const folder = await makeProject('FROM scratch\nCOPY files /\nENV WAAFT_DATA=none\nRUN ["/waaft", "serve", "--port", "0", "--ops-address", ""]\n');
    const { code, json, stderr } = await build(folder, 'endless', [], {
      env, started: (child) => signalWhen(child, child.stderr, (said) => said.includes('RUN ["/waaft", "serve"')),
    });
    assert.equal(code, 130, stderr);
    assert.equal(json.causes[0].code, 'interrupted');
    assert.deepEqual(readdirSync(folder).sort(), ['Dockerfile', 'build', 'files']);
    assert.deepEqual(readdirSync(join(folder, 'build')), []);
  });

  test('what fails is named: a step, a file, a program of another architecture', async () => {
    const folder = await makeProject('FROM scratch\nCOPY files /\nRUN ["/waaft", "nonsense"]\n');
    const step = await build(folder, 'bad', [], { env });
    assert.equal(step.code, 5);
    assert.equal(step.json.causes[0].code, 'BUILD_FAILED');
    assert.match(step.json.causes[0].message, /"\/waaft nonsense" did not complete successfully: exit code: 2/);
    assert.ok(step.json.causes[0].log_tail.some((line) => line.includes('there is no command nonsense')));
    writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\nCOPY missing /\n');
    assert.match((await build(folder, 'bad', [], { env })).json.causes[0].message, /missing.*not found/);
    // The same program that says to be for the other processor.
    const program = readFileSync(join(folder, 'files/waaft'));
    program.writeUInt16LE(own === 'linux/amd64' ? 183 : 62, 18);
    writeFileSync(join(folder, 'files/waaft'), program, { mode: 0o755 });
    writeFileSync(join(folder, 'Dockerfile'), dockerfile);
    const other = await build(folder, 'bad', ['--platform', foreign], { env });
    assert.equal(other.json.causes[0].code, 'IMAGE_ARCH', other.stdout);
    assert.match(other.json.causes[0].hint, /qemu-user-static/);
  });
});

const withoutBuildx = missing.filter((what) => !what.startsWith('buildkitd')).join(', ') || false;
test('buildx with the engine\'s own builder: the engine\'s id; several platforms need another builder', { skip: withoutBuildx }, async () => {
  const env = { BUILDX_CONFIG: makeFolder(), BUILDX_BUILDER: 'default' };
  const folder = await makeProject();
  const one = await build(folder, 'own', [], { env });
  assert.equal(one.code, 0, one.stderr);
  assert.equal(one.json.digest, engineId('own'));
  const store = execFileSync('docker', ['info', '-f', '{{.DriverStatus}}'], { encoding: 'utf8' });
  if (store.includes('io.containerd.snapshotter')) return;  // it can
  const both = await build(folder, 'own', ['--platform', own, '--platform', foreign], { env });
  assert.equal(both.code, 5);
  assert.equal(both.json.causes[0].code, 'NO_BUILDER', both.stdout);
  assert.match(both.json.causes[0].hint, /docker buildx create --use/);
});

// The first in PATH that has its half of BuildKit built in.
const oldClient = (process.env.PATH ?? '').split(':').map((folder) => join(folder, 'docker')).find((path) => {
  const version = spawnSync(path, ['version', '--format', '{{.Client.Version}}'], { encoding: 'utf8' });
  return version.status === 0 && /^(19|20|22)\./.test(version.stdout);
});
test('the engine\'s own BuildKit, by a client of before buildx', { skip: oldClient ? false : 'no docker client of version 19 to 22 whose engine answers' }, async () => {
  const bin = makeFolder();
  symlinkSync(oldClient, join(bin, 'docker'));
  const folder = await makeProject();
  // A stage that nothing needs is not built, which the classic builder would do.
  writeFileSync(join(folder, 'Dockerfile'), dockerfile.replace('FROM scratch\n', 'FROM scratch AS unused\nCOPY missing /\nFROM scratch\n'));
  const env = { PATH: `${bin}:${process.env.PATH}`, DOCKER_CONFIG: makeFolder() };
  const { code, json, stderr } = await build(folder, 'old', [], { env });
  assert.equal(code, 0, stderr);
  if (stderr.includes('(buildx)')) return;  // that client has it, too
  assert.match(stderr, /\(BuildKit\)/);
  assert.ok(stderr.includes('[files 2/2] RUN ["/waaft", "version"]'), stderr);
  assert.equal(json.digest, engineId('old'));
});
