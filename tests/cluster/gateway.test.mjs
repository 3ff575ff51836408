// A domain behind a Gateway, with a controller that many use: Traefik reads the Gateway and its routes from the cluster and
// carries what they say. The page, a WebSocket that is idle for longer than a minute, the visitor's own address, the way
// from http to https, and UDP, which goes another way. Traefik runs on the node's network; Debian has none.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { cleanUp, endAfter } from '../support/cleanup.mjs';
import { deployBehind, host, visit } from './support/behind_proxy.mjs';
import { addKinds, map } from './support/kinds.mjs';
import { deadlineMs, kit, until } from './support/kit.mjs';

const cluster = kit();
const skip = cluster.skip || (!cluster.enter && 'it needs a client outside of the cluster: WAAFT_KIT') ||
  (spawnSync('traefik', ['version'], { env: { ...process.env, ...cluster.env } }).status !== 0 && 'traefik (v3) is not installed');

// Traefik waits for all kinds that it may be asked for, and the Gateway API before 1.5 has no such routes.
const tlsRoute = ['gateway.networking.k8s.io', 'v1', 'TLSRoute', 'tlsroutes', map({})];

async function makeClass(t) {
  const name = `waaft-test-${randomBytes(4).toString('hex')}`;
  cleanUp(t, `the class ${name}`, () => cluster.kubectl(['delete', 'gatewayclass', name, '--ignore-not-found']), deadlineMs);
  const object = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'GatewayClass', metadata: { name },
    spec: { controllerName: 'traefik.io/gateway-controller' } };
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(object) });
  return name;
}

// Answers the address that it listens at. All but the ports is as it is installed.
async function startTraefik(t, namespace) {
  const { items: [node] } = await cluster.get(namespace, 'nodes');
  const { address } = node.status.addresses.find(({ type }) => type === 'InternalIP');
  const provider = '--providers.kubernetesgateway';
  const child = spawn(cluster.enter, ['node', 'traefik', '--global.checknewversion=false', '--entrypoints.web.address=:80',
    '--entrypoints.websecure.address=:443', provider, `${provider}.namespaces=${namespace}`, `${provider}.statusaddress.ip=${address}`],
  { env: { ...process.env, ...cluster.env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { said += text; });
  endAfter(t, 'Traefik', child, 'SIGTERM');
  await until('the Gateway works', async () => {
    assert.equal(child.exitCode, null, said);
    return holds((await cluster.get(namespace, 'gateway', 'waaft')).status, 'Programmed');
  }).catch((error) => assert.fail(`${error.message}: ${said}`));
  return address;
}

const holds = (status, type) => status?.conditions?.some((each) => each.type === type && each.status === 'True') ?? false;

test('a domain behind a Gateway', { skip }, async (t) => {
  await addKinds(t, cluster, [tlsRoute]);
  const name = await makeClass(t);
  const live = await deployBehind(t, cluster, { kind: 'gateway', expose: `{mode: gateway, gatewayClass: ${name}}` });
  const address = await startTraefik(t, live.namespace);

  await t.test('both listeners have their route, and no route has a time limit', async () => {
    const { status } = await cluster.get(live.namespace, 'gateway', 'waaft');
    assert.deepEqual(status.listeners.map((each) => [each.name, each.attachedRoutes]).sort(), [['http', 1], ['https', 1]]);
    const { items: routes } = await cluster.get(live.namespace, 'httproutes');
    assert.deepEqual(routes.map((each) => each.metadata.name).sort(), ['waaft', 'waaft-http']);
    for (const route of routes) {
      for (const type of ['Accepted', 'ResolvedRefs']) assert.ok(holds(route.status.parents[0], type), `${type}: ${JSON.stringify(route.status)}`);
      for (const rule of route.spec.rules) assert.equal(rule.timeouts, undefined);
    }
  });

  await t.test('http leads to https', async () => {
    const argv = ['curl', '-sS', '--max-time', '20', '--resolve', `${host}:80:${address}`, '-o', '/dev/null', '-w', '%{http_code} %{redirect_url}'];
    const done = await cluster.client([...argv, `http://${host}/r/room?x=1`]);
    assert.equal(done.stdout, `301 https://${host}/r/room?x=1`, done.stderr);
  });

  await visit(t, cluster, live, address);

  await t.test('status has the address of the Gateway', async () => {
    const done = await cluster.waaft(['status', '--output', 'json'], { cwd: live.folder });
    assert.equal(done.code, 0, done.stderr);
    assert.equal(JSON.parse(done.stdout).address, address);
  });
});
