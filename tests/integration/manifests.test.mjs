// `waaft manifests`: without any file, from waaft.yaml, into a folder, as JSON; and what it refuses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import { binary, temporaryFolder } from '../support/server.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const valid = new Ajv().compile(JSON.parse(readFileSync(join(root, 'docs/schemas/waaft.manifests-1.json'))));

function manifests(folder, ...args) {
  const done = spawnSync(binary, ['manifests', ...args], { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH } });
  if (args.includes('json')) {
    done.json = JSON.parse(done.stdout);
    assert.ok(valid(done.json), JSON.stringify(valid.errors));
  }
  return done;
}

test('without any file it prints the objects of manifests/', (t) => {
  const folder = temporaryFolder(t);
  const done = manifests(folder);
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.stdout, readFileSync(join(root, 'tests/data/manifests/default.yaml'), 'utf8'));
  assert.match(done.stderr, /--image-version/);
  assert.equal(manifests(folder, '--quiet', '--image=host:5000/org/waaft:1').stderr, '');
});

test('waaft.yaml, flags and patches decide, in that order', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), `
name: studio
autoscaling: {max: 20}
patches: [big.yaml]
serve:
  log: {level: debug}
`);
  writeFileSync(join(folder, 'big.yaml'), 'kind: Deployment\nmetadata: {name: studio}\nspec: {minReadySeconds: 7}\n');
  const { status, json } = manifests(folder, '--autoscaling-min=3', '--output', 'json', '--with-namespace', '-n', 'live');
  assert.equal(status, 0);
  const of = (kind) => json.objects.find((each) => each.kind === kind);
  assert.equal(of('Namespace').metadata.name, 'live');
  assert.equal(of('HorizontalPodAutoscaler').spec.minReplicas, 3);
  assert.equal(of('HorizontalPodAutoscaler').spec.maxReplicas, 20);
  assert.equal(of('Deployment').spec.minReadySeconds, 7);
  assert.match(of('ConfigMap').data['waaft.yaml'], /level: debug/);
  assert.ok(json.objects.every((each) => each.metadata.namespace === undefined));
});

test('the values of secrets are not even read', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), 'secrets:\n  rooms.keys: {command: [touch, ran]}\n');
  const done = manifests(folder);
  assert.equal(done.status, 0, done.stderr);
  assert.match(done.stderr, /Secret\/waaft-secrets is left out/);
  assert.equal(existsSync(join(folder, 'ran')), false);
});

test('a folder is filled, and cleared of what an earlier run left', (t) => {
  const folder = temporaryFolder(t);
  const out = join(folder, 'out');
  const first = manifests(folder, '--output-dir', out, '--output', 'json', '--two-services', '--expose-address=203.0.113.7');
  assert.equal(first.status, 0);
  assert.deepEqual(readdirSync(out).sort(), first.json.written);
  assert.ok(first.json.written.includes('09-service-waaft-udp.yaml'), first.json.written.join(' '));
  const second = manifests(folder, '--output-dir', out, '--output', 'json');
  assert.ok(second.json.removed.includes('09-service-waaft-udp.yaml'));
  assert.deepEqual(readdirSync(out).sort(), second.json.written);
  assert.equal(manifests(folder, '--output-dir', out, '-q').stdout, `${out}\n`);
});

test('what makes no sense is refused with exit code 2, and nothing is written', (t) => {
  const folder = temporaryFolder(t);
  const rows = [
    [['--image', 'a b'], 'usage_image'],
    [['--image', 'waaft@sha256:12'], 'usage_image'],
    [['--two-services'], 'manifest_expose'],
    [['--expose-mode', 'gateway'], 'manifest_expose'],
    [['--config', 'missing.yaml'], 'config_unreadable'],
    [['-e', 'staging'], undefined],
  ];
  for (const [args, code] of rows) {
    const done = manifests(folder, ...args, '--output', 'json', '--output-dir', 'out');
    assert.equal(done.status, 2, `${args}: ${done.stdout}`);
    assert.equal(done.json.exit, 2);
    if (code) assert.equal(done.json.causes[0].code, code, args.join(' '));
  }
  assert.equal(existsSync(join(folder, 'out')), false);
  writeFileSync(join(folder, 'waaft.yaml'), 'patches: [p.yaml]\n');
  writeFileSync(join(folder, 'p.yaml'), 'kind: Deployment\nmetadata: {name: other}\n');
  const unmatched = manifests(folder, '--output', 'json').json.causes[0];
  assert.equal(unmatched.code, 'patch_unmatched');
  assert.equal(unmatched.where, 'p.yaml:1:1');
  writeFileSync(join(folder, 'file'), '');
  assert.equal(manifests(folder, '--config=/dev/null', '--output-dir', 'file/x').status, 2);
});
