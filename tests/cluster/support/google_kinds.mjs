// GKE's own kinds on a cluster that is not Google's: structural definitions with the fields that Google
// documents, so that a misspelt field is refused. Only what manifests/optional uses is in them.
// Source: the GKE documentation of GCPBackendPolicy, HealthCheckPolicy, BackendConfig, FrontendConfig,
// ManagedCertificate and PodMonitoring.
import { addKinds, map } from './kinds.mjs';

const text = { type: 'string' };
const whole = { type: 'integer', format: 'int64' };
const list = (items) => ({ type: 'array', items });
const target = map({ group: text, kind: text, name: text }, ['group', 'kind', 'name']);
const draining = map({ drainingTimeoutSec: { type: 'integer', minimum: 0, maximum: 3600 } });
const limit = { type: 'integer', minimum: 1, maximum: 2147483647 };
const check = { checkIntervalSec: whole, timeoutSec: whole, healthyThreshold: whole, unhealthyThreshold: whole };
const probed = { port: whole, requestPath: text, host: text };
const selector = map({ matchLabels: { type: 'object', additionalProperties: text } });

const kinds = [
  ['networking.gke.io', 'v1', 'GCPBackendPolicy', 'gcpbackendpolicies',
    map({ default: map({ timeoutSec: limit, connectionDraining: draining }), targetRef: target }, ['targetRef'])],
  ['networking.gke.io', 'v1', 'HealthCheckPolicy', 'healthcheckpolicies',
    map({ default: map({ ...check, config: map({ type: { ...text, enum: ['HTTP', 'HTTPS', 'HTTP2', 'TCP', 'GRPC'] }, httpHealthCheck: map(probed) }) }),
      targetRef: target }, ['targetRef'])],
  ['cloud.google.com', 'v1', 'BackendConfig', 'backendconfigs',
    map({ timeoutSec: limit, connectionDraining: draining, healthCheck: map({ ...check, ...probed, type: text }) })],
  ['networking.gke.io', 'v1beta1', 'FrontendConfig', 'frontendconfigs',
    map({ redirectToHttps: map({ enabled: { type: 'boolean' }, responseCodeName: text }) })],
  ['networking.gke.io', 'v1', 'ManagedCertificate', 'managedcertificates', map({ domains: list({ ...text, maxLength: 63 }) }, ['domains'])],
  ['monitoring.googleapis.com', 'v1', 'PodMonitoring', 'podmonitorings',
    map({ selector, endpoints: list(map({ port: { 'x-kubernetes-int-or-string': true }, path: text, interval: text }, ['port'])) }, ['selector', 'endpoints'])],
];

export const googleKinds = (t, cluster) => addKinds(t, cluster, kinds);
