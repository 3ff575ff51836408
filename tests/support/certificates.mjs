// Certificates for a test, made with the openssl command.
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { within } from './wait.mjs';

// A self-signed certificate for localhost: {cert, key} are the files' paths.
export function makeCertificate(folder, name) {
  const cert = join(folder, `${name}.crt`);
  const key = join(folder, `${name}.key`);
  execFileSync('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2',
    '-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert,
  ], { stdio: 'ignore' });
  return { cert, key };
}

// As a certificate renewer does it: each file is replaced in one step.
export function install(from, to) {
  renameSync(from.key, to.key);
  renameSync(from.cert, to.cert);
}

// The name in the certificate that a new connection is shown.
export function shownName(port) {
  return within(new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.on('error', reject);
  }), 'a TLS handshake');
}

export const pem = (path) => readFileSync(path);
