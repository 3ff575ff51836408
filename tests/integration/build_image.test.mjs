// `waaft build-image` without an engine: layout, archive, bare files, the same bytes again, and what it refuses.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { hasRegistry, startRegistry } from '../support/registry.mjs';
import { binary, temporaryFolder, until, within } from '../support/server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const valid = new Ajv().compile(JSON.parse(readFileSync(join(root, 'docs/schemas/waaft.build-image-1.json'))));
const own = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
const foreign = process.arch === 'arm64' ? 'linux/amd64' : 'linux/arm64';
const environment = { PATH: process.env.PATH, SOURCE_DATE_EPOCH: '1700000000' };

function build(folder, args, env = environment) {
  const done = spawnSync(binary, ['build-image', '--output', 'json', ...args], { cwd: folder, encoding: 'utf8', env });
  done.json = JSON.parse(done.stdout);
  assert.ok(valid(done.json), `${done.stdout} ${JSON.stringify(valid.errors)}`);
  return done;
}

const native = ['--builder', 'native', '--image-version', '1.2'];
const digestOf = (bytes) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const jsonOf = (file) => JSON.parse(readFileSync(file, 'utf8'));

function assertFailed(done, exit, code, message = /./) {
  assert.equal(done.status, exit, done.stdout);
  assert.equal(done.json.causes[0].code, code);
  assert.match(done.json.causes[0].message, message);
}

test('a layout has every blob under its digest; a second build has the same bytes', (t) => {
  const folder = temporaryFolder(t);
  const { status, json } = build(folder, native);
  assert.equal(status, 0);
  assert.equal(json.name, 'waaft:1.2');
  assert.deepEqual(json.platforms, [own]);
  assert.equal(json.layout, 'build/image', 'where `waaft push` looks');
  const blobs = join(folder, 'build/image/blobs/sha256');
  for (const name of readdirSync(blobs)) assert.equal(digestOf(readFileSync(join(blobs, name))), `sha256:${name}`);
  const [manifest] = jsonOf(join(folder, 'build/image/index.json')).manifests;
  assert.equal(manifest.digest, json.digest);
  const read = (descriptor) => jsonOf(join(blobs, descriptor.digest.slice(7)));
  const config = read(read(manifest).config);
  assert.equal(config.config.User, '65532:65532');
  assert.equal(config.config.Labels['org.opencontainers.image.version'], '1.2');
  assert.equal(config.created, '2023-11-14T22:13:20Z');

  const again = build(folder, [...native, '--layout', 'again']);
  assert.equal(again.json.digest, json.digest);
  assert.deepEqual(readdirSync(join(folder, 'again/blobs/sha256')), readdirSync(blobs));
});

test('an archive is one whole file with what docker load reads', (t) => {
  const folder = temporaryFolder(t);
  const { status, json } = build(folder, [...native, '--archive', 'out/image.tar', '--image-repository', 'host:5000/org/live']);
  assert.equal(status, 0);
  assert.equal(json.layout, undefined, 'only what was asked for');
  assert.equal(existsSync(join(folder, 'build')), false);
  const archive = join(folder, 'out/image.tar');
  const [image] = JSON.parse(spawnSync('tar', ['-xOf', archive, 'manifest.json'], { encoding: 'utf8' }).stdout);
  assert.deepEqual(image.RepoTags, ['host:5000/org/live:1.2']);
  const names = spawnSync('tar', ['-tf', archive], { encoding: 'utf8' }).stdout.split('\n');
  for (const name of [image.Config, ...image.Layers]) assert.ok(names.includes(name), name);
  assert.deepEqual(readdirSync(join(folder, 'out')), ['image.tar']);
});

