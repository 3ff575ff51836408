// The JSON Schema of waaft.yaml against the program's own reader: what one refuses the other does, in the same place.
// And `waaft config check|show` with an overlay. Files are written as JSON, which is YAML too.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { isIPv4, isIPv6 } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import Ajv from 'ajv';
import { agrees } from '../support/output_schemas.mjs';
import { binary, temporaryFolder } from '../support/server.mjs';

function waaft(folder, args, env = {}) {
  return spawnSync(binary, args, { cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
}

const schema = JSON.parse(waaft('.', ['config', 'schema']).stdout);
const ajv = new Ajv({ strict: false, allErrors: true, formats: { ipv4: isIPv4, ipv6: isIPv6 } });
const valid = ajv.compile(schema);

// One line for each key and each item of a list; `paths` says what stands on which line.
function written(value) {
  const lines = [''];
  const paths = [''];
  const put = (text) => { lines[lines.length - 1] += text; };
  const write = (node, path) => {
    if (node === null || typeof node !== 'object') return put(JSON.stringify(node).replaceAll('\u007f', '\\u007f'));
    const list = Array.isArray(node);
    put(list ? '[' : '{');
    Object.keys(node).forEach((key, index) => {
      put(index === 0 ? '' : ',');
      lines.push(list ? '' : `${JSON.stringify(key)}: `);
      paths.push(`${path}/${key}`);
      write(node[key], `${path}/${key}`);
    });
    return put(list ? ']' : '}');
  };
  write(value, '');
  return { text: `${lines.join('\n')}\n`, paths };
}

const mistakes = ['config_type', 'config_value', 'config_unknown_key'];

// Paths of what the program refuses, sorted.
function refusedByProgram(folder, document) {
  const { text, paths } = written(document);
  writeFileSync(join(folder, 'waaft.yaml'), text);
  const { causes = [] } = JSON.parse(waaft(folder, ['manifests', '--output', 'json']).stdout);
  assert.ok(causes.every(({ code }) => !/syntax|too_large/.test(code)), `${text}${JSON.stringify(causes)}`);
  return causes.filter(({ code }) => mistakes.includes(code))
    .map(({ where }) => paths[Number(/^waaft\.yaml:(\d+):/.exec(where)[1]) - 1]).sort();
}

// The same of the schema. What is wrong with an item is told of it here, and of its list by the program.
function refusedBySchema(document) {
  if (valid(document)) return [];
  const paths = valid.errors.map(({ instancePath, params }) =>
    (params.additionalProperty === undefined ? instancePath : `${instancePath}/${params.additionalProperty}`));
  return [...new Set(paths)].sort();
}

function leaves(node, path = []) {
  return Object.entries(node.properties).flatMap(([name, child]) =>
    (child.properties && child.type?.includes?.('null') && name !== 'secrets'
      ? leaves(child, [...path, name]) : [{ path: [...path, name], schema: child }]));
}

function put(document, path, value) {
  const [name, ...rest] = path;
  if (rest.length === 0) document[name] = value;
  else put(document[name] ??= {}, rest, value);
}

const texts = ['', ' ', 'a', 'A', '-a', 'a-', 'a_b', 'a__b', 'a___b', 'a.b', 'a..b', '.a', 'a/b', 'a/b/c', 'a/b/c/d', 'A/b', 'a:1',
  'host:5000/org/waaft', 'host:70000/a', 'localhost/a', 'Host.example/a', 'a b', 'x,y', '\u0001', 'a\u007f', 'é', 'a@b',
  'x'.repeat(63), 'x'.repeat(64), 'x'.repeat(128), 'x'.repeat(129), `${'x.'.repeat(126)}x`, `${'x.'.repeat(127)}x`,
  'true', 'false', 'yes', '3', '0', '007', '0.5', '0.0005', '500m', '0m', '1.5m', '1.0m', '256Mi', '1.5Gi', '1G', '1Q', '0Mi', '-1',
  '0s', '1s', '29s', '30s', '10m', '31m', '2h', '7d', '8d', '365d', '3650d', '3651d', '1ms', '199ms', '1000ms', '1500ms', '60001ms', '30S', '1.5s',
  '1KiB', '64KiB', '65KiB', '1MiB', '3GiB', '1KB', '203.0.113.10', '::1', '2001:db8::', '300.1.1.1', '1.2.3', '10.0.0.0/8', '10.0.0.0/33', '2001:db8::/32', '::/129',
  'https://a.example', 'http://a.example:8443', 'https://a.example/x', 'https://*.a.example', 'https://[::1]:1', 'https://a.example:0', 'ftp://a',
  'stun:s:3478', 'stuns:[::1]', 'turn:t?transport=udp', 'turn:t?transport=sctp', 'turn:', 'linux/amd64', 'linux/arm64/v8', 'a/b@sha256:0',
  'none', 'auto', 'gateway', 'gke', 'docker', 'bundled', 'off', 'debug', 'key'];
const values = [...texts, true, false, null, 0, 1, 3, 60, -1, 3.5, 0.5, 65535, 65536, 2_000_000, [], {},
  ['a'], ['a', 'linux/amd64'], ['10.0.0.0/8', 'x'], ['a', null], [['a']], ['x,y'], [''], [3], ['-a'], [{}], { a: 1 }, { a: null }, { a: [] },
  { 'cloud/x': true }, { file: 'k' }, { file: '' }, { file: '-k' }, { file: null }, { env: 'A_1' }, { env: '1A' }, { env: ['A'] },
  { command: ['a', 'b', 1] }, { command: [] }, { command: [''] }, { command: 'a' }, { command: [['a']] },
  { existing: 'a/b' }, { existing: 'a' }, { file: 'a', env: 'B' }, { other: 1 }, { file: 'a', other: 1 },
  { 'rooms.keys': { file: 'k' } }, { 'rooms.keys': { existing: 's/k' } }, { 'rooms.keys': { existing: 'S/k' } },
  { 'rooms.keys': { existing: 's/..k' } }, { 'rooms.keys': null }, { 'x.y': { file: 'k' } }];

// No key takes this.
const nowhere = { other: [] };

// What the schema says of a value, its words aside: where that is the same one key stands for all.
function shape({ schema: { description, default: initial, patternErrorMessage, ...rest } }) {
  return JSON.stringify(rest);
}

// A number or true in quotes is text to the schema; the program reads what it says.
const quoted = (leaf, value) => typeof value === 'string' && ['integer', 'boolean'].includes(leaf.schema.type);

test('the schema and the reader refuse the same values in the same places', (t) => {
  const folder = temporaryFolder(t);
  const all = leaves(schema);
  assert.ok(all.length > 90, `${all.length} keys`);
  const ofEachShape = [...new Map(all.map((leaf) => [shape(leaf), leaf])).values()];
  const seen = { good: 0, bad: 0 };
  const apart = [];
  for (const value of [...values, nowhere]) {
    const keys = value === nowhere ? all : ofEachShape;
    // So few at a time, because the program tells the first 20 mistakes, of a map perhaps two.
    const few = typeof value === 'object' ? 10 : 20;
    for (let first = 0; first < keys.length; first += few) {
      const some = keys.slice(first, first + few).filter((leaf) => !quoted(leaf, value));
      const document = {};
      for (const { path } of some) put(document, path, value);
      const program = refusedByProgram(folder, document);
      const bySchema = refusedBySchema(document);
      for (const { path } of some) {
        const at = `/${path.join('/')}`;
        const below = (paths) => paths.filter((each) => each === at || each.startsWith(`${at}/`));
        const [ours, theirs] = [below(program), below(bySchema)];
        const what = `${path.join('.')}: ${JSON.stringify(value)}`;
        // The program tells of a list what the schema tells of its item.
        const same = ours.every((each) => theirs.some((other) => other === each || other.startsWith(`${each}/`)));
        if (!same || ours.length > 0 !== theirs.length > 0) apart.push(`${what}: the program refuses [${ours}], the schema [${theirs}]`);
        if (value === nowhere && ours.length === 0) apart.push(`${what} is taken`);
        seen[ours.length > 0 ? 'bad' : 'good'] += 1;
      }
    }
  }
  assert.deepEqual(apart, []);
  assert.ok(seen.good > 500 && seen.bad > 1000, JSON.stringify(seen));
});

test('whole files, good and bad', (t) => {
  const folder = temporaryFolder(t);
  const rows = [
    [{}, []],
    [{ serve: null, image: null, secrets: null }, []],
    [{ name: 'live', image: { repository: 'registry.example.org:5000/team/waaft', version: 1.2, platforms: ['linux/amd64'] },
      registry: { user: 'me', password: { env: 'PASSWORD' } }, cluster: { provider: 'gke', context: 'c', namespace: 'live' },
      expose: { mode: 'address', address: '203.0.113.7', annotations: { 'cloud/internal': true } },
      resources: { cpu: 2, memory: '1Gi', memoryLimit: '2Gi' }, autoscaling: { min: 1, max: 20, behavior: { scaleDown: { window: '5m' } } },
      secrets: { 'ice.turn_secret': { existing: 'turn/secret' } }, patches: [],
      serve: { listen: { shards: 2 }, ice: { turn: ['turn:turn.example.org:3478?transport=udp'] } } }, []],
    [{ imge: { repository: 'a' } }, ['/imge']],
    [{ image: { repo: 'a' }, cluster: { nmspace: 'b' } }, ['/cluster/nmspace', '/image/repo']],
    [{ autoscaling: { behavior: { scaleDown: { windw: '5m' } } } }, ['/autoscaling/behavior/scaleDown/windw']],
    [{ serve: { listen: { prot: 1 } }, autoscaling: 3 }, ['/autoscaling', '/serve/listen/prot']],
    [{ serve: [], image: 'waaft' }, ['/image', '/serve']],
    [{ secrets: { 'ice.turn_username': { file: 'f' } } }, ['/secrets/ice.turn_username']],
    [{ registry: { password: 'letmein' } }, ['/registry/password']],
    [{ redis: 'none' }, []],
    [{ redis: { mode: 'external', address: 'rediss://redis.example.org' } }, []],
    [{ redis: 'nothing' }, ['/redis']],
    [{ redis: { mode: 'nothing' } }, ['/redis/mode']],
  ];
  for (const [document, places] of rows) {
    const what = JSON.stringify(document);
    assert.deepEqual(refusedByProgram(folder, document), places, `the program: ${what}`);
    assert.deepEqual(refusedBySchema(document), places, `the schema: ${what} ${JSON.stringify(valid.errors)}`);
  }
});

test('show says of every value of both parts where it came from', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'waaft.yaml'), 'name: live\ndomain: live.example.org\nautoscaling: {max: 5}\nserve:\n  rooms: {max: 5}\n' +
    'secrets:\n  rooms.keys: {command: [vault, read, --token=s3cret]}\n');
  writeFileSync(join(folder, 'waaft.staging.yaml'), 'domain: staging.example.org\nserve:\n  rooms: {members: 9}\n' +
    'registry: {user: me, password: {file: pass.txt}}\n');
  const args = ['config', 'show', '-e', 'staging', '--namespace', 'test', '--port', '77'];
  const env = { WAAFT_AUTOSCALING_MAX: '7', WAAFT_LOG_LEVEL: 'debug' };
  const shown = JSON.parse(waaft(folder, [...args, '--output', 'json'], env).stdout);
  agrees('config', JSON.stringify(shown));
  assert.deepEqual([shown.file, shown.overlay], ['waaft.yaml', 'waaft.staging.yaml']);
  const { project, settings } = shown;
  for (const [found, value, from, place] of [
    [project.name, 'live', 'file', 'waaft.yaml:1'],
    [project.domain, 'staging.example.org', 'overlay', 'waaft.staging.yaml:1'],
    [project['autoscaling.max'], 7, 'environment', 'WAAFT_AUTOSCALING_MAX'],
    [project['cluster.namespace'], 'test', 'flag', '--namespace'],
    [project['drain.grace'], '10m', 'default', ''],
    [project['registry.password'], { file: 'pass.txt' }, 'overlay', 'waaft.staging.yaml:4'],
    [project['imagePull.password'], null, 'default', ''],
    [project.secrets, { 'rooms.keys': { command: ['vault', '***', '***'] } }, 'file', 'waaft.yaml:6'],
    [settings['rooms.max'], 5, 'file', 'waaft.yaml:5'],
    [settings['rooms.members'], 9, 'overlay', 'waaft.staging.yaml:3'],
    [settings['log.level'], 'debug', 'environment', 'WAAFT_LOG_LEVEL'],
    [settings['listen.port'], 77, 'flag', '--port'],
  ]) assert.deepEqual(found, { value, from, place });
  const text = waaft(folder, args, env).stdout;
  assert.match(text, /^domain +staging\.example\.org +waaft\.staging\.yaml:1$/m);
  assert.match(text, /^registry\.password +\*\*\* \(file pass\.txt\) +waaft\.staging\.yaml:4$/m);
  assert.match(text, /^secrets +rooms\.keys=\*\*\* \(command vault\) +waaft\.yaml:6$/m);
  assert.match(text, /^listen\.port +77 +flag --port$/m);
  const yaml = waaft(folder, [...args, '--output', 'yaml'], env).stdout;
  for (const output of [text, yaml, JSON.stringify(shown)]) assert.doesNotMatch(output, /s3cret/);
  // What it shows is a file that it takes, and that says the same.
  const again = temporaryFolder(t);
  writeFileSync(join(again, 'waaft.yaml'), yaml);
  const same = JSON.parse(waaft(again, ['config', 'show', '--output', 'json']).stdout);
  const valuesOf = (part) => Object.fromEntries(Object.entries(part).map(([key, { value }]) => [key, value]));
  assert.deepEqual(valuesOf(same.project), valuesOf(project));
  assert.deepEqual(valuesOf(same.settings), valuesOf(settings));
});

