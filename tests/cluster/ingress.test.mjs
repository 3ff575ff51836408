// A domain behind an Ingress: what the Ingress object says is done by an nginx, as controllers do it. The page, a
// WebSocket that is idle for longer than a minute, the visitor's own address, and UDP, which goes another way.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { deployBehind, visit } from './support/behind_proxy.mjs';
import { pushImage } from './support/image.mjs';
import { kit, until, waitOption } from './support/kit.mjs';

const cluster = kit();
const nginx = ['/usr/sbin/nginx', '/usr/bin/nginx'].find(existsSync);
const skip = cluster.skip || (!cluster.enter && 'it needs a client outside of the cluster: WAAFT_KIT') ||
  (!nginx && 'nginx is not installed (apt-get install nginx-light)');

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
  await cluster.kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/front', waitOption]);
  return until('its address', async () => (await cluster.get(namespace, 'service', 'front')).status.loadBalancer?.ingress?.[0]?.ip);
}

test('a domain behind an Ingress', { skip }, async (t) => {
  const live = await deployBehind(t, cluster, { kind: 'ingress', expose: '{mode: ingress, ingressClass: nginx}' });
  const address = await startNginx(live.namespace, await cluster.get(live.namespace, 'ingress', 'waaft'));
  await visit(t, cluster, live, address);
});