test('bare files need no version; the program in them runs with its own libraries', (t) => {
  const folder = temporaryFolder(t);
  const { status, json } = build(folder, ['--builder', 'native', '--rootfs', 'root']);
  assert.equal(status, 0);
  assert.equal(json.digest, undefined);
  const at = (name) => statSync(join(folder, 'root', name));
  assert.equal(at('tmp').mode & 0o7777, 0o1777);
  assert.equal(at('data').mode & 0o7777, 0o700);
  if (process.getuid() === 0) assert.equal(at('data').uid, 65532);
  assert.match(readFileSync(join(folder, 'root/etc/passwd'), 'utf8'), /^waaft:x:65532:65532:/);
  if (process.getuid() !== 0) return t.diagnostic('not run: chroot needs root');
  const version = spawnSync('chroot', [join(folder, 'root'), '/waaft', 'version'], { encoding: 'utf8' });
  assert.equal(version.status, 0, version.stderr);
  assert.match(version.stdout, /^waaft /);
});

test('an image has the copyright of all that is in it', (t) => {
  const folder = temporaryFolder(t);
  const done = build(folder, ['--builder', 'native', '--rootfs', 'root']);
  assert.equal(done.status, 0);
  const own = readFileSync(join(folder, 'root/usr/share/doc/waaft/copyright'), 'utf8');
  for (const part of [/Apache License/, /^==== preact /m, /^==== qrcode-generator /m, /^######## libboost/m, /^######## libcli11-dev /m]) {
    assert.match(own, part);
  }
  // A container's Debian may have been stripped of its documentation; then the builder says so.
  const missing = /no copyright file of ([^:]*):/.exec(done.stderr)?.[1].split(', ') ?? [];
  for (const name of ['libc6', 'libgcc-s1', 'ca-certificates']) {
    const there = existsSync(join(folder, `root/usr/share/doc/${name}/copyright`));
    assert.equal(there, existsSync(`/usr/share/doc/${name}/copyright`), name);
    assert.equal(missing.includes(name), !there, name);
  }
});

test('another architecture is refused before anything is written', (t) => {
  const folder = temporaryFolder(t);
  assertFailed(build(folder, [...native, '--platform', foreign]), 5, 'IMAGE_ARCH', new RegExp(`for ${own}, not for ${foreign}`));
  assert.deepEqual(readdirSync(folder), []);
  assertFailed(build(folder, [...native, '--platform', own, '--platform', foreign]), 5, 'IMAGE_ARCH');
});

// As kubectl answers the one question that is asked.
function kubectlOf(folder, script) {
  mkdirSync(join(folder, 'tools'));
  writeFileSync(join(folder, 'tools/kubectl'), `#!/bin/sh\necho "$*" > ${folder}/asked\n${script}\n`, { mode: 0o755 });
  return { ...environment, PATH: `${join(folder, 'tools')}:${process.env.PATH}` };
}

test('the platform is what the nodes of the named cluster are, else this machine\'s, and it says why', async (t) => {
  const rows = [
    ['the same', `echo ${own}`, ['--context', 'live'], new RegExp(`${own}: as the nodes of live`)],
    ['nobody names a cluster', `echo ${foreign}`, [], /the builder's own: no cluster is named/],
    ['no answer', 'echo "error: no such context" >&2; exit 1', ['--context', 'live'], /the cluster live does not say .*: error: no such context/],
    ['too slow', 'exec sleep 60', ['--context', 'live'], /no answer within 3 s/],
  ];
  for (const [name, script, args, words] of rows) {
    await t.test(name, (each) => {
      const folder = temporaryFolder(each);
      const done = build(folder, [...native, ...args], kubectlOf(folder, script));
      assert.equal(done.status, 0, done.stdout);
      assert.match(done.stderr, words);
      assert.deepEqual(done.json.platforms, [own]);
      if (args.length > 0) assert.match(readFileSync(join(folder, 'asked'), 'utf8'), /^--context live get nodes /);
      else assert.equal(existsSync(join(folder, 'asked')), false, 'kubectl\'s current context is not taken');
    });
  }
  await t.test('nodes of another architecture are refused before anything is built', (each) => {
    const folder = temporaryFolder(each);
    const env = kubectlOf(folder, `echo ${foreign}`);
    assertFailed(build(folder, [...native, '--context', 'live'], env), 5, 'IMAGE_ARCH', /not for linux\/\w+ \(as the nodes of live\)/);
    assert.deepEqual(readdirSync(folder).sort(), ['asked', 'tools']);
    assert.equal(build(folder, [...native, '--context', 'live', '--platform', own], env).status, 0, 'who names one is not asked');
  });
});

const noRegistry = hasRegistry ? false : 'docker-registry is not installed (scripts/install-packages test)';
test('straight to the registry: the same digest, and nothing is left here', { skip: noRegistry }, async (t) => {
  const registry = await startRegistry(t);
  const folder = temporaryFolder(t);
  const args = ['--builder', 'native', '--image-repository', `${registry.host}/org/live`, '--push'];
  const pushed = build(folder, [...args, '--image-version', '1.2']);
  assert.equal(pushed.status, 0, pushed.stderr);
  assert.equal(pushed.json.image, `${registry.host}/org/live@${pushed.json.digest}`);
  assert.deepEqual(pushed.json.tags, ['1.2']);
  assert.equal(pushed.json.layout, undefined);
  assert.deepEqual(readdirSync(folder), []);
  assert.equal(await registry.digestOf('org/live', '1.2'), pushed.json.digest);
  const text = spawnSync(binary, ['build-image', ...args, '--image-version', '1.2', '--quiet'], { cwd: folder, encoding: 'utf8', env: environment });
  assert.deepEqual([text.status, text.stdout, text.stderr], [0, `${pushed.json.image}\n`, ''], 'there already');
  const kept = build(folder, [...args, '--image-version', '1.2', '--layout', 'image']);
  assert.equal(kept.json.digest, pushed.json.digest, 'a layout and a push are one image');
  assert.equal(kept.json.layout, 'image');

  const later = { ...environment, SOURCE_DATE_EPOCH: '1800000000' };
  assertFailed(build(folder, [...args, '--image-version', '1.2'], later), 6, 'TAG_EXISTS');
  assert.equal(build(folder, [...args, '--image-version', '1.2', '--force'], later).status, 0);
  assertFailed(build(folder, [...args, '--image-version', 'latest']), 2, 'usage_tag');
  await registry.stop();
  assertFailed(build(folder, [...args, '--image-version', '2']), 6, 'REGISTRY_UNREACHABLE');
});

test('what stands in the way is left alone', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'taken'));
  writeFileSync(join(folder, 'taken/letter'), 'dear');
  assertFailed(build(folder, [...native, '--layout', 'taken']), 2, 'output_exists');
  assertFailed(build(folder, [...native, '--rootfs', 'taken']), 2, 'output_exists');
  assertFailed(build(folder, [...native, '--archive', 'taken/letter/image.tar']), 1, 'file_unwritable');
  assert.deepEqual(readdirSync(folder), ['taken']);
  assert.equal(readFileSync(join(folder, 'taken/letter'), 'utf8'), 'dear');
  await t.test('an older layout is replaced', () => {
    assert.equal(build(folder, native).status, 0);
    assert.equal(build(folder, native).status, 0);
    assert.deepEqual(readdirSync(join(folder, 'build')), ['image']);
  });
});

