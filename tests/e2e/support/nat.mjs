// Two homes behind routers that translate addresses, and a server on the street between them. Needs root.
//
//   homes 10.71.1.2 and 10.72.1.2 - routers 203.0.113.11 and .12 - street 203.0.113.0/24 - server 203.0.113.1
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addNamespace, Namespace, whyNoNamespaces } from '../../support/namespaces.mjs';
import { temporaryFolder } from '../../support/server.mjs';
import { program } from './chromium.mjs';

export { whyNoNamespaces };
export const serverAddress = '203.0.113.1';

const ip = (...words) => execFileSync('ip', words, { stdio: ['ignore', 'pipe', 'pipe'] });

function cable(a, aDevice, aAddress, b, bDevice, bAddress) {
  ip('link', 'add', aDevice, 'netns', a.name, 'type', 'veth', 'peer', 'name', bDevice, 'netns', b.name);
  for (const [space, device, address] of [[a, aDevice, aAddress], [b, bDevice, bAddress]]) {
    if (address) ip('-n', space.name, 'address', 'add', address, 'dev', device);
    ip('-n', space.name, 'link', 'set', device, 'up');
  }
}

// What every home router does: it lends its address to who is inside, and takes in only what is an answer.
// `symmetric`: a new, random port for every destination.
function routeHome(router, symmetric) {
  router.run('sysctl', '-qw', 'net.ipv4.ip_forward=1');
  router.run('iptables', '-t', 'nat', '-A', 'POSTROUTING', '-o', 'street', '-j', 'MASQUERADE', ...(symmetric ? ['--random-fully'] : []));
  const answers = ['-m', 'conntrack', '--ctstate', 'ESTABLISHED,RELATED', '-j', 'ACCEPT'];
  for (const chain of ['INPUT', 'FORWARD']) {
    router.run('iptables', '-A', chain, '-i', 'street', ...answers);
    router.run('iptables', '-A', chain, '-i', 'street', '-j', 'DROP');
  }
}

// That share of what comes in from the street is lost, until the answer is called.
export function losePackets(router, share) {
  const rule = ['FORWARD', '-i', 'street', '-p', 'udp', '-m', 'statistic', '--mode', 'random', '--probability', `${share}`, '-j', 'DROP'];
  router.run('iptables', '-I', ...rule);
  return () => router.run('iptables', '-D', ...rule);
}

// A program that is Chromium in that home.
function chromiumAt(t, home) {
  const path = join(temporaryFolder(t), 'chromium');
  writeFileSync(path, `#!/bin/sh\nexec ip netns exec ${home.name} ${program} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

export function buildStreet(t, { symmetric = false } = {}) {
  const spaces = ['street', 'router1', 'router2', 'home1', 'home2'].map((name) => new Namespace(`waaft-${process.pid}-${name}`));
  for (const { name } of spaces) {
    addNamespace(t, name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  const [street, ...others] = spaces;
  ip('-n', street.name, 'link', 'add', 'bridge', 'type', 'bridge');
  ip('-n', street.name, 'address', 'add', `${serverAddress}/24`, 'dev', 'bridge');
  ip('-n', street.name, 'link', 'set', 'bridge', 'up');
  const homes = [1, 2].map((number) => {
    const [router, home] = [others[number - 1], others[number + 1]];
    cable(street, `to${number}`, null, router, 'street', `203.0.113.1${number}/24`);
    ip('-n', street.name, 'link', 'set', `to${number}`, 'master', 'bridge');
    cable(router, 'inside', `10.7${number}.1.1/24`, home, 'lan', `10.7${number}.1.2/24`);
    ip('-n', home.name, 'route', 'add', 'default', 'via', `10.7${number}.1.1`);
    routeHome(router, symmetric);
    return { space: home, program: chromiumAt(t, home) };
  });
  return { server: street, homes, routers: others.slice(0, 2) };
}
