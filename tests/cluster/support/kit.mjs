// A real Kubernetes cluster for a test: its tools, registry, and a machine outside of it.
//
//   const cluster = kit();
//   test('...', { skip: cluster.skip }, async (t) => {
//     const namespace = await cluster.namespace(t);
//     await cluster.kubectl(['get', 'pods', '-n', namespace]);
//
// WAAFT_KIT is a folder with `up`, `enter` and others that start such a cluster on this machine; without
// it, KUBECONFIG names the cluster and WAAFT_TEST_REGISTRY ("host:port/prefix", open or logged in by
// docker's configuration) the place for images. Without either, `skip` says so.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { cleanUp, endsWithUs } from '../../support/cleanup.mjs';
import { held } from '../../support/output_schemas.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
export const binary = process.env.WAAFT ?? join(root, 'build', 'dev', 'cmd', 'waaft');

// Ten times what the longest, a deploy beside many others, needs; nothing is measured with it. It is beyond the quarter of
// an hour that waaft gives itself, so waaft says what it waited for.
export const deadlineMs = 1_200_000;
// For a program that goes on for as long as its test.
export const wholeTestMs = 3_600_000;
// The same for `kubectl wait`.
export const waitOption = `--timeout=${deadlineMs / 1000 - 10}s`;
// kubectl gives the API server 32 s to describe itself, before it sends anything. A busy one may need longer after kinds
// were added.
const notDescribed = /\/openapi\/\S+: .*(Client\.Timeout|deadline) exceeded/;
const longestPauseMs = 2_000;

// Runs a program to its end: {code, signal, stdout, stderr}. A program that takes too long is killed, and
// then `signal` says so. `started` gets the running child, for tests that stop it in the middle; `input` null leaves its
// standard input to them.
export function run(argv, { env = {}, input, cwd, timeout = deadlineMs, started } = {}) {
  return new Promise((resolve, reject) => {
    const child = endsWithUs(spawn(argv[0], argv.slice(1), { env: { ...process.env, ...env }, cwd, timeout, killSignal: 'SIGKILL' }));
    const said = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { said[name] += text; });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...said }));
    child.stdin.on('error', () => {});  // it may end without reading everything
    if (input !== null) child.stdin.end(input ?? '');
    started?.(child);
  });
}

// Asks again until there is an answer that is not false; `what` is for the message. Many ask at once, each with a program
// that it starts: the pause is as long as four questions, so that asking is not what keeps the machine busy.
export async function until(what, ask, ms = deadlineMs) {
  const end = performance.now() + ms;
  for (;;) {
    const asked = performance.now();
    const answer = await ask();
    if (answer) return answer;
    const now = performance.now();
    assert.ok(now < end, `${what} did not come true`);
    await sleep(Math.min(Math.max(250, 4 * (now - asked)), longestPauseMs));
  }
}

function findTools() {
  const folder = process.env.WAAFT_KIT;
  if (!folder) return { skip: process.env.KUBECONFIG ? false : 'no cluster: neither WAAFT_KIT nor KUBECONFIG is set' };
  const enter = join(folder, 'enter');
  if (!existsSync(enter)) return { skip: `no cluster: WAAFT_KIT names ${folder}, and there is no ${enter}` };
  const { KUBECONFIG: ignored, ...env } = process.env;
  // What it runs has its kubectl in PATH and its KUBECONFIG set; the node's network is as good as the other.
  const ask = 'printf "%s\\n%s\\n" "$KUBECONFIG" "$(command -v kubectl)"';
  try {
    const [kubeconfig, kubectl] = execFileSync(enter, ['node', 'sh', '-c', ask], { env, encoding: 'utf8', stdio: 'pipe' }).split('\n');
    return { skip: false, enter, kubeconfig, path: dirname(kubectl) };
  } catch (error) {
    return { skip: `no cluster: the one of WAAFT_KIT is not up (${String(error.stderr ?? error).trim()})` };
  }
}

class Cluster {
  constructor(tools) {
    this.skip = tools.skip;
    this.enter = tools.enter;
    this.kubeconfig = tools.kubeconfig ?? process.env.KUBECONFIG;
    // Where images are pushed to and pulled from; `secured` needs the login of `credentials()`.
    this.registry = tools.enter ? '127.0.0.1:5000' : process.env.WAAFT_TEST_REGISTRY;
    this.secured = tools.enter ? '127.0.0.1:5443' : undefined;
    this.env = { KUBECONFIG: this.kubeconfig ?? '', ...(tools.path && { PATH: `${tools.path}:${process.env.PATH}` }) };
  }

