// `waaft cluster`: what is asked of gcloud, in which order, and what becomes of its failures. Google's program
// is not in Debian and needs an account, so a script in its place writes down its arguments; the words
// themselves are held against gcloud's reference, and its own parser where it is installed, in unit_gke.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { signalWhen } from '../support/lines.mjs';
import { agrees } from '../support/output_schemas.mjs';
import { binary, temporaryFolder } from '../support/server.mjs';

const settings = 'cluster: {provider: gke, project: acme-1, zone: europe-west1-b, name: live}\n';
const connect = 'container clusters get-credentials live --zone europe-west1-b --project acme-1';

// answers: {verb: shell commands}, for example {create: 'echo no >&2; exit 1'}.
function standIn(t, answers = {}) {
  const folder = temporaryFolder(t);
  const log = join(folder, 'asked');
  const cases = Object.entries(answers).map(([verb, commands]) => `${verb}) ${commands};;`).join('\n');
  writeFileSync(join(folder, 'gcloud'), `#!/bin/sh\necho "$*" >>${log}\ncase $3 in\n${cases}\n*) echo fine;;\nesac\n`);
  chmodSync(join(folder, 'gcloud'), 0o755);
  writeFileSync(join(folder, 'waaft.yaml'), settings);
  const asked = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);
  const run = (args, { started, env } = {}) => new Promise((resolve) => {
    const child = spawn(binary, ['cluster', ...args], { cwd: folder, env: { ...process.env, ...env, NO_COLOR: '1', PATH: `${folder}:${process.env.PATH}` } });
    const said = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text) => { said.out += text; });
    child.stderr.setEncoding('utf8').on('data', (text) => { said.err += text; });
    started?.(child);
    child.on('close', (code) => resolve({ code, ...said }));
    child.stdin.end();
  });
  return { run, asked, folder };
}

test('create makes the cluster and connects to it, after it showed the commands', async (t) => {
  const { run, asked } = standIn(t);
  const done = await run(['create', '--yes', '--output', 'json']);
  assert.equal(done.code, 0, done.err);
  assert.equal(asked().length, 2);
  assert.match(asked()[0], /^container clusters create live --zone europe-west1-b --project acme-1 --release-channel regular /);
  assert.equal(asked()[1], connect);
  assert.ok(done.err.indexOf(`gcloud ${connect}`) >= 0 && done.err.indexOf(`gcloud ${connect}`) < done.err.indexOf('Creating'));
  const { commands, ...rest } = agrees('cluster', done.out);
  assert.deepEqual(rest, { schema: 'waaft.cluster/1', result: 'created', cluster: 'live', context: 'gke_acme-1_europe-west1-b_live' });
  assert.equal(commands[1].join(' '), `gcloud ${connect}`);
});

test('nobody to ask, nothing named, only shown: gcloud is not run', async (t) => {
  for (const [args, code, words, env] of [
    [['create'], 2, /add --yes/],
    [['delete'], 2, /add --yes/],
    [['delete', '--dry-run'], 0, /gcloud container clusters delete live/],
    [['create', '--yes'], 2, /write zone: europe-west1\b/, { WAAFT_CLUSTER_AUTOPILOT: 'true' }],
    [['connect'], 2, /cluster\.name must be set/, { WAAFT_CLUSTER_NAME: '' }],
  ]) {
    const { run, asked } = standIn(t);
    const done = await run(args, { env });
    assert.equal(done.code, code, args.join(' ') + done.err);
    assert.match(done.err, words);
    assert.deepEqual(asked(), []);
  }
});

test('a cluster that exists already is connected to', async (t) => {
  const { run, asked } = standIn(t, { create: 'echo "ERROR: ResponseError: code=409, message=Already exists: live." >&2; exit 1' });
  const done = await run(['create', '--yes']);
  assert.equal(done.code, 0, done.err);
  assert.equal(asked()[1], connect);
});

