// A deployment that people reach by a domain, behind a proxy that an Ingress or a Gateway describes: how it is brought up,
// and what must be true of it, whatever the proxy is.
//
//   const live = await deployBehind(t, cluster, { kind: 'ingress', expose: '{mode: ingress, ingressClass: nginx}' });
//   // ... a proxy is started that does what the objects in live.namespace say; `address` is where it listens
//   await visit(t, cluster, live, address);
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/server.mjs';
import { pushImage } from './image.mjs';
import { root } from './kit.mjs';

export const host = 'live.example.org';
const idle = 70_000;  // nginx and Traefik, as they are installed, cut what is silent for 60 s

const settings = (context, namespace, expose) => `cluster: {context: ${context}, namespace: ${namespace}}
domain: ${host}
expose: ${expose}
tls: {secret: live-tls}
resources: {cpu: 50m}
serve: {log: {level: debug}}
`;

function makeCertificate(folder) {
  const [cert, key] = [join(folder, 'tls.crt'), join(folder, 'tls.key')];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { cert, key };
}

// {namespace, folder, cert, udp}: where the project lies, the certificate's file, the address of UDP.
export async function deployBehind(t, cluster, { kind, expose }) {
  const folder = temporaryFolder(t);
  const namespace = await cluster.namespace(t);
  const { cert, key } = makeCertificate(folder);
  await cluster.kubectl(['create', 'secret', 'tls', 'live-tls', '-n', namespace, `--cert=${cert}`, `--key=${key}`]);
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  writeFileSync(join(folder, 'waaft.yaml'), settings(context, namespace, expose));
  const image = await pushImage(cluster.registry, { repository: `waaft-test-${kind}` });
  const deployed = await cluster.waaft(['deploy', '--image', image, '--probe', 'off', '--output', 'json'], { cwd: folder });
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.equal(JSON.parse(deployed.stdout).url, `https://${host}/`);
  const udp = (await cluster.get(namespace, 'service', 'waaft-udp')).status.loadBalancer.ingress[0].ip;

  await t.test('the first deploy told the pods the address of UDP, in one rollout, and nothing is left to change', async () => {
    assert.match((await cluster.get(namespace, 'configmap', 'waaft')).data['waaft.yaml'], new RegExp(`stun:${udp}:3000`));
    assert.equal((await cluster.get(namespace, 'replicasets')).items.length, 1);
    const again = await cluster.waaft(['deploy', '--image', image, '--dry-run', '--exit-code'], { cwd: folder });
    assert.equal(again.code, 0, again.stdout);
  });
  return { namespace, folder, cert, udp };
}

export async function visit(t, cluster, { namespace, cert, udp }, address) {
  await t.test('page, chat, a minute of silence, chat again', async () => {
    const wish = { address, host, ca: readFileSync(cert, 'utf8'), idle };
    const done = await cluster.client([process.execPath, join(root, 'tests', 'cluster', 'support', 'far_visitor.mjs'), JSON.stringify(wish)]);
    assert.equal(done.code, 0, done.stderr);
    const { page, link, ice, texts, pings } = JSON.parse(done.stdout);
    assert.equal(page, 200);
    assert.ok(link.startsWith(`https://${host}/r/`), link);
    assert.deepEqual(texts, ['before', 'after']);
    assert.deepEqual(ice.iceServers, [{ urls: [`stun:${udp}:3000`] }]);
    t.diagnostic(`${pings} pings kept it open`);
  });

  await t.test('the log has the address of the visitor, not of the proxy', async () => {
    const own = (await cluster.client(['hostname', '-I'])).stdout.trim().split(/\s+/);
    const log = await cluster.kubectl(['logs', '-n', namespace, 'deployment/waaft', '-c', 'server']);
    const line = log.split('\n').find((each) => each.includes('A WebSocket opens.'));
    assert.ok(own.some((each) => line?.includes(`"${each}"`)), `${line} names none of ${own}`);
  });

  await t.test('STUN answers on the address of UDP, with the address of the visitor', async () => {
    const done = await cluster.client([process.execPath, join(root, 'tests', 'support', 'stun.mjs'), udp, '3000']);
    assert.equal(done.code, 0, done.stderr);
    const { own, mapped } = JSON.parse(done.stdout);
    assert.deepEqual(mapped, { family: 1, ...own });
  });
}