  // {user, password, ca} of the registry with TLS; the files lie beside the kubeconfig.
  credentials() {
    const state = dirname(this.kubeconfig);
    const read = (name) => readFileSync(join(state, name), 'utf8').trim();
    return { user: 'robot', password: read('registry.password'), ca: join(state, 'pki', 'ca.crt') };
  }

  // Its stdout; fails with its words if it does, unless `check` is false: then {code, stdout, stderr}.
  async kubectl(args, { input, check = true, env = {} } = {}) {
    const ask = () => run(['kubectl', ...args], { env: { ...this.env, ...env }, input });
    const end = performance.now() + deadlineMs;
    let done = await ask();
    while (notDescribed.test(done.stderr) && performance.now() < end) done = await ask();
    if (!check) return done;
    assert.equal(done.code, 0, `kubectl ${args.join(' ')}: ${done.stderr}`);
    return done.stdout;
  }

  async get(namespace, ...what) {
    return JSON.parse(await this.kubectl(['get', '-n', namespace, '-o', 'json', ...what]));
  }

  // Debian's Redis, for pods of a cluster that gets no image from outside; undefined: the default of waaft.yaml.
  redisImage() {
    this.pushedRedis ??= import('./redis_image.mjs').then(
      ({ canMakeRedisImage, pushRedisImage }) => (canMakeRedisImage && this.registry ? pushRedisImage(this.registry) : undefined));
    return this.pushedRedis;
  }

  // {code, signal, stdout, stderr}; what it says in JSON is held against docs/schemas.
  async waaft(args, options = {}) {
    const image = await this.redisImage();
    const redis = image && { WAAFT_REDIS_IMAGE: image, WAAFT_REDIS_MEMORY: '128Mi' };
    const done = await run([binary, ...args], { ...options, env: { ...this.env, NO_COLOR: '1', ...redis, ...options.env } });
    held(args, done.stdout);
    return done;
  }

  // Runs a program on a machine outside the cluster, which load-balancer addresses can be reached from.
  client(argv, options = {}) {
    return run(this.enter ? [this.enter, 'client', ...argv] : argv, { ...options, env: { ...this.env, ...options.env } });
  }

  // A namespace of the test's own, removed after it with all that is in it.
  async namespace(t, { level = 'restricted', prefix = 'waaft-test' } = {}) {
    const name = `${prefix}-${randomBytes(4).toString('hex')}`;
    this.removeAfter(t, name);
    const labels = Object.fromEntries(['enforce', 'warn'].map((mode) => [`pod-security.kubernetes.io/${mode}`, level]));
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
    await this.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
    // Pods are refused until the namespace has this; the controller makes it a moment later.
    await until(`ServiceAccount default in ${name}`, async () =>
      (await this.kubectl(['get', 'serviceaccount', 'default', '-n', name], { check: false })).code === 0);
    return name;
  }

  removeAfter(t, name) { cleanUp(t, `the namespace ${name}`, () => this.removeNamespace(name), 5 * deadlineMs); }

  // Also for namespaces that a deploy makes. Pods are not given their minutes to drain. A namespace that finds such pods
  // looks again minutes later, or when it is changed; so what makes pods anew goes before them, and it is told to look.
  async removeNamespace(name) {
    const options = ['--ignore-not-found', '--wait=false'];
    const remove = (kinds) => this.kubectl(['delete', kinds, '--all', '-n', name, '--grace-period=0', '--force', ...options], { check: false });
    await remove('deployment,replicaset,statefulset,job,pod');
    await this.kubectl(['delete', 'namespace', name, ...options]);
    await until(`${name} is gone`, async () => {
      await remove('pod');
      await this.kubectl(['annotate', 'namespace', name, '--overwrite', `waaft.test/look=${Date.now()}`], { check: false });
      return (await this.kubectl(['wait', '--for=delete', `namespace/${name}`, '--timeout=15s'], { check: false })).code === 0;
    });
  }
}

export const kit = () => new Cluster(findTools());