test('what gcloud says when it fails is told, with the command to run by hand', async (t) => {
  const { run, asked } = standIn(t, { create: 'echo "ERROR: quota CPUS exceeded" >&2; exit 1' });
  const done = await run(['create', '--yes', '--output', 'json']);
  assert.equal(done.code, 4);
  const { causes, ...rest } = agrees('cluster', done.out);
  assert.deepEqual(rest, { schema: 'waaft.cluster/1', result: 'failed', exit: 4 });
  assert.equal(causes[0].code, 'GCLOUD_FAILED');
  assert.deepEqual(causes[0].log_tail, ['ERROR: quota CPUS exceeded']);
  assert.match(causes[0].hint, /gcloud container clusters create live/);
  assert.equal(asked().length, 1);
});

test('an address is reserved, told, and kept in waaft.yaml if asked', async (t) => {
  const { run, asked, folder } = standIn(t, { 'create) echo "ERROR: The resource already exists" >&2; exit 1;;\ndescribe': 'echo 203.0.113.7' });
  const planned = agrees('cluster', (await run(['address', '--dry-run', '--output', 'json'])).out);
  assert.deepEqual(planned.commands[0], ['gcloud', 'compute', 'addresses', 'create', 'waaft', '--region', 'europe-west1', '--project', 'acme-1']);
  assert.deepEqual(asked(), []);
  assert.equal((await run(['address'])).code, 2, 'it costs, so somebody must agree');
  const done = await run(['address', '--yes']);
  assert.equal(done.code, 0, done.err);
  assert.equal(done.out, '203.0.113.7\n');
  assert.match(done.err, /expose: \{address: 203\.0\.113\.7\}/);
  assert.equal(readFileSync(join(folder, 'waaft.yaml'), 'utf8'), settings);
  const saved = await run(['address', '--yes', '--save', '--output', 'json']);
  const { address, result } = agrees('cluster', saved.out);
  assert.deepEqual({ address, result }, { address: '203.0.113.7', result: 'reserved' });
  assert.match(readFileSync(join(folder, 'waaft.yaml'), 'utf8'), /name: live\}\nexpose:\n +address: "203\.0\.113\.7"\n/);
});

const hasGcloud = spawnSync('gcloud', ['--version']).status === 0;
test('the real gcloud without a login: doctor and connect say what to type', { skip: hasGcloud ? false : 'gcloud is not installed' }, async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), settings);
  const env = { ...process.env, NO_COLOR: '1', HOME: folder, CLOUDSDK_CONFIG: folder, CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false' };
  delete env.KUBECONFIG;
  const run = (...args) => spawnSync(binary, args, { cwd: folder, env, encoding: 'utf8' });
  const doctor = agrees('doctor', run('doctor', '--output', 'json', '--image-repository', '127.0.0.1:1/none', '--plain-http').stdout);
  const line = (id) => doctor.checks.find((check) => check.id === id);
  assert.deepEqual(line('gcloud'), { id: 'gcloud', state: 'failed', detail: 'nobody is logged in', fix: 'gcloud auth login' });
  if (line('kubectl').state === 'ok') assert.equal(line('context').fix, 'waaft cluster connect', doctor);
  const connected = run('cluster', 'connect', '--output', 'json');
  assert.equal(connected.status, 4, connected.stderr);
  const [cause] = agrees('cluster', connected.stdout).causes;
  assert.match(cause.message, /You do not currently have an active account selected/);
  assert.match(cause.hint, /^gcloud auth login/);
});

test('Ctrl-C ends gcloud and says that Google may go on', async (t) => {
  const { run } = standIn(t, { create: 'echo begun; exec sleep 600' });
  const done = await run(['create', '--yes'], { started: (child) => signalWhen(child, child.stderr, (said) => /begun\n/.test(said)) });
  assert.equal(done.code, 130, done.err);
  assert.match(done.err, /gcloud container clusters list/);
});

test('a machine without gcloud is told how to get it', async (t) => {
  const empty = temporaryFolder(t);
  writeFileSync(join(empty, 'waaft.yaml'), settings);
  const child = spawn(binary, ['cluster', 'connect'], { cwd: empty, env: { ...process.env, PATH: empty, NO_COLOR: '1' } });
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text) => { err += text; });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 4, err);
  assert.match(err, /install the Google Cloud CLI/);
});