test('bare files as one tar, replaced by the next', (t) => {
  const folder = temporaryFolder(t);
  for (let i = 0; i < 2; i += 1) {
    const { status, json } = build(folder, ['--builder', 'native', '--rootfs', 'out/root.tar']);
    assert.equal(status, 0);
    assert.equal(json.rootfs, 'out/root.tar');
  }
  const listed = spawnSync('tar', ['--numeric-owner', '-tvf', join(folder, 'out/root.tar')], { encoding: 'utf8' }).stdout;
  assert.match(listed, /^drwx------ 65532\/65532 .* data\/$/m);
  assert.match(listed, /^-rwxr-xr-x 0\/0 .* waaft$/m);
  assert.deepEqual(readdirSync(join(folder, 'out')), ['root.tar']);
});

test('a Dockerfile that asks for the bare files gets them before docker starts', (t) => {
  const folder = temporaryFolder(t);
  const docker = join(folder, 'fake');
  writeFileSync(docker, `#!/bin/sh\n[ "$1" = version ] && echo 1 && exit\n[ "$1" = build ] && [ -s build/rootfs.tar ] && echo > asked\nexit 1\n`);
  chmodSync(docker, 0o755);
  const env = pathOf(folder, { docker });
  const args = ['--builder', 'docker', '--image-version', '1'];
  writeFileSync(join(folder, 'Dockerfile'), '# waaft: rootfs=build/rootfs.tar\nFROM scratch\nADD build/rootfs.tar /\n');
  assertFailed(build(folder, args, env), 5, 'BUILD_FAILED');
  assert.ok(existsSync(join(folder, 'asked')), 'docker found the files');
  assertFailed(build(folder, [...args, '--platform', foreign], env), 5, 'IMAGE_ARCH');
  writeFileSync(join(folder, 'Dockerfile'), '# waaft: rootfs=../rootfs.tar\nFROM scratch\n');
  assertFailed(build(folder, args, env), 2, 'usage_dockerfile', /below the folder/);
});