test('check looks at both parts and at the overlay', (t) => {
  const folder = temporaryFolder(t);
  const check = (...args) => waaft(folder, ['config', 'check', ...args]);
  writeFileSync(join(folder, 'waaft.yaml'), 'autoscaling: {min: 3, max: 5}\n');
  writeFileSync(join(folder, 'waaft.staging.yaml'), 'autoscaling: {max: 2}\n');
  assert.equal(check().status, 0);
  const conflict = check('-e', 'staging');
  assert.equal(conflict.status, 2);
  assert.match(conflict.stderr, /autoscaling\.min is 3, more than autoscaling\.max, 2\n +at: waaft\.yaml:1\n/);
  const missing = check('-e', 'prod');
  assert.equal(missing.status, 2);
  assert.equal(missing.stderr.match(/waaft\.prod\.yaml/g).length, 1, 'each mistake is told once');
  writeFileSync(join(folder, 'waaft.staging.yaml'), 'serve: {listen: {prot: 1}}\nname: No\n');
  const both = check('--env', 'staging');
  assert.equal(both.stderr.match(/^error: /gm).length, 2, both.stderr);
  assert.match(both.stderr, /at: waaft\.staging\.yaml:1:18\n/);
  // What `secrets` brings into the cluster is there.
  writeFileSync(join(folder, 'waaft.yaml'), 'secrets: {rooms.keys: {file: k}}\nserve: {rooms: {create: key}}\n');
  assert.match(check().stderr, /^waaft\.yaml is valid$/m);
  writeFileSync(join(folder, 'waaft.yaml'), 'serve: {rooms: {create: key}}\n');
  assert.equal(check().status, 2);
  assert.equal(check('--rooms-keys', 'k').status, 0);
});
