// A domain behind an Ingress: what the Ingress object says is done by an nginx, as controllers do it. The page, a
// WebSocket that is idle for longer than a minute, the visitor's own address, and UDP, which goes another way.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { pushImage } from './support/image.mjs';
import { kit, root, until } from './support/kit.mjs';

const cluster = kit();
const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
const skip = cluster.skip || (!cluster.enter && 'it needs a client outside of the cluster: WAAFT_KIT') ||
  (!nginx && 'nginx is not installed (apt-get install nginx-light)');
const host = 'live.example.org';
const idle = 70_000;  // nginx, as it is installed, cuts what is silent for 60 s

const settings = (context, namespace) => `cluster: {context: ${context}, namespace: ${namespace}}
domain: ${host}
expose: {mode: ingress, ingressClass: nginx}
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

// What a controller makes of an Ingress; each word of it comes from the object and its Services.
async function configOf(namespace, ingress) {
  const sites = await Promise.all(ingress.spec.rules.map(async (rule) => {
    const places = await Promise.all(rule.http.paths.map(async ({ path, pathType, backend: { service } }) => {
      assert.equal(pathType, 'Prefix');
      const { spec } = await cluster.get(namespace, 'service', service.name);
      const { port } = spec.ports.find(({ name }) => name === service.port.name);
      return `location ${path} { proxy_pass http://${spec.clusterIP}:${port}; }`;
    }));
    return `server {
      listen 8443 ssl;
      server_name ${rule.host};
      ssl_certificate /tls/tls.crt;
      ssl_certificate_key /tls/tls.key;
      ${places.join('\n')}
    }`;
  }));
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path /tmp/${name};`);
  return `daemon off; pid /tmp/pid; error_log stderr; events {}
    http {
      access_log off; ${folders.join(' ')}
      map $http_upgrade $connection_upgrade { default upgrade; '' ''; }
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header Host $host;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header X-Forwarded-Host $host;
      ${sites.join('\n')}
    }`;
}

// Answers the address of an nginx that does what the Ingress says.
async function startNginx(namespace, ingress) {
  const image = await pushImage(cluster.registry, { repository: 'waaft-test-nginx', file: nginx });
  const config = await configOf(namespace, ingress);
  const [{ secretName }] = ingress.spec.tls;
  const metadata = { name: 'front', labels: { app: 'front' } };
  const mounts = [['conf', '/conf'], ['tls', '/tls'], ['tmp', '/tmp']].map(([name, mountPath]) => ({ name, mountPath }));
  const items = [
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { 'nginx.conf': config } },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: {
      securityContext: { runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'nginx', image, command: ['/waaft', '-p', '/tmp', '-e', 'stderr', '-c', '/conf/nginx.conf'], volumeMounts: mounts,
        readinessProbe: { tcpSocket: { port: 8443 }, periodSeconds: 1 },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } }],
      volumes: [{ name: 'conf', configMap: { name: 'front' } }, { name: 'tls', secret: { secretName } }, { name: 'tmp', emptyDir: {} }] } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', selector: { app: 'front' }, ports: [{ port: 443, targetPort: 8443 }] } },
  ];
  await cluster.kubectl(['create', '-n', namespace, '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
  await cluster.kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/front', '--timeout=100s']);
  return until('its address', async () => (await cluster.get(namespace, 'service', 'front')).status.loadBalancer?.ingress?.[0]?.ip);
}

test('a domain behind an Ingress', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'waaft-ingress-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const namespace = await cluster.namespace(t);
  const { cert, key } = makeCertificate(folder);
  await cluster.kubectl(['create', 'secret', 'tls', 'live-tls', '-n', namespace, `--cert=${cert}`, `--key=${key}`]);
  const context = (await cluster.kubectl(['config', 'current-context'])).trim();
  writeFileSync(join(folder, 'waaft.yaml'), settings(context, namespace));
  const image = await pushImage(cluster.registry, { repository: 'waaft-test-ingress' });
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

  const address = await startNginx(namespace, await cluster.get(namespace, 'ingress', 'waaft'));

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

  await t.test('the log has the address of the visitor, not of nginx', async () => {
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
});
