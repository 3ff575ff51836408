// `waaft init`: what it writes is read by the other commands, asks nobody, and replaces nothing unasked.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { agrees } from '../support/output_schemas.mjs';
import { binary, temporaryFolder } from '../support/server.mjs';

const run = (folder, ...args) => spawnSync(binary, args, { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH }, stdio: ['ignore', 'pipe', 'pipe'] });

function init(folder, ...args) {
  const done = run(folder, 'init', '--output', 'json', ...args);
  done.json = agrees('init', done.stdout);
  return done;
}

const read = (folder, name) => readFileSync(join(folder, name), 'utf8');

test('waaft.yaml is written without a question, and the other commands read it', (t) => {
  const folder = temporaryFolder(t);
  const done = run(folder, 'init');
  assert.equal(done.status, 0, done.stderr);
  assert.equal(done.stdout, 'waaft.yaml\n');
  assert.match(done.stderr, /next: say where the image goes: image\.repository/);
  assert.deepEqual(readdirSync(folder), ['waaft.yaml']);
  assert.equal(read(folder, 'waaft.yaml').split('\n')[0], '# yaml-language-server: $schema=templates/waaft.schema.json');
  assert.equal(run(folder, 'config', 'check').status, 0);
  const without = temporaryFolder(t);
  assert.equal(run(folder, 'manifests').stdout, run(without, 'manifests').stdout, 'it says nothing but the defaults');
});

test('flags become values', (t) => {
  const folder = temporaryFolder(t);
  const { status, json } = init(folder, '--name=studio', '--image-repository=host:5000/team/waaft', '--plain-http', '--context=my cluster',
    '-n', 'live', '--autoscaling-max=20', '--domain=live.example.org', '--expose-mode=ingress');
  assert.equal(status, 0);
  assert.deepEqual(json, { schema: 'waaft.init/1', result: 'written', written: ['waaft.yaml'], kept: [], next: ['waaft doctor'] });
  assert.deepEqual(parse(read(folder, 'waaft.yaml')), {
    name: 'studio',
    image: { repository: 'host:5000/team/waaft' },
    registry: { plainHttp: true },
    cluster: { context: 'my cluster', namespace: 'live' },
    expose: { mode: 'ingress' },
    domain: 'live.example.org',
    autoscaling: { max: 20 },
  });
});

test('files that are there are refused together, or replaced with --force', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), 'name: mine\n');
  symlinkSync('nowhere', join(folder, 'Dockerfile'));
  const refused = init(folder, '--dockerfile', '--name=studio');
  assert.equal(refused.status, 2);
  assert.deepEqual(refused.json.causes.map(({ code, where }) => [code, where]), [['output_exists', 'waaft.yaml'], ['output_exists', 'Dockerfile']]);
  assert.equal(read(folder, 'waaft.yaml'), 'name: mine\n');
  assert.equal(run(folder, 'init').status, 2);
  assert.equal(init(folder, '--force').status, 0);
  assert.doesNotMatch(read(folder, 'waaft.yaml'), /mine/);
});

test('beside other files a waaft.yaml that is there is read and kept', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), 'image: {repository: "host:5000/team/live"}\nregistry: {caFile: our ca.crt}\n');
  const { json } = init(folder, '--ci', 'gitlab', '--dockerfile');
  assert.deepEqual(json.written, ['Dockerfile', '.gitlab-ci.yml']);
  assert.deepEqual(json.kept, ['waaft.yaml']);
  assert.equal(parse(read(folder, '.gitlab-ci.yml')).default.image, 'host:5000/team/live:ci');
  assert.match(read(folder, '.gitlab-ci.yml'), /waaft login host:5000 --registry-ca-file 'our ca\.crt' --user/);
  writeFileSync(join(folder, 'waaft.yaml'), 'imge: {}\n');
  const broken = init(folder, '--ci', 'github');
  assert.equal(broken.status, 2);
  assert.equal(broken.json.causes[0].code, 'config_unknown_key');
  assert.match(broken.json.causes[0].where, /^waaft\.yaml:1:1$/);
  assert.equal(existsSync(join(folder, '.github')), false);
});

test('no step of a pipeline has a secret among its arguments', (t) => {
  for (const [system, path] of [['github', '.github/workflows/waaft.yml'], ['gitlab', '.gitlab-ci.yml']]) {
    const folder = temporaryFolder(t);
    assert.equal(init(folder, '--ci', system, '--image-repository=host:5000/team/waaft', '--ci-image=host:5000/ci@sha256:' + 'a'.repeat(64)).status, 0);
    const text = read(folder, path);
    const file = parse(text);
    const lines = system === 'github' ? file.jobs.deploy.steps.flatMap(({ run: lines }) => lines?.split('\n') ?? [])
      : ['waaft-build', 'waaft-deploy'].flatMap((job) => file[job].script);
    assert.ok(lines.length >= 6);
    for (const line of lines) {
      assert.doesNotMatch(line, /\$\{\{/, 'an expression is put into the script as text');
      // printf is the shell's own: no process has it among its arguments.
      if (/PASSWORD|KUBECONFIG_TEXT/.test(line)) assert.match(line, /^printf '%s(\\n)?' "\$\w+" [|>]/);
    }
  }
});

test('what makes no sense ends with its exit code, and nothing is written', (t) => {
  const rows = [
    [['--ci', 'github'], 'usage_repository'],
    [['--ci-image', 'x:1'], 'usage_ci_image'],
    [['--ci', 'github', '--image-repository', 'host:5000/x', '--ci-image', 'X Y'], 'usage_image'],
    [['--autoscaling-max', '0'], 'config_value'],
    [['--autoscaling-max', '2', '--autoscaling-min', '3'], 'config_conflict'],
    [['--name', 'A b'], 'config_value'],
  ];
  for (const [args, code] of rows) {
    const folder = temporaryFolder(t);
    const done = init(folder, ...args);
    assert.equal(done.status, 2, args.join(' '));
    assert.equal(done.json.causes[0].code, code);
    assert.deepEqual(readdirSync(folder), []);
  }
  assert.equal(run(temporaryFolder(t), 'init', '--ci', 'jenkins').status, 2);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, '.github'), '');
  const unwritable = init(folder, '--ci', 'github', '--image-repository=host:5000/x');
  assert.equal(unwritable.status, 1);
  assert.equal(unwritable.json.causes[0].code, 'file_unwritable');
});