test('the version comes from git, or is asked for', (t) => {
  const folder = temporaryFolder(t);
  assertFailed(build(folder, ['--builder', 'native']), 2, 'usage_version');
  const git = (...args) => assert.equal(spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args], { cwd: folder }).status, 0);
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'begin');
  git('tag', '-a', '-m', 'first', 'v3.1');
  assert.equal(build(folder, ['--builder', 'native', '--layout', 'image']).json.version, 'v3.1');
});

// PATH has only these programs.
function pathOf(folder, programs) {
  mkdirSync(join(folder, 'bin'));
  for (const [name, target] of Object.entries(programs)) symlinkSync(target, join(folder, 'bin', name));
  return { ...environment, PATH: join(folder, 'bin') };
}

test('auto says which builder it took, and why', (t) => {
  const folder = temporaryFolder(t);
  const env = pathOf(folder, {});
  const args = ['--image-version', '1'];
  assert.match(build(folder, [...args, '--layout', 'image'], env).stderr, /native: docker makes no such files/);
  assert.match(build(folder, args, env).stderr, /native: there is no Dockerfile/);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  assert.match(build(folder, args, env).stderr, /native: docker is not installed/);
  assertFailed(build(folder, ['--builder', 'docker', '--image-version', '1'], env), 5, 'NO_BUILDER', /docker is not installed/);
  assertFailed(build(folder, ['--builder', 'docker', '--image-version', '1', '--rootfs', 'r'], env), 2, 'usage_builder');
  assertFailed(build(folder, ['--builder', 'docker', '--image-version', '1', '--dockerfile', 'none'], env), 2, 'usage_dockerfile');
});

// The native builder is too fast to be met in the middle; a build that never ends can be.
test('Ctrl-C leaves nothing and ends with 130', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  const slow = join(folder, 'slow');
  writeFileSync(slow, `#!/bin/sh\n[ "$1" = version ] && echo 1 && exit\n[ "$1" = build ] || exit 1\necho > ${folder}/asked\nexec sleep 60\n`);
  chmodSync(slow, 0o755);
  const env = pathOf(folder, { docker: slow, sleep: '/bin/sleep' });
  const child = spawn(binary, ['build-image', '--output', 'json', '--image-version', '1'], { cwd: folder, env });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const ended = once(child, 'close');
  await until(() => existsSync(join(folder, 'asked')), 'the build');
  child.kill('SIGINT');
  const [code] = await within(ended, 'the end');
  assert.equal(code, 130);
  assert.equal(JSON.parse(out).causes[0].code, 'interrupted');
  assert.deepEqual(readdirSync(folder).sort(), ['Dockerfile', 'asked', 'bin', 'slow']);
});
